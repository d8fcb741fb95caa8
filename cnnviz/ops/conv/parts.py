"""Parts of a convolution's output, each the work of one thread at a time.

Which do not depend on the number of threads: results are the same bits on any.
"""

from __future__ import annotations

from cnnviz.geometry import Shape
from cnnviz.ops.threads import PART, WORK

# Output rows of an image that is divided come in so many parts.
PARTS = 8
# Rows of a part of a high image are a multiple of it, since strategies make some rows at a time.
EVEN = 16

Rows = tuple[slice, slice]  # images and output rows


def by_rows(shape: Shape, macs: float, pieces: int = PARTS) -> list[Rows]:
    """Return parts of an output `(N, H', W', filters)`: some images, or rows of one in `pieces`."""
    count, height = shape[:2]
    if macs < WORK:
        return [(slice(0, count), slice(0, height))]
    if count >= PARTS:
        return [(images, slice(0, height)) for images in cut(count, max(2, -(-count // PART)))]
    rows = cut(height, pieces, of=EVEN if height >= 16 * EVEN else 1)
    return [(slice(n, n + 1), piece) for n in range(count) for piece in rows]


def cut(count: int, pieces: int, *, of: int = 1) -> list[slice]:
    """Return up to so many slices of one size, a multiple of `of`, but the last.

    >>> cut(36, 3)
    [slice(0, 12, None), slice(12, 24, None), slice(24, 36, None)]
    """
    size = max(1, -(-count // pieces // of) * of)
    return [slice(at, min(at + size, count)) for at in range(0, count, size)]
