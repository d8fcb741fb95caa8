"""The named kernels against independent sources, which way they point, and the grammar."""

from __future__ import annotations

import importlib
import sys
from math import comb, sqrt

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage

import cnnviz.kernels
from cnnviz import CnnvizError, InputError, RefusedError, SpecError, kernel
from cnnviz.kernels import Kernel, banks, describe, kernel_names, resolve
from cnnviz.kernels import _grammar as grammar

SIZES = (1, 3, 5, 7, 21)
COMPASS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
BRIGHTER = {  # unit steps to the right and down towards the bright side
    "e": (1, 0),
    "ne": (1, -1),
    "n": (0, -1),
    "nw": (-1, -1),
    "w": (-1, 0),
    "sw": (-1, 1),
    "s": (0, 1),
    "se": (1, 1),
}


def impulse_response(filtering, size=3):
    """Return the correlation kernel of a linear filter."""
    image = np.zeros((size * 2 + 1,) * 2)
    image[size, size] = 1
    half = size // 2
    return filtering(image)[::-1, ::-1][
        size - half : size + half + 1, size - half : size + half + 1
    ]


def ramp(towards, size):
    """Return an image that grows brighter in a compass direction."""
    right, down = BRIGHTER[towards]
    y, x = np.mgrid[: size[0], : size[1]]
    return (right * x + down * y).astype(float)


def respond(values, image):
    """Return the correlation of one kernel with an image of its size."""
    return float((values * image).sum())


def same(actual, expected, **tolerance):
    np.testing.assert_allclose(actual, expected, **({"rtol": 1e-12, "atol": 1e-15} | tolerance))


class TestAgainstOpenCV:
    @pytest.mark.parametrize(
        ("name", "dx", "dy", "size"),
        [
            ("sobel-x", 1, 0, 3),
            ("sobel-y", 0, 1, 3),
            ("scharr-x", 1, 0, cv2.FILTER_SCHARR),
            ("scharr-y", 0, 1, cv2.FILTER_SCHARR),
        ],
    )
    def test_derivatives(self, name, dx, dy, size):
        across, down = cv2.getDerivKernels(dx, dy, size, ktype=cv2.CV_64F)
        same(kernel(name), down @ across.T)

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("sigma", [None, 0.5, 2])
    def test_gaussian(self, size, sigma):
        # OpenCV has tables for small sizes without sigma; its documented rule is given instead.
        wide = 0.3 * ((size - 1) * 0.5 - 1) + 0.8 if sigma is None else sigma
        column = cv2.getGaussianKernel(size, wide, cv2.CV_64F)
        text = f"gaussian:{size}" if sigma is None else f"gaussian:{size},{sigma}"
        same(kernel(text), column @ column.T)

    @pytest.mark.parametrize("theta", [0, 22.5, 45, 90, 135, -30])
    @pytest.mark.parametrize("psi", [0, 90, 30])
    def test_gabor(self, theta, psi):
        # OpenCV turns clockwise as seen, and stores its kernel for true convolution.
        expected = cv2.getGaborKernel(
            (11, 11), 2.5, np.radians(-theta), 5, 0.7, np.radians(-psi), cv2.CV_64F
        )
        same(kernel(f"gabor:11,{theta},5,2.5,0.7,{psi}"), expected, atol=1e-12)

    @pytest.mark.parametrize("size", SIZES)
    def test_box(self, size):
        image = np.random.default_rng(size).random((30, 30))
        expected = cv2.blur(image, (size, size), borderType=cv2.BORDER_CONSTANT)
        ours = cv2.filter2D(image, cv2.CV_64F, kernel(f"box:{size}"), borderType=0)
        same(ours, expected, atol=1e-12)


class TestAgainstSciPy:
    @pytest.mark.parametrize("axis", ["y", "x"])
    def test_derivatives(self, axis):
        along = "yx".index(axis)
        same(kernel(f"sobel-{axis}"), impulse_response(lambda im: ndimage.sobel(im, along)))
        same(kernel(f"prewitt-{axis}"), impulse_response(lambda im: ndimage.prewitt(im, along)))
        wide = impulse_response(lambda im: ndimage.correlate1d(im, [-1, 0, 1], along))
        same(np.pad(kernel(f"gradient-{axis}"), [(along, along), (1 - along, 1 - along)]), wide)

    def test_laplacian(self):
        same(kernel("laplacian"), impulse_response(ndimage.laplace))
        same(kernel("laplacian:4"), kernel("laplacian"))
        ones = ndimage.generate_binary_structure(2, 2).astype(float)
        same(kernel("laplacian:8"), ones - 9 * kernel("identity"))
        same(kernel("edge"), -kernel("laplacian:8"))

    def test_gaussian_family(self):
        def blurred(sigma):
            return impulse_response(lambda im: ndimage.gaussian_filter(im, sigma, radius=7), 15)

        same(kernel("gaussian:15,2"), blurred(2), rtol=1e-9)
        same(kernel("dog:15,1,1.6"), blurred(1) - blurred(1.6), rtol=1e-9, atol=1e-12)
        sharp = impulse_response(lambda im: im, 15)
        same(kernel("unsharp:15,2,0.5"), 1.5 * sharp - 0.5 * blurred(2), rtol=1e-9)

    def test_log_is_the_second_derivative_of_the_gaussian(self):
        def laplace(image):
            return ndimage.gaussian_laplace(image, 2, truncate=10)

        expected = impulse_response(laplace, 25)
        same(kernel("log:25,2"), expected, rtol=0, atol=2e-3 * np.abs(expected).max())


class TestAgainstFormulas:
    @pytest.mark.parametrize("size", SIZES)
    def test_binomial(self, size):
        """Repeated averaging of two neighbours."""
        row = np.ones(1)
        for _ in range(size - 1):
            row = np.convolve(row, [0.5, 0.5])
        same(kernel(f"binomial:{size}"), np.outer(row, row), rtol=1e-9)
        assert row[size // 2] == comb(size - 1, size // 2) / 2 ** (size - 1)

    def test_log(self):
        values = kernel("log:5,0.5")
        bell = np.array(
            [[np.exp(-(x * x + y * y) / 0.5) for x in range(-2, 3)] for y in range(-2, 3)]
        )
        bell /= bell.sum()
        bend = np.array(
            [[(x * x + y * y - 0.5) / 0.0625 for x in range(-2, 3)] for y in range(-2, 3)]
        )
        same(values, bell * bend - (bell * bend).mean(), atol=1e-12)
        assert values[2, 2] < 0 < values[0, 0]

    def test_gabor_defaults(self):
        octave = sqrt(np.log(2) / 2) / np.pi * 3
        assert octave == pytest.approx(0.56, abs=0.005)
        same(kernel("gabor"), kernel("gabor:15,0,5,2.8,0.5,0"))
        same(kernel("gabor:21,30"), kernel("gabor:21,30,7,3.92,0.5,0"))

    def test_motion(self):
        same(kernel("motion:5"), np.pad(np.full((1, 5), 0.2), [(2, 2), (0, 0)]))
        for angle in (0, 20, 45, 70):
            values = kernel(f"motion:9,{angle}")
            same(kernel(f"motion:9,{angle + 90}"), np.rot90(values), atol=1e-12)
            same(kernel(f"motion:9,{-angle}"), values[::-1], atol=1e-12)
            same(kernel(f"motion:9,{angle + 180}"), values, atol=1e-12)
            y, x = np.mgrid[4:-5:-1, -4:5]
            along = np.abs(-x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle)))
            assert (values[along > 1] == 0).all()
            assert values[4, 4] == values.max()

    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            ("identity", "0 0 0; 0 1 0; 0 0 0"),
            ("edge", "-1 -1 -1; -1 8 -1; -1 -1 -1"),
            ("sharpen", "0 -1 0; -1 5 -1; 0 -1 0"),
            ("emboss", "-2 -1 0; -1 1 1; 0 1 2"),
            ("sobel-ne", "0 1 2; -1 0 1; -2 -1 0"),
            ("sobel-se", "-2 -1 0; -1 0 1; 0 1 2"),
            ("prewitt-ne", "0 1 1; -1 0 1; -1 -1 0"),
            ("prewitt-se", "-1 -1 0; -1 0 1; 0 1 1"),
            ("roberts-x", "-1 0; 0 1"),
            ("roberts-y", "0 -1; 1 0"),
            ("kirsch", "5 5 5; -3 0 -3; -3 -3 -3"),
            ("kirsch:ne", "-3 5 5; -3 0 5; -3 -3 -3"),
            ("line-h", "-1 -1 -1; 2 2 2; -1 -1 -1"),
            ("line-v", "-1 2 -1; -1 2 -1; -1 2 -1"),
            ("line-45", "-1 -1 2; -1 2 -1; 2 -1 -1"),
            ("line-135", "2 -1 -1; -1 2 -1; -1 -1 2"),
        ],
    )
    def test_published_coefficients(self, name, rows):
        expected = [[float(cell) for cell in row.split()] for row in rows.split(";")]
        assert kernel(name).tolist() == expected


class TestOrientation:
    @pytest.mark.parametrize(
        ("name", "towards"),
        [(f"{family}-x", "e") for family in ("sobel", "scharr", "prewitt", "gradient", "roberts")]
        + [(f"{family}-y", "s") for family in ("sobel", "scharr", "prewitt", "gradient", "roberts")]
        + [(f"{family}-{d}", d) for family in ("sobel", "prewitt") for d in ("ne", "se")]
        + [(f"kirsch:{direction}", direction) for direction in BRIGHTER]
        + [("emboss", "se")],
    )
    def test_brighter_that_way_is_positive(self, name, towards):
        values = kernel(name)
        forward = respond(values, ramp(towards, values.shape))
        assert forward > 0
        assert respond(values, -ramp(towards, values.shape)) == -forward

    @pytest.mark.parametrize("family", ["sobel", "prewitt", "kirsch:"])
    def test_diagonals_answer_their_own_direction_most(self, family):
        for name in ("ne", "se"):
            values = kernel(f"{family}{name}" if ":" in family else f"{family}-{name}")
            steps = {d: respond(values, ramp(d, (3, 3)) > 0) for d in ("ne", "se", "nw", "sw")}
            assert max(steps, key=steps.get) == name

    def test_lines_answer_their_own_direction_only(self):
        lines = {
            "line-h": np.eye(3)[[1]].T @ np.ones((1, 3)),
            "line-v": np.ones((3, 1)) @ np.eye(3)[[1]],
            "line-45": np.eye(3)[::-1],
            "line-135": np.eye(3),
        }
        for name in lines:
            answers = {other: respond(kernel(name), image) for other, image in lines.items()}
            assert answers.pop(name) == 6
            assert set(answers.values()) == {0}

    def test_gabor_and_motion_turn_counter_clockwise(self):
        y, x = np.mgrid[7:-8:-1, -7:8]  # y grows upward, as seen
        for theta in (0, 30, 45, 90, 120):
            wave = {
                t: np.cos(2 * np.pi * (x * np.cos(np.radians(t)) + y * np.sin(np.radians(t))) / 5)
                for t in (0, 30, 45, 90, 120)
            }
            answers = {t: respond(kernel(f"gabor:15,{theta}"), image) for t, image in wave.items()}
            assert max(answers, key=answers.get) == theta
        rising = kernel("motion:9,45")
        assert rising[1, 7] > 0
        assert rising[7, 1] == pytest.approx(rising[1, 7])
        assert rising[1, 1] == rising[7, 7] == 0
        assert rising[0, 8] == 0  # farther than half the length from the middle

    def test_step_edge_in_an_image(self):
        image = np.zeros((6, 6))
        image[:, 3:] = 255
        assert ndimage.correlate(image, kernel("sobel-x"))[3, 3] == 4 * 255
        assert ndimage.correlate(image, kernel("sobel-y"))[3, 3] == 0
        assert ndimage.correlate(image.T, kernel("sobel-y"))[3, 3] == 4 * 255


AVERAGES = ("box", "gaussian", "binomial", "motion")
KEEP_LEVEL = ("identity", "sharpen", "unsharp", "emboss")


class TestLibrary:
    @pytest.mark.parametrize("name", kernel_names())
    def test_every_entry(self, name):
        entry, (found,) = describe(name), resolve(name)
        assert (found.name, found.source) == (name, entry.source)
        assert found.values.dtype == np.float64
        assert found.values.ndim == 2
        assert found.values is not resolve(name)[0].values
        for line in (entry.summary, entry.source):
            assert line
            assert line.isascii()
            assert "\n" not in line
        assert entry.signature.startswith(name)

    def test_sums(self):
        for name in kernel_names():
            total = kernel(name).sum()
            if name in AVERAGES:
                assert kernel(name).min() >= 0
                assert total == pytest.approx(1, abs=1e-12)
            elif name in KEEP_LEVEL:
                assert total == pytest.approx(1, abs=1e-12)
            elif name == "gabor":
                assert abs(total) < 0.03 * np.abs(kernel(name)).sum()
            else:
                assert total == pytest.approx(0, abs=1e-12)

    @pytest.mark.parametrize("name", AVERAGES)
    @pytest.mark.parametrize("size", [1, 3, 101, 1023])
    def test_averages_of_any_size_sum_to_1(self, name, size):
        values = kernel(f"{name}:{size}")
        assert values.shape == (size, size)
        assert values.sum() == pytest.approx(1, abs=1e-9)

    def test_at_least_25_and_no_name_twice(self):
        assert len(kernel_names()) >= 25
        assert len(set(kernel_names())) == len(kernel_names())
        assert len(set(banks())) == len(banks())

    @pytest.mark.parametrize("bank", banks())
    def test_banks(self, bank):
        found = resolve(f"bank:{bank}")
        assert len({k.name for k in found}) == len(found) > 1
        stack = kernel(f"bank:{bank}") if bank != "gradient" else None
        for i, each in enumerate(found):
            (alone,) = resolve(each.name)
            assert alone.name == each.name
            same(alone.values, each.values)
            if stack is not None:
                same(stack[:, :, 0, i], each.values)

    def test_what_banks_hold(self):
        names = {bank: [k.name for k in resolve(f"bank:{bank}")] for bank in banks()}
        assert names["sobel"] == ["sobel-x", "sobel-y"]
        assert names["kirsch"] == [f"kirsch-{d}" for d in COMPASS]
        assert names["gabor8"][:3] == ["gabor-0", "gabor-22.5", "gabor-45"]
        assert kernel("bank:gabor8").shape == (15, 15, 1, 8)
        same(kernel("gabor-45"), kernel("gabor:15,45"))

    def test_describe_takes_what_is_typed(self):
        assert describe("kirsch-ne") is describe("kirsch:e") is describe("kirsch")
        with pytest.raises(SpecError, match="nearest: sobel-x"):
            describe("sobel")

    def test_bank_of_different_shapes_does_not_stack(self):
        with pytest.raises(SpecError, match="differ in shape"):
            kernel("bank:gradient")

    def test_a_module_dropped_into_the_package_is_found(self, tmp_path, monkeypatch):
        (tmp_path / "wave.py").write_text(
            "import numpy as np\n"
            "from cnnviz.kernels._entry import Entry, odd_size\n"
            "KERNELS = (Entry('wave-up', lambda size: np.eye(size), 'waves', 'a test',"
            " (odd_size(3),)),)\n"
            "BANKS = {'wave2': {'wave-up': 'wave-up', 'wave-big': 'wave-up:5'}}\n"
        )
        path = [*cnnviz.kernels.__path__, str(tmp_path)]
        monkeypatch.setattr(cnnviz.kernels, "__path__", path)
        importlib.invalidate_caches()
        try:
            assert kernel("wave-up:5").shape == (5, 5)
            assert [k.name for k in resolve("bank:wave2")] == ["wave-up", "wave-big"]
            assert "wave-up" in kernel_names()
            assert "wave2" in banks()
            with pytest.raises(SpecError, match="nearest: wave-up"):
                resolve("wave-uo")
        finally:
            sys.modules.pop("cnnviz.kernels.wave", None)
            vars(cnnviz.kernels).pop("wave", None)

    def test_one_kernel_imports_one_family(self):
        before = {name: m for name, m in sys.modules.items() if name.startswith("cnnviz.kernels")}
        for name in before:
            del sys.modules[name]
        try:
            importlib.import_module("cnnviz.kernels").kernel("sobel-x")
            families = {
                n.rpartition(".")[2] for n in sys.modules if n.startswith("cnnviz.kernels.")
            }
            assert {f for f in families if not f.startswith("_")} == {"sobel"}
        finally:
            for name in [n for n in sys.modules if n.startswith("cnnviz.kernels")]:
                del sys.modules[name]
            sys.modules.update(before)
            cnnviz.kernels = before["cnnviz.kernels"]


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "gaussian:4",
                "kernel 'gaussian': size '4' is not an odd number from 1 to 1023; "
                "write gaussian[:SIZE[,SIGMA]]",
            ),
            ("gaussian:3,0", "sigma '0' is not a number from 0.05 to 1000"),
            ("gaussian:3,nan", "sigma 'nan' is not"),
            ("gaussian:", "size '' is not"),
            ("gaussian:1_1", "size '1_1' is not"),
            ("gaussian:3,1,2", "takes at most 2 parameters"),
            ("box:1025", "size '1025' is not an odd number from 1 to 1023"),
            ("box:-3", "size '-3' is not"),
            ("box:3.0", "size '3.0' is not"),
            ("log:1", "from 3 to 1023"),
            ("dog:9,2,1", "kernel 'dog': sigma1 2 is not smaller than sigma2 1"),
            ("motion:9,400", "angle '400' is not a number from -360 to 360"),
            ("kirsch:up", "direction 'up' is not one of n, ne, e, se, s, sw, w, nw"),
            ("laplacian:5", "neighbours '5' is not one of 4, 8"),
            ("unsharp:5,1,-1", "amount '-1' is not a number from 0 to 100"),
            ("edge:3", "kernel 'edge' takes no parameters, not '3'"),
        ],
    )
    def test_faults(self, text, message):
        with pytest.raises(SpecError) as caught:
            resolve(text)
        assert message in str(caught.value)

    def test_name_is_the_text(self):
        assert resolve(" gaussian:7,2 ")[0].name == "gaussian:7,2"
        same(kernel("gaussian: 7, 2"), kernel("gaussian:7,2"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestGrammar:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("1 0 -1; 2 0 -2; 1 0 -1", [[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
            ("1,0,-1;2,0,-2;", [[1, 0, -1], [2, 0, -2]]),
            ("1/4, 1 / 2 ,+1/4", [[0.25, 0.5, 0.25]]),
            ("1e-2 .5; -2. 3e1", [[0.01, 0.5], [-2, 30]]),
            ("7", [[7]]),
        ],
    )
    def test_inline(self, text, values):
        (found,) = resolve(text)
        assert found.values.tolist() == values
        assert (found.name, found.source) == ("custom", "inline matrix")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("1 2; 3", "row 2 of the kernel has 1 values, row 1 has 2; rows end with ;"),
            ("1 --2", "row 1, column 2 of the kernel: '--2' is not a number"),
            ("1;;2", "row 2, column 1 of the kernel: '' is not a number"),
            ("1,,2", "row 1, column 2 of the kernel: '' is not a number"),
            ("1/2/3", "'1/2/3' is not a number"),
            ("1/0", "'1/0' divides by zero"),
            ("", "the kernel is empty"),
            ("bank:", "no bank of kernels named ''; known: gabor8"),
            ("bank:sobl", "no bank of kernels named 'sobl'"),
            ("sobel", "no kernel or file named 'sobel'; nearest: sobel-x, sobel-y"),
            ("gausian:3", "no kernel or file named 'gausian:3'; nearest: gaussian"),
            ("blur", "nearest: binomial, box, gaussian, motion"),
            ("Edge", "nearest: edge"),
            ("qqqqq", "known: binomial, box"),
            ("no/such.npy:conv1", "no kernel or file named 'no/such.npy:conv1'; check the path"),
        ],
    )
    def test_faults(self, text, message, here):
        with pytest.raises(SpecError) as caught:
            resolve(text)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(
        st.integers(1, 4).flatmap(
            lambda width: st.lists(
                st.lists(
                    st.floats(allow_nan=False, allow_infinity=False),
                    min_size=width,
                    max_size=width,
                ),
                min_size=1,
                max_size=4,
            )
        ),
        st.sampled_from([" ", ",", ", ", "  "]),
        st.sampled_from([";", "; ", " ; "]),
    )
    def test_inline_round_trip(self, rows, comma, semicolon):
        text = semicolon.join(comma.join(map(repr, row)) for row in rows)
        assert kernel(text).tolist() == rows

    @settings(deadline=None, derandomize=True, max_examples=500)
    @given(
        st.text("0123456789+-.e,;/ ", max_size=20)
        | st.text(max_size=20)
        | st.builds(
            "{}{}{}".format,
            st.sampled_from([*kernel_names(), "bank", "file", "trained", "./edge"]),
            st.sampled_from([":", "", "-"]),
            st.text("0123456789.,-e:naif/x ", max_size=8) | st.text(max_size=8),
        )
    )
    @example("file:\0")
    @example("a\0b:\0")
    @example("\ud800")
    @example("_library")
    @example("9" * 5000)
    @example("box:" + "9" * 5000)
    @example("x" * 5000 + ":")
    def test_garbage_raises_nothing_else(self, text):
        try:
            found = resolve(text)
        except CnnvizError:
            return
        assert found
        assert all(np.isfinite(each.values).all() for each in found)

    def test_kernel_is_a_value(self):
        one, other = resolve("edge")[0], resolve("edge")[0]
        assert one != other
        assert isinstance(one, Kernel)
        with pytest.raises(AttributeError):
            one.name = "x"


class TestFiles:
    def test_text_and_npy(self, here):
        (here / "mine.csv").write_text("1,0,-1\n2,0,-2\n")
        np.save(here / "deep.npy", np.ones((3, 2, 4), np.int8))
        (found,) = resolve("mine.csv")
        assert found.values.tolist() == [[1, 0, -1], [2, 0, -2]]
        assert (found.name, found.source) == ("mine", "mine.csv")
        deep = kernel("deep.npy")
        assert deep.shape == (3, 2, 4)
        assert deep.dtype == np.float64

    def test_4d_is_one_kernel_a_filter(self, here):
        weights = np.random.default_rng(0).normal(size=(3, 2, 4, 5)).astype(np.float32)
        np.savez(here / "net.npz", conv1=weights, other=np.ones((2, 2)))
        found = resolve("net.npz:conv1")
        assert [each.name for each in found] == [f"net:conv1[{i}]" for i in range(5)]
        same(found[3].values, weights[:, :, :, 3])
        same(kernel("net.npz:conv1"), weights)
        np.save(here / "bank4.npy", weights)
        assert [each.name for each in resolve("file:bank4.npy")][:2] == ["bank4[0]", "bank4[1]"]

    def test_a_library_name_beats_a_file(self, here):
        np.save(here / "x.npy", np.full((2, 2), 7.0))
        (here / "x.npy").rename(here / "edge")
        assert kernel("edge")[1].tolist() == [-1, 8, -1]
        assert kernel("./edge").tolist() == [[7, 7], [7, 7]]
        assert kernel("file:edge").tolist() == [[7, 7], [7, 7]]

    def test_longest_existing_file(self, here):
        np.savez(here / "a.npz", x=np.ones((1, 1)), **{"b:c": np.ones((2, 2))})
        np.save(here / "plain.npy", np.ones((3, 3)))
        (here / "plain.npy").rename(here / "a.npz:x")
        assert kernel("a.npz:x").shape == (3, 3)
        assert kernel("a.npz:b:c").shape == (2, 2)

    def test_matrix_beats_a_file(self, here):
        (here / "3").write_text("1 2")
        assert kernel("3").tolist() == [[3]]
        assert kernel("file:3").tolist() == [[1, 2]]

    @pytest.mark.parametrize(
        ("text", "error", "message"),
        [
            ("file:no.npy", InputError, "no kernel file 'no.npy'"),
            ("file:edge", InputError, "no kernel file 'edge'"),
            ("folder", InputError, "kernel file 'folder' is a folder"),
            ("one.npy", InputError, "one.npy: a kernel has 2 to 4 axes, this array has 1"),
            ("two.npz", SpecError, "two.npz: holds 2 arrays; name one of: a, b"),
            ("two.npz:c", SpecError, "two.npz: holds no array 'c'; name one of: a, b"),
            ("one.npy:c", SpecError, "one.npy: holds one array without a name, not 'c'"),
            ("bad.csv", InputError, "bad.csv: row 1, column 2: 'x' is not a number"),
            ("wide.npy", RefusedError, "wide.npy: holds 65537 filters, more than 65536"),
            (
                "nan.npy",
                InputError,
                "nan.npy: kernel 'nan': 3 of 18 values not finite (NaN or infinite)",
            ),
            ("1e999 1; 1 -1e999", InputError, "kernel 'custom': 2 of 4 values not finite"),
        ],
    )
    def test_faults(self, text, error, message, here):
        (here / "folder").mkdir()
        (here / "bad.csv").write_text("1,x\n")
        np.save(here / "one.npy", np.ones(3))
        np.save(here / "wide.npy", np.ones((1, 1, 1, 65537), np.int8))
        np.savez(here / "two.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
        values = np.ones((3, 3, 1, 2))
        values[0] = [[[np.nan, 1]], [[np.inf, 1]], [[1, -np.inf]]]
        np.save(here / "nan.npy", values)
        with pytest.raises(error) as caught:
            resolve(text)
        assert message in str(caught.value)


def test_longest_path_first(here):
    (here / "a").write_text("1")
    (here / "a:b").write_text("1")
    assert grammar._split("a:b:c:d") == ("a:b", "c:d")
    assert grammar._split("a:c") == ("a", "c")
    assert grammar._split("c:a") == (None, None)
