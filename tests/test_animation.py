"""Animated GIFs: every frame as it was drawn, one palette, only what changes, bounded memory."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Iterator
from io import BytesIO

import cv2
import numpy as np
import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviz.errors import RefusedError
from cnnviz.files import byte_budget
from cnnviz.render import palette
from cnnviz.render.animation import animate
from cnnviz.render.backends.png import draw
from cnnviz.render.giffile import UNSEEN, encode
from cnnviz.render.oklab import from_srgb
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import theme

RNG = np.random.default_rng(11)
APART = np.array(
    [[255, 255, 255], [0, 0, 0], [200, 30, 30], [30, 60, 200], [18, 22, 28], [250, 200, 0]],
    np.uint8,
)


def decoded(data: bytes) -> list[np.ndarray]:
    """Every frame as OpenCV decodes it, `(H, W, 3)` in RGB."""
    ok, frames = cv2.imdecodemulti(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert ok
    return list(frames)


def delays(data: bytes) -> list[int]:
    """Hundredths of a second of each frame, as Pillow reads them."""
    image = Image.open(BytesIO(data))
    found = []
    for i in range(image.n_frames):
        image.seek(i)
        found.append(round(image.info["duration"] / 10))
    return found


def blocks(data: bytes) -> Iterator[tuple[int, ...]]:
    """Left, top, width, height and flags of each stored frame, walked through the file's blocks."""
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            yield struct.unpack_from("<HHHHB", data, at + 1)
            at += 11
        else:
            at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    assert at == len(data) - 1


def lab_errors(frame: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    rows = [from_srgb(pixels.reshape(-1, 3)) for pixels in (frame, drawn)]
    return np.linalg.norm(rows[0] - rows[1], axis=1)


@many(40)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    count=st.integers(2, 6),
)
def test_few_colours_come_back_exactly(seed: int, size: tuple[int, int], count: int) -> None:
    rng = np.random.default_rng(seed)
    frames = [APART[rng.integers(0, len(APART), size)]]
    for _ in range(count - 1):
        frame = frames[-1].copy()
        top, left = rng.integers(0, size[0]), rng.integers(0, size[1])
        frame[top : top + rng.integers(0, 9), left : left + 5] = APART[rng.integers(0, len(APART))]
        frames.append(frame)
    found = decoded(encode((frame, 0.1) for frame in frames))
    assert len(found) == count
    for frame, drawn in zip(found, frames, strict=True):
        assert np.array_equal(frame, drawn)


def test_pillow_and_opencv_decode_the_same() -> None:
    frames = [RNG.integers(0, 256, (33, 47, 3)).astype(np.uint8) for _ in range(4)]
    data = encode((frame, 0.2) for frame in frames)
    image = Image.open(BytesIO(data))
    for i, frame in enumerate(decoded(data)):
        image.seek(i)
        assert np.array_equal(np.asarray(image.convert("RGB")), frame)


def test_what_changes_and_nothing_else_is_stored() -> None:
    first = np.full((60, 80, 3), 255, np.uint8)
    second = first.copy()
    second[10:14, 20:27] = 0
    data = encode([(first, 0.1), (second, 0.1), (second, 0.1)])
    stored = list(blocks(data))
    # A frame that changes nothing is a frame nevertheless.
    assert [box[:4] for box in stored] == [(0, 0, 80, 60), (20, 10, 7, 4), (0, 0, 1, 1)]
    assert all(box[4] & 0x80 == 0 for box in stored)  # none has a palette of its own


def test_it_loops_for_ever_and_the_time_does_not_drift() -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    frames = [(frame + np.uint8(40 * (i % 2)), 1 / 30) for i in range(30)]
    data = encode([*frames, (frame, 2.5)])
    found = delays(data)
    assert len(found) == 31
    assert sum(found[:30]) == 100
    assert set(found[:30]) == {3, 4}
    assert found[-1] == 250
    assert Image.open(BytesIO(data)).info["loop"] == 0


def test_colours_of_a_photo_are_near_and_those_that_are_asked_for_exact() -> None:
    wide = np.linspace(0, 255, 160, dtype=np.uint8)
    photo = np.stack(np.broadcast_arrays(wide, wide[:120, None], wide[::-1]), axis=2)
    accent = np.array([0xD6, 0x00, 0x6C], np.uint8)
    marked = photo.copy()
    marked[50, 60:70] = accent
    data = encode([(photo, 0.1), (marked, 0.1)], exact=[0xD6006C])
    frames = decoded(data)
    errors = lab_errors(frames[0], photo)
    assert errors.mean() < 0.02
    assert errors.max() < 0.06
    assert np.array_equal(frames[1][50, 60:70], marked[50, 60:70])


def test_no_dithering_one_colour_is_one_colour_in_every_place_and_frame() -> None:
    colours = RNG.integers(0, 256, (900, 3)).astype(np.uint8)
    first = colours[np.arange(900).reshape(30, 30)].repeat(3, 0).repeat(3, 1)
    second = colours[np.arange(900)[::-1].reshape(30, 30)].repeat(3, 0).repeat(3, 1)
    found = decoded(encode([(first, 0.1), (second, 0.1)]))
    seen: dict[tuple[int, ...], np.ndarray] = {}
    for frame, drawn in zip(found, (first, second), strict=True):
        pixels = (p[::3, ::3].reshape(-1, 3) for p in (drawn, frame))
        for colour, got in zip(*pixels, strict=True):
            shown = seen.setdefault(tuple(colour.tolist()), got)
            assert np.linalg.norm(np.diff(from_srgb(np.stack([shown, got])), axis=0)) <= UNSEEN


def test_what_differs_too_little_to_be_seen_is_left_and_does_not_add_up() -> None:
    frames = [np.full((20, 20, 3), 100 + i, np.uint8) for i in range(60)]
    data = encode((frame, 0.1) for frame in frames)
    drawn_again = sum(box[2] > 1 for box in blocks(data))
    assert 10 < drawn_again < 50
    for frame, drawn in zip(decoded(data), frames, strict=True):
        assert lab_errors(frame, drawn).max() <= UNSEEN


def test_the_same_frames_give_the_same_bytes() -> None:
    frames = [(RNG.integers(0, 256, (40, 50, 3)).astype(np.uint8), 0.1) for _ in range(5)]
    assert encode(frames, comment="x") == encode(iter(frames), comment="x")


def test_frames_are_not_held() -> None:
    shape = (300, 400, 3)

    def frames(count: int) -> Iterator[tuple[np.ndarray, float]]:
        for i in range(count):
            frame = np.zeros(shape, np.uint8)
            frame[i : i + 40, 2 * i : 2 * i + 40] = (214, i, 108)
            yield frame, 0.1

    tracemalloc.start()
    try:
        encode(frames(150))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30 * np.prod(shape)  # of 150 frames


def test_refusals_name_what_is_too_large() -> None:
    with pytest.raises(RefusedError, match="70000x1 is larger than the format's 65535 px"):
        encode([(np.zeros((1, 70_000, 3), np.uint8), 0.1)])
    noise = [(RNG.integers(0, 256, (50, 50, 3)).astype(np.uint8), 0.1) for _ in range(9)]
    with byte_budget(60_000), pytest.raises(RefusedError, match="an animation needs"):
        encode(noise)


@many(25)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 3000), most=st.integers(24, 255))
def test_a_palette_stands_for_all_colours(seed: int, count: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    colours = np.unique(rng.integers(0, 1 << 24, count)).astype(np.uint32)
    counts = rng.integers(1, 10_000, len(colours))
    asked = [0x123456, 0xFEDCBA]
    table = palette.choose(colours, counts, most, exact=asked)
    assert len(table) <= most
    entries = palette.nearest(colours, table)
    lab, points = from_srgb(palette.unpacked(colours)), from_srgb(table)
    distances = np.linalg.norm(lab[:, None] - points, axis=2)
    assert np.allclose(distances[np.arange(len(lab)), entries], distances.min(axis=1))
    if len(colours) <= most:
        assert np.array_equal(table, palette.unpacked(colours))
    else:
        rows = {tuple(row) for row in table.tolist()}
        assert {(0x12, 0x34, 0x56), (0xFE, 0xDC, 0xBA)} <= rows


def test_a_palette_is_better_than_median_cut() -> None:
    """Pillow's, in RGB and by numbers of pixels, is what a GIF of a photo usually has."""
    y, x = np.mgrid[0:150, 0:200] / 150
    smooth = np.stack([np.sin(3 * x + y), np.cos(2 * y - x), np.sin(5 * x * y)], axis=2)
    photo = np.rint(127 + 120 * smooth).astype(np.uint8)
    (ours,) = decoded(encode([(photo, 0.1)]))
    median = Image.fromarray(photo).quantize(255, Image.Quantize.MEDIANCUT, dither=0)
    theirs = np.asarray(median.convert("RGB"))
    assert lab_errors(ours, photo).mean() < lab_errors(theirs, photo).mean()


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_scenes_are_drawn_as_the_png_is(name: str, scale: int) -> None:
    def frames() -> Iterator[tuple[Scene, float]]:
        for i in range(4):
            scene = Scene(theme(name), description="one x 2", width=120, height=50)
            scene.text(8, 20, f"step {i}", face="bold")
            scene.add(Rect(10 + 20 * i, 30, 12, 12, stroke=scene.theme.accent, line=2))
            yield scene, 0.1

    data = animate(frames(), scale=scale)
    image = Image.open(BytesIO(data))
    assert image.info["comment"] == b"one x 2"
    found = decoded(data)
    assert len(found) == 4
    for frame, (scene, _) in zip(found, frames(), strict=True):
        drawn = np.asarray(draw(scene, scale))
        assert frame.shape == drawn.shape == (50 * scale, 120 * scale, 3)
        assert lab_errors(frame, drawn).max() <= UNSEEN


def test_black_stays_black_in_a_copy_of_the_first_frame() -> None:
    """Pillow keeps the colour of the transparent entry as one that is transparent everywhere."""
    image = Image.open(BytesIO(encode([(np.zeros((4, 5, 3), np.uint8), 0.1)])))
    file = BytesIO()
    image.convert("RGB").save(file, "PNG")
    assert np.asarray(Image.open(file).convert("RGBA"))[..., 3].min() == 255
