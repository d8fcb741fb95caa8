"""Detectors of bright lines, one cell wide."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import product, turned

HORIZONTAL = product((-1, 2, -1), (1, 1, 1))
SOURCE = "Gonzalez and Woods, Digital Image Processing: line detection"

KERNELS = (
    Entry("line-h", HORIZONTAL.copy, "bright horizontal lines", SOURCE),
    Entry("line-v", HORIZONTAL.T.copy, "bright vertical lines", SOURCE),
    Entry("line-45", lambda: turned(HORIZONTAL, 1), "bright lines that rise like /", SOURCE),
    Entry("line-135", lambda: turned(HORIZONTAL, -1), "bright lines that fall like \\", SOURCE),
)
BANKS = {"line": {name: name for name in ("line-h", "line-45", "line-v", "line-135")}}
