"""A run that is stopped or killed goes on to the very bytes of one that was let alone."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest
import train_runs
from conftest import files
from train_runs import LONG, NET, shapes

from cnnviz.cli.training import stopping
from cnnviz.errors import Stopped
from cnnviz.training.loop import Run, Tick

RUN = (*NET, "--epochs", "3", "--batch-size", "8", "--save-every", "0.001")
OUT = ("-o", "net.safetensors")


@pytest.fixture(autouse=True)
def data(folder: Path) -> Path:
    return shapes(folder / "shapes.npz")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """The weights of a long run that was let alone."""
    folder = tmp_path_factory.mktemp("whole")
    shapes(folder / "shapes.npz")
    train_runs.finished(folder)
    return (folder / "out.safetensors").read_bytes()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_killed_at_a_random_moment(cnnviz, folder, whole, seed):
    """20 of them: `python tests/train_runs.py 20`."""
    train_runs.kill(folder, random.Random(seed))
    assert cnnviz("train", "shapes.npz", *LONG, "--resume").code == 0
    assert (folder / "out.safetensors").read_bytes() == whole
    assert not [name for name in os.listdir(folder) if name.endswith((".tmp", "best.safetensors"))]


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C is not ignored, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_a_checkpoint(cnnviz, folder, whole, number):
    run = train_runs.start(folder)
    train_runs.wait_for(run, 5)
    run.send_signal(number)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    *_, how, what = err.decode().splitlines()
    assert how == "out.last.safetensors is kept: the same command with --resume goes on"
    assert what == f"cnnviz: stopped by {number.name}"
    assert "out.safetensors" not in files(folder)
    assert cnnviz("train", "shapes.npz", *LONG, "--resume").code == 0
    assert (folder / "out.safetensors").read_bytes() == whole


@pytest.mark.parametrize("event", [3, 9, 12, 30])
def test_stopped_in_training_and_in_a_validation(cnnviz, folder, monkeypatch, event):
    """All that is told of a run is the same, but for its speed: the history too."""
    cnnviz("train", "shapes.npz", *RUN, "-o", "whole.safetensors")

    def events(self, *args, real=Run.events, **settings):
        for number, one in enumerate(real(self, *args, **settings)):
            if number == event:
                signal.raise_signal(signal.SIGINT)
            yield one

    monkeypatch.setattr(Run, "events", events)
    with pytest.raises(Stopped):
        cnnviz("train", "shapes.npz", *RUN, *OUT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    os.chdir(folder)
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume")
    assert result.code == 0, result
    assert "resume   from step " in result.err
    one, other = ((folder / n / "metrics.csv").read_text().splitlines() for n in ("whole", "net"))
    assert [line.rpartition(",")[0] for line in one] == [line.rpartition(",")[0] for line in other]


def test_a_second_signal_does_not_wait():
    stop = stopping.Stop()
    with stopping.held(stop):
        signal.raise_signal(signal.SIGINT)
        assert stop.is_asked
        assert not stop.is_urgent
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGINT)


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        stop = stopping.Stop()
        with stopping.held(stop):
            signal.raise_signal(signal.SIGTERM)
        assert not stop.is_asked
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_time_limit(cnnviz, folder, monkeypatch):
    def events(self, *args, **settings):
        while True:
            yield Tick("train", 1, 9)

    monkeypatch.setattr(Run, "events", events)
    monkeypatch.setattr(stopping, "GRACE", 0.1)
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--timeout", "0.3", "-q")
    assert result.code == 5
    assert result.err.splitlines() == [
        "net.last.safetensors is kept: the same command with --resume goes on",
        "cnnviz: error: shapes.npz: not trained within 0.3 s",
    ]


def test_a_run_that_is_complete_makes_its_results_anew(cnnviz, folder):
    assert cnnviz("train", "shapes.npz", *RUN, *OUT).code == 0
    before = {path: (folder / path).read_bytes() for path in files(folder)}
    (folder / "net/curves.png").unlink()
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume")
    assert result.code == 0
    assert "net.last.safetensors is complete: its results are made anew" in result.err
    after = {path: (folder / path).read_bytes() for path in files(folder)}
    assert after == before


def test_the_best_weights_of_a_complete_run_may_be_gone(cnnviz, folder):
    """They are in the result alone, and are not taken from anything else."""
    words = (*RUN, "--lr", "0.02", *OUT)
    assert cnnviz("train", "shapes.npz", *words).code == 0
    assert cnnviz("train", "shapes.npz", *words, "--resume", "--keep", "last").code == 0
    fault = cnnviz("train", "shapes.npz", *words, "--resume", "-q").fault(1)
    (folder / "net.safetensors").unlink()
    other = cnnviz("train", "shapes.npz", *words, "--resume", "-q").fault(1)
    assert fault == other
    assert fault.startswith("the best weights of this run are no longer in net.safetensors")


def test_no_checkpoint_is_no_fault(cnnviz):
    result = cnnviz("train", "shapes.npz", *RUN, *OUT, "--resume")
    assert result.code == 0
    assert "there is no net.last.safetensors to go on from" in result.err


def test_overwriting_begins_anew(cnnviz, folder):
    words = ("train", "shapes.npz", *RUN, *OUT)
    assert cnnviz(*words).code == 0
    one = (folder / "net.safetensors").read_bytes()
    (folder / "net/curves.png").write_bytes(b"old")
    result = cnnviz(*words, "--overwrite", "--seed", "1", "--validation", "0")
    assert result.code == 0
    assert (folder / "net.safetensors").read_bytes() != one
    assert (folder / "net/curves.png").read_bytes() != b"old"
    assert "net/confusion.png" not in files(folder)  # which only the first run made


def test_a_series_goes_on(cnnviz, folder):
    words = ("train", "shapes.npz", *RUN, *OUT, "--set", "conv1.filters=2,4")
    assert cnnviz(*words).code == 0
    one = {name: (folder / f"net-{name}.safetensors").read_bytes() for name in (2, 4)}
    for name in ("net-4.safetensors", "net-4.last.safetensors"):
        (folder / name).unlink()
    result = cnnviz(*words, "--resume")
    assert result.code == 0, result
    assert "net-2.last.safetensors is complete" in result.err
    assert "there is no net-4.last.safetensors" in result.err
    assert all((folder / f"net-{n}.safetensors").read_bytes() == one[n] for n in one)
