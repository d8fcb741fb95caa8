"""`cnnviz train` on bad days: exit codes and one line, before training wherever it can be."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from data_files import png, unzipped
from safetensors import safe_open
from train_runs import NET, SPEC, shapes

from cnnviz.cli.training import making, places
from cnnviz.training.loop import Run

RUN = (*NET, "--epochs", "2", "--batch-size", "8")
OUT = ("-o", "net.safetensors")


@pytest.fixture(autouse=True)
def data(folder: Path) -> Path:
    return shapes(folder / "shapes.npz")


@pytest.fixture
def untrained(monkeypatch):
    """Nothing may be trained."""

    def refuse(*args, **settings):
        raise AssertionError("a run began")

    monkeypatch.setattr(Run, "__init__", refuse)


@pytest.mark.usefixtures("untrained")
class TestTargets:
    @pytest.mark.parametrize("name", ["net.safetensors", "net.last.safetensors"])
    def test_an_earlier_result(self, cnnviz, folder, name):
        (folder / name).write_bytes(b"mine")
        fault = cnnviz("train", "shapes.npz", *RUN, *OUT).fault(4)
        assert fault.startswith(f"{name} exists; ")
        assert "--overwrite begins anew" in fault
        assert ("--resume goes on" in fault) == ("last" in name)
        assert (folder / name).read_bytes() == b"mine"

    @pytest.mark.parametrize("name", ["net/curves.png", "net/index.html", "net.best.safetensors"])
    def test_a_file_in_the_way(self, cnnviz, folder, name):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"mine")
        assert f"{name} exists" in cnnviz("train", "shapes.npz", *RUN, *OUT).fault(4)

    def test_a_result_without_its_checkpoint(self, cnnviz, folder):
        (folder / "net.safetensors").write_bytes(b"mine")
        fault = cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume").fault(4)
        assert "without the net.last.safetensors to go on from" in fault

    @pytest.mark.parametrize("words", [(), ("--overwrite",), ("--resume",)])
    @pytest.mark.parametrize("name", ["net.safetensors", "net.last.safetensors", "net/curves.png"])
    def test_a_symlink(self, cnnviz, folder, name, words):
        (folder / "real").write_bytes(b"mine")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(folder / "real")
        fault = cnnviz("train", "shapes.npz", *RUN, *OUT, *words).fault(4)
        assert "symlink" in fault or "exists" in fault
        assert (folder / "real").read_bytes() == b"mine"

    def test_a_folder_that_is_a_symlink(self, cnnviz, folder):
        (folder / "other").mkdir()
        (folder / "net").symlink_to(folder / "other")
        assert "net is a symlink" in cnnviz("train", "shapes.npz", *RUN, *OUT).fault(4)

    def test_a_file_in_the_place_of_a_folder(self, cnnviz, folder):
        (folder / "file").write_bytes(b"mine")
        fault = cnnviz("train", "shapes.npz", *RUN, "-o", "file/net.safetensors").fault(4)
        assert "not a directory" in fault

    def test_a_folder_that_is_read_only(self, cnnviz, folder, monkeypatch):
        (folder / "out").mkdir()

        def refused(path, mode="r", *rest, real=open, **more):
            if mode == "xb":
                raise PermissionError(13, "Permission denied", path)
            return real(path, mode, *rest, **more)

        monkeypatch.setattr("builtins.open", refused)
        fault = cnnviz("train", "shapes.npz", *RUN, "-o", "out/net.safetensors").fault(4)
        assert fault.startswith("cannot write out: permission denied")

    def test_too_little_room(self, cnnviz, monkeypatch):
        used = type("Used", (), {"free": 100})
        monkeypatch.setattr(places.shutil, "disk_usage", lambda path: used)
        fault = cnnviz("train", "shapes.npz", *RUN, *OUT).fault(4)
        assert "100 bytes are free for checkpoints of" in fault

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("-o", "a.safetensors", "-o", "b.safetensors"), "two places for the weights"),
            (("-o", "a.last.safetensors"), "checkpoint's; use -o a.safetensors"),
            (("-o", "safetensors:-"), "weights go to a file"),
            (("-o", "a.xyz"), "no output format 'xyz'"),
            (("-o", "a"), "has no suffix"),
            (("-o", "csv:-", "--json"), "both want stdout"),
            (("--resume", "--overwrite"), "use one of them"),
        ],
    )
    def test_words_that_do_not_fit(self, cnnviz, words, said):
        assert said in cnnviz("train", "shapes.npz", *RUN, *words).fault(2)

    def test_an_input_is_never_written(self, cnnviz, folder):
        (folder / "first.safetensors").write_bytes(b"")
        words = ("--validation", "first.safetensors", "-o", "first.safetensors", "--overwrite")
        assert "is an input" in cnnviz("train", "shapes.npz", *RUN, *words).fault(4)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--epochs", "0"), "--epochs"),
            (("--epochs", "9" * 12), "epochs are more than 20000"),
            (("--lr", "0"), "--lr 0 changes nothing"),
            (("--lr", "-1"), "lr"),
            (("--lr", "nan"), "--lr"),
            (("--momentum", "1"), "momentum"),
            (("--optimizer", "adam", "--momentum", "0.9"), "--momentum is sgd's"),
            (("--warmup", "2"), "--warmup 2 is not from 0 to below the 2 epochs"),
            (("--warmup", "1", "--schedule", "one-cycle"), "a rise of its own"),
            (("--label-smoothing", "1"), "label_smoothing"),
            (("--seed", "-1"), "--seed"),
            (("--validation", "1"), "--validation"),
            (("--validation", "nan"), "--validation"),
            (("--set", "conv1.filters=4,,16"), "a value is missing"),
            (("--set", "conv1.filters=4,4"), "a value is there twice"),
            (("--set", "conv9.filters=4"), "unknown layer"),
        ],
    )
    def test_settings(self, cnnviz, words, said):
        assert said in cnnviz("train", "shapes.npz", *RUN, *OUT, *words).fault(2)

    @pytest.mark.parametrize("name", ["empty", "nothing.npz", "one", "shapes.csv"])
    def test_data_that_are_none(self, cnnviz, folder, name):
        unzipped(folder / "empty", {})
        unzipped(folder / "one", {"a/1.png": png(3), "a/2.png": png(3)})
        (folder / "shapes.csv").write_text("this, is, no\ntable, of, pixels\n")
        result = cnnviz("train", name, *RUN, *OUT)
        assert name in result.fault(1)
        assert not any("net" in each for each in files(folder))


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("-o", "set/net.safetensors"), "set/net/"),
        (("-o", "set.safetensors"), "set/"),
        (("-o", "other/net.safetensors", "--test", "other"), "other/net/"),
        (("-o", "other.safetensors", "--validation", "other"), "other/"),
        (("-o", "out/net.safetensors", "-o", "set/a/curves.png"), "set/a/curves.png"),
        (("-o", "link/net.safetensors"), "link/net/"),
    ],
)
def test_results_in_a_folder_of_classes(cnnviz, folder, words, path):
    for name in ("set", "other"):
        unzipped(folder / name, {f"{'ab'[n % 2]}/{n}.png": png(9 * n) for n in range(20)})
    (folder / "link").symlink_to("set")
    before = files(folder)
    spec = ("--model", "Flatten() Dense(2)", "--input", "4x4x1")
    fault = cnnviz("train", "set", *spec, *words).fault(4)
    assert fault.startswith(f"{path} lies in the data")
    assert files(folder) == before


def test_results_beside_the_data(cnnviz, folder):
    unzipped(folder / "set", {f"{'ab'[n % 2]}/{n}.png": png(9 * n) for n in range(20)})
    spec = ("--model", "Flatten() Dense(2)", "--input", "4x4x1", "--epochs", "1")
    assert cnnviz("train", "set", *spec, "-o", "settings.safetensors").code == 0


def test_a_number_of_classes_that_is_not_the_models(cnnviz, folder):
    words = ("--set", "out.units=4")
    fault = cnnviz("train", "shapes.npz", *RUN, *words, *OUT).fault(2)
    assert "4 outputs, but the data have 3 classes; use --set out.units=3" in fault
    assert files(folder) == {"shapes.npz"}


def test_a_network_that_takes_no_pictures(cnnviz):
    words = ("--model", "Input((8, 3)) Conv1D(3, 3) Flatten() Dense(3)")
    assert "takes no pictures" in cnnviz("train", "shapes.npz", *words, *OUT).fault(2)


def test_losses_that_overflow(cnnviz, folder):
    """Nothing is left of a run that had not come to a validation, so that it can be tried again."""
    result = cnnviz("train", "shapes.npz", *RUN, "--lr", "1e30", *OUT)
    assert result.code == 1
    (last,) = [line for line in result.err.splitlines() if "error" in line]
    assert last.startswith("cnnviz: error: step 2 of 14 (epoch 1): ")
    assert last.endswith("use a lower learning rate or a longer warm-up")
    assert files(folder) == {"shapes.npz"}


def test_losses_that_overflow_later_keep_what_was_before(cnnviz, folder, monkeypatch):
    def learn(self, batch, real=Run._learn):
        if self.step == 10:
            for own in self.weights.values():
                own["kernel"][...] = np.nan
        return real(self, batch)

    monkeypatch.setattr(Run, "_learn", learn)
    assert cnnviz("train", "shapes.npz", *RUN, *OUT).code == 1
    assert files(folder) == {"shapes.npz", "net.last.safetensors", "net.best.safetensors"}
    monkeypatch.undo()
    os.chdir(folder)
    assert cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume").code == 0


def test_a_disk_that_fills_up(cnnviz, folder, monkeypatch):
    """The checkpoint before stays, and the run goes on from it."""
    left = 3

    def fsync(descriptor, real=os.fsync):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "-q")
    how, what = result.err.splitlines()
    assert (result.code, how) == (
        4,
        "net.last.safetensors is kept: the same command with --resume goes on",
    )
    assert what.endswith("no space left on device")
    assert files(folder) == {"shapes.npz", "net.last.safetensors", "net.best.safetensors"}
    monkeypatch.undo()
    os.chdir(folder)
    assert cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume", "-q").code == 0


def test_another_run_is_first(cnnviz, folder, monkeypatch):
    def opened(*args, real=making._open):
        (folder / "net.last.safetensors").write_bytes(b"another's")
        return real(*args)

    monkeypatch.setattr(making, "_open", opened)
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "-q")
    assert "net.last.safetensors exists" in result.fault(4)
    assert (folder / "net.last.safetensors").read_bytes() == b"another's"


@pytest.mark.parametrize("content", [b"", b"no safetensors", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_corrupt_checkpoint(cnnviz, folder, content):
    (folder / "net.last.safetensors").write_bytes(content)
    fault = cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume").fault(1)
    assert "net.last.safetensors" in fault
    assert (folder / "net.last.safetensors").read_bytes() == content


def test_a_checkpoint_of_other_settings(cnnviz, folder):
    assert cnnviz("train", "shapes.npz", *RUN, *OUT).code == 0
    before = (folder / "net.last.safetensors").read_bytes()
    for words, said in (
        (("--lr", "0.1"), "optimizer.lr 0.00625 there, 0.1 here"),
        (("--epochs", "3"), "epochs 2 there, 3 here"),
        (("--validation", "0.3"), "divided '0.1 of each class, seed 0' there"),
        (("--shift", "1"), "augmentation.shift 0 there, 1 here"),
    ):
        result = cnnviz("train", "shapes.npz", *RUN, *words, *OUT, "--resume")
        assert said in result.fault(2)
    result = cnnviz("train", "shapes.npz", *RUN, "--set", "conv1.filters=2", *OUT, "--resume")
    assert "another model: filters = 4 there, filters = 2 here" in result.fault(1)
    assert (folder / "net.last.safetensors").read_bytes() == before


def test_data_that_have_changed(cnnviz, folder):
    assert cnnviz("train", "shapes.npz", *RUN, *OUT).code == 0
    with np.load("shapes.npz") as file:
        x, y = file["x"], file["y"]
    x[7, 0, 0] ^= 1
    np.savez("shapes.npz", x=x, y=y)
    fault = cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume").fault(2)
    assert "another run: pictures '" in fault


@pytest.mark.parametrize("change", ["size", "name", "class", "missing"])
def test_pictures_that_have_changed(cnnviz, folder, change):
    made = {f"{'ab'[n % 2]}/{n}.png": png(9 * n) for n in range(20)}
    unzipped(folder / "set", made)
    run = ("train", "set", "--model", "Flatten() Dense(2)", "--input", "4x4x1", "--epochs", "1")
    assert cnnviz(*run, *OUT).code == 0
    (folder / "set").rename("elsewhere")
    (folder / "elsewhere").rename("set")
    assert cnnviz(*run, *OUT, "--resume").code == 0
    one = folder / "set/a/4.png"
    if change == "size":
        one.write_bytes(one.read_bytes() + b"more")
    elif change == "name":
        one.rename(one.with_name("4b.png"))
    elif change == "class":
        one.rename("set/b/4.png")
        (folder / "set/b/5.png").rename("set/a/5.png")
    else:
        one.unlink()
    fault = cnnviz(*run, *OUT, "--resume").fault(2)
    assert "the checkpoint is of another run: " in fault


def test_weights_to_begin_with_that_do_not_fit(cnnviz, folder):
    np.savez("w.npz", kernel=np.zeros((3, 3, 1, 7)))
    result = cnnviz("train", "shapes.npz", *RUN, "--weights", "w.npz", *OUT)
    assert result.code == 1
    assert "w.npz" in result.err


def test_hardly_any_memory(cnnviz, folder):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--max-memory", "2K")
    assert "more than the limit" in result.fault(5)
    assert files(folder) == {"shapes.npz"}


def test_classes_whose_pictures_are_all_bad(cnnviz, folder):
    made = {f"a/{n}.png": png(n) for n in range(9)} | {f"b/{n}.png": b"bad" for n in range(9)}
    unzipped(folder / "set", made)
    spec = ("--model", "Flatten() Dense(2)", "--input", "4x4x1")
    assert "no picture of class b can be read" in cnnviz("train", "set", *spec, *OUT).fault(1)


def test_names_that_drive_a_terminal(cnnviz, folder):
    name = "evil\x1b[2J.npz"
    os.rename("shapes.npz", name)
    result = cnnviz("train", name, "--model", SPEC, "--input", "8x8x1", "--epochs", "1")
    assert result.code == 0, result
    assert "\x1b" not in result.err + result.text
    assert all("\x1b" not in path for path in files(folder) - {name})


def test_without_a_model_it_is_said_which_there_are(cnnviz):
    fault = cnnviz("train", "shapes.npz").fault(2)
    assert fault == "missing option '--model'; such as --model lenet5; 'cnnviz models' lists them"


def test_a_format_that_there_is_not_names_that_of_the_weights(cnnviz):
    fault = cnnviz("train", "shapes.npz", *RUN, "-o", "net.pt").fault(2)
    assert fault.startswith("no output format 'pt'; use txt, csv")
    assert fault.endswith(", safetensors")


@pytest.mark.parametrize(
    "words",
    [("--shift", "100000"), ("--shift", "9" * 30), ("--crop", "9" * 9), ("--crop", "9" * 30)],
)
def test_a_run_that_is_refused_before_it_has_learned_leaves_nothing(cnnviz, folder, words):
    done = cnnviz("train", "shapes.npz", *RUN, *words, *OUT)
    assert (done.code, files(folder)) == (5, {"shapes.npz"})


@pytest.mark.parametrize("what", ["data", "weights", "validation"])
def test_names_that_are_no_text(cnnviz, folder, what):
    """They are in the command line, which the checkpoints and the weights keep."""
    name = os.fsdecode(b"caf\xe9")
    words = {
        "data": (f"{name}.npz", *OUT),
        "weights": ("shapes.npz", "-o", f"{name}.safetensors"),
        "validation": ("shapes.npz", *OUT, "--validation", f"{name}.npz"),
    }[what]
    shapes(folder / f"{name}.npz")
    run = ("train", *words, *RUN)
    assert cnnviz(*run).code == 0
    assert cnnviz(*run, "--resume").code == 0
    made = name if what == "weights" else "net"
    with safe_open(f"{made}.safetensors", "np") as file:
        about = file.metadata()
    assert (r"$'caf\xe9." in about["command"], about["data"]) == (
        True,
        r"caf\xe9" if what == "data" else "shapes",
    )
