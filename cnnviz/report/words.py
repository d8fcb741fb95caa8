"""The words of a title: the settings of a window that are not the default."""

from __future__ import annotations

import numpy as np

from cnnviz.geometry import Padding, Size, by


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


def _pads(padding: Padding) -> str:
    values = np.asarray(padding).ravel().tolist()
    return str(values[0]) if len(set(values)) == 1 else ",".join(map(str, values))
