"""What `explain` says of poolings and of unusual numbers: as much as it says, and nothing else."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import boxes

from cnnviz.images import load_image
from cnnviz.kernels import resolve
from cnnviz.render.figures import explanation, maps
from cnnviz.render.look import Look
from cnnviz.render.scene import Picture, Rect
from cnnviz.report.convolution import convolve
from cnnviz.report.explained import kernel_explanation, pooling_explanation

ARRAY = np.arange(36.0).reshape(6, 6) % 10


def line_of(found, label: str, width: int = 200) -> str:
    return next(line for line in found.lines(width) if line.startswith(label))


def patch_of(found, rows: int) -> list[list[str]]:
    lines = list(found.lines(200))
    first = next(i for i, line in enumerate(lines) if line.endswith("patch"))
    return [line.split() for line in lines[first + 1 : first + 1 + rows]]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), power=st.integers(-6, 30), decimals=st.integers(0, 4))
def test_printed_values_of_an_average_add_up(seed, power, decimals):
    random = np.random.default_rng(seed)
    values = np.round(random.normal(size=(4, 4)) * 1000, decimals) * 10.0**power
    found = pooling_explanation(values, "average", [(1, 0)])
    printed = sum(Fraction(text) for line in patch_of(found, 2) for text in line)
    exact = sum(Fraction(value) for value in found.values[0].patch.ravel().tolist())
    rounding = line_of(found, "rounding")
    stated = re.search(r"within (\S+) of", rounding)
    # What was typed with few decimals is the nearest number to it, not that.
    slack = abs(exact) * Fraction(1, 10**12) + Fraction(1, 10**300)
    assert abs(printed - exact) <= (Fraction(stated[1]) if stated else 0) + slack
    assert "values" in rounding


def test_numbers_beyond_counting_have_six_digits():
    found = kernel_explanation(1e36 * (ARRAY + 1), resolve("box:3")[0], [(0, 0)], is_photo=False)
    assert max(map(len, found.lines())) <= 80
    (one,) = found.values
    text = line_of(found, "sum").split()[1]
    assert float(text) == pytest.approx(one.total, rel=1e-5)
    assert "products to 6 digits" in line_of(found, "rounding")


@pytest.mark.parametrize("kind", ["max", "min"])
def test_a_winner_may_be_zero(kind):
    values = np.array([[1, 1], [0, 1]]) * (1 if kind == "min" else -1)
    found = pooling_explanation(values.astype(np.float32), kind)
    assert found.values[0].winner == (1, 0)
    assert line_of(found, kind).endswith("est of 4 values, of row 1, column 0")


def test_no_cell_wins_a_norm():
    values = np.array([[0, 3], [0, 0]], np.float32)
    assert pooling_explanation(values, "lp:2").values[0].winner is None


def test_padding_that_does_not_count_has_no_numbers():
    values = -np.arange(1, 10, dtype=np.float32).reshape(3, 3)
    how = {"pool_size": 3, "strides": 2, "padding": 1}
    found = pooling_explanation(values, "max", [(0, 0)], is_photo=False, **how)
    assert patch_of(found, 3) == [["*"] * 3, ["*", "-1", "-2"], ["*", "-4", "-5"]]
    scene = explanation.draw(found, Look())
    (patch,) = [i for i in scene.items if isinstance(i, Picture) and i.title.startswith("patch")]
    inside = [
        text
        for left, top, right, bottom, text in boxes(scene)
        if patch.x <= left and right <= patch.x + patch.width
        if patch.y <= top and bottom <= patch.y + patch.height
    ]
    assert sorted(inside) == ["−1", "−2", "−4", "−5"]
    assert len([i for i in scene.items if isinstance(i, Rect) and i.hatch]) == 5


@pytest.mark.parametrize("size", [3, 9])
def test_padding_is_hatched_where_the_figure_says_so(size):
    values = np.arange(100, dtype=np.float32).reshape(10, 10)
    found = pooling_explanation(values, "max", [(0, 0)], pool_size=size, padding=1)
    scene = explanation.draw(found, Look())
    assert any("padding cells, hatched" in text for *_, text in boxes(scene))
    areas = [i.width * i.height for i in scene.items if isinstance(i, Rect) and i.hatch]
    (patch,) = [i for i in scene.items if isinstance(i, Picture) and i.title.startswith("patch")]
    share = (2 * size - 1) / size**2
    assert sum(areas) == pytest.approx(share * patch.width * patch.height)


def test_no_bar_is_hatched():
    image = load_image(SAMPLES / "cat.png").stored
    found = kernel_explanation(image, resolve("gaussian:9,2")[0], [(0, 0)], padding="same")
    texts = [text for *_, text in boxes(explanation.draw(found, Look()))]
    assert any(text.endswith("56 padding cells") for text in texts)


def test_the_border_is_told():
    how = {"padding": "same", "is_photo": False}
    for border, said in (("zero", "holds zero"), (7.0, "holds 7"), ("wrap", "the image by wrap")):
        found = kernel_explanation(ARRAY, resolve("edge")[0], [(0, 0)], border=border, **how)
        assert line_of(found, "padding").endswith(said), border


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (ARRAY, "max", "the largest value of 3x3"),
        (-ARRAY - 1, "max", "the value farthest from zero of 3x3"),
        (ARRAY - 5, "min", "the value farthest from zero of 3x3"),
        (ARRAY, "global-max", ""),
    ],
)
def test_the_chosen_place_is_what_it_is_called(values, kind, said):
    found = pooling_explanation(values, kind, is_photo=False)
    made = found.arithmetic.output
    place = found.values[0].at
    assert (made.max() if said.startswith("the largest") else np.abs(made).max()) == abs(
        made[place]
    )
    assert found.chosen == (f"{said}, as no --at was given" if said else "")


def test_an_array_looks_as_it_does_elsewhere():
    """Values from 0 to 9 are no pixels of 255: on the scale of a photo they would be black."""
    kernel = resolve("box:3")[0]

    def shown(scene, title: str) -> np.ndarray:
        return next(i.pixels for i in scene.items if isinstance(i, Picture) and i.title == title)

    convolved = maps.draw(convolve(ARRAY, [kernel], name="a", is_photo=False), Look())
    explained = explanation.draw(kernel_explanation(ARRAY, kernel, is_photo=False), Look())
    source = shown(explained, "image")
    assert np.array_equal(source, shown(convolved, "a"))
    assert np.ptp(source.astype(int)) > 150
    pooled = explanation.draw(pooling_explanation(ARRAY, "max", is_photo=False), Look())
    assert np.ptp(shown(pooled, "map").astype(int)) > 100


def test_prose_is_wrapped_and_arrays_stand_below_each_other():
    image = load_image(SAMPLES / "cat.png").stored
    found = kernel_explanation(image, resolve("gaussian:5,1")[0], [(20, 30)])
    assert max(map(len, found.lines(80))) <= 80
    assert max(len(line) for line in found.lines(50) if line[:1] != " ") <= 50
