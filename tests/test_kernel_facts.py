"""What `kernels` says of a kernel, against NumPy's linear algebra and SciPy's filter design."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import freqz

from cnnviz.errors import SpecError
from cnnviz.kernels import Kernel, entries, kernel_names, resolve
from cnnviz.report.exact import factors, rank_of, whole
from cnnviz.report.kernels import KernelFacts, look_up
from cnnviz.report.library import library
from cnnviz.report.numbers import numbers, vector
from cnnviz.report.spectrum import gains, response

RNG = np.random.default_rng(11)
NAMES = [name for name in kernel_names() if max(resolve(name)[0].values.shape) <= 31]


def facts(text: str) -> KernelFacts:
    return look_up([text]).facts[0]


def transfer(values: np.ndarray, v: float, u: float) -> float:
    """Return |H| as the definition says: the answer to a wave of v and u cycles per pixel."""
    rows, columns = np.indices(values.shape)
    wave = np.exp(2j * np.pi * (v * rows + u * columns))
    return abs((values * wave).sum())


@pytest.mark.parametrize("name", NAMES)
def test_gains_are_the_definition(name: str) -> None:
    values = resolve(name)[0].values
    found = gains(values)
    count = len(found) - 1
    assert found.shape == (count + 1, count + 1)
    slack = 1e-8 * np.abs(values).sum()
    for i, j in [(0, 0), (count // 2, count // 2), (count, 0), (17, 101), (90, 3), (50, count)]:
        expected = transfer(values, i / count - 0.5, j / count - 0.5)
        assert found[i, j] == pytest.approx(expected, abs=slack)


def test_a_cut_is_scipys_freqz() -> None:
    for row in ([1, 2, 1], [-1, 0, 1], RNG.normal(size=9).tolist()):
        found = gains(np.array([row], float))
        middle = len(found) // 2
        u = np.linspace(0, 0.5, len(found) - middle)
        _, h = freqz(row, worN=2 * np.pi * u)
        np.testing.assert_allclose(found[middle, middle:], np.abs(h), atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_rank_factors_and_exact_numbers(name: str) -> None:
    values = resolve(name)[0].values
    rank, singular = rank_of(values)
    assert rank == np.linalg.matrix_rank(values)
    np.testing.assert_allclose(singular, np.linalg.svd(values)[1])
    if rank == 1:
        found = factors(values)
        slack = 1e-9 * np.abs(values).max()
        np.testing.assert_allclose(found.values, values, rtol=1e-9, atol=slack)
        if found.exact:
            assert found.column.dtype.kind == found.row.dtype.kind == "i"
    exact = whole(values)
    if exact is not None:
        np.testing.assert_allclose(exact[0] / exact[1], values, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "column", "row", "denominator"),
    [
        ("sobel-x", [1, 2, 1], [-1, 0, 1], 1),
        ("sobel-y", [-1, 0, 1], [1, 2, 1], 1),
        ("scharr-x", [3, 10, 3], [-1, 0, 1], 1),
        ("binomial:5", [1, 4, 6, 4, 1], [1, 4, 6, 4, 1], 256),
        ("box:3", [1, 1, 1], [1, 1, 1], 9),
        ("-2 -4; -4 -8", [1, 2], [-2, -4], 1),
        ("0 0; 0 3", [0, 1], [0, 3], 1),
    ],
)
def test_known_factors(text: str, column: list[int], row: list[int], denominator: int) -> None:
    found = facts(text).product
    assert found is not None
    got = found.column.tolist(), found.row.tolist(), found.denominator
    if text.startswith(("-2", "0")):  # how a common factor is shared is free
        np.testing.assert_array_equal(found.values, np.outer(column, row))
    else:
        assert got == (column, row, denominator)


def test_factors_of_an_average_are_averages() -> None:
    found = facts("gaussian:7,1.2").product
    assert found is not None
    assert found.column.sum() == pytest.approx(1)
    assert found.row.sum() == pytest.approx(1)


def test_random_products_and_sums_of_them() -> None:
    for rank in (1, 2, 3):
        values = RNG.normal(size=(7, rank)) @ RNG.normal(size=(rank, 5))
        assert rank_of(values)[0] == rank
        one = KernelFacts(Kernel("k", values, "drawn"))
        assert (one.product is not None) == (rank == 1)
        assert one.to_dict()["separable"] == (rank == 1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("box", "low-pass"),
        ("gaussian:9", "low-pass"),
        ("motion:9,30", "low-pass"),
        ("sobel-x", "band-pass"),
        ("gabor:15,45", "band-pass"),
        ("log:9", "band-pass"),
        ("edge", "high-pass"),
        ("laplacian", "high-pass"),
        ("identity", "all-pass"),
        ("0 0; 0 -3", "all-pass"),
        ("sharpen", "high-boost"),
        ("0 0 0", "nothing"),
    ],
)
def test_kinds_of_response(text: str, kind: str) -> None:
    assert facts(text).response.kind == kind


def test_figures_of_the_response() -> None:
    found = response(resolve("edge")[0].values)
    assert found.zero == 0
    assert found.nyquist == pytest.approx((12, 12, 8))
    assert found.peak == (pytest.approx(12), (0.0, 0.5))
    across = response(resolve("sobel-x")[0].values)
    assert across.peak == (pytest.approx(8), (0.0, 0.25))
    assert response(resolve("roberts-y")[0].values).peak[1] == (-0.25, 0.25)
    assert response(np.ones((1, 300))).zero == 300  # larger than the usual number of samples


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("edge", "even in every mirror and quarter turn"),
        ("sobel-x", "odd left to right, even top to bottom"),
        ("roberts-x", "even about the diagonal, odd under a half turn"),
        ("0 -1; 1 0", "odd about the diagonal, odd under a half turn"),
        ("1 2; 3 4", "none"),
        ("1 2 1", "even left to right, even top to bottom"),
    ],
)
def test_symmetry(text: str, words: str) -> None:
    assert facts(text).symmetry_words() == words


def test_whole_numbers() -> None:
    assert whole(np.array([[0.1, 0.25]]))[1] == 20
    assert whole(np.array([[1 / 273 * 41]]))[1] == 273
    assert whole(np.zeros((2, 2)))[1] == 1
    assert whole(np.array([[np.pi]])) is None
    assert whole(np.array([[1e-9, 1.0]])) is None
    assert whole(np.array([[12345, 1e-9]])) is None
    assert whole(np.full((200, 200), 0.5)) is None  # too many to be read


def test_numbers_are_aligned_and_bounded() -> None:
    assert list(numbers(np.array([[-1.0, 10], [0, 2]]))) == ["   -1  10", "    0   2"]
    assert list(numbers(np.array([[0.5, 1.25]]))) == ["   0.500  1.250"]
    (line,) = numbers(RNG.normal(size=(9, 99)))
    assert line.startswith("  9 rows of 99 values from -")
    assert list(numbers(np.array([[1e-7, 2e9]]))) == ["   1.000e-07  2.000e+09"]
    assert vector(np.arange(20)) == "(0 1 2 3 ... 16 17 18 19)"
    for name in NAMES:
        assert all(len(line) <= 79 for line in look_up([name]).lines(80)), name


def test_banks_and_tools_by_name_alone() -> None:
    assert [one.name for one in look_up(["sobel"]).facts] == ["sobel-x", "sobel-y"]
    assert len(look_up(["pillow:"]).facts) == len(look_up(["bank:pillow"]).facts) == 10
    assert [one.name for one in look_up(["kirsch"]).facts] == ["kirsch"]  # a kernel beats a bank
    assert facts("kirsch-ne").summary


def test_what_a_tool_does_beside_it() -> None:
    one = facts("pillow:emboss")
    assert one.tool_words() == "128 added to the result"
    data = facts("pillow:smooth").to_dict()
    assert (data["scale"], data["offset"], data["denominator"]) == (13, 0, 13)
    assert data["whole"] == [[1, 1, 1], [1, 5, 1], [1, 1, 1]]


def test_library_has_every_kernel_once() -> None:
    report = library()
    assert [row["name"] for row in report] == [entry.name for entry in entries()]
    tools = [row["tool"] for row in report]
    assert tools == sorted(tools, key=tools.index)  # one block each
    assert {row["name"] for row in library("LENS")} == {"disk", "matlab:disk"}
    with pytest.raises(SpecError, match="no kernel has 'zzz'"):
        library("zzz")
