"""Resizing exactly as PyTorch's vision library does it.

On pictures it uses Pillow, whose filters widen where they reduce (antialiasing); on tensors, in its
older form, `torch.nn.functional.interpolate`, which reads two or four pixels whatever the size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    from cnnviz.contract import Array

FILTERS = ("nearest", "bilinear", "bicubic", "lanczos")
_CUBIC = -0.75  # Keys's parameter in interpolate and in OpenCV; Pillow's is -0.5


def resampled(
    image: Array, size: tuple[int, int], filter: str = "bilinear", *, antialias: bool = True
) -> Array:
    """Return an image in another size.

    Parameters
    ----------
    image : ndarray, (H, W, C)
        Whole numbers from 0 to 255 are resized in 8 bits and rounded, if `antialias`, as Pillow
        resizes pictures; other values in float32.
    size : (int, int)
        Rows and columns of the result.
    filter : {"nearest", "bilinear", "bicubic", "lanczos"}
    antialias : bool
        Whether the filter widens where the image gets smaller. Nearest never widens: with
        `antialias` it takes the pixel at the centre, as Pillow, else the one at the start, as
        `interpolate`.

    Returns
    -------
    ndarray of float32, (*size, C)

    Raises
    ------
    SpecError
        For another filter, and for Lanczos without antialiasing, which has no definition.

    >>> import numpy as np
    >>> resampled(np.arange(8.0).reshape(2, 4, 1), (1, 2), antialias=False)[..., 0].tolist()
    [[2.5, 4.5]]
    """
    import numpy as np

    check_filter(filter, antialias)
    height, width = size
    values = height * width * image.shape[-1]
    check_bytes(image.nbytes + 4 * (image.size + 3 * values), f"an image resized to {times(size)}")
    if image.shape[:2] == size:
        return np.asarray(image, np.float32)
    if antialias:
        return _by_pillow(image, size, filter)
    result = np.asarray(image, np.float32)
    for axis, length in enumerate(size):
        result = _along(result, axis, length, filter)
    return result


def check_filter(filter: str, antialias: bool) -> None:
    """Refuse a filter that is unknown or cannot do without antialiasing."""
    if filter not in FILTERS:
        raise SpecError(f"filter {filter!a} is not one of {', '.join(FILTERS)}")
    if filter == "lanczos" and not antialias:
        raise SpecError("filter lanczos needs antialias", hint="use bicubic or antialias = true")


def _by_pillow(image: Array, size: tuple[int, int], filter: str) -> Array:
    import numpy as np
    from PIL import Image

    kind = Image.Resampling[filter.upper()]
    whole = bool(np.all((image >= 0) & (image <= 255) & (image == np.floor(image))))
    planes = np.moveaxis(image.astype(np.uint8 if whole else np.float32), -1, 0)
    result = np.empty((*size, len(planes)), np.float32)
    for channel, plane in enumerate(planes):
        picture = Image.fromarray(np.ascontiguousarray(plane))
        result[..., channel] = np.asarray(picture.resize(size[::-1], kind))
    return result


def _along(image: Array, axis: int, length: int, filter: str) -> Array:
    """Resize one axis by reading the few nearest cells, centres aligned as in `interpolate`."""
    import numpy as np

    cells = image.shape[axis]
    if filter == "nearest":
        step = np.float32(cells) / np.float32(length)  # in single precision, which decides ties
        taken = np.floor(np.arange(length, dtype=np.float32) * step).astype(int)
        nearest: Array = np.take(image, np.minimum(taken, cells - 1), axis)
        return nearest
    place = (np.arange(length) + 0.5) * (cells / length) - 0.5
    if filter == "bilinear":
        place = np.maximum(place, 0)
    first = np.floor(place).astype(int)
    apart = place - first
    weights = _linear(apart) if filter == "bilinear" else _cubic(apart)
    shape = [1] * image.ndim
    shape[axis] = length
    result = np.zeros((*image.shape[:axis], length, *image.shape[axis + 1 :]), np.float32)
    for offset, weight in weights.items():
        taken = np.clip(first + offset, 0, cells - 1)
        result += np.take(image, taken, axis) * weight.astype(np.float32).reshape(shape)
    return result


def _linear(t: Array) -> dict[int, Array]:
    return {0: 1 - t, 1: t}


def _cubic(t: Array) -> dict[int, Array]:
    """Return Keys's weights ("Cubic convolution interpolation", 1981) of four cells around `t`."""
    a = _CUBIC

    def near(x: Array) -> Array:
        result: Array = ((a + 2) * x - (a + 3)) * x * x + 1
        return result

    def far(x: Array) -> Array:
        result: Array = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        return result

    return {-1: far(t + 1), 0: near(t), 1: near(1 - t), 2: far(2 - t)}
