"""Normalisation: two trained numbers a channel, or none, and two statistics."""

from __future__ import annotations

from layer_cases.case import Case

IMAGE = (4, 3, 6)
MEAN, VARIANCE = [0.485, 0.456, 0.406], [0.0524, 0.0502, 0.0506]
CASES = [
    Case("BatchNormalization", {}, (IMAGE,), IMAGE, params=12, statistics=12),
    Case("BatchNormalization", {"axis": 3}, (IMAGE,), IMAGE, params=12, statistics=12),
    Case("BatchNormalization", {"scale": False}, (IMAGE,), IMAGE, params=6, statistics=12),
    Case(
        "BatchNormalization",
        {"momentum": 0.9, "epsilon": 1e-5, "center": False},
        ((8,),),
        (8,),
        params=8,
        statistics=16,
    ),
    Case("LocalResponseNormalization", {}, (IMAGE,), IMAGE),
    Case("LocalResponseNormalization", {"size": 2, "alpha": 0.5, "bias": 2}, ((5,),), (5,)),
    Case("Normalization", {}, (IMAGE,), IMAGE, statistics=12),
    Case("Normalization", {"axis": None}, (IMAGE,), IMAGE, statistics=2),
    Case("Normalization", {"axis": (1, 3)}, (IMAGE,), IMAGE, statistics=48),
    Case("Normalization", {"mean": MEAN, "variance": VARIANCE}, ((4, 3, 3),), (4, 3, 3)),
    Case("Normalization", {"mean": 0.1, "variance": 0.09, "invert": True}, (IMAGE,), IMAGE),
]
