"""Photos and arrays in, `(H, W, C)` float32 on the 0-255 scale out.

Photos are PNG, JPEG, GIF, BMP, TIFF, WebP and PPM, told by content, not suffix. `.npy`, `.npz`,
`.csv` and `.txt` are arrays and keep their values.

The steps, in this order:

1. decode one `frame`; 2. alpha composited on white; 3. EXIF orientation applied; 4. `region`;
5. 16 bits divided by 257, `pixel_range` mapped to 0-255; 6. `resize`, from all pixels: the
reduction that libjpeg offers while decoding is another filter; 7. `gray`, which a JPEG may be
from the start.

ICC profiles and gamma chunks are ignored with a note, so that a pixel's number is the one in the
file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes, stem_of
from cnnviz.geometry import times
from cnnviz.images.adjust import Region, Resize, check_adjustments, crop, rescaled, resized
from cnnviz.images.formats import sniff, unsupported
from cnnviz.images.frames import no_frame
from cnnviz.images.gray import check_formula, to_gray
from cnnviz.images.photo import decode
from cnnviz.images.source import ImageSource, Source, open_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Image", "load_image", "read_image", "to_gray"]

MAX_PIXELS = 100_000_000


@dataclass(frozen=True, eq=False)
class Image:
    """An image as read, with what was done to it on the way.

    Attributes
    ----------
    path : str
        The source as it was given; `-` for standard input.
    name : str
        The file's name, for titles.
    stored : ndarray of uint8 or float32, (H, W, C); also (H, W) for an array file
        On the 0-255 scale; the photos of 8 bits, which fit in there, as they are.
    mode : str
        Pillow's mode of the file (`RGB`, `I;16`, …), `RGB;16` and the like for colour of 16 bits
        a channel, or `array`.
    notes : tuple of str
        Conversions that changed pixels, `EXIF orientation 6 applied`.
    """

    path: str
    name: str
    stored: NDArray[Any]
    mode: str
    notes: tuple[str, ...] = ()

    @cached_property
    def pixels(self) -> NDArray[np.float32]:
        """What is stored, as float32."""
        if self.stored.dtype != np.float32:
            check_bytes(self.stored.nbytes + 4 * self.stored.size, self.path)
        return self.stored.astype(np.float32, order="C", copy=False)

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return stem_of(self.name)

    @property
    def is_photo(self) -> bool:
        """True for a picture, whose values are on the 0-255 scale; False for an array."""
        return self.mode != "array"


def read_image(source: ImageSource, **settings: Any) -> NDArray[np.float32]:
    """Return the pixels of `load_image(source, **settings)`: (H, W, C) float32, 0-255.

    >>> read_image(b"P5 3 1 255 \\x00\\x80\\xff").tolist()
    [[[0.0], [128.0], [255.0]]]
    """
    return load_image(source, **settings).pixels


def load_image(
    source: ImageSource,
    *,
    max_pixels: int = MAX_PIXELS,
    region: Region | None = None,
    resize: Resize | None = None,
    pixel_range: tuple[float, float] | None = None,
    alpha: str = "white",
    frame: int = 0,
    member: str | None = None,
    gray: str | None = None,
) -> Image:
    """Read a photo or an array.

    Parameters
    ----------
    source : path, "-" for standard input, bytes, or a binary file
    max_pixels : int
        Larger images are refused, photos before they are decoded.
    region : (x, y, w, h), optional
        The part to keep, in pixels of the upright image.
    resize : int or (w, h), optional
        The new length of the longer side, or the new size. Antialiased bilinear; 8-bit photos
        are resized in 8 bits, so the result is whole numbers; everything else in float.
    pixel_range : (low, high), optional
        The values in the file that become 0 and 255; nothing is clipped. Needed for float and
        32-bit photos, which do not say what white is.
    alpha : "white", "drop" or "channel"
        Composite on white, forget, or keep as the last channel.
    frame : int
        The frame of an animation, as a viewer shows it, or the page of a TIFF, from 0; below 1000.
    member : str, optional
        The array to take from an `.npz`.
    gray : "luma601", "luma709", "average" or "linear", optional
        Only the gray image by that formula is wanted, of an image with three channels. `luma601`
        of most JPEGs is what is stored in them, in whole numbers.

    Returns
    -------
    Image
        Its `pixels` are float32: (H, W, 1) for gray, (H, W, 3) for colour, one channel more with
        `alpha="channel"`; the array's own (H, W) or (H, W, C) for array files.

    Raises
    ------
    InputError
        If the source is missing, corrupt, not finite or of another format.
    SpecError
        If a setting is wrong, the region is not inside the image or there is no such frame.
    RefusedError
        If the image has more than `max_pixels`, the frame is too far on, or the file is a pickle.
    """
    check_adjustments(region, resize, pixel_range, alpha, max_pixels, frame)
    if gray is not None:
        check_formula(gray)
    opened = open_source(source)
    with opened.file:
        try:
            if form := sniff(opened.head):
                photo = decode(
                    opened, form, alpha=alpha, frame=frame, max_pixels=max_pixels, gray=gray
                )
                pixels, white = photo.pixels, photo.white
                mode, notes = photo.mode, photo.notes
            else:
                if frame:
                    raise no_frame(opened.path, frame, 1)
                pixels, white = _finite(_array(opened, member, max_pixels), opened.path), 255
                mode, notes = "array", ()
            if region is not None:
                pixels = crop(pixels, region, opened.path)
            pixels, note = rescaled(pixels, white, pixel_range, opened.path)
            if white is None or pixel_range is not None:
                pixels = _finite(pixels, opened.path)
            if resize is not None:
                pixels = resized(pixels, resize, max_pixels)
            if gray is not None and pixels.ndim == 3 and pixels.shape[2] == 3:
                pixels = to_gray(pixels, gray)
            keep = np.uint8 if pixels.dtype == np.uint8 else np.float32
            pixels = pixels.astype(keep, order="C", copy=False)
        except MemoryError as error:
            raise RefusedError(
                f"{opened.path}: not enough memory", path=opened.path, hint="use a smaller image"
            ) from error
    return Image(opened.path, opened.name, pixels, mode, (*notes, *note))


def _array(opened: Source, member: str | None, max_pixels: int) -> NDArray[Any]:
    from cnnviz import arrays

    kind = arrays.sniff(opened.head, opened.suffix)
    if kind in (None, "pickle"):
        raise unsupported(opened)
    if arrays.holds_weights(kind):
        raise InputError(
            f"{opened.path}: holds weights, not an image",
            path=opened.path,
            hint="see them with: cnnviz kernels FILE",
        )
    array = arrays.read_array(opened.read(), name=opened.path, member=member)
    shape = times(array.shape)
    if array.ndim not in (2, 3):
        raise InputError(
            f"{opened.path}: an array of shape {shape} is not an image",
            path=opened.path,
            hint="an image is (H, W) or (H, W, C)",
        )
    if array.shape[0] * array.shape[1] > max_pixels:
        raise RefusedError(
            f"{opened.path}: {shape} is more than {max_pixels} pixels",
            path=opened.path,
            hint="use --max-pixels",
        )
    check_bytes(array.nbytes + array.size * 5, opened.path)  # float32, and which are finite
    return array


def _finite(pixels: NDArray[Any], path: str) -> NDArray[np.float32]:
    """Return float32, or raise for what has no finite value there."""
    with np.errstate(over="ignore"):
        result = np.asarray(pixels, dtype=np.float32)
    bad = result.size - int(np.count_nonzero(np.isfinite(result)))
    if bad:
        what = "is" if bad == 1 else "are"
        raise InputError(f"{path}: {bad} of {result.size} values {what} NaN or infinite", path=path)
    return result
