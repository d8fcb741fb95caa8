"""Farid and Simoncelli's first derivatives, matched to their smoothing for true angles."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import product

# Both vectors are the result of one minimisation in the paper; its five-tap pair.
SMOOTH = (
    0.0376593171958126,
    0.249153396177344,
    0.426374573253687,
    0.249153396177344,
    0.0376593171958126,
)
DIFFERENCE = (-0.109603762960254, -0.276690988455557, 0, 0.276690988455557, 0.109603762960254)
SOURCE = "Farid and Simoncelli 2004, Differentiation of Discrete Multidimensional Signals; 5 taps"


def x() -> Array:
    """Return the derivative to the right."""
    return product(SMOOTH, DIFFERENCE)


KERNELS = (
    Entry(
        "farid-x",
        x,
        "vertical edges, true in angle over 5 cells; positive where it is brighter to the right",
        SOURCE,
    ),
    Entry(
        "farid-y",
        lambda: x().T.copy(),
        "horizontal edges, true in angle over 5 cells; positive where it is brighter below",
        SOURCE,
    ),
)
BANKS = {"farid": {"farid-x": "farid-x", "farid-y": "farid-y"}}
