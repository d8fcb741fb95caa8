"""The blur of a camera that moved."""

from __future__ import annotations

import numpy as np

from cnnviz.kernels._entry import Array, Entry, angle, odd_size
from cnnviz.kernels._stencil import offsets


def motion(size: int, angle: float) -> Array:
    """Return the average along a line of `size` cells at `angle` degrees.

    A cell weighs 1 minus its distance from the line, so that slanted lines are smooth.
    """
    across, along = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    x, y = offsets(size)[None, :], -offsets(size)[:, None]
    reach = (size - 1) / 2
    place = np.clip(x * along + y * across, -reach, reach)
    distance = np.hypot(x - place * along, y - place * across)
    # Rounded, so that a cell at distance 1 up to the last digit of sin and cos weighs exactly 0.
    weights: Array = np.clip(np.round(1 - distance, 12), 0, None)
    weights /= weights.sum()
    return weights


KERNELS = (
    Entry(
        "motion",
        motion,
        "motion blur, the average along a line",
        "after fspecial('motion') of MATLAB: a length, and an angle counter-clockwise",
        (odd_size(9), angle(0)),
    ),
)
