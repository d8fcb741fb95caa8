"""What reaches a terminal: nothing that drives it, and pictures where it can show them."""

from __future__ import annotations

import io
import os
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.render.terminal import colours, escape, half_blocks, has_colour, width

CELL = re.compile(r"\x1b\[(?:0|[34]8;(?:2;\d+;\d+;\d+|5;\d+))m|\u2580|\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat.png", "cat.png"),
        ("Käse 猫.png", "Käse 猫.png"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\nb\r\tc", r"a\x0ab\x0d\x09c"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("cat\u202egnp.exe", r"cat\u202egnp.exe"),
        ("\u2028\u2066", r"\u2028\u2066"),
        (os.fsdecode(b"caf\xe9.png"), r"caf\xe9.png"),
        ("\ud800", r"\ud800"),
    ],
)
def test_escape(text, shown):
    assert escape(text) == shown


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(st.characters(exclude_categories=())))
def test_nothing_that_drives_a_terminal_passes(text):
    shown = escape(text)
    shown.encode()  # no surrogates
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not any(unicodedata.bidirectional(c) in bidi for c in shown)
    assert escape(shown) == shown


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({"TERM": "xterm-256color"}, True, "256"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, True, "truecolor"),
        ({"TERM": "xterm-direct"}, True, "truecolor"),
        ({"TERM": "xterm"}, True, None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, True, None),
        ({}, True, None),
        ({"TERM": "xterm-256color"}, False, None),
        ({"TERM": "xterm-256color", "FORCE_COLOR": "1"}, False, "256"),
        ({"FORCE_COLOR": "1"}, False, "256"),
        ({"FORCE_COLOR": "0"}, False, None),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, None),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, None),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True, "256"),
    ],
)
def test_colours_by_environment(environ, terminal, expected):
    stream = Terminal() if terminal else io.StringIO()
    assert colours(stream, environ=environ) == expected
    assert colours(stream, environ=environ, no_color=True) is None


def test_a_plain_terminal_has_coloured_text_but_no_pictures():
    assert has_colour(Terminal(), environ={"TERM": "xterm"})
    assert not has_colour(None, environ={"TERM": "xterm"})


def test_width():
    assert width(io.StringIO(), environ={"COLUMNS": "132"}) == 132
    assert width(io.StringIO(), environ={"COLUMNS": "0"}) == 80
    assert width(None, environ={}) == 80


def decoded(text: str) -> np.ndarray:
    """Return the pixels that a true-colour terminal would show; -1 where it shows its own."""
    rows = []
    for line in text.split("\n"):
        fore = back = (-1, -1, -1)
        upper, lower = [], []
        for part in re.findall(r"\x1b\[[^m]*m|.", line):
            if part == "\u2580":
                upper.append(fore)
                lower.append(back)
            elif part == "\x1b[0m":
                fore = back = (-1, -1, -1)
            else:
                ground, _, *rgb = map(int, part[2:-1].split(";"))
                fore, back = (tuple(rgb), back) if ground == 38 else (fore, tuple(rgb))
        rows += [upper, lower]
    return np.array(rows)


@pytest.mark.parametrize("shape", [(2, 3), (4, 1), (1, 5), (5, 4)])
def test_true_colour_shows_every_pixel(shape):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    shown = decoded(half_blocks(pixels, 80, "truecolor"))
    assert np.array_equal(shown[: shape[0]], pixels)
    assert (shown[shape[0] :] == -1).all()


def test_every_line_ends_in_the_terminals_own_colours():
    pixels = np.zeros((6, 4, 3), np.uint8)
    for line in half_blocks(pixels, 80, "truecolor").split("\n"):
        assert line == "\x1b[38;2;0;0;0m\x1b[48;2;0;0;0m\u2580\u2580\u2580\u2580\x1b[0m"


def test_a_wide_picture_is_averaged_by_area():
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, ::2] = 200
    shown = decoded(half_blocks(pixels, 10, "truecolor"))
    assert shown.shape == (6, 10, 3)
    assert (shown[:5] == 100).all()


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_256_colours_are_nearest_in_the_palette(pixel):
    ramp = [0, 95, 135, 175, 215, 255]
    palette = {16 + 36 * r + 6 * g + b: (ramp[r], ramp[g], ramp[b])
               for r in range(6) for g in range(6) for b in range(6)}  # fmt: skip
    palette |= {232 + i: (8 + 10 * i,) * 3 for i in range(24)}
    text = half_blocks(np.full((2, 1, 3), pixel, np.uint8), 80, "256")
    chosen = int(re.findall(r"38;5;(\d+)m", text)[0])

    def distance(colour: tuple[int, ...]) -> int:
        return sum((a - b) ** 2 for a, b in zip(colour, pixel, strict=True))

    assert distance(palette[chosen]) == min(map(distance, palette.values()))


@pytest.mark.parametrize("depth", ["256", "truecolor"])
def test_nothing_but_colours_and_blocks(depth):
    pixels = np.random.default_rng(2).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    assert CELL.sub("", half_blocks(pixels, 80, depth)) == ""


def test_without_colours_there_is_no_picture():
    assert half_blocks(np.zeros((2, 2, 3), np.uint8), 80, None) == ""
