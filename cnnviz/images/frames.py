"""One frame of an animation, or one page of a TIFF."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnviz.errors import RefusedError, SpecError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_MOST_PIXELS = 25  # decoded on the way to a frame, as a multiple of `max_pixels`


def no_frame(path: str, frame: int, count: int) -> SpecError:
    """Return the error for a frame that is not there."""
    has = "1 frame, 0" if count == 1 else f"{count} frames, 0 to {count - 1}"
    return SpecError(f"{path}: there is no frame {frame}", path=path, hint=f"it has {has}")


def go_to(
    image: ImageFile, frame: int, path: str, max_pixels: int, check: Callable[[ImageFile], None]
) -> None:
    """Step to a frame; `check` looks at the size of every one on the way.

    The frames of an animation are laid over each other as they come, the pages of a TIFF skipped.

    Raises
    ------
    SpecError
        If there is no such frame.
    RefusedError
        If too many pixels would have to be decoded.
    """
    pages = image.format == "TIFF"
    width, height = image.size
    if not pages and frame * width * height > _MOST_PIXELS * max_pixels:
        raise RefusedError(
            f"{path}: frame {frame} is behind too many others of {width}x{height}",
            path=path,
            hint="use --max-pixels if you trust the file",
        )
    for number in range(1, frame + 1):
        try:
            image.seek(number)
        except EOFError as error:
            raise no_frame(path, frame, number) from error
        except Exception:
            if not pages or number == frame:
                raise  # a page that is passed over may be of any kind
        check(image)


def several(image: ImageFile) -> bool:
    """Return whether a loaded image has another frame, if that is cheap to know."""
    with contextlib.suppress(Exception):  # a broken second frame must not cost the first
        return bool(getattr(image, "is_animated", False))
    return False
