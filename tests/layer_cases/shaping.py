"""Layers that lay the same values out anew."""

from __future__ import annotations

from layer_cases.case import Case

IMAGE = (4, 3, 6)
CASES = [
    Case("Flatten", {}, (IMAGE,), (72,)),
    Case("Flatten", {}, ((5,),), (5,)),
    Case("Reshape", {"target_shape": (6, 6, -1)}, (IMAGE,), (6, 6, 2)),
    Case("Reshape", {"target_shape": [4, 3, -1]}, ((4, 3, 2, 3),), (4, 3, 6)),
    Case("Reshape", {"target_shape": (-1,)}, (IMAGE,), (72,)),
    Case("Reshape", {"target_shape": (3, 3)}, ((9,),), (3, 3)),
    Case("Permute", {"dims": (3, 1, 2)}, (IMAGE,), (6, 4, 3)),
    Case("Permute", {"dims": [1, 2, 3]}, (IMAGE,), IMAGE),
    Case("Permute", {"dims": (1,)}, ((5,),), (5,)),
]
