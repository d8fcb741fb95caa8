"""What an average leaves out."""

from __future__ import annotations

from cnnviz.kernels._entry import Array, Entry, odd_size
from cnnviz.kernels.box import box


def high_pass(size: int) -> Array:
    """Return the identity minus the mean over `size` x `size` cells."""
    kernel = -box(size)
    kernel[size // 2, size // 2] += 1
    return kernel


KERNELS = (
    Entry(
        "high-pass",
        high_pass,
        "details: the image minus its box blur; 1/9 of edge at size 3",
        "identity - box:SIZE; Gonzalez and Woods, Digital Image Processing: highpass",
        (odd_size(3, low=3),),
    ),
)
