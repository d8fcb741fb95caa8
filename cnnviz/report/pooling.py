"""One image pooled in one or several ways: what `cnnviz pool` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Padding, Size, Window, by
from cnnviz.ops.checks import check_finite
from cnnviz.ops.pooling import pooling
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.words import settings_words


def pool(
    image: np.ndarray,
    types: Sequence[str] = ("max",),
    *,
    pool_size: Size = 2,
    strides: Size | None = None,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    winners: bool = False,
    name: str = "image",
    is_photo: bool = True,
) -> MapSet:
    """Pool an image in one or several ways, to compare.

    A pooled photo stays one picture; an array of several channels gives one map a channel.

    Raises
    ------
    SpecError
        If the window does not fit, a type is unknown, or `winners` is asked of anything but max.
    """
    if winners and any(t != "max" for t in types):
        raise SpecError("winners are pixels that won a max", hint="use --type max alone")
    from cnnviz.ops.pooling.max import winners as find_winners

    steps = pool_size if strides is None else strides
    maps: list[FeatureMap] = []
    held = image.nbytes
    for text in types:
        kind = pooling(text)
        window = Window.of(
            image.shape[:2] if kind.is_global else pool_size,
            strides=1 if kind.is_global else steps,
            padding="valid" if kind.is_global else padding,
            dilation_rate=1 if kind.is_global else dilation_rate,
            ceil_mode=ceil_mode and not kind.is_global,
        )
        axes = window.on(image.shape[:2])
        size = axes[0].output * axes[1].output * image[0, 0].size
        held += size * (image.itemsize + 8 * winners)
        check_bytes(held + size * image.itemsize, f"the result of {kind.label}")
        settings: dict[str, Any] = {
            "pool_size": window.kernel_size,
            "strides": window.strides,
            "padding": window.padding,
            "dilation_rate": window.dilation_rate,
            "ceil_mode": window.ceil_mode,
        }
        values = kind.apply(image, **settings, count_include_pad=count_include_pad)
        values = values.reshape(*(axis.output for axis in axes), *image.shape[2:])
        won = find_winners(image, **settings) if winners else None
        check_finite(values, f"the result of {kind.label}")
        maps += _split(kind.label, values, axes, won, is_photo)
    words = (f"size {by(pool_size)}", *settings_words(steps, padding, dilation_rate, None))
    words += ("ceil mode",) * ceil_mode + ("padding counted",) * count_include_pad
    return MapSet("pool", name, image, tuple(maps), words, is_photo)


def _split(
    label: str, values: np.ndarray, axes: tuple[Axis, ...], won: np.ndarray | None, is_photo: bool
) -> Iterator[FeatureMap]:
    """Yield a pooled photo whole and another array channel by channel."""
    if values.ndim == 2 or (is_photo and values.shape[2] == 3):
        yield FeatureMap(label, values, axes, winners=won)
        return
    count = values.shape[2]
    for i in range(count):
        name = label if count == 1 else f"{label}[{i}]"
        winner = None if won is None else won[:, :, i]
        yield FeatureMap(name, np.ascontiguousarray(values[:, :, i]), axes, winners=winner)
