"""Layers of several inputs."""

from __future__ import annotations

from layer_cases.case import Case

IMAGE, GATE = (4, 3, 6), (1, 1, 6)
CASES = [
    Case("Add", {}, (IMAGE, IMAGE, IMAGE), IMAGE),
    Case("Add", {}, (GATE, IMAGE), IMAGE),
    Case("Add", {}, ((4, 1, 6), (3, 1)), IMAGE),
    Case("Subtract", {}, (IMAGE, IMAGE), IMAGE),
    Case("Multiply", {}, (IMAGE, GATE), IMAGE),
    Case("Multiply", {}, (IMAGE, (6,)), IMAGE),
    Case("Average", {}, (IMAGE, IMAGE, IMAGE), IMAGE),
    Case("Maximum", {}, (IMAGE, IMAGE), IMAGE),
    Case("Minimum", {}, ((5,), (5,), (1,)), (5,)),
    Case("Concatenate", {}, (IMAGE, (4, 3, 1), IMAGE), (4, 3, 13)),
    Case("Concatenate", {"axis": 3}, (IMAGE, IMAGE), (4, 3, 12)),
    Case("Concatenate", {"axis": 1}, (IMAGE, (2, 3, 6)), (6, 3, 6)),
    Case("Concatenate", {"axis": -1}, ((5,), (2,)), (7,)),
]
