"""`cnnviz train`: what it writes and says, and that it is what was learned."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click
import numpy as np
import pytest
from conftest import files
from data_files import png, unzipped
from PIL import Image
from safetensors import safe_open
from train_runs import NET, SPEC, shapes

from cnnviz import load_model
from cnnviz.cli.main import cli
from cnnviz.images import load_image
from cnnviz.training.data import open_data
from cnnviz.training.initial import SCHEMES
from cnnviz.training.optimizers import optimizer
from cnnviz.training.recipe import OPTIMIZERS
from cnnviz.training.schedules import schedule

RUN = (*NET, "--epochs", "2", "--batch-size", "8", "--lr", "0.1")
PICTURES = {"curves.png", "confusion.png", "mistakes.png", "kernels.png", "before-after.png"}
FOLDER = PICTURES | {"kernels.gif", "metrics.csv", "metrics.json", "index.html"}
OUT = ("-o", "net.safetensors")


@pytest.fixture(autouse=True)
def data(folder: Path) -> Path:
    return shapes(folder / "shapes.npz")


def metadata(path: str) -> dict[str, str]:
    with safe_open(path, "np") as file:
        return file.metadata()


def tensors(path: str) -> dict[str, np.ndarray]:
    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_a_run_writes_weights_and_a_folder(cnnviz, folder):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT)
    assert result.code == 0, result
    inside = {f"net/{name}" for name in FOLDER}
    assert files(folder) == inside | {"shapes.npz", "net.safetensors", "net.last.safetensors"}
    for name in PICTURES:
        with Image.open(folder / "net" / name) as picture:
            picture.load()
    with Image.open(folder / "net/kernels.gif") as film:
        assert film.n_frames > 5
    page = (folder / "net/index.html").read_text()
    assert all(f"./{name}" in page for name in FOLDER - {"index.html"})
    assert '<p class="moving"><a href="./kernels.gif">' in page
    assert '<a href="./../net.safetensors">net.safetensors</a>' in page
    assert "command     cnnviz train " in page
    lines = result.text.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["1", "2"]
    assert "weights, of epoch" in result.text
    assert "of 6 right" in result.text


def test_off_a_terminal_there_is_a_line_an_epoch(cnnviz):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT)
    assert "\x1b" not in result.err
    lines = result.err.splitlines()
    assert lines[0].startswith("data     shapes: npz, 3 classes; 54 pictures to train on, 6 to")
    assert lines[1].startswith("model    ")
    assert "151 parameters" in lines[1]
    assert lines[2].startswith("recipe   2 epochs of 7 steps, batches of 8; sgd, lr 0.1, momentum")
    assert [line[:9] for line in lines[3:5]] == ["epoch 1/2", "epoch 2/2"]
    assert "validation" in lines[3]
    assert lines[5] == "wrote net.safetensors"
    assert lines[6] == "wrote net/ (9 files)"


def test_quiet_says_nothing(cnnviz):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "-q")
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_the_weights_are_what_was_learned(cnnviz, folder):
    """Loaded again, they are right on the pictures, named by the data, and say where from."""
    assert cnnviz("train", "shapes.npz", *RUN, *OUT, "--seed", "3").code == 0
    said = metadata("net.safetensors")
    assert said["format"] == "cnnviz"
    assert said["layout"] == "hwio"
    assert said["data"] == "shapes"
    assert said["seed"] == "3"
    assert said["labels"] == '["0", "1", "2"]'
    assert said["command"].startswith("cnnviz train shapes.npz --model 'Conv2D(")
    assert "accuracy" not in said  # there was no test
    model = load_model(SPEC, input_shape=(8, 8, 1), weights="net.safetensors")
    with open_data("shapes.npz", input_shape=(8, 8, 1), seed=3) as opened:
        (held,) = opened.validation.batches(100)
    rows = np.array([model.predict(picture) for picture in held.x])
    best = json.loads((folder / "net/metrics.json").read_text())["best"]
    assert best["accuracy"] == (rows.argmax(axis=1) == held.y).mean() > 0.5
    losses = -np.log(rows[np.arange(len(rows)), held.y])
    assert best["loss"] == pytest.approx(losses.mean(), rel=1e-5)
    np.save("one.npy", held.x[0])
    assert (model.predict(load_image("one.npy")) == rows[0]).all()
    last = load_model(SPEC, input_shape=(8, 8, 1), weights="net.last.safetensors")
    assert last.graph.labels == ("0", "1", "2")
    assert (last.predict(load_image("one.npy")) == last.predict(held.x[0])).all()
    result = cnnviz("predict", "one.npy", *NET, "--weights", "net.safetensors", "--json")
    assert result.code == 0, result


def test_flip_turns_the_kernels_and_changes_nothing_else(cnnviz):
    plain = cnnviz("train", "shapes.npz", *RUN, "-o", "a.safetensors")
    turned = cnnviz("train", "shapes.npz", *RUN, "-o", "b.safetensors", "--flip")
    assert "turned by 180 degrees" in turned.text
    assert "validation  100.0%" in plain.text
    assert [line.split("  ")[:4] for line in turned.err.splitlines()[3:5]] == [
        line.split("  ")[:4] for line in plain.err.splitlines()[3:5]
    ]
    a, b = tensors("a.safetensors"), tensors("b.safetensors")
    assert (b["conv1.kernel"] == a["conv1.kernel"][::-1, ::-1]).all()
    assert (b["out.kernel"] == a["out.kernel"]).all()
    assert metadata("b.safetensors")["orientation"] == "convolution"
    with np.load("shapes.npz") as stored:
        x = stored["x"][0]
    one, other = (
        load_model(SPEC, input_shape=(8, 8, 1), weights=f"{name}.safetensors").predict(x)
        for name in "ab"
    )
    assert (one == other).all()


def test_the_same_seed_gives_the_same_weights_and_another_does_not(cnnviz):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        words = ("--seed", seed, "--shift", 1, "--mirror", "--cutout", 2)
        assert cnnviz("train", "shapes.npz", *RUN, *words, "-o", f"{name}.safetensors").code == 0
    a, b, c = (tensors(f"{name}.safetensors") for name in "abc")
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)
    assert (a["conv1.kernel"] != c["conv1.kernel"]).any()


def test_json(cnnviz, folder):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--json")
    found = json.loads(result.out)
    assert found["outputs"][0] == "net.safetensors"
    assert all((folder / path).exists() for path in found["outputs"])
    assert found["model"]["params"] == 151
    assert found["data"]["train"] == 54
    assert found["test"] is None
    assert found["failures"] == []
    assert {row["part"] for row in found["history"]} == {"train", "validation"}
    best = max(row["accuracy"] for row in found["history"] if row["part"] == "validation")
    assert found["best"]["accuracy"] == best
    stored = json.loads((folder / "net/metrics.json").read_text())
    assert found == {"outputs": found["outputs"], **stored}


def test_other_outputs(cnnviz, folder):
    names = ["e.csv", "e.json", "e.md", "e.html", "e.tex", "e.txt", "e.svg", "e.png", "e.gif"]
    asked = [word for name in names for word in ("-o", name)]
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, *asked)
    assert result.code == 0, result
    rows = list(csv.DictReader(io.StringIO((folder / "e.csv").read_text())))
    assert [row["part"] for row in rows].count("validation") == 2
    assert (folder / "e.csv").read_bytes() == (folder / "net/metrics.csv").read_bytes()
    assert (folder / "e.png").read_bytes() == (folder / "net/curves.png").read_bytes()
    assert (folder / "e.gif").read_bytes() == (folder / "net/kernels.gif").read_bytes()
    assert "| epoch |" in (folder / "e.md").read_text()
    assert cnnviz("train", "shapes.npz", *RUN, "-o", "o.safetensors", "-o", "csv:-").out == (
        (folder / "o/metrics.csv").read_bytes()
    )


def test_a_folder_and_no_name_at_all(cnnviz, folder):
    assert cnnviz("train", "shapes.npz", *RUN, "-o", "out/").code == 0
    assert (folder / "out/Conv2D-...-Dense.safetensors").exists()
    assert (
        cnnviz("train", "shapes.npz", "--model", SPEC, "--input", "8x8x1", "--epochs", 1).code == 0
    )
    (path,) = (folder / "cnnviz-out").glob("*[!t].safetensors")
    assert path.name.startswith("shapes-train-Conv2D-ReLU-MaxPool2D-Dropout")
    assert "epochs1" in path.name


def test_a_test_is_made_once_at_the_end(cnnviz, folder):
    shapes(folder / "more.npz", 30)
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--test", "more.npz", "--json")
    found = json.loads(result.out)
    assert found["test"]["examples"] == 30
    assert sum(row["examples"] for row in found["classes"]) == 30
    assert metadata("net.safetensors")["accuracy"] == str(found["test"]["accuracy"])
    own = cnnviz("train", "shapes.npz", *RUN, "-o", "b.safetensors", "--validation", "more.npz")
    assert "30 to validate with (more.npz)" in own.err


def test_cropped_pictures_are_read_larger(cnnviz):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--crop", 2, "--json")
    found = json.loads(result.out)
    assert found["data"]["input_shape"] == [12, 12, 1]
    assert found["model"]["input_shape"] == [8, 8, 1]
    assert found["recipe"]["augmentation"]["crop"] == [8, 8]


def test_training_begins_with_trained_weights(cnnviz):
    cnnviz("train", "shapes.npz", *RUN, *OUT)
    again = (*NET, "--epochs", 1, "--lr", 1e-9, "--weights", "net.safetensors")
    assert cnnviz("train", "shapes.npz", *again, "-o", "b.safetensors").code == 0
    before, after = tensors("net.safetensors"), tensors("b.safetensors")
    np.testing.assert_allclose(after["conv1.kernel"], before["conv1.kernel"], atol=1e-6)


def test_a_built_in_model_is_trained_from_random_weights(cnnviz, folder):
    """Not from those in the box."""
    words = ("--model", "lenet5", "--set", "output.units=3", "--epochs", 1, "--lr", 1e-9)
    result = cnnviz("train", "shapes.npz", *words, *OUT)
    assert result.code == 0, result
    assert abs(float(np.std(tensors("net.safetensors")["c1.kernel"])) - 0.28) < 0.05


def test_a_network_whose_kernels_make_no_picture(cnnviz, folder):
    spec = "Flatten() Dense(4) Dense(3)"
    result = cnnviz("train", "shapes.npz", "--model", spec, "--input", "8x8x1", "--epochs", 1, *OUT)
    assert result.code == 0, result
    assert "net/before-after.png" not in files(folder)


def test_a_film_of_kernels_that_make_no_picture(cnnviz, folder):
    spec = "Flatten() Dense(4, name='a') Dense(3)"
    words = ("train", "shapes.npz", "--model", spec, "--input", "8x8x1", "--epochs", 1)
    assert cnnviz(*words, *OUT, "-o", "a.gif").code == 0  # of the input's size they do
    behind = ("--model", "GlobalAveragePooling2D() Dense(4) Dense(3)", "--input", "8x8x1")
    fault = cnnviz("train", "shapes.npz", *behind, "-o", "b.safetensors", "-o", "b.gif").fault(2)
    assert "make no pictures" in fault
    assert "b.last.safetensors" not in files(folder)


def test_nothing_held_back(cnnviz, folder):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--validation", 0, "--json")
    found = json.loads(result.out)
    assert found["best"] is None
    assert found["classes"] is None
    assert "net/confusion.png" not in files(folder)


def test_pictures_that_cannot_be_read_are_named_at_the_end(cnnviz, folder):
    made = {f"{'ab'[n % 2]}/{n:02}.png": png(n * 8) for n in range(24)}
    made["a/bad.png"] = b"no picture"
    unzipped(folder / "set", made)
    spec = ("--model", "Flatten() Dense(2)", "--input", "4x4x1", "--epochs", 1)
    result = cnnviz("train", "set", *spec, *OUT, "--json")
    assert result.code == 3
    found = json.loads(result.out)
    assert [one["path"] for one in found["failures"]] == ["set/a/bad.png"]
    last = result.err.splitlines()[-2:]
    assert last[0].startswith("cnnviz: error: set/a/bad.png: ")
    assert last[1] == "cnnviz: 1 picture could not be read and was left out"
    assert found["data"]["classes"][0]["label"] == "a"
    strict = cnnviz("train", "set", *spec, "-o", "b.safetensors", "--strict")
    assert "set/a/bad.png" in strict.fault(1)
    assert "b.last.safetensors" not in files(folder)


class TestSeries:
    WORDS = (*RUN, "--set", "conv1.filters=2,4")

    def test_each_value_is_trained_and_compared(self, cnnviz, folder):
        result = cnnviz("train", "shapes.npz", *self.WORDS, *OUT)
        assert result.code == 0, result
        there = files(folder)
        own = {f"net-{v}{e}" for v in (2, 4) for e in (".safetensors", ".last.safetensors")}
        assert own | {"net-comparison.png", "net-comparison.csv", "net-2/index.html"} <= there
        assert tensors("net-2.safetensors")["conv1.kernel"].shape == (3, 3, 1, 2)
        rows = list(csv.DictReader(io.StringIO((folder / "net-comparison.csv").read_text())))
        assert [(row["value"], row["params"]) for row in rows] == [("2", "77"), ("4", "151")]
        assert "conv1.filters" in result.text
        assert "2: epoch 1/2" in result.err

    def test_json(self, cnnviz):
        found = json.loads(cnnviz("train", "shapes.npz", *self.WORDS, *OUT, "--json").out)
        assert [row["value"] for row in found["values"]] == ["2", "4"]
        assert [run["model"]["params"] for run in found["runs"]] == [77, 151]
        assert "net-comparison.png" in found["outputs"]

    def test_one_value_of_a_series_is_one_run(self, cnnviz):
        cnnviz("train", "shapes.npz", *self.WORDS, *OUT)
        cnnviz("train", "shapes.npz", *RUN, "--set", "conv1.filters=4", "-o", "one.safetensors")
        one, of_series = tensors("one.safetensors"), tensors("net-4.safetensors")
        assert all(one[name].tobytes() == of_series[name].tobytes() for name in one)

    def test_one_that_fails_is_listed(self, cnnviz, folder):
        """The weights of one are over the budget; the other is trained."""
        spec = "Flatten() Dense(2, name='a') Dense(3)"
        words = ("--input", "8x8x1", "--epochs", 1, "--batch-size", 8)
        result = cnnviz(
            *("train", "shapes.npz", "--model", spec, *words, "--max-memory", "100M"),
            *("--set", "a.units=2,500000", *OUT),
        )
        assert result.code == 3, result
        assert "cnnviz: error: a.units 500000: " in result.err
        assert "500000 failed" in result.text
        assert (folder / "net-2.safetensors").exists()
        assert not (folder / "net-500000.last.safetensors").exists()

    def test_two_lists(self, cnnviz):
        words = ("--set", "conv1.filters=2,4", "--set", "conv1.kernel_size=1,3")
        fault = cnnviz("train", "shapes.npz", *RUN, *words, *OUT).fault(2)
        assert "conv1.filters and conv1.kernel_size both have several values" in fault

    def test_a_value_that_does_not_fit_is_said_before_anything_is_trained(self, cnnviz, folder):
        words = ("--set", "conv1.kernel_size=3,30")
        assert "30" in cnnviz("train", "shapes.npz", *RUN, *words, *OUT).fault(2)
        assert files(folder) == {"shapes.npz"}

    def test_brackets_make_one_value(self, cnnviz):
        words = ("--set", "conv1.strides=(1, 2)")
        assert cnnviz("train", "shapes.npz", *RUN, *words, *OUT).code == 0


def choices(name: str) -> list[str]:
    command = cli.get_command(click.Context(cli), "train")
    assert command is not None
    (kind,) = (param.type for param in command.params if param.name == name)
    return list(kind.choices)


def test_choices_are_those_of_the_core():
    """They are written out twice so that --help imports nothing."""
    assert tuple(choices("initial")) == SCHEMES
    assert choices("optimizer") == list(OPTIMIZERS)
    for name in choices("optimizer"):
        assert optimizer(name, **OPTIMIZERS[name]).settings["name"] == name
    for name in choices("schedule"):
        settings = {"total": 9} if name in ("cosine", "one-cycle") else {}
        more = {"every": 3} if name == "step" else {}
        assert schedule(name, **settings, **more).settings["name"] == name


@pytest.mark.parametrize("name", ["constant", "cosine", "step", "one-cycle"])
def test_schedules(cnnviz, name):
    words = ("--schedule", name, "--optimizer", "adamw")
    found = json.loads(cnnviz("train", "shapes.npz", *RUN, *words, *OUT, "--json").out)
    rates = [row["lr"] for row in found["history"] if row["part"] == "train"]
    ends = {
        "constant": (0.1, 0.1),
        "cosine": (0.1, rates[-1]),
        "step": (0.1, 0.001),
        "one-cycle": (0.1 / 25, 0.1 / 25e4),
    }
    assert (rates[0], rates[-1]) == pytest.approx(ends[name])
    assert name != "cosine" or rates[-1] < 0.01


def test_a_warm_up_is_counted_in_epochs(cnnviz):
    words = ("--warmup", "1", "--schedule", "constant")
    found = json.loads(cnnviz("train", "shapes.npz", *RUN, *words, *OUT, "--json").out)
    rates = [row["lr"] for row in found["history"] if row["part"] == "train"]
    assert rates[:8] == pytest.approx([0.1 * step / 7 for step in range(1, 8)] + [0.1])


def test_names_of_the_data_go_before_those_of_the_model(cnnviz, folder):
    """Which may be in another order; where the data have only numbers, the model has the names."""
    made = {f"{'ab'[n % 2]}/{n:02}.png": png(n * 8) for n in range(24)}
    unzipped(folder / "set", made)
    spec = 'input_shape = [4, 4, 1]\nlabels = ["b", "a"]\nlayers = [{ type = "Flatten" }, %s]\n'
    (folder / "net.toml").write_text(spec % '{ type = "Dense", units = 2 }')
    np.savez("numbers.npz", x=np.zeros((20, 4, 4), np.uint8), y=np.arange(20) % 2)
    for data, labels in (("set", '["a", "b"]'), ("numbers.npz", '["b", "a"]')):
        words = ("--model", "net.toml", "--epochs", 1, "-o", f"{labels[2]}.safetensors")
        assert cnnviz("train", data, *words).code == 0
        assert metadata(f"{labels[2]}.safetensors")["labels"] == labels
        assert metadata(f"{labels[2]}.last.safetensors")["labels"] == labels


def test_few_pictures_make_smaller_batches_and_shorter_steps(cnnviz):
    def recipe(*words: str) -> dict:
        words = ("train", "shapes.npz", *NET, "--epochs", "1", *words, "--overwrite", *OUT)
        return json.loads(cnnviz(*words, "--json").out)["recipe"]

    few, given = recipe(), recipe("--batch-size", "16")
    assert (few["batch_size"], few["optimizer"]["lr"]) == (8, 0.05 / 8)
    assert (given["batch_size"], given["optimizer"]["lr"]) == (16, 0.05 / 4)
    assert recipe("--lr", "0.1")["optimizer"]["lr"] == 0.1


def test_what_guessing_comes_to_as_well_is_said(cnnviz):
    words = ("--epochs", "1", "--validation", "0.5", "--overwrite", *OUT)
    lost = cnnviz("train", "shapes.npz", *NET, *words, "--lr", "1e-9")
    assert "note: that is hardly better than guessing; more --epochs" in lost.err
    won = cnnviz("train", "shapes.npz", *RUN, *words[2:], "--epochs", "8")
    assert "guessing" not in won.err
