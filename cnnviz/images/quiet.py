"""Keep Pillow and libtiff from talking past our messages, and Pillow's limit out of ours.

What they write to is global to the process, so a change is shared: the first thread in makes it
and the last one out undoes it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile


class Shared:
    """A change to the process that several threads hold at a time."""

    def __init__(self, change: Callable[[], AbstractContextManager[None]]) -> None:
        self._change = change
        self._lock = threading.Lock()
        self._holders = 0
        self._undo = contextlib.ExitStack()

    @contextlib.contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the change; True for the thread that made it."""
        with self._lock:
            first = not self._holders
            if first:
                self._undo.enter_context(self._change())
            self._holders += 1
        try:
            yield first
        finally:
            with self._lock:
                self._holders -= 1
                if not self._holders:
                    self._undo.close()


@contextlib.contextmanager
def _no_words() -> Iterator[None]:
    import logging

    from PIL import Image

    limit = Image.MAX_IMAGE_PIXELS
    # With a handler of its own, Pillow's log does not fall through to stderr.
    log, handler = logging.getLogger("PIL"), logging.NullHandler()
    log.addHandler(handler)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            yield
        finally:
            log.removeHandler(handler)
            Image.MAX_IMAGE_PIXELS = limit


@contextlib.contextmanager
def _no_stderr() -> Iterator[None]:
    with contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError):  # there may be no descriptor 2
            kept = os.dup(2)
            undo.callback(os.close, kept)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            undo.callback(os.close, nowhere)
            os.dup2(nowhere, 2)
            undo.callback(os.dup2, kept, 2)
        yield


_pillow = Shared(_no_words)
_stderr = Shared(_no_stderr)


@contextlib.contextmanager
def quiet_pillow(max_pixels: int) -> Iterator[None]:
    """Silence Pillow, and make our limit its own for the parts of a file (frames, tiles)."""
    from PIL import Image

    with _pillow.held() as first:
        others = 0 if first else Image.MAX_IMAGE_PIXELS or 0
        Image.MAX_IMAGE_PIXELS = max(others, max_pixels)
        yield


def quiet_libtiff(image: ImageFile) -> AbstractContextManager[object]:
    """Silence libtiff, which prints its errors; other decoders keep quiet by themselves."""
    uses_it = any(tile[0] == "libtiff" for tile in image.tile)
    return _stderr.held() if uses_it else contextlib.nullcontext()
