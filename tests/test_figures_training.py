"""The curves of a training run: what is drawn is what happened, and nothing overlaps."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from math import log

import numpy as np
import pytest
from hostile_names import NAMES
from runs import RUNS, columns, run
from scenes import assert_texts_fit, boxes
from scipy import ndimage

from cnnviz.errors import SpecError
from cnnviz.render import Look, render, show
from cnnviz.render.figures.training_curves import draw
from cnnviz.render.figures.training_lines import colours, scale
from cnnviz.render.scene import Path, Rect, Scene
from cnnviz.render.theme import THEMES
from cnnviz.report.training_curves import Curves, curves
from cnnviz.training.history import History


def made(case: str, **settings: object) -> Curves:
    how = {"model": "small", "data": "digits.npz", "classes": 10, **settings}
    return curves(RUNS[case], **how)


def texts(scene: Scene) -> list[str]:
    return [box[4] for box in boxes(scene)]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("case", RUNS)
def test_everything_fits(case: str, theme: str) -> None:
    scene = draw(made(case), Look(theme=theme))
    assert_texts_fit(scene)
    for item in scene.items:
        if isinstance(item, Path):
            xs, ys = np.transpose(item.points)
            assert 24 <= xs.min() <= xs.max() <= scene.width - 24
            assert 0 <= ys.min() <= ys.max() <= scene.height


@pytest.mark.parametrize("name", ["x" * 300, *NAMES[:6], "\x1b[2J\u202e"])
def test_names_from_anywhere_are_text(name: str) -> None:
    result = made("usual", model=name, data=name)
    assert_texts_fit(draw(result, Look()))
    data = render(result, "svg").decode()
    ET.fromstring(data)
    assert "<script" not in data
    assert "\x1b" not in data


def test_the_best_epoch_is_the_first_of_the_highest_accuracy() -> None:
    right = enumerate((0.5, 0.7, 0.6, 0.7), 1)
    moments = ((10 * i, i, "validation", 1.0, a, None, None) for i, a in right)
    result = curves(columns(*moments), model="m", data="d")
    assert result.best == 1
    scene = draw(result, Look())
    assert scene.title == "m: best validation accuracy 70.0\u2009%, epoch 2 of 4"
    dots = [np.mean(i.points, axis=0) for i in scene.items
            if isinstance(i, Path) and i.colour == scene.theme.accent]  # fmt: skip
    width = 960 - 48 - 56 - 168
    assert [dot[0] for dot in dots] == pytest.approx([24 + 56 + width * 20 / 40] * 2)


def test_the_ends_say_the_last_values() -> None:
    found = texts(draw(made("usual"), Look()))
    result = made("usual")
    for part in (result.train, result.validation):
        assert f"{part.last('loss'):.4g}" in found
        assert f"{100 * part.last('accuracy'):.1f}\u2009%" in found
    assert found.count("train") == found.count("validation") == 2
    assert "not finite" in texts(draw(made("missing at the end"), Look()))


def test_a_running_mean_is_the_mean_around() -> None:
    part = made("200 epochs").train
    size = 2 * part.reach + 1
    assert size == 51
    other = ndimage.uniform_filter1d(part.figures["loss"], size)
    inner = slice(part.reach, -part.reach)
    assert part.smooth("loss")[inner] == pytest.approx(other[inner])
    assert part.last("loss") == pytest.approx(part.figures["loss"][-part.reach - 1 :].mean())
    few = made("one epoch").train
    assert few.reach == 0
    assert few.smooth("loss") == pytest.approx(RUNS["one epoch"]["loss"][:-1])


def test_moments_that_are_missing_leave_gaps_and_are_counted() -> None:
    result = made("missing")
    assert result.warnings == ("8 of 200 moments of train have no finite loss",)
    smooth = result.train.smooth("loss")
    assert np.isnan(smooth).sum() == 8
    scene = draw(result, Look())
    marks = [i for i in scene.items if isinstance(i, Rect) and i.fill == scene.theme.nan]
    assert len(marks) == 8
    assert f"warning: {result.warnings[0]}" in texts(scene)
    strong = colours(scene.theme)["train"]
    lines = [i for i in scene.items if isinstance(i, Path) and i.colour == strong and i.line > 2]
    assert len(lines) == 2 * 3  # of loss and accuracy


def test_a_wide_range_is_on_a_logarithmic_scale_and_it_is_said() -> None:
    low, high, is_log = scale(made("a hundredfold").both, "loss")
    assert is_log
    assert low < 0.0055 < 19 < high
    scene = draw(made("a hundredfold"), Look())
    assert "logarithmic scale" in texts(scene)
    ys = [y for _, y, _, _, text in sorted(boxes(scene)) if text in ("0.01", "0.1", "1", "10")]
    assert np.diff(sorted(ys)[:4]) == pytest.approx(190 * log(10) / log(high / low), rel=0.01)
    assert not scale(made("usual").both, "loss")[2]
    assert "logarithmic scale" not in texts(draw(made("usual"), Look()))


def test_without_validation_it_is_said() -> None:
    result = made("no validation")
    assert result.best is None
    assert result.headline().endswith("at the end, no validation")
    assert "validation" not in texts(draw(result, Look()))


def test_axes_count_epochs_and_steps_where_there_is_one() -> None:
    many, one = (texts(draw(made(case), Look())) for case in ("200 epochs", "one epoch"))
    assert {"epoch", "0", "20", "200"} <= set(many)
    assert {"step", "20", "100"} <= set(one)
    figures = {"loss": [1.5], "accuracy": [0.5], "lr": [0.1], "examples_per_second": [9.0]}
    short = curves({"step": [1], "epoch": [1], "part": ["train"], **figures}, model="m", data="d")
    said = texts(draw(short, Look()))
    assert said[said.index("step") - 2 : said.index("step")] == ["0", "1"]
    assert "d, 1 step in 1 epoch, 9 images a second" in said


def test_the_best_of_the_last_epoch_is_written_beside_no_end() -> None:
    history = run(3, 50, last=0.1, gap=0.05)  # both end near 100%
    scene = draw(curves(history, model="m", data="d"), Look())
    assert_texts_fit(scene)
    begin = min(box[0] for box in boxes(scene) if box[4] == "train")
    best = [box for box in boxes(scene) if box[4].startswith("best, epoch 3")]
    assert len(best) == 2
    assert all(box[2] < begin for box in best)


def test_lines_and_rows_are_of_the_epochs() -> None:
    result = made("200 epochs")
    rows = result.to_dicts()
    assert [row["epoch"] for row in rows] == list(range(1, 201))
    (best,) = (row for row in rows if row["best"])
    assert best["validation_accuracy"] == np.nanmax(result.validation.figures["accuracy"])
    lines = list(result.lines())
    assert len(lines) <= 2 + 13
    assert sum(line.endswith("best") or "best " in line for line in lines[2:]) == 1
    assert all(len(line) <= 80 and line.isascii() for line in lines)
    assert result.report().to_dict()["epochs"] == rows


def test_a_history_of_training_is_taken_as_it_is() -> None:
    history = History.from_columns(run(2, 3))
    assert curves(history.to_columns(), model="m", data="d").epochs == 2
    with pytest.raises(SpecError, match="without a moment"):
        curves(History().to_columns(), model="m", data="d")


def test_the_terminal_shows_the_curves() -> None:
    text = show(made("usual"), colours="truecolor", columns=80, lines=24)
    assert "loss" in text
    assert "\u2580" in text or "\u2584" in text
