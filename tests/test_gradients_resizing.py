"""Gradients of padding, cropping and upsampling, by central differences."""

from __future__ import annotations

import pytest
from differences import assert_gradients, drawn_run

from cnnviz import layers

CASES = [
    ("ZeroPadding1D", {"padding": (2, 1)}, (4, 3)),
    ("ZeroPadding2D", {"padding": ((0, 2), (1, 0))}, (3, 4, 2)),
    ("ZeroPadding2D", {"padding": 0}, (3, 4, 2)),
    ("Cropping1D", {"cropping": (0, 2)}, (5, 2)),
    ("Cropping2D", {"cropping": ((1, 0), (2, 1))}, (4, 5, 2)),
    ("Cropping2D", {"cropping": 0}, (4, 5, 2)),
    ("UpSampling1D", {"size": 3}, (4, 2)),
    *(
        ("UpSampling2D", {"size": size, "interpolation": name}, shape)
        for size in (1, 2, 3, (2, 1), (4, 5))
        for name in ("nearest", "bilinear")
        for shape in ((3, 4, 2), (1, 1, 1), (2, 1, 3))
    ),
]


@pytest.mark.parametrize(("name", "settings", "shape"), CASES)
def test_gradients(name, settings, shape):
    layer = layers.find(name)(**settings)
    weights, x = drawn_run(layer, shape, 0)
    assert_gradients(layer, weights, x)
