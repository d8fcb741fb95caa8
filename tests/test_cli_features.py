"""`cnnviz features`: what it writes, where, and what it refuses."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from PIL import Image

from cnnviz import load_model, read_image
from cnnviz.cli import stamp
from cnnviz.cli.names import MAX_BYTES

NET = "Conv2D(3, 3, name='a/b') ReLU(name='r') Flatten(name='f') Dense(4, name='d')"
MODEL = ("--model", NET, "--input", "12x16x3")
FOLDER = "cnnviz-out/photo-features-Conv2D-ReLU-Flatten-Dense-12x16x3"
NAMES = {"000-index.png", "001-a-b.png", "002-r.png", "004-d.png", "index.html"}
NETWORKS = Path(__file__).parent / "data" / "networks"


def data(result) -> dict:
    assert result.code == 0, result.err
    return json.loads(result.out)


class TestFolder:
    def test_a_picture_a_layer_an_overview_and_a_page(self, cnnviz, photo, folder):
        result = cnnviz("features", photo, *MODEL)
        assert result.code == 0
        assert result.err == f"wrote {FOLDER}/ (5 files)\n"
        assert files(folder) == {"photo.png", *(f"{FOLDER}/{name}" for name in NAMES)}
        for name in NAMES - {"index.html"}:
            with Image.open(folder / FOLDER / name) as image:
                assert "random weights" in image.text["Description"] or "index" in name
        page = (folder / FOLDER / "index.html").read_text()
        assert all(page.count(f'src="./{name}"') == 1 for name in NAMES - {"index.html"})

    def test_the_same_run_replaces_its_own_files(self, cnnviz, photo, folder):
        cnnviz("features", photo, *MODEL)
        before = files(folder)
        Image.new("RGB", (12, 16), "red").save(photo)
        again = cnnviz("features", photo, *MODEL)
        assert (again.code, files(folder)) == (0, before)

    def test_what_it_no_longer_makes_goes(self, cnnviz, photo, folder):
        spec = '[[layers]]\ntype = "{}"\nname = "{}"\nfilters = 2\nkernel_size = 3\n'
        net = folder / "net.toml"
        for name in ("old", "new"):
            net.write_text("input_shape = [12, 16, 3]\n" + spec.format("Conv2D", name))
            cnnviz("features", photo, "--model", net)
        place = "cnnviz-out/photo-features-net"
        names = {"000-index.png", "001-new.png", "index.html"}
        assert files(folder / place) == names

    def test_a_different_run_takes_another_folder(self, cnnviz, photo, folder):
        cnnviz("features", photo, *MODEL)
        before = (folder / FOLDER / "001-a-b.png").read_bytes()
        other = NET.replace("3, 3", "2, 5")  # of the same name
        result = cnnviz("features", photo, "--model", other, "--input", "12x16x3")
        assert result.err == f"wrote {FOLDER}-2/ (5 files)\n"
        assert (folder / FOLDER / "001-a-b.png").read_bytes() == before

    def test_what_is_not_ours_stays(self, cnnviz, photo, folder):
        (folder / FOLDER).mkdir(parents=True)
        (folder / FOLDER / "001-a-b.png").write_bytes(b"mine")
        assert cnnviz("features", photo, *MODEL).err == f"wrote {FOLDER}-2/ (5 files)\n"
        assert (folder / FOLDER / "001-a-b.png").read_bytes() == b"mine"
        mine = folder / f"{FOLDER}-2" / "002-r.png"
        mine.write_bytes(b"mine")
        assert "002-r.png exists" in cnnviz("features", photo, *MODEL).fault(4)
        assert mine.read_bytes() == b"mine"

    def test_a_link_is_not_followed(self, cnnviz, photo, folder):
        cnnviz("features", photo, *MODEL)
        os.rename(FOLDER, "elsewhere")
        os.symlink(folder / "elsewhere", folder / FOLDER)
        assert cnnviz("features", photo, *MODEL).err == f"wrote {FOLDER}-2/ (5 files)\n"

    def test_every_file_is_stamped(self, cnnviz, photo, folder):
        cnnviz("features", photo, *MODEL)
        runs = {stamp.read(os.fspath(path)) for path in (folder / FOLDER).iterdir()}
        assert len(runs) == 1
        assert None not in runs

    def test_a_file_in_place_of_the_folder(self, cnnviz, photo, folder):
        (folder / "cnnviz-out").touch()
        assert "cannot write cnnviz-out" in cnnviz("features", photo, *MODEL).fault(4)

    def test_a_folder_of_the_users(self, cnnviz, photo, folder):
        assert cnnviz("features", photo, *MODEL, "-o", "out/").code == 0
        names = {f"{FOLDER.replace('cnnviz-out', 'out')}/{name}" for name in NAMES}
        assert files(folder) == {"photo.png", *names}
        assert "exists" in cnnviz("features", photo, *MODEL, "-o", "out/").fault(4)
        assert cnnviz("features", photo, *MODEL, "-o", "out/", "--overwrite").code == 0


HOSTILE = [
    *("../../x", "/etc/passwd", "CON", "con", "a/b", "a_b", "a b", "A b", "a:b", "..", ".", "-"),
    *("x" * 100, "😀", "😁", "ß" * 100, "名前", "<script>", "{stem}", "$(id)", "a\\b", "%2e%2e"),
]


def test_hostile_layer_names_are_safe_file_names(cnnviz, photo, folder):
    layers = "".join(
        f'[[layers]]\ntype = "ReLU"\nthreshold = {10 * i + 9}.5\n'  # each cuts off more
        f"name = {json.dumps(name, ensure_ascii=False)}\n"
        for i, name in enumerate(HOSTILE)
    )
    (folder / "net.toml").write_text(f"input_shape = [12, 16, 3]\n{layers}", encoding="utf-8")
    result = cnnviz("features", photo, "--model", "net.toml", "--preprocess", "none", "-q")
    assert (result.code, result.err) == (0, "")
    made = files(folder) - {"photo.png", "net.toml"}
    assert len(made) == len(HOSTILE) + 2
    assert {os.path.dirname(path) for path in made} == {"cnnviz-out/photo-features-net-none"}
    for path in made:
        name = os.path.basename(path)
        assert len(name.encode()) <= MAX_BYTES
        assert name == "index.html" or name[:3].isdigit()
    page = next((folder / "cnnviz-out").glob("*/index.html")).read_text(encoding="utf-8")
    assert "<script" not in page


class TestFiles:
    def test_one_file_is_the_overview_or_the_only_layer(self, cnnviz, photo, folder):
        assert cnnviz("features", photo, *MODEL, "-o", "all.svg").code == 0
        assert "what 3 layers make of photo.png" in Path("all.svg").read_text()
        assert cnnviz("features", photo, *MODEL, "--layer", "r", "-o", "one.svg").code == 0
        assert "3 maps of 10×14 from photo.png" in Path("one.svg").read_text()

    def test_a_name_with_layer_is_a_file_each(self, cnnviz, photo, folder):
        result = cnnviz("features", photo, *MODEL, "-o", "{stem}_{layer}.svg")
        names = {"photo_001-a-b.svg", "photo_002-r.svg", "photo_004-d.svg"}
        assert files(folder) == {"photo.png"} | names
        assert result.err == "wrote photo_001-a-b.svg (3 files)\n"

    def test_raw_maps_are_the_trace(self, cnnviz, photo, folder):
        targets = ("-o", "maps.npz", "-o", "-")
        assert cnnviz("features", photo, *MODEL, *targets).out.startswith(b"\x89PNG")
        trace = load_model(NET, input_shape=(12, 16, 3)).trace(read_image("photo.png"))
        with np.load("maps.npz") as maps:
            assert list(maps) == ["a_b", "r", "d"]
            for key, name in (("a_b", "a/b"), ("r", "r"), ("d", "d")):
                assert np.array_equal(maps[key], trace[name])

    def test_one_layer_as_npy(self, cnnviz, photo, folder):
        result = cnnviz("features", photo, *MODEL, "--layer", "a/b", "-o", "npy:-")
        assert np.load(io.BytesIO(result.out)).shape == (10, 14, 3)
        message = cnnviz("features", "missing.png", *MODEL, "-o", "maps.npy").fault(2)
        assert message.endswith("use .npz, or choose one with --layer")

    def test_an_input_is_never_written(self, cnnviz, photo, folder):
        message = cnnviz("features", photo, *MODEL, "-o", "photo.png", "--overwrite").fault(4)
        assert "never overwritten" in message


class TestJson:
    def test_keys(self, cnnviz, photo, folder):
        found = data(cnnviz("features", photo, *MODEL, "--preprocess", "tf", "--json"))
        assert list(found) == [
            *("outputs", "maps", "preprocess", "model", "random_weights", "failures"),
        ]
        assert {os.path.basename(path) for path in found["outputs"]} == NAMES
        assert [row["layer"] for row in found["maps"]] == ["a/b", "r", "d"]
        assert found["maps"][2]["shape"] == [4]
        (steps,) = found["preprocess"]
        assert steps["image"] == "photo.png"
        assert "scale 1/127.5" in steps["steps"]
        assert found["model"]["input_shape"] == [12, 16, 3]
        assert found["model"]["weights"] is None
        assert found["random_weights"] is True

    def test_real_weights(self, cnnviz, folder):
        digit = Path(__file__).parents[1] / "sample_images" / "digit.png"
        model = ("--model", NETWORKS / "mnist.toml", "--weights", NETWORKS / "mnist.pth")
        result = cnnviz("features", digit, *model, "-o", "x.svg", "-o", "{layer}.svg")
        assert result.code == 0
        assert "random" not in result.text
        for path in folder.glob("*.svg"):
            assert "random weights" not in path.read_text()
        found = data(cnnviz("features", digit, *model, "--json"))
        assert found["random_weights"] is False
        trace = load_model(NETWORKS / "mnist.toml", weights=NETWORKS / "mnist.pth").trace(
            read_image(digit)
        )
        for row in found["maps"]:
            values = trace[row["layer"]]
            assert (row["min"], row["max"]) == (float(values.min()), float(values.max()))


def test_text_names_what_was_done_and_the_random_weights(cnnviz, photo, monkeypatch):
    text = cnnviz("features", photo, *MODEL, "--invert").text
    lines = text.splitlines()
    assert lines[0] == "input    photo.png, seen as 12x16x3"
    assert "applied  invert" in lines
    assert " warning: random weights: He-initialised, seed 0, not trained" in lines
    assert "left out, they change nothing here: f" in text
    assert all(len(line) <= 80 for line in lines)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[33m warning: random weights" in cnnviz("features", photo, *MODEL, "--invert").text


def test_layers_by_glob(cnnviz, photo):
    rows = data(cnnviz("features", photo, *MODEL, "--layer", "a*", "--layer", "f", "--json"))[
        "maps"
    ]
    assert [row["layer"] for row in rows] == ["a/b", "f"]
    message = cnnviz("features", photo, *MODEL, "--layer", "a/c").fault(2)
    assert message == "unknown layer 'a/c'; did you mean a/b?"
    assert "page 2 of 1" in cnnviz("features", photo, *MODEL, "--page", "2").fault(2)


def test_one_image_of_several_fails(cnnviz, photo, folder):
    (folder / "bad.png").write_bytes(photo.read_bytes()[:60])
    result = cnnviz("features", photo, "bad.png", *MODEL, "--json")
    assert result.code == 3
    found = json.loads(result.out)
    assert [row["path"] for row in found["failures"]] == ["bad.png"]
    assert len(found["maps"]) == 3
    assert len(found["outputs"]) == 5
    one = cnnviz("features", photo, "bad.png", *MODEL, "-o", "one.svg").fault(2)
    assert one.endswith("use -o DIR/ or a name with {stem}")


def test_a_memory_budget_is_kept(cnnviz, photo, folder):
    message = cnnviz("features", photo, *MODEL, "--max-memory", "5k").fault(5)
    assert "more than the limit of 5" in message.replace("4.9", "5")
    assert files(folder) == {"photo.png"}


def test_a_picture_in_the_terminal(cnnviz, photo, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "3")
    result = cnnviz("features", photo, *MODEL, "--layer", "r", "--show")
    assert "▀" in result.text
    assert "r[2]" in result.text


@pytest.mark.parametrize("spec", ["vgg17", "Conv2D(3"])
def test_a_wrong_model_is_known_before_an_image_is_read(cnnviz, folder, spec):
    assert cnnviz("features", "missing.png", "--model", spec).fault(2)
