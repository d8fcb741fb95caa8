"""`cnnviz predict`: what a trained network takes images for, printed and written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import digits
import numpy as np
import pytest
from conftest import SAMPLES, files
from PIL import Image

HERE = Path(__file__).parent / "data" / "networks"
MNIST = ("--model", HERE / "mnist.toml", "--weights", HERE / "mnist.pth")
CAT = SAMPLES / "cat.png"


@pytest.fixture
def drawn(folder: Path) -> list[str]:
    """Pictures of digits in the working folder."""
    for name, picture in digits.drawn().items():
        Image.fromarray(picture[..., 0].astype(np.uint8)).save(folder / f"{name}.png")
    return [f"{name}.png" for name in digits.drawn()]


def test_a_digit(cnnviz, drawn):
    result = cnnviz("predict", "seven.png", *MNIST)
    assert (result.code, result.err) == (0, "")
    lines = result.text.splitlines()
    assert lines[0] == " seven.png"
    assert lines[3].split()[0] == "7"
    assert len([line for line in lines if "%" in line]) == 5
    assert " image: scale 1/255; mean 0.1307; std 0.3081" in lines
    assert " weights: 8 arrays of mnist.pth by name, kernels as oihw" in lines
    assert not (Path("cnnviz-out").exists())


def test_json(cnnviz, drawn):
    result = cnnviz("predict", *drawn, *MNIST, "--top", 2, "--json")
    data = json.loads(result.out)
    assert [row["image"] for row in data["predictions"]] == drawn
    assert [row["top"][0]["index"] for row in data["predictions"]] == [0, 1, 7, 8]
    first = data["predictions"][0]
    assert set(first) == {"image", "top", "preprocess"}
    assert first["top"][0]["label"] == "0"
    assert 1 >= first["top"][0]["probability"] > 0.9 > first["top"][1]["probability"] > 0
    assert len(first["top"]) == 2
    assert first["preprocess"] == ["scale 1/255", "mean 0.1307", "std 0.3081"]
    assert data["failures"] == []
    assert data["model"] == "mnist"
    assert data["notes"][0].startswith("weights: 8 arrays of mnist.pth by name")


def test_ink_on_paper(cnnviz, drawn, folder):
    Image.open("seven.png").convert("L").point(lambda v: 255 - v).save("ink.png")
    names = {}
    for flag in ((), ("--invert",)):
        data = json.loads(cnnviz("predict", "ink.png", *MNIST, *flag, "--json").out)
        names[flag] = data["predictions"][0]["top"][0]["label"]
        assert ("invert" in data["predictions"][0]["preprocess"]) == bool(flag)
    assert names["--invert",] == "7" != names[()]


def test_a_photo_is_fitted_and_that_is_said(cnnviz):
    data = json.loads(cnnviz("predict", CAT, *MNIST, "--json").out)
    assert data["predictions"][0]["preprocess"][:2] == [
        "gray (Rec. 601)",
        "resize 300x451 to 28x28, bilinear, antialiased",
    ]
    data = json.loads(cnnviz("predict", CAT, *MNIST, "--preprocess", "tf", "--json").out)
    assert data["predictions"][0]["preprocess"][1:] == [
        "resize 300x451 to 32x48, bilinear, antialiased",
        "crop 28x28",
        "scale 1/127.5",
        "mean 1",
    ]


def test_what_reading_changed_is_said(cnnviz, folder):
    seven = digits.drawn()["seven"][..., 0].astype(np.uint16) * 257
    Image.fromarray(seven).save(folder / "deep.png")
    text = cnnviz("predict", "deep.png", *MNIST).text
    assert "image: values 0 to 65535 divided by 257; scale 1/255;" in " ".join(text.split())


def test_every_format(cnnviz, drawn, folder):
    names = ("p.md", "p.csv", "p.json", "p.txt", "p.tex", "p.html")
    targets = [word for name in names for word in ("-o", name)]
    result = cnnviz("predict", *drawn, *MNIST, *targets, "--top", 3)
    assert result.err.splitlines() == [f"wrote {name}" for name in names]
    rows = list(csv.DictReader((folder / "p.csv").read_text().splitlines()))
    assert [(row["image"], row["rank"]) for row in rows[:4]] == [
        ("zero.png", "1"),
        ("zero.png", "2"),
        ("zero.png", "3"),
        ("one.png", "1"),
    ]
    assert [row["label"] for row in rows[::3]] == ["0", "1", "7", "8"]
    data = json.loads((folder / "p.json").read_text())
    assert len(data["predictions"]) == 4
    assert (folder / "p.md").read_text().count("\n|") == 2 + 4 * 3
    assert (folder / "p.tex").read_text().count(r" \\") == 1 + 4 * 3
    assert (folder / "p.html").read_text().count('<th scope="row">') == 4 * 3
    assert "zero.png" in (folder / "p.txt").read_text()


def test_pictures(cnnviz, drawn, folder):
    result = cnnviz(
        "predict", "zero.png", "one.png", *MNIST, "-o", "out/", "-o", "{stem}.svg", "-q"
    )
    assert (result.code, result.err, result.out) == (0, "", b"")
    made = files(folder) - set(drawn)
    assert {f"out/{n}-predict-mnist-mnist.png" for n in ("zero", "one")} <= made
    assert {"zero.svg", "one.svg"} <= made
    assert "zero.png: 0, " in (folder / "zero.svg").read_text()


def test_to_stdout(cnnviz, drawn):
    result = cnnviz("predict", "zero.png", *MNIST, "-o", "-")
    assert result.text.startswith(" zero.png\n class")
    assert cnnviz("predict", "zero.png", *MNIST, "-o", "png:-").out.startswith(b"\x89PNG")
    assert json.loads(cnnviz("predict", "zero.png", *MNIST, "-o", "json:-").out)["predictions"]
    twice = cnnviz("predict", "zero.png", *MNIST, "-o", "-", "-o", "png:-")
    assert "-o - is given twice" in twice.fault(2)
    assert "both want stdout" in cnnviz("predict", "zero.png", *MNIST, "-o", "-", "--json").fault(2)


def test_some_fail(cnnviz, drawn, folder):
    (folder / "broken.png").write_bytes(b"GIF87a")
    result = cnnviz("predict", "zero.png", "broken.png", "gone.png", "one.png", *MNIST, "--json")
    assert result.code == 3
    data = json.loads(result.out)
    assert [row["image"] for row in data["predictions"]] == ["zero.png", "one.png"]
    assert [(f["path"], f["code"]) for f in data["failures"]] == [
        ("broken.png", 1),
        ("gone.png", 1),
    ]
    assert result.err.splitlines()[-1] == "cnnviz: 2 of 4 images failed"
    assert cnnviz("predict", "gone.png", "broken.png", *MNIST).code == 1
    assert "gone.png" in cnnviz("predict", "gone.png", *MNIST).fault(1)


def test_labels_of_a_file(cnnviz, drawn, folder):
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    (folder / "names.txt").write_text("\ufeff" + "\r\n".join(names) + "\n\n", encoding="utf-8")
    result = cnnviz("predict", "eight.png", *MNIST, "--labels", "names.txt")
    line = result.text.splitlines()[3].split()
    assert line[:2] == ["eight", "8"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a\nb\n", "labels.txt: 2 labels for 10 classes"),
        (b"", "labels.txt: has no labels"),
        (b"a\n\nb\n", "labels.txt: line 2 is empty"),
        (b"\xff\xfe", "labels.txt: is not UTF-8 text (byte 0)"),
        (b"a\n" + b"b" * 300, "labels.txt: line 2 is not up to 200 printable characters"),
        (b"\x1b[31mred\n", "labels.txt: line 1 is not up to 200 printable characters"),
        (b"a\n" * 2**20, "labels.txt: is larger than 1 MiB"),
    ],
)
def test_labels_that_do_not_fit(cnnviz, drawn, folder, content, words):
    (folder / "labels.txt").write_bytes(content)
    assert cnnviz("predict", "one.png", *MNIST, "--labels", "labels.txt").fault(1) == words


def test_the_name_of_an_image_cannot_change_the_terminal(cnnviz, drawn, folder):
    (folder / "zero.png").rename(folder / "\x1b[31m.png")
    result = cnnviz("predict", "\x1b[31m.png", *MNIST, "-o", "p.svg")
    assert result.text.startswith(" \\x1b[31m.png\n")
    assert "\x1b" not in result.text + result.err + (folder / "p.svg").read_text()


def test_no_weights(cnnviz):
    fault = cnnviz("predict", CAT, "--model", "vgg16").fault(1)
    assert fault == "vgg16 has no weights; give --weights FILE"
    several = cnnviz("predict", CAT, CAT, "--model", "vgg16")  # said once, before any image
    assert several.fault(1) == fault


def test_named_kernels_are_weights(cnnviz):
    spec = "Conv2D(kernels=['sobel-x', 'sobel-y']) GlobalMaxPooling2D()"
    assert cnnviz("predict", CAT, "--model", spec, "--input", "50x50x1").code == 0


def test_weights_that_do_not_fit(cnnviz, drawn):
    model = ("--model", HERE / "mnist.toml", "--set", "features.3.filters=32")
    result = cnnviz("predict", "one.png", *model, "--weights", HERE / "mnist.pth")
    assert result.code == 1
    first, *lines = result.err.splitlines()
    assert first.endswith("mnist.pth: 3 arrays do not fit mnist")
    assert lines == [
        "  features.3.kernel: expected 32x32x3x3, got 64x32x3x3 (features.3.weight)",
        "  features.3.bias: expected 32, got 64 (features.3.bias)",
        "  classifier.0.kernel: expected 128x1568, got 128x3136 (classifier.0.weight)",
    ]
    data = cnnviz("predict", "one.png", *model, "--weights", HERE / "mnist.pth", "--json")
    assert len(json.loads(data.out)["error"]["details"]) == 3


def test_the_files_it_reads_are_never_written(cnnviz, drawn, folder):
    weights = folder / "w.json"
    weights.write_bytes((HERE / "mnist.pth").read_bytes())
    model = ("--model", HERE / "mnist.toml", "--weights", "w.json")
    result = cnnviz("predict", "one.png", *model, "-o", "w.json", "--overwrite")
    assert "is an input, which is never overwritten" in result.fault(4)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--top", 0), "--top: 0 is not in the range x>=1"),
        (("--preprocess", "imagnet"), "--preprocess: 'imagnet' is not one of"),
        (("--match", "size"), "--match: 'size' is not one of"),
        (("--layout", "nchw"), "--layout: 'nchw' is not one of"),
        (("-o", "x.npz"), "no output format 'npz'; use txt, csv, html, json, md, tex, png, svg"),
        (("--preprocess", "imagenet"), "preprocess: mean has 3 numbers, the model 1 channels"),
        (("--timeout", "0"), "--timeout: '0' is not a number of seconds"),
    ],
)
def test_usage(cnnviz, drawn, words, fault):
    assert cnnviz("predict", "one.png", *MNIST, *words).fault(2).startswith(fault)


def test_a_complaint_of_click_ends_as_ours_do(cnnviz, drawn):
    assert cnnviz("predict", "one.png", *MNIST, "--top", 0).fault(2).rstrip()[-1] != "."
