"""Where images come from: paths, standard input, bytes, files, arrays and the samples."""

from __future__ import annotations

import importlib.util
import io
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
from image_files import RGB, RNG, SAMPLES, saved
from PIL import Image as Pillow

from cnnviz.errors import SpecError
from cnnviz.images import load_image, read_image


class Unseekable(io.RawIOBase):
    def __init__(self, data):
        self.stream = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.stream.readinto(buffer)


def test_sources_are_alike(tmp_path, monkeypatch):
    data = saved(Pillow.fromarray(RGB), "PNG")
    path = tmp_path / "my cat.png"
    path.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    with open(path, "rb") as file:
        images = [
            load_image(str(path)),
            load_image(path),
            load_image(file),
            load_image(data),
            load_image(io.BytesIO(data)),
            load_image(Unseekable(data)),
            load_image("-"),
        ]
        assert not file.closed
    assert all(np.array_equal(image.pixels, RGB) for image in images)
    assert [image.name for image in images[:3]] == ["my cat.png"] * 3
    assert [image.stem for image in images[:3]] == ["my cat"] * 3
    assert (images[-1].path, images[-1].name, images[-1].stem) == ("-", "stdin", "stdin")
    assert all(image.is_photo and image.mode == "RGB" for image in images)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(saved(Pillow.fromarray(RGB), "PNG")))
    writer.start()
    assert np.array_equal(read_image(path), RGB)
    writer.join()


def test_only_the_plugin_needed_is_imported():
    code = (
        "import sys; from cnnviz.images import read_image; import cnnviz\n"
        "assert 'PIL' not in sys.modules and 'scipy' not in sys.modules\n"
        "read_image(sys.argv[1])\n"
        "print(*sorted(m[4:] for m in sys.modules if m.startswith('PIL.') and 'Plugin' in m))"
    )
    command = [sys.executable, "-c", code, str(SAMPLES / "cat.png")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["PngImagePlugin"]


def test_threads_agree_and_leave_pillow_and_warnings_alone():
    data = saved(Pillow.fromarray(RGB), "PNG")
    limit, filters = Pillow.MAX_IMAGE_PIXELS, list(warnings.filters)
    results = []

    def work():
        results.extend(np.array_equal(read_image(data, max_pixels=10**9), RGB) for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 200
    assert limit == Pillow.MAX_IMAGE_PIXELS
    assert filters == list(warnings.filters)


@pytest.mark.parametrize("kind", ["u1", "i2", ">i4", "f2", "<f4", ">f8", "?"])
@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (3, 4, 5)])
def test_arrays_keep_values_and_rank(tmp_path, kind, shape):
    array = (RNG.random(shape) * 100 - 20 * (kind.strip("<>")[0] in "if")).astype(kind)
    path = tmp_path / "maps.npy"
    np.save(path, array)
    image = load_image(path)
    assert image.pixels.shape == shape
    assert image.pixels.dtype == np.float32
    assert np.array_equal(image.pixels, array.astype(np.float32))
    assert (image.mode, image.is_photo, image.notes) == ("array", False, ())
    half = read_image(path, region=(1, 0, 3, 2), resize=(3, 2))
    assert np.array_equal(half, array.astype(np.float32)[:2, 1:])


def test_members_of_an_archive(tmp_path):
    path = tmp_path / "maps.npz"
    np.savez(path, edge=np.eye(3), blur=np.ones((2, 2)))
    assert np.array_equal(read_image(path, member="edge"), np.eye(3))
    with pytest.raises(SpecError, match="blur"):
        read_image(path)


def test_textbook_matrix():
    from cnnviz.ops import conv2d

    matrix = load_image(SAMPLES / "matrix5x5.csv")
    assert not matrix.is_photo
    assert matrix.pixels.shape == (5, 5)
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert conv2d(matrix.pixels, kernel).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_samples_are_what_their_readme_says():
    shapes = {
        "cat.png": (300, 451, 3),
        "coffee.jpg": (400, 600, 3),
        "brick.png": (256, 256, 1),
        "grass.png": (256, 256, 1),
        "digit.png": (28, 28, 1),
        "checkerboard.png": (128, 128, 1),
        "test-chart.png": (512, 512, 1),
        "matrix5x5.csv": (5, 5),
    }
    assert {name: read_image(SAMPLES / name).shape for name in shapes} == shapes
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    files = {p.name for p in SAMPLES.iterdir() if p.suffix in (".png", ".jpg", ".csv")}
    assert files == set(shapes)
    assert all(f"| `{name}` |" in readme for name in files)
    assert sum(p.stat().st_size for p in SAMPLES.iterdir() if p.is_file()) < 1_500_000


def test_make_draws_the_same_pixels(tmp_path):
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    make.main(tmp_path)
    drawn = sorted(p.name for p in tmp_path.iterdir())
    assert drawn == ["checkerboard.png", "digit.png", "matrix5x5.csv", "test-chart.png"]
    for name in drawn:
        # One level of room for another machine's sine.
        assert np.abs(read_image(tmp_path / name) - read_image(SAMPLES / name)).max() <= 1
