"""The numbers in cells: true, with shared decimals, and readable."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnviz.kernels import resolve
from cnnviz.render.figures.labels import LEAST_AIR, labels
from cnnviz.render.fonts import font, measure
from cnnviz.render.theme import SMALLEST

RNG = np.random.default_rng(3)


def text(values: list[list[float]], size: float = 44, **how: int) -> list[list[str]]:
    return labels(np.array(values, float), size, **how)[0]


def test_rounded_numbers_share_their_decimals_and_exact_ones_are_as_typed() -> None:
    gaussian = labels(resolve("gaussian:7,2")[0].values, 36, digits=3)[0]
    assert gaussian[0] == ["0.005", "0.009", "0.013", "0.015", "0.013", "0.009", "0.005"]
    assert text([[0.25, 0.5, 1.5]]) == [["0.25", "0.5", "1.5"]]
    assert text([[np.float32(0.1), -2]]) == [["0.1", "−2"]]
    assert text([[0.0597, 0.1621, 0]], digits=3) == [["0.060", "0.162", "0"]]


def test_a_number_beside_a_million_is_not_written_as_zero() -> None:
    assert text([[0.123456, -3.5e-7], [1e6, 2]]) == [["0.1235", "−3.5e−7"], ["1000000", "2"]]


def test_whole_numbers_are_written_in_full() -> None:
    assert text([[1234567, -8]], 60) == [["1234567", "−8"]]


def test_what_is_rounded_to_zero_has_no_sign() -> None:
    assert text([[-0.0001, 0.5123]], digits=3) == [["0.000", "0.512"]]


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 0.01, 1, 9.99, 1e3, 1e5, 1e9])
@pytest.mark.parametrize("size", [18, 28, 36, 44, 90])
def test_texts_fit_their_cells_and_are_within_a_unit_of_the_value(scale: float, size: int) -> None:
    values = RNG.normal(size=(4, 4)) * scale
    texts, font = labels(values, size)
    for row, line in zip(values, texts, strict=bool(texts)):
        for value, written in zip(row, line, strict=True):
            assert font >= SMALLEST
            assert measure(written, font, "mono") <= size - LEAST_AIR
            read = float(written.replace("−", "-"))
            assert abs(read - value) <= 0.06 * np.abs(values).max()
    assert texts or size < 90


@pytest.mark.parametrize("face", ["regular", "bold", "mono"])
@pytest.mark.parametrize("size", [8, 8.5, 11, 13, 18])
@pytest.mark.parametrize("scale", [1, 2])
def test_no_text_is_drawn_wider_than_it_is_measured(face: str, size: float, scale: int) -> None:
    for line in ("in a window of 7×7: at least −0.14", "Rec. 601 luma", "min 1.444   max 55.5"):
        drawn = ImageDraw.Draw(Image.new("L", (1, 1))).textlength(line, font(face, size * scale))
        assert drawn <= scale * measure(line, size, face) + 1e-9
