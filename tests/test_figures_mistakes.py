"""The worst mistakes: every picture with what it is, what it was taken for, and how surely."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import numpy as np
import pytest
from hostile_names import NAMES
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz.errors import SpecError
from cnnviz.render import Look, render, show
from cnnviz.render.figures.mistakes import BAR, CELL, draw
from cnnviz.render.numbers import THIN
from cnnviz.render.scene import Picture, Rect
from cnnviz.report.mistakes import Mistakes, mistakes
from cnnviz.training.metrics import Evaluation

LONG = [f"a name of many words that says rather more than there is room for, {i}" for i in range(4)]


def made(count: int, shapes: tuple = ((28, 28, 1),), labels: list[str] = NAMES[:4]) -> Mistakes:
    rng = np.random.default_rng(count)
    found = [
        SimpleNamespace(
            number=10 + i, label=i % 3, predicted=3, loss=9.5 - i / 9, confidence=0.999 - i / 40
        )
        for i in range(count)
    ]
    shown = [rng.integers(0, 256, shapes[i % len(shapes)], np.uint8) for i in range(count)]
    how = {"wrong": count, "count": 1000, "model": "small", "data": "digits.npz"}
    return mistakes(found, shown, labels=labels, **how)


CASES = {
    **{str(n): made(n) for n in (0, 1, 2, 3, 6, 9, 16, 25, 30)},
    "colour": made(5, ((32, 32, 3),)),
    "large": made(7, ((224, 224, 3), (300, 100, 3), (90, 700, 1), (1, 1, 3))),
    "two channels": made(2, ((8, 8, 2),)),
    "long": made(5, labels=LONG),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_everything_fits(case: str, theme: str) -> None:
    scene = draw(CASES[case], Look(theme=theme))
    assert_texts_fit(scene)
    assert_pictures_fit(scene)


def test_pictures_are_the_user_s_own() -> None:
    result = CASES["colour"]
    pictures = [i for i in draw(result, Look()).items if isinstance(i, Picture)]
    for item, one in zip(pictures, result.shown, strict=True):
        assert np.array_equal(item.pixels, one.picture.astype(np.uint8))
        assert (item.width, item.height) == (128, 128)  # a whole factor
    gray = [i for i in draw(CASES["3"], Look()).items if isinstance(i, Picture)]
    for item, one in zip(gray, CASES["3"].shown, strict=True):
        assert np.array_equal(item.pixels, one.picture.repeat(3, axis=2).astype(np.uint8))


def test_each_says_what_it_is_and_what_it_was_taken_for() -> None:
    result = made(3, labels=["cat", "dog", "cow", "horse"])
    scene = draw(result, Look())
    texts = [box[4] for box in boxes(scene)]
    assert [t for t in texts if t in ("cat", "dog", "cow", "horse")] == [
        "cat", "horse", "dog", "horse", "cow", "horse"]  # fmt: skip
    assert f"99.9{THIN}%" in texts
    bars = [i.width / CELL for i in scene.items if isinstance(i, Rect) and i.height == BAR]
    assert bars[1::2] == pytest.approx([one.confidence for one in result.shown])
    assert bars[::2] == pytest.approx([max(0.5 / CELL, math.exp(-9.5 + i / 9)) for i in range(3)])


def test_none_more_and_all_of_them_are_said() -> None:
    assert CASES["0"].headline() == "no mistake in 1,000 pictures"
    assert f"no mistake in 1{THIN}000 pictures" in draw(CASES["0"], Look()).title
    assert CASES["9"].headline() == "9 of 1,000 wrong"
    assert CASES["30"].headline() == "30 of 1,000 wrong, the worst 25"
    assert render(CASES["0"], "png").startswith(b"\x89PNG")
    assert len(CASES["30"].shown) == 25


def test_an_evaluation_s_mistakes_are_taken_as_they_are() -> None:
    found = Evaluation(3)
    found.add([[5.0, 0, 0], [np.nan, 0, 0]], [2, 1], [7, 8])
    how = {"labels": "abc", "wrong": 2, "count": 2, "model": "m", "data": "d"}
    result = mistakes(found.worst, [np.zeros((2, 2, 1))] * 2, **how)
    last, first = result.to_dicts()
    assert (last["confidence"], last["probability"]) == (None, None)
    assert (first["class"], first["predicted"], first["number"]) == ("c", "a", 7)
    softmax = np.exp([5.0, 0, 0]) / np.exp([5.0, 0, 0]).sum()
    assert first["confidence"] == pytest.approx(softmax[0])
    assert first["probability"] == pytest.approx(softmax[2])
    assert_texts_fit(draw(result, Look()))
    with pytest.raises(SpecError, match="1 pictures, 2 names of 2 mistakes"):
        mistakes(found.worst, [np.zeros((2, 2, 1))], **how)


def test_names_are_text_everywhere() -> None:
    data = render(CASES["9"], "svg").decode()
    ET.fromstring(data)
    assert "<script" not in data
    result = made(2, labels=["cat", "dog", "cow", "horse"])
    text = show(result, colours="truecolor", columns=80, lines=24)
    assert "cat" in text
    assert "taken for horse" in text
    assert len(list(CASES["9"].lines())) == 10
