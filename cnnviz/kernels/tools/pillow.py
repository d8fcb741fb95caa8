"""The ten filters of Pillow's ImageFilter.

Matched: `image.filter(ImageFilter.EMBOSS)` before it rounds and clips. Pillow divides by a scale,
adds an offset, and applies the bottom row of its table first: EMBOSS looks turned over here.
"""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry
from cnnviz.kernels._stencil import array

SOURCE = "Pillow, ImageFilter"


def _around(middle: float, ring: float) -> Array:
    """Return a 3x3 kernel of one value in the middle and one around it."""
    return array([[ring, ring, ring], [ring, middle, ring], [ring, ring, ring]])


def _nested(middle: float, inner: float, outer: float) -> Array:
    """Return a 5x5 kernel of one value in the middle and two rings around it."""
    kernel = array([[outer] * 5] * 5)
    kernel[1:4, 1:4] = _around(middle, inner)
    return kernel


KERNELS = (
    Entry("pillow:blur", lambda: _nested(0, 0, 1), "blur, the average of a ring", SOURCE, scale=16),
    Entry(
        "pillow:contour",
        lambda: _around(8, -1),
        "outline drawn dark on white: edges from 255 down",
        SOURCE,
        offset=255,
    ),
    Entry(
        "pillow:detail",
        lambda: array([[0, -1, 0], [-1, 10, -1], [0, -1, 0]]),
        "slightly sharper image",
        SOURCE,
        scale=6,
    ),
    Entry("pillow:edge-enhance", lambda: _around(10, -1), "sharper image", SOURCE, scale=2),
    Entry("pillow:edge-enhance-more", lambda: _around(9, -1), "much sharper image", SOURCE),
    Entry(
        "pillow:emboss",
        lambda: array([[-1, 0, 0], [0, 1, 0], [0, 0, 0]])[::-1].copy(),
        "relief in middle gray; lifts what is brighter than its lower left",
        SOURCE,
        offset=128,
    ),
    Entry("pillow:find-edges", lambda: _around(8, -1), "edges in every direction", SOURCE),
    Entry("pillow:sharpen", lambda: _around(32, -2), "sharper image", SOURCE, scale=16),
    Entry("pillow:smooth", lambda: _around(5, 1), "soft blur, an average", SOURCE, scale=13),
    Entry("pillow:smooth-more", lambda: _nested(44, 5, 1), "blur, an average", SOURCE, scale=100),
)
