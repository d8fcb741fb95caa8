"""Samples that Pillow decodes but has no mode for: 16 bits a channel, premultiplied, odd maxima.

Pillow's decoders undo compression, interlacing and prediction, then an unpacker named by a raw mode
("RGB;16B") takes the bytes of a row apart, and keeps the high byte of each 16-bit sample. Named
with the other byte order, it keeps the low one. So these files are decoded twice, once for each
byte, by decoders that are not ours.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnviz.images.alpha import Samples, by_strips, keyed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

_BITS, _PLANAR = 258, 284  # tags of TIFF
_PREMULTIPLIED = ("RGBa", "RGBaX", "RGBaXX")
_OTHER = {"L": "B", "B": "L"}
SHALLOW = "16 bits a channel read as 8"


class Layout(NamedTuple):
    """How Pillow is asked to decode a file.

    Attributes
    ----------
    name : str
        The file's mode, written as Pillow writes those that it has: `RGB;16`.
    mode : str
        The mode to decode in, whose bands get the samples.
    raw : tuple of str
        The raw mode of each tile.
    low : tuple of str
        The same for the low bytes, in a second pass; empty if one is enough.
    bands : int
        Samples of a pixel that lie side by side in a row of the decoded image.
    maximum : int
        The value of white; 0 if the name says it.
    """

    name: str
    mode: str
    raw: tuple[str, ...]
    low: tuple[str, ...] = ()
    bands: int = 1
    maximum: int = 0

    def arrange(self, image: ImageFile, *, low: bool = False) -> None:
        """Change what `image.load()` does."""
        image._mode = self.mode
        width, height = image.size
        if self.bands > 1:
            image._size = (width * self.bands, height)
        for i, raw in enumerate(self.low if low else self.raw):
            tile = image.tile[i]
            decoder, extents, arguments = tile[0], tile[1], tile[3]
            rest = arguments[1:] if isinstance(arguments, tuple) else ()
            if self.bands > 1:
                extents = (0, 0, width * self.bands, height)
            if self.maximum and decoder == "ppm":  # Python, slow, and rounds
                decoder, rest = "raw", (0, 1)
            image.tile[i] = type(tile)(decoder, extents, tile[2], (raw, *rest))

    def samples(self, first: NDArray[Any], second: NDArray[Any] | None, key: Any) -> Samples:
        """Put the decoded passes together; `key` is the file's transparent colour."""
        kind = self.name.partition(";")[0]
        if self.maximum:
            values = first.reshape(len(first), -1, self.bands)
            return Samples(np.minimum(values, self.maximum), self.maximum)
        if second is not None:
            both = np.empty((*first.shape, 2), np.uint8)
            both[..., 0], both[..., 1] = second, first
            values = both.view("<u2")[..., 0]
        elif kind == "LA":
            values = np.ascontiguousarray(first).view(">u2")
        else:
            values = first
        white = 65535 if values.dtype.itemsize == 2 else 255
        if kind == "CMYK":
            from cnnviz.images.spaces import cmyk_to_rgb

            return Samples(by_strips(cmyk_to_rgb, values, white), white)
        samples = Samples(values, white, {"A": "straight", "a": "premultiplied"}.get(kind[-1], ""))
        return keyed(samples, key) if isinstance(key, tuple) and kind == "RGB" else samples


def layout(image: ImageFile, frame: int) -> tuple[Layout | None, tuple[str, ...]]:
    """Return how to decode an open image, None for as it is, and a note if that loses bits."""
    raw = raw_modes(image)
    if not raw or raw[0].startswith(("I", "F")):
        return None, ()
    decoder = image.tile[0][0]
    if decoder in ("ppm", "ppm_plain"):
        return _of_ppm(image, decoder), ()
    planar = getattr(image, "tag_v2", {}).get(_PLANAR) == 2
    if decoder == "raw" and planar:
        return _of_planes(image, raw), ()
    if not raw[0].endswith((";16L", ";16B", ";16N")):
        if raw[0] in _PREMULTIPLIED and not planar:
            return Layout("RGBa", "RGBA", tuple(r.replace("a", "A") for r in raw)), ()
        return None, ()
    if planar or (frame and decoder == "zip"):
        # libtiff's planes have one unpacker; the frames of a PNG are blended in 8 bits.
        return None, (SHALLOW,)
    if raw[0] == "LA;16B":
        return Layout("LA;16", "RGBA", ("RGBA",)), ()
    stem, _, order = raw[0].partition(";16")
    order = order if order in _OTHER else sys.byteorder[0].upper()
    return _two_passes(stem, [stem] * len(raw), order), ()


def _two_passes(kind: str, stems: list[str], order: str) -> Layout:
    mode = "RGB" if kind in ("RGB", "RGBX") else "RGBA"
    stems = [{"CMYK": "RGBA", "RGBa": "RGBA", "a": "A"}.get(stem, stem) for stem in stems]
    high = tuple(f"{stem};16{order}" for stem in stems)
    low = tuple(f"{stem};16{_OTHER[order]}" for stem in stems)
    return Layout(f"{kind};16", mode, high, low)


def _of_planes(image: ImageFile, raw: list[str]) -> Layout | None:
    """A TIFF with its channels one after another: each tile's raw mode is a channel's letter."""
    bits = image.tag_v2[_BITS][0]  # type: ignore[attr-defined]
    kind = "RGBa" if "a" in raw else image.mode
    if bits == 16:
        letters = ["RGBA"["CMYK".index(r)] if kind == "CMYK" else r for r in raw]
        prefix: bytes = image.tag_v2.prefix  # type: ignore[attr-defined]
        return _two_passes(kind, letters, "L" if prefix == b"II" else "B")
    if kind == "RGBa":
        return Layout(kind, "RGBA", tuple(r.upper() for r in raw))
    return None


def _of_ppm(image: ImageFile, decoder: str) -> Layout | None:
    """Netpbm states its own white; colour of 16 bits is decoded as gray, three times as wide."""
    bands = 3 if image.mode == "RGB" else 1
    arguments: Any = image.tile[0][3]
    maximum = int(arguments[1]) if isinstance(arguments, tuple) else 255
    deep = "" if maximum < 256 else ";16"
    if decoder == "ppm":
        mode = "I;16B" if deep else "L"
        return Layout(f"{image.mode}{deep}", mode, (mode,), bands=bands, maximum=maximum)
    if deep and bands == 3:  # this decoder scales to 16 bits itself
        return Layout("RGB;16", "I", ("I",), bands=bands, maximum=65535)
    return None


def raw_modes(image: ImageFile) -> list[str]:
    """Return the raw mode of each tile of an open image."""
    arguments = [tile[3] for tile in image.tile]
    return [str(a[0]) if isinstance(a, tuple) and a else str(a) for a in arguments]
