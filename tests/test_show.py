"""`--show`: labelled tiles within the terminal, true to the picture, or one line that says why."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
from types import ModuleType

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from terminal_peer import picture_lines, pixels, plain

from cnnviz import kernels, render
from cnnviz.render.colormaps import colormap
from cnnviz.render.look import Look
from cnnviz.render.sheet import Tile, sheet
from cnnviz.report.convolution import convolve

COLOURS = ("truecolor", "256")


def tile(height: int, width: int, name: str = "a") -> Tile:
    def draw(h: int, w: int) -> np.ndarray:
        factor = max(1, h // height)
        return np.full((h // factor, w // factor, 3), 77, np.uint8)

    return Tile((f"{name} long title", name), ("caption",), (height, width), draw)


def lines_of(*tiles: Tile, columns: int = 80, lines: int = 24) -> list[str]:
    return plain(sheet(tiles, "truecolor", columns=columns, lines=lines))


def maps(source: np.ndarray, *names: str, **settings: object):
    found = [kernel for name in names for kernel in kernels.resolve(name)]
    return convolve(source, found, name="x.png", is_photo=source.ndim == 3, **settings)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=7),
    st.integers(8, 120),
    st.integers(6, 60),
)
def test_it_never_leaves_the_terminal(shapes, columns, lines):
    assume(len(shapes) == 1 or columns >= 12)
    text = lines_of(*(tile(*shape) for shape in shapes), columns=columns, lines=lines)
    assert max(map(cell_len, text)) <= columns
    assert len(text) <= lines


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(20, 200), st.integers(8, 100))
@example(1, 21, 20, 8)
def test_the_aspect_ratio_stays(height, width, columns, lines):
    drawn = []

    def draw(h: int, w: int) -> np.ndarray:
        drawn.append((h, w))
        return np.zeros((h, w, 3), np.uint8)

    sheet([Tile(("a",), ("b",), (height, width), draw)], "256", columns=columns, lines=lines)
    h, w = drawn[0]
    if h >= height and w >= width:
        assert h * width == w * height
        assert h % height == 0
        assert h // height <= 8
    else:
        assert h == max(1, round(w * height / width)) or w == max(1, round(h * width / height))


def test_tiles_stand_side_by_side_with_labels():
    text = lines_of(tile(10, 20, "one"), tile(6, 20, "two"), columns=42, lines=9)
    full = "\u2580" * 20
    assert text == [
        "one long title        two long title",
        *[f"{full}  {full}"] * 3,
        f"{full}  caption",
        full,
        "caption",
    ]


def test_where_there_is_no_room_the_short_title_stands_or_the_end_is_cut():
    assert lines_of(tile(20, 12, "one"), tile(20, 12, "two"), columns=26)[0].split() == [
        "one",
        "two",
    ]
    long = lines_of(tile(9, 9, "a" * 90), columns=40, lines=12)[0]
    assert long == "a" * 23 + "\u2026"
    wide = lines_of(tile(9, 9, "\u732b" * 90), columns=40)[0]
    assert cell_len(wide) <= 40


def test_what_would_be_too_small_is_counted():
    text = lines_of(*[tile(300, 300)] * 40)
    shown = int(text[-1].split()[0])
    assert text[-1] == f"{shown} of 40 shown"
    assert 3 <= shown < 15


def test_more_than_fit_a_page_leave_a_line_for_their_count():
    text = lines_of(*[tile(9, 9)] * 40, columns=200, lines=60)
    assert text[-1] == "25 of 40 shown"
    assert len(text) <= 60


def test_titles_cannot_drive_the_terminal():
    assert lines_of(tile(9, 9, "\x1b[2J"))[0] == r"\x1b[2J long title"


def shown(mapset, place: int, look: Look | None = None):
    """Return the pixels of one of the tiles of a sheet that is one row of them."""
    text = render.show(mapset, look or Look(), colours="truecolor", columns=80, lines=40)
    line = plain(text)[1]
    start, end = [match.span() for match in re.finditer("\u2580+", line)][place]
    found = pixels("\n".join(picture_lines(text)))[:, start:end]
    return found[(found >= 0).all(axis=(1, 2))]


def test_a_small_array_is_enlarged_cell_by_cell():
    source = np.arange(25, dtype=np.float32).reshape(5, 5)
    seen = shown(maps(source, "1"), 0)
    factor = len(seen) // 5
    cells = seen[::factor, ::factor]
    assert 2 < factor <= 8
    assert np.array_equal(seen, cells.repeat(factor, 0).repeat(factor, 1))
    assert len(np.unique(cells.reshape(-1, 3), axis=0)) == 25


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_zero_is_the_centre_of_a_signed_map(theme):
    source = np.array([[0, 0, -1, 0, 2, 0, 0.0]] * 7, np.float32)
    seen = shown(maps(source, "1"), 1, Look(theme=theme))[0]
    seen = seen[:: len(seen) // 7]
    table = colormap("red-blue", theme)
    assert (seen[0] == table[128]).all()
    assert (seen[4] == table[255]).all()
    assert (seen[2] == table[128 - round(127 / 2)]).all()


def test_edges_of_both_signs_do_not_average_away():
    source = np.zeros((400, 400, 3), np.float32)
    source[:, 200:, :] = (
        np.indices((400, 200))[1][..., None] // 2 % 2 * 255
    )  # fine stripes on the right
    seen = shown(maps(source, "sobel-x", padding="same", border="edge"), 1).astype(float)
    assert (seen[:, :17].min(axis=2) > 250).all()
    assert (seen[:36, 22:].min(axis=2) < 170).all()


def test_linear_and_shared_scales_are_kept_as_they_are():
    """Only `auto` with a scale of its own is stretched until the strongest cell is full."""
    source = np.random.default_rng(0).uniform(0, 255, (400, 400, 3)).astype(np.float32)
    vivid = shown(maps(source, "sobel-x"), 1).astype(float)
    for look in (Look(display="signed"), Look(range="shared")):
        pale = shown(maps(source, "sobel-x"), 1, look).astype(float)
        assert pale.mean() > vivid.mean() + 5


def test_a_result_whose_figure_has_no_tiles_shows_its_arrays(monkeypatch):
    monkeypatch.setitem(sys.modules, "cnnviz.render.figures.bare", ModuleType("bare"))

    class Bare:
        figure = "bare"

        def arrays(self):
            return [("a", np.eye(9)), ("b", np.full((9, 9, 3), 7.0)), ("c", -np.ones((9, 9, 5)))]

    text = plain(render.show(Bare(), colours="256", columns=80, lines=24))
    assert text[0].split() == ["a", "9x9", "b", "9x9x3", "c", "9x9x5"]
    assert "min -1  max -1" in " ".join(text)


@pytest.mark.parametrize("look", [Look(overlay=True), Look(display="abs"), Look(colormap="gray")])
@pytest.mark.parametrize("colours", COLOURS)
def test_every_look_is_drawn(colours, look):
    source = np.random.default_rng(3).uniform(0, 255, (90, 120, 3)).astype(np.float32)
    text = render.show(maps(source, "edge"), look, colours=colours, columns=80, lines=24)
    assert len(picture_lines(text)) > 10
    assert plain(text)[0].split() == ["x.png", "90x120x3", "edge", "88x118"]


@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("columns", [40, 80, 160])
def test_photo_and_maps_are_labelled(cnnviz, monkeypatch, colours, columns):
    monkeypatch.setenv("FORCE_COLOR", "3" if colours == "truecolor" else "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    result = cnnviz("convolve", SAMPLES / "cat.png", "--kernel", "edge", "--show", "-q")
    text = plain(result.text)
    labels = " ".join(line for line in text if "\u2580" not in line)
    for words in ("cat.png  300x451x3", "edge  298x449", "min 0  max 231", "min -1284  max 2184"):
        assert words in labels
    assert max(map(len, text)) <= columns
    assert (";2;" in result.text) == (colours == "truecolor")


def test_the_photo_is_the_photo(cnnviz, monkeypatch):
    from PIL import Image

    monkeypatch.setenv("FORCE_COLOR", "3")
    result = cnnviz("pool", SAMPLES / "cat.png", "--size", "300x451", "--show", "-q")
    seen = pixels("\n".join(row.split(" ")[0] for row in picture_lines(result.text)))
    with Image.open(SAMPLES / "cat.png") as photo:
        small = photo.convert("RGB").resize((seen.shape[1], 26), Image.Resampling.BOX)
    assert np.abs(seen[:26].astype(int) - np.asarray(small, int)).max() <= 1


def test_with_json_the_picture_goes_to_stderr(cnnviz, photo, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = cnnviz("pool", photo, "--show", "--json")
    assert json.loads(result.text)["outputs"]
    assert "\u2580" in result.err


def test_why_there_is_no_picture_is_said_once(cnnviz, photo, monkeypatch):
    result = cnnviz("pool", photo, photo, "--show", "-q", "-o", "out/")
    assert result.code == 0
    assert result.err.splitlines() == [
        "cnnviz: --show draws nothing: the output is no terminal (FORCE_COLOR=1 draws all the same)"
    ]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "NO_COLOR is set" in cnnviz("pool", photo, "--show", "--overwrite").err


def test_a_huge_terminal_gets_a_picture_all_the_same(cnnviz, monkeypatch):
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "999999", "LINES": "999999"}.items():
        monkeypatch.setenv(name, value)
    text = plain(cnnviz("pool", SAMPLES / "cat.png", "--show", "-q").text)
    assert max(map(len, text)) <= 400
    assert len(text) <= 121


@pytest.mark.parametrize("columns", [40, 90])
def test_at_a_real_terminal_its_own_size_counts(folder, columns):
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    command = [sys.executable, "-m", "cnnviz", "pool", SAMPLES / "digit.png", "--show", "-q"]
    environ = {"PYTHONPATH": str(SAMPLES.parent), "TERM": "xterm-256color", "PATH": ""}
    with os.fdopen(master, "rb") as screen:
        process = subprocess.Popen(command, stdout=slave, stderr=slave, env=environ)
        os.close(slave)
        data = b""
        with contextlib.suppress(OSError):  # what Linux makes of the end of a terminal
            while part := os.read(screen.fileno(), 65536):
                data += part
        assert process.wait() == 0
    text = plain(data.decode().replace("\r\n", "\n").rstrip("\n"))
    assert len(text) <= 18
    assert columns // 2 < max(map(len, text)) <= columns
    assert "digit.png  28x28x1" in text[0]
