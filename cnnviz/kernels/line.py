"""Detectors of bright lines, one cell wide."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import product, turned

SOURCE = "Gonzalez and Woods, Digital Image Processing: line detection"


def horizontal() -> Array:
    """Return the detector of horizontal lines, of which the others are turns."""
    return product((-1, 2, -1), (1, 1, 1))


KERNELS = (
    Entry("line-h", horizontal, "bright horizontal lines", SOURCE),
    Entry("line-v", lambda: horizontal().T.copy(), "bright vertical lines", SOURCE),
    Entry("line-45", lambda: turned(horizontal(), 1), "bright lines that rise like /", SOURCE),
    Entry("line-135", lambda: turned(horizontal(), -1), "bright lines that fall like \\", SOURCE),
)
BANKS = {"line": {name: name for name in ("line-h", "line-45", "line-v", "line-135")}}
