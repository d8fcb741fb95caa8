"""Photos by Pillow: only the seven formats, only the plugin needed, every fault one message."""

from __future__ import annotations

import contextlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnviz.errors import CnnvizError, InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.images.modes import values_of
from cnnviz.images.quiet import quiet_libtiff, quiet_pillow

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from cnnviz.images.source import Source


class Format(NamedTuple):
    """A format: its name and Pillow's `PIL.<plugin>.<reader>`."""

    name: str
    plugin: str
    reader: str


_PNG = Format("PNG", "PngImagePlugin", "PngImageFile")
_JPEG = Format("JPEG", "JpegImagePlugin", "JpegImageFile")
_GIF = Format("GIF", "GifImagePlugin", "GifImageFile")
_BMP = Format("BMP", "BmpImagePlugin", "BmpImageFile")
_TIFF = Format("TIFF", "TiffImagePlugin", "TiffImageFile")
_WEBP = Format("WebP", "WebPImagePlugin", "WebPImageFile")
_PPM = Format("PPM", "PpmImagePlugin", "PpmImageFile")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"\xff\xd8\xff", _JPEG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"BM", _BMP),
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"II+\0", _TIFF),  # BigTIFF
    (b"MM\0+", _TIFF),
    *((b"P" + digit, _PPM) for digit in (b"1", b"2", b"3", b"4", b"5", b"6", b"f")),
)
_KNOWN_OTHERS = (
    (b"%!PS", "EPS or PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML or SVG"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"qoif", "QOI"),
    (b"\xff\x0a", "JPEG XL"),
)


_GRAY_BYTES = {"1": 6, "L": 6, "LA": 10}  # of memory a pixel; colour and transparency need more


class Photo(NamedTuple):
    """A decoded photo, upright, in the file's own values; `white` is None if it is unknown."""

    pixels: NDArray[Any]
    white: int | None
    mode: str
    notes: tuple[str, ...]


def sniff(head: bytes) -> Format | None:
    """Return the format that the first bytes of a file show."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    for signature, form in _SIGNATURES:
        if head.startswith(signature) and (form is not _PPM or head[2:3] in b" \t\r\n#"):
            return form
    return None


def unsupported(source: Source) -> InputError:
    """Return the error for content that is neither a photo nor an array."""
    head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next((name for start, name in _KNOWN_OTHERS if head.startswith(start)), "")
    if head[4:8] == b"ftyp":
        found = "AVIF" if head[8:12].startswith(b"avi") else "HEIC or video"
    return InputError(
        f"{source.path}: not a supported image" + (f" ({found})" if found else ""),
        path=source.path,
        hint="supported are PNG, JPEG, GIF, BMP, TIFF, WebP, PPM, .npy, .npz, .csv and .txt",
    )


def decode(source: Source, form: Format, *, alpha: str, max_pixels: int) -> Photo:
    """Decode a photo after checking its size.

    Raises
    ------
    InputError
        For whatever Pillow raises on a corrupt file.
    RefusedError
        If the header says more than `max_pixels`; nothing is decoded then.
    """
    path = source.path
    if form is _WEBP:  # its reader allocates the canvas as soon as it opens a file
        _check_size(webp_size(source.head), path, max_pixels)
    try:
        reader = getattr(import_module(f"PIL.{form.plugin}"), form.reader)
        with quiet_pillow(max_pixels), reader(source.file) as image:
            _check_size(image.size, path, max_pixels)
            orientation = _orientation(image)
            _check_memory(image, path)
            with quiet_libtiff(image):
                image.load()
            _check_size(image.size, path, max_pixels)
            mode = image.mode
            pixels, white, notes = values_of(image, alpha)
            # Asked again: the TIFF reader has applied it by now and answers 1.
            pixels = upright(pixels, _orientation(image))
    except (CnnvizError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "DecompressionBombError":
            raise RefusedError(
                f"{path}: a part of it is more than {max_pixels} pixels",
                path=path,
                hint="use --max-pixels if you trust the file",
            ) from error
        raise InputError(
            f"{path}: not a readable {form.name} image ({_reason(error)})", path=path
        ) from error
    if orientation != 1:
        notes = (*notes, f"EXIF orientation {orientation} applied")
    return Photo(pixels, white, mode, notes)


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo an EXIF orientation (tag 274 of TIFF 6.0) without copying."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def webp_size(head: bytes) -> tuple[int, int]:
    """Return the (w, h) of a WebP from its first 30 bytes (RFC 9649); (0, 0) if it is not there."""
    kind = head[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(head[24:27], "little") + 1,
            int.from_bytes(head[27:30], "little") + 1,
        )
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return (
            int.from_bytes(head[26:28], "little") & 0x3FFF,
            int.from_bytes(head[28:30], "little") & 0x3FFF,
        )
    return 0, 0


def _check_size(size: tuple[int, int], path: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise RefusedError(
            f"{path}: {width}x{height} is more than {max_pixels} pixels",
            path=path,
            hint="use --max-pixels if you trust the file",
        )


def _check_memory(image: ImageFile, path: str) -> None:
    """Check what the pixels need at the most at a time on their way to float32, as measured."""
    need = _GRAY_BYTES.get(image.mode, 24) + (8 if image.format == "WEBP" else 0)
    hint = "use a smaller image or a higher --max-memory"
    check_bytes(image.width * image.height * need, path, hint=hint)


def _orientation(image: ImageFile) -> int:
    # Broken metadata must not cost the picture.
    with contextlib.suppress(Exception):
        value = image.getexif().get(0x0112, 1)
        return value if value in range(1, 9) else 1
    return 1


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError | SyntaxError | ValueError | NotImplementedError):
        return "corrupt data"
    return ascii(" ".join(str(error).split()))[1:-1][:100] or "corrupt data"
