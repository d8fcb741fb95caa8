"""The kernels of the page "Image Kernels, explained visually" on setosa.io.

Matched: what the page draws, where each number is multiplied with the pixel at its own place.
"""

from __future__ import annotations

from cnnviz.kernels import sobel
from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import facing
from cnnviz.kernels.binomial import binomial
from cnnviz.kernels.edge import edge
from cnnviz.kernels.emboss import emboss
from cnnviz.kernels.identity import identity
from cnnviz.kernels.sharpen import sharpen

SOURCE = "Victor Powell, Image Kernels, setosa.io/ev/image-kernels"


def _sobel(side: str, direction: str) -> Entry:
    def build() -> Array:
        return facing(sobel.x(), direction, was="e")

    return Entry(
        f"setosa:{side}-sobel", build, f"edges; positive where it is brighter to the {side}", SOURCE
    )


KERNELS = (
    Entry("setosa:blur", lambda: binomial(3), "blur, an average", SOURCE),
    _sobel("bottom", "s"),
    Entry("setosa:emboss", lambda: emboss("se"), "relief, lit from the lower right", SOURCE),
    Entry("setosa:identity", identity, "the image itself", SOURCE),
    _sobel("left", "w"),
    Entry("setosa:outline", edge, "outline, edges in every direction", SOURCE),
    _sobel("right", "e"),
    Entry("setosa:sharpen", lambda: sharpen("4"), "sharper image", SOURCE),
    _sobel("top", "n"),
)
