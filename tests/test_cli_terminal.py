"""What reaches a terminal: nothing that drives it, and pictures where it can show them."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.render.terminal import colours, escape, has_colour, size, why_no_picture, width


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
        ({"TERM": ""}, True, None),
        ({"TERM": "xterm-kitty"}, True, "truecolor"),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, True, "256"),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "TMUX": "x"}, True, "truecolor"),
        ({"WT_SESSION": "x"}, True, "truecolor"),
        ({"WT_SESSION": "x"}, False, None),
        ({"FORCE_COLOR": "3"}, False, "truecolor"),
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


@pytest.mark.parametrize(
    ("environ", "terminal", "words"),
    [
        ({"TERM": "dumb"}, True, "TERM=dumb"),
        ({"TERM": "xterm"}, True, "TERM=xterm has fewer than 256 colours"),
        ({"TERM": "xterm-256color"}, False, "no terminal"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "FORCE_COLOR": "1"}, True, "NO_COLOR is set"),
    ],
)
def test_what_keeps_a_picture_from_being_drawn(environ, terminal, words):
    stream = Terminal() if terminal else io.StringIO()
    assert colours(stream, environ=environ) is None
    assert words in why_no_picture(stream, environ=environ)
    assert "--no-color" in why_no_picture(stream, environ=environ, no_color=True)


def test_size():
    assert size(None, environ={"COLUMNS": "132", "LINES": "50"}) == (132, 50)
    assert size(None, environ={"COLUMNS": "-5", "LINES": "9" * 9}) == (80, 24)
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as stream, os.fdopen(master):
        fcntl.ioctl(stream, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
        assert size(stream, environ={}) == (99, 33)
        assert size(stream, environ={"COLUMNS": "40"}) == (40, 33)


def test_width():
    assert width(io.StringIO(), environ={"COLUMNS": "132"}) == 132
    assert width(io.StringIO(), environ={"COLUMNS": "0"}) == 80
    assert width(None, environ={}) == 80
