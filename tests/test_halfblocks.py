"""Half blocks: every pixel in true colour, the nearest of 256, and no cast where it is dithered."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal_peer import OWN, oklab, pixels, xterm

from cnnviz.render.halfblocks import half_blocks
from cnnviz.render.oklab import from_srgb, to_srgb

CELL = re.compile(r"\x1b\[(?:0|[34]8;(?:2;\d+;\d+;\d+|5;\d+))m|\u2580")
PALETTE = {place: xterm(place) for place in range(16, 256)}
LABS = {place: oklab(colour) for place, colour in PALETTE.items()}


def shown(picture: np.ndarray, colours: str, **settings: bool) -> np.ndarray:
    return pixels("\n".join(half_blocks(picture, colours, **settings)))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(2, 3), (4, 1), (1, 5), (5, 4)])
def test_true_colour_shows_every_pixel(shape):
    picture = noise(*shape)
    seen = shown(picture, "truecolor")
    assert np.array_equal(seen[: shape[0]], picture)
    assert (seen[shape[0] :] == OWN).all()


def test_every_line_ends_in_the_terminals_own_colours():
    for line in half_blocks(np.zeros((6, 4, 3), np.uint8), "truecolor"):
        assert line == "\x1b[38;2;0;0;0m\x1b[48;2;0;0;0m\u2580\u2580\u2580\u2580\x1b[0m"


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_256_colours_are_nearest_to_the_eye(pixel):
    picture = np.full((1, 1, 3), pixel, np.uint8)
    chosen = tuple(shown(picture, "256")[0, 0])
    distances = [np.linalg.norm(lab - oklab(pixel)) for lab in LABS.values()]
    assert np.linalg.norm(oklab(chosen) - oklab(pixel)) <= min(distances) + 1e-5


@pytest.mark.parametrize("place", [16, 21, 46, 196, 208, 231, 232, 244, 255])
def test_the_palettes_own_colours_stay(place):
    picture = np.full((5, 7, 3), xterm(place), np.uint8)
    for dither in (False, True):
        assert (shown(picture, "256", dither=dither)[:5] == xterm(place)).all()


@pytest.mark.parametrize("colour", [(200, 150, 110), (205, 222, 248), (60, 90, 160), (90, 70, 60)])
def test_dithering_takes_most_of_the_cast_away(colour):
    picture = np.full((24, 24, 3), colour, np.uint8)

    def cast(dither: bool) -> float:
        labs = [oklab(tuple(p)) for p in shown(picture, "256", dither=dither).reshape(-1, 3)]
        return float(np.linalg.norm(np.mean(labs, axis=0) - oklab(colour)))

    assert cast(True) < 0.6 * cast(False)


def test_dithering_is_the_published_recursion():
    """Floyd and Steinberg's loop, pixel by pixel, in numbers that another route arrives at."""
    picture = noise(9, 7) // 2 + 60
    wanted = np.array([[oklab(tuple(p)) for p in row] for row in picture])
    expected = np.zeros_like(picture)
    for y in range(9):
        for x in range(7):
            place = min(LABS, key=lambda k: float(np.sum((LABS[k] - wanted[y, x]) ** 2)))
            expected[y, x] = PALETTE[place]
            missed = 0.7 * (wanted[y, x] - LABS[place])
            for dy, dx, share in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
                if y + dy < 9 and 0 <= x + dx < 7:
                    wanted[y + dy, x + dx] += missed * share / 16
    assert np.mean(shown(picture, "256", dither=True)[:9] == expected) > 0.98  # ties by rounding


def test_gray_stays_gray():
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 3, axis=2)
    seen = shown(np.repeat(ramp, 6, axis=0), "256", dither=True)
    assert np.ptp(seen, axis=2).max() == 0


@pytest.mark.parametrize("depth", ["256", "truecolor"])
@pytest.mark.parametrize("dither", [False, True])
def test_nothing_but_colours_and_blocks(depth, dither):
    text = "".join(half_blocks(noise(9, 9), depth, dither=dither))
    assert CELL.sub("", text) == ""


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_oklab_there_and_back(colour):
    lab = from_srgb(np.array([colour]))
    assert np.allclose(lab[0], oklab(colour), atol=3e-4)
    assert to_srgb(lab)[0].tolist() == list(colour)
