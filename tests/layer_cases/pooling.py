"""Pooling over windows, and over everything."""

from __future__ import annotations

from layer_cases.case import Case

IMAGE, SEQUENCE = (7, 6, 3), (9, 4)
CASES = [
    Case("MaxPooling2D", {}, (IMAGE,), (3, 3, 3)),
    Case("MaxPooling2D", {"pool_size": 3, "strides": 2}, ((15, 15, 2),), (7, 7, 2)),
    Case("MaxPooling2D", {"pool_size": 3, "padding": "same", "strides": 2}, (IMAGE,), (4, 3, 3)),
    Case("MaxPooling2D", {"pool_size": (3, 2), "padding": ((1, 0), (0, 1))}, (IMAGE,), (2, 3, 3)),
    Case("MaxPooling2D", {"strides": 3, "ceil_mode": True}, (IMAGE,), (3, 2, 3)),
    Case("MinPooling2D", {"pool_size": (1, 5)}, (IMAGE,), (7, 1, 3)),
    Case("AveragePooling2D", {"pool_size": (2, 1)}, (IMAGE,), (3, 6, 3)),
    Case(
        "AveragePooling2D",
        {"pool_size": 3, "padding": 3, "count_include_pad": True},
        (IMAGE,),
        (4, 4, 3),
    ),
    Case("LpPooling2D", {"p": 3, "padding": "same"}, (IMAGE,), (4, 3, 3)),
    Case("GlobalMaxPooling2D", {}, (IMAGE,), (3,)),
    Case("GlobalMaxPooling2D", {"keepdims": True}, (IMAGE,), (1, 1, 3)),
    Case("GlobalAveragePooling2D", {}, (IMAGE,), (3,)),
    Case("MaxPooling1D", {}, (SEQUENCE,), (4, 4)),
    Case("MaxPooling1D", {"pool_size": 3, "padding": (1, 0), "strides": 1}, (SEQUENCE,), (8, 4)),
    Case("AveragePooling1D", {"ceil_mode": True}, (SEQUENCE,), (5, 4)),
    Case("AveragePooling1D", {"padding": 2, "count_include_pad": True}, (SEQUENCE,), (6, 4)),
    Case("GlobalMaxPooling1D", {"keepdims": True}, (SEQUENCE,), (1, 4)),
    Case("GlobalAveragePooling1D", {}, (SEQUENCE,), (4,)),
]
