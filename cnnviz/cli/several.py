"""Several images in one run: one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnnviz.cli import streams
from cnnviz.cli.run import failure
from cnnviz.errors import CnnvizError, SpecError

SOME_FAILED = 3


def check(images: Sequence[str]) -> None:
    """Refuse standard input where it is asked for twice."""
    if images.count("-") > 1:
        raise SpecError("standard input is given twice")


def each(
    images: Sequence[str], do: Callable[[int, str], None], *, quiet: bool
) -> list[dict[str, Any]]:
    """Do every image, by its place and path; return what JSON says of those that failed.

    An image that fails alone is an error; of several, it is reported at once.
    """
    failures = []
    for place, path in enumerate(images):
        if len(images) > 1 and not quiet:
            streams.progress(f"{place + 1}/{len(images)} {path}")
        try:
            do(place, path)
        except (CnnvizError, MemoryError) as error:
            if len(images) == 1:
                raise
            fault = failure(error)
            text = str(fault)
            streams.say(f"cnnviz: error: {text if path in text else f'{path}: {text}'}")
            failures.append({"path": path, "code": fault.code, "message": text})
    streams.progress("")
    return failures


def exit_code(failures: Sequence[dict[str, Any]], count: int) -> int:
    """Say how many of `count` images failed; return 0, 3, or the first one's code if all did."""
    if not failures:
        return 0
    streams.say(f"cnnviz: {len(failures)} of {count} images failed")
    return SOME_FAILED if len(failures) < count else int(failures[0]["code"])
