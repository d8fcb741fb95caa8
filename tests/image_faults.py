"""Whole files of every kind to be damaged, and what reading a damaged one must end in."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from image_files import SAMPLES
from PIL import Image as Pillow

from cnnviz.errors import CnnvizError, InputError
from cnnviz.images import read_image

CAT = Pillow.open(SAMPLES / "cat.png").resize((23, 17))


def saved(form: str, image: Pillow.Image = CAT, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


DEEP = np.asarray(CAT).astype(np.uint16) * 257
WHOLE = {
    "png": saved("PNG"),
    "png-palette": saved("PNG", CAT.convert("P")),
    "png-16": saved("PNG", Pillow.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20) * 99)),
    "png-16-rgb": cv2.imencode(".png", DEEP)[1].tobytes(),
    "png-animated": saved("PNG", save_all=True, append_images=[CAT.rotate(90)]),
    "png-keyed": saved("PNG", CAT.convert("L"), transparency=7),
    "jpeg": saved("JPEG"),
    "jpeg-cmyk": saved("JPEG", CAT.convert("CMYK")),
    "jpeg-progressive": saved("JPEG", progressive=True),
    "gif": saved("GIF"),
    "gif-animated": saved("GIF", save_all=True, append_images=[CAT.rotate(90)]),
    "bmp": saved("BMP"),
    "tiff": saved("TIFF"),
    "tiff-lzw": saved("TIFF", compression="tiff_lzw"),
    "tiff-jpeg": saved("TIFF", compression="jpeg"),
    "tiff-pages": saved("TIFF", save_all=True, append_images=[CAT.rotate(90)]),
    "tiff-16": cv2.imencode(".tiff", DEEP, [cv2.IMWRITE_TIFF_COMPRESSION, 8])[1].tobytes(),
    "tiff-lab": saved("TIFF", Pillow.frombytes("LAB", CAT.size, CAT.tobytes())),
    "webp": saved("WEBP"),
    "webp-lossless": saved("WEBP", lossless=True),
    "webp-animated": saved("WEBP", save_all=True, append_images=[CAT.rotate(90)]),
    "ppm": saved("PPM"),
    "ppm-plain": b"P3 4 2 255\n" + b" ".join(b"%d" % (9 * i) for i in range(23)) + b" 7\n",
    "ppm-16": b"P6 3 2 999\n" + bytes([0, 9] * 18),
    "pgm-16": b"P5 3 2 65535\n" + bytes(range(12)),
}


def fault(source: object, kind: type[CnnvizError] = InputError, **settings: object) -> str:
    """Return the message of the error that reading must raise."""
    with pytest.raises(CnnvizError) as caught:
        read_image(source, **settings)
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 300
    return text


def attempt(data: bytes, **settings: object) -> np.ndarray | None:
    """Return the pixels, or None if reading raised one of our errors in one clean line."""
    try:
        return read_image(data, **settings)
    except CnnvizError as error:
        text = str(error)
    assert text.isascii()
    assert text.isprintable()
    return None
