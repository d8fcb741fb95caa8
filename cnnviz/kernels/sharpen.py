"""The image plus its edges."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Choice, Entry
from cnnviz.kernels.identity import identity
from cnnviz.kernels.laplacian import laplacian


def sharpen(neighbours: str) -> Array:
    """Return the identity minus the Laplacian."""
    return identity() - laplacian(neighbours)


KERNELS = (
    Entry(
        "sharpen",
        sharpen,
        "sharper image, the image minus its Laplacian over 4 or 8 neighbours",
        "Gonzalez and Woods, Digital Image Processing: Laplacian sharpening",
        (Choice("neighbours", "4", ("4", "8")),),
    ),
)
