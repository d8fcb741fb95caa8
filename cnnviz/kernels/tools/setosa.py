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


def _sobel(side: str, direction: str, brighter: str) -> Entry:
    def build() -> Array:
        return facing(sobel.x(), direction, was="e")

    summary = f"edges; positive where it is brighter {brighter}"
    return Entry(f"setosa:{side}-sobel", build, summary, SOURCE)


KERNELS = (
    Entry("setosa:blur", lambda: binomial(3), "blur, an average", SOURCE),
    _sobel("bottom", "s", "below"),
    Entry("setosa:emboss", lambda: emboss("se"), "relief, lit from the lower right", SOURCE),
    Entry("setosa:identity", identity, "the image itself", SOURCE),
    _sobel("left", "w", "to the left"),
    Entry("setosa:outline", edge, "outline, edges in every direction", SOURCE),
    _sobel("right", "e", "to the right"),
    Entry("setosa:sharpen", lambda: sharpen("4"), "sharper image", SOURCE),
    _sobel("top", "n", "above"),
)
