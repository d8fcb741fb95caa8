"""Models by built-in name, spec file or inline spec.

>>> from cnnviz import load_model
>>> model = load_model("Conv2D(16, 3, strides=2) Flatten() Dense(10)", input_shape=(28, 28, 1))
>>> model.graph.shapes()["conv1"]
(13, 13, 16)
"""

from __future__ import annotations

from cnnviz.model.load import load_model
from cnnviz.model.model import Model

__all__ = ["Model", "load_model"]
