"""Trained networks of other projects, run without PyTorch on drawn digits."""

from __future__ import annotations

import json
from pathlib import Path

import digits
import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.model import Model

HERE = Path(__file__).parent / "data" / "networks"
NETWORKS = {"mnist": "mnist.pth", "handwriting": "handwriting_model.pth"}
LOGITS = json.loads((HERE / "logits.json").read_text(encoding="utf-8"))


def network(name: str) -> Model:
    return load_model(HERE / f"{name}.toml", weights=HERE / NETWORKS[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_those_of_pytorch(name):
    model = network(name)
    for digit, picture in digits.drawn().items():
        made = model.forward(model.preprocess.apply(picture)[None])[0]
        np.testing.assert_allclose(made, LOGITS[name][digit], atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("digit", "label"), [("zero", 0), ("one", 1), ("seven", 7), ("eight", 8)])
def test_drawn_digits_are_recognised(name, digit, label):
    probabilities = network(name).predict(digits.drawn()[digit])
    assert probabilities.argmax() == label
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)


def test_ink_on_paper_needs_the_image_turned_over():
    model, ink = network("mnist"), 255 - digits.drawn()["seven"]
    turned = model.preprocessed_by(invert=True).predict(ink)
    np.testing.assert_array_equal(turned, model.predict(digits.drawn()["seven"]))


def test_a_photo_of_any_size_and_colour_goes_in():
    digit = digits.drawn()["zero"]
    photo = np.repeat(np.kron(digit[..., 0], np.ones((8, 8)))[..., None], 3, axis=-1)
    assert network("mnist").predict(photo).argmax() == 0
