"""Laws's texture masks: every product of five short vectors."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels._stencil import product

VECTORS = {
    "l5": (1, 4, 6, 4, 1),
    "e5": (-1, -2, 0, 2, 1),
    "s5": (-1, 0, 2, 0, -1),
    "w5": (-1, 2, 0, -2, 1),
    "r5": (1, -4, 6, -4, 1),
}


def laws(down: str, across: str) -> Array:
    """Return the product of a column and a row."""
    return product(VECTORS[down], VECTORS[across])


KERNELS = (
    Entry(
        "laws",
        laws,
        "texture: l5 level, e5 edge, s5 spot, w5 wave or r5 ripple, down and across",
        "Laws 1980, Textured Image Segmentation: L5, E5, S5, W5, R5",
        (Choice("down", "l5", tuple(VECTORS)), Choice("across", "e5", tuple(VECTORS))),
    ),
)
BANKS = {"laws": {f"laws-{a}{b}": f"laws:{a},{b}" for a in VECTORS for b in VECTORS}}
