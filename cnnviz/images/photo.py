"""Photos by Pillow: only the seven formats, only the plugin needed, every fault one message."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnviz.errors import CnnvizError, InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.images import depth
from cnnviz.images.alpha import Samples, without_alpha
from cnnviz.images.formats import TIFF, WEBP, Format, webp_size
from cnnviz.images.modes import planes, samples_of
from cnnviz.images.quiet import quiet_libtiff, quiet_pillow

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from cnnviz.images.source import Source

Open = Callable[[], contextlib.AbstractContextManager["ImageFile"]]


class Photo(NamedTuple):
    """A decoded photo, upright, in the file's own values; `white` is None if it is unknown."""

    pixels: NDArray[Any]
    white: int | None
    mode: str
    notes: tuple[str, ...]


def decode(source: Source, form: Format, *, alpha: str, frame: int, max_pixels: int) -> Photo:
    """Decode a photo after checking its size.

    Raises
    ------
    InputError
        For whatever Pillow raises on a corrupt file.
    SpecError
        If there is no such frame.
    RefusedError
        If the header says more than `max_pixels`; nothing is decoded then.
    """
    path = source.path
    if form is WEBP:  # its reader allocates the canvas as soon as it opens a file
        _check_size(webp_size(source.head), path, max_pixels)
    try:
        reader = getattr(import_module(f"PIL.{form.plugin}"), form.reader)

        @contextlib.contextmanager
        def opened() -> Iterator[ImageFile]:
            source.file.seek(0)
            with reader(source.file) as image:
                _check_size(image.size, path, max_pixels)
                if frame:
                    from cnnviz.images.frames import go_to

                    check = lambda: _check_size(image.size, path, max_pixels)  # noqa: E731
                    go_to(image, frame, path, max_pixels, check)
                depth.mend(image)
                yield image

        with quiet_pillow(max_pixels):
            return _decoded(opened, form, alpha, frame, path, max_pixels)
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


def _decoded(
    opened: Open, form: Format, alpha: str, frame: int, path: str, max_pixels: int
) -> Photo:
    with opened() as image:
        layout, notes = depth.layout(image, frame)
        # Asked first: the TIFF reader turns the picture and then answers 1. Asked last of the
        # others, of which PNG may have it behind the pixels.
        stored = _orientation(image) if form is TIFF else 0
        if layout:
            layout.arrange(image)
        _load(image)
        if layout:
            mode = layout.name
            key = image.info.get("transparency")
            samples = layout.samples(planes(image), _low(opened, layout), key)
        else:
            _check_size(image.size, path, max_pixels)
            mode = image.mode
            samples = samples_of(image)
        return _finished(image, samples, mode, stored, frame, alpha, notes)


def _finished(
    image: ImageFile,
    samples: Samples,
    mode: str,
    stored: int,
    frame: int,
    alpha: str,
    notes: tuple[str, ...],
) -> Photo:
    from cnnviz.images.frames import several
    from cnnviz.images.profiles import profile_notes

    values, note = without_alpha(samples, alpha)
    turn = _orientation(image)
    orientation = stored or turn
    notes += profile_notes(image.info) + note
    if orientation != 1:
        notes += (f"EXIF orientation {orientation} applied",)
    if not frame and several(image):
        notes = ("the first of several frames", *notes)
    return Photo(upright(values, turn), samples.white, mode, notes)


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo an EXIF orientation (tag 274 of TIFF 6.0) without copying."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _load(image: ImageFile) -> None:
    with quiet_libtiff(image):
        image.load()


def _low(opened: Open, layout: depth.Layout) -> NDArray[Any] | None:
    """Decode the file again for the low bytes of its samples."""
    if not layout.low:
        return None
    with opened() as image:
        layout.arrange(image, low=True)
        _load(image)
        return planes(image)


def _check_size(size: tuple[int, int], path: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise RefusedError(
            f"{path}: {width}x{height} is more than {max_pixels} pixels",
            path=path,
            hint="use --max-pixels if you trust the file",
        )
    # Per pixel, in the worst case (16-bit RGBA): 4 bytes in Pillow, 8 in NumPy, 16 as float32.
    check_bytes(width * height * 28, path)


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
