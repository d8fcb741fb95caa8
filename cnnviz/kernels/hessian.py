"""The second derivatives one by one: bends across, down, and the twist of corners."""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._stencil import array, product

SOURCE = "second differences; the entries of the Hessian matrix"

KERNELS = (
    Entry("hessian-xx", lambda: array([[1, -2, 1]]), "bends across; positive in dips", SOURCE),
    Entry("hessian-yy", lambda: array([[1], [-2], [1]]), "bends down; positive in dips", SOURCE),
    Entry(
        "hessian-xy",
        lambda: product((-1, 0, 1), (-1, 0, 1)) / 4,
        "corners and saddles; positive where it is brighter to the upper left and lower right",
        SOURCE,
    ),
)
BANKS = {"hessian": {name: name for name in ("hessian-xx", "hessian-yy", "hessian-xy")}}
