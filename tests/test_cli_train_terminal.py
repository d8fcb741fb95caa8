"""What is seen of training: one line that lives on a terminal, and lines that stay."""

from __future__ import annotations

import re

import pytest
from train_runs import SPEC, shapes

from cnnviz import load_model
from cnnviz.cli import streams
from cnnviz.cli.training import watching
from cnnviz.cli.training.watching import Watch
from cnnviz.training.data import open_data
from cnnviz.training.history import Moment
from cnnviz.training.loop import Run, Tick
from cnnviz.training.recipe import Recipe


@pytest.fixture
def run(folder):
    graph = load_model(SPEC, input_shape=(8, 8, 1)).graph
    with open_data(shapes(folder / "shapes.npz"), input_shape=(8, 8, 1)) as data:
        yield Run(graph, data, Recipe(epochs=12, batch_size=8))


@pytest.fixture
def terminal(monkeypatch, capsys):
    """A terminal of colours on stderr; returns what was written there."""
    for module in (streams, watching):
        monkeypatch.setattr(module, "is_terminal", lambda stream: True)
    monkeypatch.setattr(streams, "_progress", "")
    monkeypatch.setattr(watching, "LIVE_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    return lambda: capsys.readouterr().err


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def watched(run: Run, **settings) -> Watch:
    watch = Watch(run, **{"quiet": False, "no_color": False} | settings)
    for event in run.events():
        watch.see(event)
    return watch


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100, 200])
def test_the_line_never_wraps(run, terminal, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    watched(run)
    shown = [plain(part) for part in terminal().split("\r\x1b[K")]
    lines = [part for part in shown if part and not part.endswith("\n")]
    assert len(lines) > run.steps
    assert max(map(len, lines)) < columns
    training = [line for line in lines if line.startswith("epoch")]
    assert training[-1].startswith("epoch 12/12")
    if columns >= 60:
        assert "━" in training[-1]
        assert "─" in training[0]
        assert re.search(r"\d:\d\d left$", training[5])
    if columns >= 100:
        assert re.search(r"loss \d\.\d{4}  accuracy +[\d.]+%  best [\d.]+%", training[-1])


def test_a_line_of_each_epoch_stays(run, terminal):
    watched(run)
    stay = [line for line in plain(terminal()).split("\n") if line]
    assert len(stay) == 12
    assert all(re.search(r"epoch +\d+/12  loss", line) for line in stay)


@pytest.mark.parametrize("no_color", [False, True])
def test_colours(run, terminal, no_color):
    Watch(run, quiet=False, no_color=no_color).see(Tick("train", 50, run.steps, 0.5, 0.75))
    written = terminal()
    assert "━" in written
    assert ("\x1b[36m" in written) != no_color


def test_a_dumb_terminal_gets_lines(run, terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    watched(run)
    written = terminal()
    assert "\r" not in written
    assert len(written.splitlines()) == 12


def test_off_a_terminal_a_line_comes_each_ten_seconds(run, capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr(watching, "monotonic", lambda: now)
    watch = Watch(run, quiet=False, no_color=False, title="4: ")
    for step in range(1, 31):
        now = float(step)
        watch.see(Tick("train", step, run.steps, 0.5, 0.75))
    watch.see(Tick("validation", 3, 6))
    now = 45.0
    watch.see(Tick("validation", 6, 6))
    assert capsys.readouterr().err.splitlines() == [
        "4: epoch  2/12  step 10 of 84  loss 0.5000  accuracy 75.0%  1:14 left",
        "4: epoch  3/12  step 20 of 84  loss 0.5000  accuracy 75.0%  1:04 left",
        "4: epoch  5/12  step 30 of 84  loss 0.5000  accuracy 75.0%  0:54 left",
        "4: validation 6 of 6",
    ]


def test_an_epoch_without_a_validation(run, capsys):
    run.data.validation._indices = run.data.validation._indices[:0]
    watched(run)
    assert len(capsys.readouterr().err.splitlines()) == 12


def test_losses_that_are_not_known(run, capsys):
    watch = Watch(run, quiet=False, no_color=False)
    run.step = 7
    watch.see(Moment(step=7, epoch=1, loss=float("nan"), accuracy=None))
    watch.see(Moment(step=7, epoch=1, part="validation", loss=None, accuracy=None))
    assert capsys.readouterr().err.startswith("epoch  1/12")
