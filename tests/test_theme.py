"""Colours: contrast of texts, colour maps whose steps are even and whose zero is true."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cnnviz.errors import SpecError
from cnnviz.render.colormaps import NAMES, colormap, is_diverging
from cnnviz.render.numbers import number, times, typeset
from cnnviz.render.theme import THEMES, contrast, ink, rgb, theme

ROLES = ("text", "secondary", "input", "kernel", "map", "pool", "dense", "accent", "warning")


def lab(table: np.ndarray) -> np.ndarray:
    """Return CIELAB rows by OpenCV, an implementation that is not ours."""
    return cv2.cvtColor(table[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_read(name: str, role: str) -> None:
    tokens = theme(name)
    assert contrast(rgb(getattr(tokens, role)), rgb(tokens.background)) >= 4.5


def test_contrast_of_black_on_white_is_the_published_21() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("level", range(0, 256, 5))
def test_ink_reads_on_every_cell(level: int) -> None:
    for name in NAMES:
        for tokens in THEMES:
            red, green, blue = (int(c) for c in colormap(name, tokens)[level])
            assert contrast(rgb(ink((red, green, blue))), (red, green, blue)) >= 4.5


@pytest.mark.parametrize("name", [n for n in NAMES if not is_diverging(n)])
@pytest.mark.parametrize("tokens", THEMES)
def test_sequential_maps_have_even_steps_and_one_direction(name: str, tokens: str) -> None:
    rows = lab(colormap(name, tokens))
    lightness = np.diff(rows[::8, 0])
    assert (lightness > 0).all() or (lightness < 0).all()
    if name != "gray":  # gray is even in sRGB, as pictures are
        steps = np.linalg.norm(np.diff(rows[::16], axis=0), axis=1)
        assert steps.max() / steps.min() < 2.6


@pytest.mark.parametrize("name", [n for n in NAMES if is_diverging(n)])
def test_diverging_maps_are_neutral_at_zero_and_as_light_on_both_sides(name: str) -> None:
    light, dark = colormap(name, "light"), colormap(name, "dark")
    assert light[128].tolist() == [255, 255, 255]
    assert dark[128].max() <= 32
    assert np.ptp(dark[128].astype(int)) == 0
    if name == "red-blue":
        for table in (light, dark):
            rows = lab(table)[:, 0]
            assert np.abs(rows[129:] - rows[127:0:-1]).max() < 14


def test_colormaps_of_other_names_are_refused_with_ours() -> None:
    with pytest.raises(SpecError, match="no colormap named 'rainbow-unicorn'"):
        colormap("rainbow-unicorn")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1020.0, "1\u2009020"),
        (-1284.0, "\u22121\u2009284"),
        (12345.6, "12\u2009350"),
        (0.12345, "0.1235"),
        (1 / 9, "0.1111"),
        (99999.0, "100\u2009000"),
        (3.0000001, "3"),
        (1e-7, "1e\u22127"),
        (6.02214e23, "6.022e23"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_have_four_digits_and_real_signs(value: float, text: str) -> None:
    assert number(value) == text


def test_formulas_are_typeset() -> None:
    assert typeset("floor((224 + 2*3 - 7)/2) + 1 = 112") == "floor((224 + 2·3 − 7)/2) + 1 = 112"
    assert times((3, 4)) == "3×4"
