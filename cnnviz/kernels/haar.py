"""Haar's wavelets: sums and differences of two neighbours, down and across."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import product

SUM, DIFFERENCE = (1, 1), (-1, 1)
SOURCE = "Haar 1910; scaled to unit length, so that the four with stride 2 lose nothing"

KERNELS = (
    Entry("haar-sum", lambda: product(SUM, SUM) / 2, "twice the average of 2x2 cells", SOURCE),
    Entry(
        "haar-x",
        lambda: product(SUM, DIFFERENCE) / 2,
        "vertical edges of 2x2 cells; positive where it is brighter to the right",
        SOURCE,
    ),
    Entry(
        "haar-y",
        lambda: product(DIFFERENCE, SUM) / 2,
        "horizontal edges of 2x2 cells; positive where it is brighter below",
        SOURCE,
    ),
    Entry("haar-xy", lambda: product(DIFFERENCE, DIFFERENCE) / 2, "diagonals of 2x2 cells", SOURCE),
)
BANKS = {"haar": {f"haar-{part}": f"haar-{part}" for part in ("sum", "x", "y", "xy")}}
