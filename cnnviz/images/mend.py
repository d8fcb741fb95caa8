"""What Pillow's readers get wrong in a file's header, set right before it is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz.images.depth import Layout, raw_modes

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_PHOTOMETRIC, _SAMPLES_PER_PIXEL, _PLANAR, _SUBSAMPLING = 262, 277, 284, 530  # tags of TIFF
_YCBCR = 6
_NATIVE = {
    **dict.fromkeys(("I;16S", "I;16BS"), "I;16NS"),
    **dict.fromkeys(("I;32S", "I;32BS"), "I;32NS"),
    **dict.fromkeys(("F;32F", "F;32BF"), "F;32NF"),
}


def mend(image: ImageFile) -> None:
    """Set right what Pillow's reader gets wrong in the metadata of an open file.

    Raises
    ------
    NotImplementedError
        For chroma of lower resolution that is not compressed, which would be read as noise.
    """
    raw, key = raw_modes(image)[:1], image.info.get("transparency")
    if raw in (["L;2"], ["L;4"]) and isinstance(key, int):
        bits = int(raw[0][2:])
        image.info["transparency"] = (key & (1 << bits) - 1) * 255 // ((1 << bits) - 1)
    tags: Any = getattr(image, "tag_v2", {})
    if tags.get(_PLANAR) == 2 and tags.get(_SAMPLES_PER_PIXEL, 1) == 1:
        tags[_PLANAR] = 1  # one plane is one plane; Pillow would take the raw mode for a list
        image._setup()  # type: ignore[attr-defined]
    if raw and raw[0] in _NATIVE and image.tile[0][0] == "libtiff":
        # libtiff swaps the bytes itself, which Pillow heeds in unsigned modes only.
        Layout(image.mode, image.mode, (_NATIVE[raw[0]],)).arrange(image)
    if tags.get(_PHOTOMETRIC) == _YCBCR and raw[:1] == ["RGBX"] and image.tile[0][0] == "raw":
        # Before Pillow 13: what libtiff would return, but nothing passes through it.
        Layout("YCbCr", "YCbCr", ("YCbCr",) * len(image.tile)).arrange(image)
    if image.mode == "YCbCr" and tags.get(_SUBSAMPLING, (1, 1)) != (1, 1):
        raise NotImplementedError("subsampled YCbCr without compression")
