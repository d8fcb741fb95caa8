"""Photos by Pillow: only the seven formats, only the plugin needed, every fault one message."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnviz.errors import CnnvizError, InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.images.alpha import Samples, without_alpha
from cnnviz.images.depth import Layout, layout
from cnnviz.images.formats import WEBP, Format, webp_size
from cnnviz.images.frames import go_to, several
from cnnviz.images.luma import take_luma
from cnnviz.images.mend import mend
from cnnviz.images.modes import planes, samples_of
from cnnviz.images.profiles import profile_notes
from cnnviz.images.quiet import quiet_libtiff, quiet_pillow

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from cnnviz.images.source import Source

# What Pillow says of float RGB, gray with alpha in 16 bits, and the like.
_UNKNOWN_HINT = "save it with 8 or 16 bits a channel, gray or RGB, or as .npy"
_MEMORY_HINT = "use a smaller image or a higher --max-memory"
_BYTES = {"1": 6, "L": 6, "LA": 10, "RGB": 8}  # of memory a pixel; other modes need more


class Photo(NamedTuple):
    """A decoded photo, upright, in the file's own values; `white` is None if it is unknown."""

    pixels: NDArray[Any]
    white: int | None
    mode: str
    notes: tuple[str, ...]


class _File(NamedTuple):
    """A photo that can be opened again, always at the same frame."""

    source: Source
    reader: Callable[[Any], ImageFile]
    frame: int
    max_pixels: int
    gray: str | None

    @contextlib.contextmanager
    def opened(self) -> Iterator[ImageFile]:
        """Yield the image with its header read and its pixels not."""
        self.source.file.seek(0)
        with self.reader(self.source.file) as image:
            self.check(image)
            if self.frame:
                go_to(image, self.frame, self.source.path, self.max_pixels, self.check)
            mend(image)
            yield image

    def check(self, image: ImageFile) -> None:
        """Refuse a size that is not allowed for."""
        _check_size(image.size, self.source.path, self.max_pixels)


def decode(
    source: Source,
    form: Format,
    *,
    alpha: str,
    frame: int,
    max_pixels: int,
    gray: str | None = None,
) -> Photo:
    """Decode a photo after checking its size.

    It may have one channel only where the formula `gray` says that no more is wanted.

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
        with quiet_pillow(max_pixels):
            return _decoded(_File(source, reader, frame, max_pixels, gray), alpha)
    except (CnnvizError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "DecompressionBombError":
            raise RefusedError(
                f"{path}: a part of it is more than {max_pixels} pixels",
                path=path,
                hint="use --max-pixels if you trust the file",
            ) from error
        reason = _reason(error)
        raise InputError(
            f"{path}: not a readable {form.name} image ({reason})",
            path=path,
            hint=_UNKNOWN_HINT if reason == "unknown pixel mode" else None,
        ) from error


def _decoded(file: _File, alpha: str) -> Photo:
    with file.opened() as image:
        plan, notes = layout(image, file.frame)
        # The TIFF reader turns the picture and then answers 1; a PNG may say it after the pixels.
        stored = _orientation(image) if image.format == "TIFF" else 0
        mode, samples = _samples(file, image, plan)
        pixels, done = without_alpha(samples, alpha)
        turn = _orientation(image)
        notes += profile_notes(image.info) + done
        if (orientation := stored or turn) != 1:
            notes += (f"EXIF orientation {orientation} applied",)
        if not file.frame and several(image):
            notes = ("the first of several frames (--frame N for another)", *notes)
        return Photo(upright(pixels, turn), samples.white, mode, notes)


def _samples(file: _File, image: ImageFile, plan: Layout | None) -> tuple[str, Samples]:
    """Decode, and return the mode of the file and what it holds."""
    alone = file.gray == "luma601" and take_luma(image)
    _check_memory(image, file.source.path, deep=plan is not None)
    if plan is None:
        _load(image)
        file.check(image)  # the frame of a GIF may be larger than its header says
        return "RGB" if alone else image.mode, samples_of(image)
    plan.arrange(image)
    _load(image)
    low = None
    if plan.low:
        with file.opened() as again:
            plan.arrange(again, low=True)
            _load(again)
            low = planes(again)
    return plan.name, plan.samples(planes(image), low, image.info.get("transparency"))


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


def _check_size(size: tuple[int, int], path: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise RefusedError(
            f"{path}: {width}x{height} is more than {max_pixels} pixels",
            path=path,
            hint="use --max-pixels if you trust the file",
        )


def _check_memory(image: ImageFile, path: str, *, deep: bool) -> None:
    """Check what the pixels need at the most at a time until they are read, as measured."""
    has_key = image.mode == "RGB" and "transparency" in image.info
    need = 28 if deep else 24 if has_key else _BYTES.get(image.mode, 24)
    need += 8 * (image.format == "WEBP")
    check_bytes(image.width * image.height * need, path, hint=_MEMORY_HINT)


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
