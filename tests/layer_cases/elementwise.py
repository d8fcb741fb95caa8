"""Nonlinearities, and what passes values on or scales them: the shape stays."""

from __future__ import annotations

from layer_cases.case import Case

IMAGE, ROW = (4, 3, 6), (8,)
CASES = [
    Case("Activation", {"activation": "relu"}, (IMAGE,), IMAGE),
    Case("Activation", {"activation": "hard_swish"}, (ROW,), ROW),
    Case("ReLU", {}, (IMAGE,), IMAGE),
    Case("ReLU", {"max_value": 6, "negative_slope": 0.1, "threshold": 0.5}, (ROW,), ROW),
    Case("LeakyReLU", {}, (IMAGE,), IMAGE),
    Case("LeakyReLU", {"negative_slope": 0.01}, (ROW,), ROW),
    Case("PReLU", {}, (IMAGE,), IMAGE, params=72),
    Case("PReLU", {"shared_axes": [1, 2]}, (IMAGE,), IMAGE, params=6),
    Case("PReLU", {"shared_axes": (-1,)}, (IMAGE,), IMAGE, params=12),
    Case("PReLU", {"shared_axes": 1}, (ROW,), ROW, params=1),
    Case("ELU", {"alpha": 0.5}, (IMAGE,), IMAGE),
    Case("GELU", {}, (IMAGE,), IMAGE),
    Case("GELU", {"approximate": True}, (IMAGE,), IMAGE),
    Case("SiLU", {}, (IMAGE,), IMAGE),
    Case("HardSwish", {}, (IMAGE,), IMAGE),
    Case("Sigmoid", {}, (IMAGE,), IMAGE),
    Case("Tanh", {}, (ROW,), ROW),
    Case("Softmax", {}, (IMAGE,), IMAGE),
    Case("Softmax", {"axis": 1}, (IMAGE,), IMAGE),
    Case("Softmax", {"axis": 1}, (ROW,), ROW),
    Case("Identity", {}, (IMAGE,), IMAGE),
    Case("Dropout", {"rate": 0.5}, (ROW,), ROW),
    Case("SpatialDropout2D", {"rate": 0.25}, (IMAGE,), IMAGE),
    Case("Rescaling", {"scale": 1 / 255}, (IMAGE,), IMAGE),
    Case("Rescaling", {"scale": [1, 2, 3, 4, 5, 6], "offset": [-1] * 6}, (IMAGE,), IMAGE),
]
