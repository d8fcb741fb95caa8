"""The words of a title: the settings of a window that are not the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.geometry import Axis, Padding, Shape, Size, by, times

if TYPE_CHECKING:
    from cnnviz.geometry.transposed import TransposedAxis


def settings_words(
    strides: Size, padding: Padding, dilation_rate: Size, border: str | float | None
) -> tuple[str, ...]:
    """Return the words of a title for what is not the default."""
    words = []
    if by(strides) != "1":
        words.append(f"stride {by(strides)}")
    if padding != "valid":
        words.append(padding if isinstance(padding, str) else f"padding {_pads(padding)}")
    if by(dilation_rate) != "1":
        words.append(f"dilation {by(dilation_rate)}")
    if border not in (None, "zero", "constant", 0):
        words.append(f"{border} border")
    return tuple(words)


def hanging(line: str, width: int) -> list[str]:
    """Return a line of a report wrapped to a width, below its text and not below its label.

    >>> hanging("stops    each of 9 places", 20)
    ['stops    each of 9', '         places']
    """
    from textwrap import wrap

    return wrap(
        line, width, subsequent_indent=9 * " ", break_long_words=False, break_on_hyphens=False
    )


def opening(
    command: str,
    subject: tuple[str, Shape],
    heading: str,
    axes: Sequence[Axis | TransposedAxis],
    notes: Iterable[str],
    width: int,
) -> Iterator[str]:
    """Yield the first lines of a report of windows: the image, what is shown, sizes and notes."""
    image, shape = subject
    yield f"image    {image}  {times(shape)}"
    yield f"{command:<8} {heading}"
    for label, axis in zip(("rows", "columns"), axes, strict=True):
        yield f"{label:<8} {axis.working()}"
    for note in notes:
        yield from hanging(f"note     {note}", width)


def _pads(padding: Padding) -> str:
    values = np.asarray(padding).ravel().tolist()
    return str(values[0]) if len(set(values)) == 1 else ",".join(map(str, values))
