"""`cnnviz animate`: from words to a GIF."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, files
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
CAT, DIGIT, MATRIX = (SAMPLES / name for name in ("cat.png", "digit.png", "matrix5x5.csv"))
CROSS = ("--kernel", "1 0 1; 0 1 0; 1 0 1")
TRANSPOSED = ("--model", "Conv2DTranspose(2, 3, strides=2)", "--input", "5x5x1")


def count(path: str | Path) -> int:
    with Image.open(path) as image:
        assert image.format == "GIF"
        return int(image.n_frames)


def test_a_textbook_matrix(cnnviz, folder):
    result = cnnviz("animate", MATRIX, *CROSS)
    assert result.code == 0
    assert result.text.isascii()
    assert "frames   14, 15.1 s\nstops    the window stops at each of 9 places" in result.text
    assert max(map(len, result.text.splitlines())) <= 80
    (path,) = files(folder)
    assert path.startswith("cnnviz-out/matrix5x5-animate")
    assert count(path) == 14
    first = Path(path).read_bytes()
    cnnviz("animate", MATRIX, *CROSS)
    assert files(folder) == {path}  # the same run replaces its own
    assert Path(path).read_bytes() == first
    cnnviz("animate", MATRIX, *CROSS, "--stride", "2")
    assert len(files(folder)) == 2


def test_json_says_what_is_visited(cnnviz, folder):
    words = ("--kernel", "sobel-x", "--kernel", "sobel-y", "--frames", "30", "--json")
    data = json.loads(cnnviz("animate", DIGIT, *words, "-o", "a.gif").out)
    assert data["outputs"] == ["a.gif"]
    (row,) = data["animations"]
    assert row["frames"] == count("a.gif") <= 30
    assert row["places"] == 26 * 26
    assert len(row["visited"]) == row["frames"] - 5
    assert row["visited"][:3] == [[0, 0], [0, 1], [0, 2]]
    assert row["map_shape"] == [26, 26]
    assert [one["name"] for one in row["maps"]] == ["sobel-x", "sobel-y"]


def test_pictures_and_maps_of_the_same_run(cnnviz, folder):
    outputs = ("-o", "a.gif", "-o", "a.png", "-o", "a.svg", "-o", "a.npy")
    result = cnnviz("animate", DIGIT, "--pool", "max", *outputs, "--frames", "12")
    assert result.code == 0
    with Image.open("a.gif") as moving, Image.open("a.png") as still:
        assert moving.size == still.size
    ET.fromstring(Path("a.svg").read_text(encoding="utf-8"))
    assert np.load("a.npy").shape[:2] == (14, 14)


def test_to_standard_output(cnnviz):
    result = cnnviz("animate", MATRIX, *CROSS, "-o", "-")
    with Image.open(BytesIO(result.out)) as image:
        assert (image.format, image.n_frames) == ("GIF", 14)
    assert "9 places" in result.err


def test_several_images(cnnviz, folder):
    result = cnnviz("animate", MATRIX, DIGIT, "gone.png", *CROSS, "--frames", "12", "-o", "out/")
    assert result.code == 3
    assert len(files(folder)) == 2


@pytest.mark.parametrize("layer", ["c1", "s2", "c3", "f6"])
def test_layers(cnnviz, folder, layer):
    words = ("--model", "lenet5", "--layer", layer, "--frames", "10", "--json", "-o", "a.gif")
    (row,) = json.loads(cnnviz("animate", DIGIT, *words).out)["animations"]
    assert row["frames"] == count("a.gif") <= 10


def test_the_image_has_its_own_shape(cnnviz, folder):
    said = cnnviz("animate", DIGIT, "--model", "lenet5", "--layer", "c3", "-o", "a.png").out
    assert said.startswith(b"image    digit.png  28x28x1\n")
    assert b"the input of c3 is s2, 14x14x6" in said
    spec = "Conv2D(2, 3, strides=2) Conv2DTranspose(2, 3, strides=2)"
    words = ("--model", spec, "--input", "28x28x1", "--layer", "transpose1", "-o", "b.png")
    assert cnnviz("animate", DIGIT, *words).out.startswith(b"image    digit.png  28x28x1\n")


def test_a_transposed_layer(cnnviz, folder):
    words = (*TRANSPOSED, "--layer", "transpose1", "--filter", "1", "--json", "-o", "a.gif")
    (row,) = json.loads(cnnviz("animate", MATRIX, *words).out)["animations"]
    assert row["map_shape"] == [11, 11]
    assert row["frames"] == 30 == count("a.gif")
    assert "transpose1[1]" in row["of"][0]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "animate takes one of --kernel, --pool and --model"),
        ((*CROSS, "--pool", "max"), "one of"),
        (("--pool", "max", "--bias", "2"), "--bias does not go with --pool"),
        ((*CROSS, "--layer", "c1"), "--layer does not go with --kernel"),
        (TRANSPOSED, "needs --layer"),
        ((*TRANSPOSED, "--layer", "transpose1", "--filter", "2"), "no filter 2"),
        (("--model", "lenet5", "--layer", "flatten"), "choose a Conv2D"),
        ((*CROSS, "--at", "0,0"), "no option --at"),
        ((*CROSS, "--frames", "5"), "--frames"),
        ((*CROSS, "--frames", "5000"), "--frames"),
        (("--kernel", "edge", "--kernel", "box:5"), "different shapes"),
        (("--kernel", "edge") * 5, "5 kernels are too many"),
        (("--kernel", "box:7"), "does not fit"),
        ((*CROSS, "-o", "a.mp4"), "no output format 'mp4'"),
        ((*CROSS, "-o", "-", "--json"), "both want stdout"),
    ],
)
def test_wrong_words(cnnviz, folder, words, part):
    assert part in cnnviz("animate", MATRIX, *words).fault(2)
    assert not files(folder)


def test_bad_inputs(cnnviz, folder):
    Path("empty.csv").write_text("")
    Path("nan.csv").write_text("1,nan\n3,4\n")
    Path("there.gif").write_bytes(b"kept")
    for path in ("empty.csv", "nan.csv", "gone.png"):
        cnnviz("animate", path, "--kernel", "1").fault(1)
    assert "exists" in cnnviz("animate", MATRIX, *CROSS, "-o", "there.gif").fault(4)
    assert Path("there.gif").read_bytes() == b"kept"
    words = ("--max-memory", "1M", "-o", "b.gif")
    assert "memory" in cnnviz("animate", CAT, "--kernel", "edge", *words).fault(5)
    assert not Path("b.gif").exists()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc here")
def test_a_photo_of_12_megapixels(folder):
    """It stays below 500 MB and 20 s, of the processor since the machine may be busy."""
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    Image.fromarray(pixels).save("big.ppm")
    code = "import sys, time; from cnnviz.cli.run import run; assert run(sys.argv[1:]) == 0; "
    code += "print(open('/proc/self/status').read(), 'seconds:', time.process_time())"
    words = ["animate", "big.ppm", "--kernel", "edge", "-o", "big.gif", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(re.search(r"VmHWM:\s+([0-9]+) kB", done.stdout)[1]) < 500_000
    assert float(done.stdout.split()[-1]) < 20
    assert count("big.gif") > 100
