"""The figure of a prediction: nothing overlaps or leaves it, and bars are as long as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import assert_pictures_fit, assert_texts_fit

from cnnviz.render import Look
from cnnviz.render.figures.prediction import TRACK, draw
from cnnviz.render.scene import Rect, Text
from cnnviz.report.prediction import Prediction, percent, prediction

RANDOM = np.random.default_rng(0)
STEPS = ("resize 300x451 to 256x384, bilinear, antialiased", "crop 224x224", "RGB", "scale 1/255")


def made(shape=(28, 28, 1), classes=10, labels=(), top=5, title="cat.png") -> Prediction:
    values = RANDOM.dirichlet(np.full(classes, 0.3))
    seen = RANDOM.uniform(0, 255, shape)
    how = {"image": title, "title": title, "model": "vgg16", "preprocess": STEPS}
    return prediction(values, seen, labels=labels, top=top, **how)


LONG = [
    f"a label of many words that says rather more than there is room for, {i}" for i in range(9)
]
CASES = [
    made(),
    made((224, 224, 3), 1000, top=40),
    made((1, 1, 3), 2, ["a", "b"]),
    made((20, 900, 3), 9, LONG, top=9),
    made((900, 20, 1), 9, LONG[:9], title="a name of a file that goes on and on " * 3),
    made((300, 300, 5), 1),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("result", CASES, ids=range(len(CASES)))
def test_everything_fits(result, theme):
    scene = draw(result, Look(theme=theme))
    assert_texts_fit(scene)
    assert_pictures_fit(scene)


def test_bars_are_as_long_as_the_classes_are_likely():
    result = made(classes=4, top=4)
    scene = draw(result, Look())
    bars = [r for r in scene.items if isinstance(r, Rect) and r.fill == scene.theme.dense][1:]
    for bar, guess in zip(bars, result.top, strict=True):
        assert bar.width == pytest.approx(max(0.5, TRACK * guess.probability))


def test_labels_stand_in_order_and_the_title_says_the_first():
    result = made(labels=[f"class {i}" for i in range(10)])
    scene = draw(result, Look())
    texts = [t.text for t in scene.items if isinstance(t, Text)]
    labels = [text for text in texts if text.startswith("class ")]
    assert labels == [guess.label for guess in result.top]
    assert scene.title.startswith(f"cat.png: {labels[0]}, ")
    assert "resize 300×451 to 256×384" in " ".join(texts)


def test_of_equal_classes_the_first_comes_first():
    seen = np.zeros((2, 2, 1))
    found = prediction(np.array([0.2, 0.3, 0.3, 0.2]), seen, image="a", title="a", model="m")
    assert [guess.index for guess in found.top] == [1, 2, 0, 3]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.9995, "99.95%"), (0.99987, "99.99%"), (0.99995, ">99.99%"), (0.0002, "0.02%")],
)
def test_a_probability_is_rounded_but_not_away(share, text):
    assert percent(share) == text
