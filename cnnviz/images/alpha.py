"""What becomes of transparency: laid on white, forgotten, or kept as a channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STRIP = 1 << 17  # values worked on at a time, so that what is in between stays small


class Samples(NamedTuple):
    """The values of a photo as its file has them.

    Attributes
    ----------
    values : ndarray, (H, W, C)
        Gray or RGB, and alpha as the last channel if `alpha` is not empty.
    white : int or None
        The value of white, and of opaque; None if the format does not say it.
    alpha : "", "straight" or "premultiplied"
    """

    values: NDArray[Any]
    white: int | None
    alpha: str = ""


def keyed(samples: Samples, key: tuple[int, ...]) -> Samples:
    """Turn a transparent colour (PNG's tRNS) into an alpha channel."""
    values = samples.values
    shown = (values != np.array(key, values.dtype)).any(axis=2, keepdims=True)
    alpha = shown * values.dtype.type(samples.white)
    return samples._replace(values=np.concatenate([values, alpha], axis=2), alpha="straight")


def without_alpha(samples: Samples, alpha: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Apply the rule `alpha` (white, drop or channel); return the values and what was done.

    Compositing rounds to whole levels of the file's depth, as viewers do.
    """
    values, white = samples.values, samples.white
    if not samples.alpha or white is None:
        return values, ()
    if alpha != "channel" and values[..., -1].min() == white:
        return values[..., :-1], ()
    premultiplied = samples.alpha == "premultiplied"
    if alpha == "white":
        rule = _premultiplied_on_white if premultiplied else _on_white
        return by_strips(rule, values, white), ("alpha composited on white",)
    if premultiplied:
        values = by_strips(_straight, values, white)
    return (values, ()) if alpha == "channel" else (values[..., :-1], ("alpha dropped",))


Rule = Callable[["NDArray[np.uint32]", int], "NDArray[np.uint32]"]


def by_strips(rule: Rule, values: NDArray[Any], white: int) -> NDArray[Any]:
    """Apply `rule(values, white)` in 32 bits to some rows at a time."""
    step = max(1, _STRIP // values[0].size)
    strips = (
        rule(values[y : y + step].astype(np.uint32), white) for y in range(0, len(values), step)
    )
    first = next(strips)
    result = np.empty((*values.shape[:2], first.shape[2]), values.dtype)
    result[:step] = first
    for y, strip in enumerate(strips, 1):
        result[y * step : (y + 1) * step] = strip
    return result


# A product of two 16-bit values and half of one still fits 32 bits.


def _on_white(values: NDArray[np.uint32], white: int) -> NDArray[np.uint32]:
    colour, a = values[..., :-1], values[..., -1:]
    return (colour * a + (white - a) * white + white // 2) // white


def _premultiplied_on_white(values: NDArray[np.uint32], white: int) -> NDArray[np.uint32]:
    colour, a = values[..., :-1], values[..., -1:]
    result: NDArray[np.uint32] = np.minimum(colour + (white - a), white)
    return result


def _straight(values: NDArray[np.uint32], white: int) -> NDArray[np.uint32]:
    colour, a = values[..., :-1], values[..., -1:]
    divided = np.minimum((colour * white + a // 2) // np.maximum(a, 1), white)
    return np.concatenate([divided, a], axis=2)
