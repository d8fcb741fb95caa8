"""Animations and pages: one frame, composited as a viewer shows it, against OpenCV."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from image_faults import attempt
from image_files import GRAY, RGB, chunk, png, saved
from PIL import Image as Pillow

from cnnviz.errors import CnnvizError, InputError, RefusedError, SpecError
from cnnviz.images import load_image, read_image

FIRST = "the first of several frames (--frame N for another)"


def disc(i: int) -> Pillow.Image:
    """A disc that moves over nothing."""
    y, x = np.mgrid[:30, :44]
    inside = (x - 8 * i - 6) ** 2 + (y - 15) ** 2 < 60
    rgba = np.dstack([np.full_like(x, 50 * i), 5 * x, 8 * y, 255 * inside]).astype(np.uint8)
    return Pillow.fromarray(rgba)


def square(i: int) -> Pillow.Image:
    """A square that moves over white, so that a frame is a small part of the picture."""
    image = Pillow.new("RGB", (44, 30), "white")
    image.paste((60 * i, 200 - 40 * i, 90), (6 * i, 4 * i, 6 * i + 9, 4 * i + 9))
    return image


@pytest.mark.parametrize("draw", [disc, square])
@pytest.mark.parametrize(
    ("form", "options"),
    [
        *(("GIF", {"disposal": disposal}) for disposal in (0, 1, 2)),
        *(("PNG", {"disposal": d, "blend": b}) for d in (0, 1, 2) for b in (0, 1)),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": True, "kmax": 9, "allow_mixed": True}),
    ],
)
def test_frames_are_composited_as_opencv_does(form, options, draw, tmp_path):
    path = tmp_path / f"animation.{form.lower()}"
    frames = [draw(i) for i in range(4)]
    frames[0].save(path, form, save_all=True, append_images=frames[1:], duration=50, **options)
    found, animation = cv2.imreadanimation(str(path))
    assert found
    assert len(animation.frames) == 4
    for i, expected in enumerate(animation.frames):
        image = load_image(path, frame=i, alpha="channel")
        pixels = image.pixels
        if pixels.shape[2] == 3:
            pixels = np.dstack([pixels, np.full((30, 44), 255)])
        shown = expected[..., 3:] > 0 if expected.shape[2] == 4 else np.full((30, 44, 1), True)
        assert np.array_equal(pixels[..., 3:] > 0, shown)
        colour = expected[..., 2::-1]
        assert np.abs(pixels[..., :3] * shown - colour * shown).max() <= 1
        assert (FIRST in image.notes) == (i == 0)
    with pytest.raises(SpecError, match="there is no frame 4; it has 4 frames, 0 to 3"):
        read_image(path, frame=4)


def dots(disposal: int) -> bytes:
    """A GIF of 3x1: a red, a green and a blue dot side by side; `disposal` is the second's."""
    palette = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    data = b"GIF89a" + struct.pack("<HHBBB", 3, 1, 0x81, 3, 0) + palette
    for x, method in enumerate((1, disposal, 1)):
        data += b"!\xf9\x04" + struct.pack("<BHBB", method << 2 | 1, 5, 3, 0)
        codes = 4 | x << 3 | 5 << 6  # clear, the colour, end
        data += b"," + struct.pack("<HHHHB", x, 0, 1, 1, 0) + b"\2\2" + struct.pack("<HB", codes, 0)
    return data + b";"


@pytest.mark.parametrize(("disposal", "kept"), [(0, 255), (1, 255), (2, 0), (3, 0)])
def test_what_a_frame_of_gif_leaves_behind(disposal, kept):
    """By GIF89a 23.c.iv: 2 clears the frame, 3 restores what was there; OpenCV ignores 3."""
    data = dots(disposal)
    for frame, alpha in enumerate(([255, 0, 0], [255, 255, 0], [255, kept, 255])):
        assert read_image(data, frame=frame, alpha="channel")[0, :, 3].tolist() == alpha
    assert read_image(data, frame=2)[0, 2].tolist() == [0, 0, 255]


def test_pages_of_any_size_and_mode():
    pages = [Pillow.fromarray(RGB), Pillow.fromarray(GRAY[:3]), Pillow.fromarray(GRAY > 99)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    first = load_image(data)
    assert np.array_equal(first.pixels, RGB)
    assert first.notes == (FIRST,)
    second = load_image(data, frame=1)
    assert np.array_equal(second.pixels[..., 0], GRAY[:3])
    assert second.notes == ()
    assert np.array_equal(read_image(data, frame=2)[..., 0], (GRAY > 99) * 255)
    with pytest.raises(SpecError, match="it has 3 frames, 0 to 2"):
        read_image(data, frame=3)


def test_a_deep_page_and_one_that_cannot_be_read():
    stream = io.BytesIO()
    deep = np.arange(5 * 7 * 3, dtype=np.uint16).reshape(5, 7, 3) * 601
    with tifffile.TiffWriter(stream) as file:
        file.write(RGB, photometric="rgb")
        file.write(RGB.astype(np.float64), photometric="rgb")
        file.write(deep, photometric="rgb", compression="zlib")
    assert read_image(stream.getvalue(), frame=2) == pytest.approx(deep / 257, rel=1e-6)
    with pytest.raises(CnnvizError, match=r"unknown pixel mode\); save it with 8 or 16 bits"):
        read_image(stream.getvalue(), frame=1)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_a_still_has_one_frame(form):
    data = saved(Pillow.fromarray(RGB), form)
    assert FIRST not in load_image(data).notes
    with pytest.raises(SpecError, match="there is no frame 1; it has 1 frame, 0"):
        read_image(data, frame=1)


def test_an_array_has_one_frame():
    with pytest.raises(SpecError, match="there is no frame 2; it has 1 frame, 0"):
        read_image(b"1,2\n3,4\n", frame=2)


def test_later_frames_of_a_deep_png_say_that_they_lose_bits():
    """Pillow blends them in 8 bits; the first is whole."""
    first, second = np.random.default_rng(5).integers(0, 65536, (2, 4, 6, 3)).astype(">u2")
    control = struct.pack(">IIIIHHBB", 6, 4, 0, 0, 1, 20, 0, 0)
    start = {"acTL": struct.pack(">II", 2, 0), "fcTL": bytes(4) + control}
    rows = b"".join(b"\0" + row.tobytes() for row in second)
    later = chunk(b"fcTL", struct.pack(">I", 1) + control)
    later += chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(rows))
    still = png((6, 4, 16, 2), [row.tobytes() for row in first], **start)
    data = still[:-12] + later + still[-12:]
    assert load_image(data).pixels == pytest.approx(first / 257, rel=1e-6)
    image = load_image(data, frame=1)
    assert np.array_equal(image.pixels, second >> 8)
    assert image.notes == ("16 bits a channel read as 8",)


# ---------------------------------------------------------------------- hostile


def test_frame_numbers_out_of_bounds():
    with pytest.raises(SpecError, match="frame -1 is not 0 or more"):
        read_image("no such file.gif", frame=-1)
    with pytest.raises(RefusedError, match="frame 1000 is not among the first 1000"):
        read_image("no such file.gif", frame=1000)


def test_a_count_that_lies():
    frames = [square(i) for i in range(3)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    start = data.index(b"acTL") + 4
    claim = chunk(b"acTL", struct.pack(">I", 900) + data[start + 4 : start + 8])
    lying = data[: start - 8] + claim + data[start + 12 :]
    assert np.array_equal(read_image(lying, frame=2), np.asarray(frames[2]))
    with pytest.raises(InputError, match="not a readable PNG image"):
        read_image(lying, frame=500)


def test_the_size_is_checked_again_at_every_frame():
    pages = [Pillow.fromarray(GRAY), Pillow.new("L", (200, 200))]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert read_image(data, max_pixels=100).shape == (5, 7, 1)
    with pytest.raises(RefusedError, match="200x200 is more than 100 pixels"):
        read_image(data, frame=1, max_pixels=100)
    gif = saved(square(0), "GIF", save_all=True, append_images=[square(1)])
    second = gif.rindex(b",", 0, len(gif) - 20)
    large = gif[: second + 1] + struct.pack("<HHHH", 0, 0, 60000, 60000) + gif[second + 9 :]
    with pytest.raises(RefusedError):
        read_image(large, frame=1)


def test_a_frame_behind_too_many_pixels_is_refused():
    frames = [square(i % 4) for i in range(30)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_image(data, frame=25, max_pixels=44 * 30).shape == (30, 44, 3)
    with pytest.raises(RefusedError, match="frame 26 is behind too many others of 44x30"):
        read_image(data, frame=26, max_pixels=44 * 30)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_cut_short_at_any_point(form):
    """A damaged later frame costs neither the first nor a traceback."""
    frames = [square(i) for i in range(3)]
    data = saved(frames[0], form, save_all=True, append_images=frames[1:])
    for end in range(20, len(data), max(1, len(data) // 60)):
        for frame in (0, 2):
            pixels = attempt(data[:end], frame=frame)
            assert pixels is None or pixels.shape == (30, 44, 3)


def test_frame_on_the_command_line(cnnviz, folder):
    frames = [square(i) for i in range(3)]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    run = cnnviz("convolve", "a.gif", "--kernel", "identity", "--frame", 2, "-o", "m.npy")
    assert run.code == 0
    shown = np.asarray(frames[2]).sum(axis=2)
    assert np.array_equal(np.load(folder / "m.npy")[..., 0], shown[1:-1, 1:-1])
    assert cnnviz("convolve", "a.gif", "--kernel", "edge", "--frame", 7).fault(2) == (
        "a.gif: there is no frame 7; it has 3 frames, 0 to 2"
    )
    assert "first 1000" in cnnviz("pool", "a.gif", "--size", 2, "--frame", 1000).fault(5)
    cnnviz("convolve", "a.gif", "--kernel", "edge", "--frame", 1)
    assert (folder / "cnnviz-out" / "a-convolve-edge-frame1.png").exists()
