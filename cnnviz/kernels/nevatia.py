"""Nevatia and Babu's masks: straight edges of 5x5 cells in steps of 30 degrees."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import array

RIGHT = ((-100, -100, 0, 100, 100),) * 5
RISING = (
    (-100, 32, 100, 100, 100),
    (-100, -78, 92, 100, 100),
    (-100, -100, 0, 100, 100),
    (-100, -100, -92, 78, 100),
    (-100, -100, -100, -32, 100),
)
ANGLES = tuple(str(angle) for angle in range(0, 360, 30))


def nevatia_babu(angle: str) -> Array:
    """Return the mask that answers where it is brighter at `angle` degrees, counter-clockwise."""
    quarters, rest = divmod(int(angle), 90)
    kernel = array(RISING if rest else RIGHT)
    if rest == 60:
        kernel = kernel.T[::-1, ::-1]  # 30 degrees mirrored in the rising diagonal
    return np.rot90(kernel, quarters).copy()


KERNELS = (
    Entry(
        "nevatia-babu",
        nevatia_babu,
        "long straight edges; positive where it is brighter at ANGLE degrees, 0 is to the right",
        "Nevatia and Babu 1980, Linear Feature Extraction and Description",
        (Choice("angle", "0", ANGLES),),
    ),
)
# The paper's six; the other angles are their negatives.
BANKS = {"nevatia-babu": {f"nevatia-babu-{a}": f"nevatia-babu:{a}" for a in ANGLES[:6]}}
