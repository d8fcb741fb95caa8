"""The seven formats of photos, told by their first bytes; each has one of Pillow's readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnnviz.errors import InputError

if TYPE_CHECKING:
    from cnnviz.images.source import Source


class Format(NamedTuple):
    """A format: its name and Pillow's `PIL.<plugin>.<reader>`."""

    name: str
    plugin: str
    reader: str


PNG = Format("PNG", "PngImagePlugin", "PngImageFile")
JPEG = Format("JPEG", "JpegImagePlugin", "JpegImageFile")
GIF = Format("GIF", "GifImagePlugin", "GifImageFile")
BMP = Format("BMP", "BmpImagePlugin", "BmpImageFile")
TIFF = Format("TIFF", "TiffImagePlugin", "TiffImageFile")
WEBP = Format("WebP", "WebPImagePlugin", "WebPImageFile")
PPM = Format("PPM", "PpmImagePlugin", "PpmImageFile")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),  # BigTIFF
    (b"MM\0+", TIFF),
    *((b"P" + digit, PPM) for digit in (b"1", b"2", b"3", b"4", b"5", b"6", b"f")),
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


def sniff(head: bytes) -> Format | None:
    """Return the format that the first bytes of a file show."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    for signature, form in _SIGNATURES:
        if head.startswith(signature) and (form is not PPM or head[2:3] in b" \t\r\n#"):
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
