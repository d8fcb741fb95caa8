"""Runs of several values of a setting: which is enough, and accuracies and costs in their place."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from math import exp, sqrt

import numpy as np
import pytest
from hostile_names import NAMES
from runs import columns, run
from scenes import assert_texts_fit, boxes

from cnnviz.errors import SpecError
from cnnviz.render import Look, render
from cnnviz.render.figures.sweep import BAR, DOTS, HEIGHT, draw
from cnnviz.render.figures.training_lines import colours
from cnnviz.render.numbers import THIN, count
from cnnviz.render.scene import Path, Rect, Scene
from cnnviz.report.sweep import Sweep, Trial, sweep, trial


def one(value: str, right: float | None = None, cost: int = 0, **settings: object) -> Trial:
    """Return a run of one epoch that comes to a validation accuracy."""
    if right is not None:
        moments = [(9, 1, "train", 1.0, right + 0.1, 0.1, 9.0)]
        moments.append((9, 1, "validation", 1.0, right, None, None))
        settings["columns"] = columns(*moments)
    number = cost or int(value)
    return trial(value, params=100 + number, macs=1000 * number, **settings)


def real(value: int, **how: object) -> Trial:
    return one(str(value), columns=run(6, 12, **how), seconds=value / 3)


def of(*trials: Trial, setting: str = "conv1.filters", examples: int | None = 1000) -> Sweep:
    return sweep(setting, trials, model="small", data="digits.npz", examples=examples)


FAILED = "the loss is not finite at step 123 of 1000; use a lower learning rate " * 3
CASES = {
    "one": of(real(4)),
    "two": of(real(4, last=0.6), real(16, last=0.5), examples=None),
    "three": of(*(real(4**i, last=0.5 / i, gap=0.4 * i) for i in (1, 2, 3))),
    "ten": of(*(real(2**i, last=0.5 / (i + 1), gap=0.1 * i * i) for i in range(10))),
    "twenty": of(*(real(1000 * i, seed=i) for i in range(1, 21))),
    "equal": of(*(one(value, 0.5) for value in ("4", "16", "64"))),
    "all right": of(one("4", 0.9), one("16", 0.899)),
    "failed": of(
        real(4), one("16", columns=run(2, 9), error=FAILED), one("64", error="no"), real(128)
    ),
    "all failed": of(one("4", error="no"), one("8", error="no")),
    "no validation": of(*(one(v, columns=run(2, 9, validation=False)) for v in ("4", "16"))),
    "words": of(*(one(NAMES[i], right, 8) for i, right in enumerate((0.5, 0.501, 0.2, 0.4)))),
    "long": of(one("x" * 300, 0.5, 8), one("y" * 300, 0.4, 8), setting="node." + "setting" * 40),
    "costly": of(*(one(str(i), 0.1 * i, 10**14 + i) for i in range(1, 9))),
}  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_everything_fits(case: str, theme: str) -> None:
    scene = draw(CASES[case], Look(theme=theme))
    assert_texts_fit(scene)
    for item in scene.items:
        if isinstance(item, Path):
            xs, ys = np.transpose(item.points)
            assert 24 <= xs.min() <= xs.max() <= scene.width - 24
            assert 0 <= ys.min() <= ys.max() <= scene.height


@pytest.mark.parametrize(
    ("accuracies", "verdicts", "said"),
    [
        ((0.4, 0.6, 0.605), ("too few", "enough", "too many"), "16 is enough: 60.0%, 64 has 60.5%"),
        ((0.4, 0.6, 0.5), ("too few", "enough", "too many"), "16 is enough: 60.0%"),
        ((0.4, 0.5, 0.6), ("too few", "too few", "best"), "64 is the best of 3: 60.0%"),
        ((0.5, 0.5, 0.5), ("enough", "too many", "too many"), "4 is enough: 50.0%"),
        ((0.4, None, 0.6), ("too few", "failed", "best"), "64 is the best of 2: 60.0%"),
        ((None, None, None), ("failed", "failed", "failed"), ": every run failed"),
    ],
)
def test_what_is_enough(accuracies: tuple, verdicts: tuple, said: str) -> None:
    pairs = zip(("4", "16", "64"), accuracies, strict=True)
    result = of(*(one(v, a, error="" if a else "no") for v, a in pairs))
    assert tuple(result.verdict(each) for each in result.trials) == verdicts
    assert result.headline().removeprefix("conv1.filters").strip() == said


def test_how_much_is_chance_depends_on_the_pictures() -> None:
    few, many = (of(one("4", 0.6), one("16", 0.61), examples=n) for n in (1000, 100_000))
    assert few.margin == pytest.approx(2 * sqrt(0.61 * 0.39 / 1000), rel=0.01)
    assert (few.enough.value, many.enough.value) == ("4", "16")
    assert "3.1 points, two standard errors over 1,000 pictures" in few.remark()


def test_all_right_of_a_few_pictures_is_not_beyond_doubt() -> None:
    made = of(one("4", 29 / 30), one("16", 1.0), examples=30)
    share = 32 / 34  # two right and two wrong ones more
    assert made.margin == pytest.approx(2 * sqrt(share * (1 - share) / 34))
    assert made.verdict(made.trials[0]) == "enough"


def test_settings_that_are_no_counts_have_other_words() -> None:
    sizes = of(one("3", 0.6), one("5", 0.6), setting="conv1.kernel_size")
    assert [sizes.verdict(each) for each in sizes.trials] == ["enough", "too large"]
    words = [CASES["words"].verdict(each) for each in CASES["words"].trials]
    assert words == ["as good", "best", "worse", "worse"]
    rates = of(*(one(v, a, 8) for v, a in (("0.1", 0.6), ("0.2", 0.61), ("0.5", 0.5))),
               setting="drop.rate")  # fmt: skip
    assert [rates.verdict(each) for each in rates.trials] == ["as good", "best", "too large"]


def dots(scene: Scene, part: str) -> list[np.ndarray]:
    """Return the centres of the dots of one part."""
    return [
        np.mean(item.points, axis=0)
        for item in scene.items
        if isinstance(item, Path)
        and (item.colour, item.line) == (colours(scene.theme)[part], 2 * DOTS[part])
    ]


def test_dots_stand_where_the_accuracies_are_and_gaps_join_them() -> None:
    result = CASES["three"]
    scene = draw(result, Look())
    held, train = dots(scene, "validation"), dots(scene, "train")
    values = np.array([[each.best, each.last] for each in result.trials])
    heights = np.array([[a[1], b[1]] for a, b in zip(held, train, strict=True)])
    slope, at = np.polyfit(values.ravel(), heights.ravel(), 1)
    assert heights.ravel() == pytest.approx(slope * values.ravel() + at)
    assert 0 < -slope * np.ptp(values) < HEIGHT
    assert np.diff([x for x, _ in held]) == pytest.approx([(960 - 48 - 200) / 3] * 2)
    gaps = [i for i in scene.items if isinstance(i, Path) and i.colour == scene.theme.secondary]
    assert len(gaps) == 3
    texts = [box[4] for box in boxes(scene)]
    assert {f"{100 * value:.1f}{THIN}%" for value in values.ravel().tolist()} <= set(texts)


def test_costs_are_written_and_as_long_as_they_say() -> None:
    result = CASES["three"]
    scene = draw(result, Look())
    texts = [box[4] for box in boxes(scene)]
    bars = [i for i in scene.items if isinstance(i, Rect) and i.height == BAR]
    for row, name in enumerate(("params", "macs", "seconds")):
        values = [getattr(each, name) for each in result.trials]
        widths = [bar.width for bar in sorted(bars, key=lambda bar: bar.y)[3 * row : 3 * row + 3]]
        longest = (960 - 48 - 200) / 3 - 16
        expected = [max(1, longest * value / max(values)) for value in values]
        assert sorted(widths) == pytest.approx(sorted(expected))
        if name != "seconds":
            assert {count(value) for value in values} <= set(texts)
    large = [box[4] for box in boxes(draw(CASES["costly"], Look()))]
    assert large.count(f"100{THIN}000{THIN}G") == 8


def test_runs_that_failed_are_marked_and_said() -> None:
    result = CASES["failed"]
    scene = draw(result, Look())
    texts = [box[4] for box in boxes(scene)]
    assert texts.count("failed") == 4  # of its value, and in the chart
    assert "warning: 64 failed: no" in texts
    assert [row["error"] for row in result.to_dicts()] == [None, FAILED, "no", None]
    assert len(dots(scene, "validation")) == 2


def test_rows_and_lines_are_the_figures() -> None:
    result = CASES["three"]
    rows = result.to_dicts()
    best = [max(exp(-v) for v, part in zip(c["loss"], c["part"], strict=True) if part != "train")
            for c in (run(6, 12, last=0.5 / i, gap=0.4 * i) for i in (1, 2, 3))]  # fmt: skip
    assert [row["best_validation_accuracy"] for row in rows] == pytest.approx(best)
    assert rows[0]["gap"] == rows[0]["last_train_accuracy"] - rows[0]["best_validation_accuracy"]
    for case, some in CASES.items():
        lines = list(some.lines(80))
        assert len(lines) == 2 + len(some.trials) + len(some.warnings)
        if case not in ("long", "failed"):
            assert all(len(line) <= 80 for line in lines[1:])
    assert result.report().to_dict()["values"] == rows


def test_names_are_text_in_svg() -> None:
    data = render(CASES["words"], "svg").decode()
    ET.fromstring(data)
    assert "<script" not in data
    with pytest.raises(SpecError, match="no run"):
        of()
