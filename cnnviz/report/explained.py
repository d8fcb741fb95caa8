"""Explanations of named kernels and of poolings, over an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.geometry import by
from cnnviz.report.explanation import Explanation, explained
from cnnviz.report.terms import Arithmetic, Place
from cnnviz.report.words import settings_words

if TYPE_CHECKING:
    from cnnviz.kernels import Kernel

_RGB = "R", "G", "B"


def kernel_explanation(
    image: np.ndarray,
    kernel: Kernel,
    at: Sequence[Place] = (),
    *,
    name: str = "image",
    is_photo: bool = True,
    group: int = 0,
    **settings: Any,
) -> Explanation:
    """Explain values of the map of one kernel; `settings` are those of `convolution.convolve`.

    With groups there is a map for each: `group` says which.
    """
    from cnnviz import ops
    from cnnviz.report.convolution import convolve

    act, groups = settings.get("activation"), settings.get("groups", 1)
    function = ops.activation(act) if act else None
    if groups > 1 and "axis" in (getattr(function, "__kwdefaults__", None) or {}):
        raise SpecError(f"{act} takes the maps of all groups together", hint="drop --groups")
    channels, gray = settings.get("channels", "sum"), settings.get("gray", "luma601")
    mapset = convolve(
        image,
        [kernel],
        name=name,
        is_photo=is_photo,
        **settings | {"channels": "gray" if channels == "gray" else "sum"},
    )
    if not 0 <= group < len(mapset.maps):
        raise SpecError(
            f"--filter {group} is not a map", hint=f"they are 0 to {len(mapset.maps) - 1}"
        )
    one = mapset.maps[group]
    source = image
    if channels == "gray" and image.ndim == 3 and image.shape[2] == 3:
        from cnnviz.images import to_gray

        source = to_gray(image, gray)
    source = source if source.ndim == 3 else source[..., None]
    dtype = np.float64 if source.dtype == np.float64 else np.float32  # as the engine takes them
    weights = np.asarray(kernel.values, dtype).astype(np.float64)
    if settings.get("flip"):
        weights = weights[::-1, ::-1]
    each = source.shape[2] // groups
    first = group * each
    stack = weights if weights.ndim == 3 else np.repeat(weights[..., None], each, axis=2)
    bias = float(dtype(settings.get("bias", 0.0) + kernel.offset))
    arithmetic = Arithmetic(
        source[..., first : first + each],
        one.axes,
        one.values,
        stack,
        border=settings.get("border", "zero"),
        bias=bias,
        activation=function,
    )
    return explained(
        arithmetic,
        at,
        image=name,
        name=one.name,
        channels=names(source.shape[2])[first : first + each],
        picture=mapset.source,
        settings=mapset.settings,
        act=act or "",
        is_photo=is_photo,
        turned=bool(settings.get("flip")),
    )


def pooling_explanation(
    image: np.ndarray,
    kind: str,
    at: Sequence[Place] = (),
    *,
    name: str = "image",
    is_photo: bool = True,
    channel: int | None = None,
    pool_size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Explanation:
    """Explain values of one channel of a pooled image, by default of that with the largest."""
    from cnnviz.report.pooling import pool

    steps = pool_size if strides is None else strides
    whole = pool(
        image,
        [kind],
        pool_size=pool_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        name=name,
        is_photo=True,
    ).maps
    source = image if image.ndim == 3 else image[..., None]
    planes = [
        m.values[..., c] if m.values.ndim == 3 else m.values
        for m in whole
        for c in range(m.values.shape[2] if m.values.ndim == 3 else 1)
    ]
    if channel is None:
        channel = max(range(len(planes)), key=lambda c: float(np.abs(planes[c]).max()))
    if not 0 <= channel < len(planes):
        raise SpecError(
            f"--filter {channel} is not a channel", hint=f"they are 0 to {len(planes) - 1}"
        )
    head, _, p = kind.partition(":")
    arithmetic = Arithmetic(
        source[..., channel : channel + 1],
        whole[0].axes,
        planes[channel],
        pooling=head.removeprefix("global-"),
        p=float(p or 2),
        include_pad=count_include_pad and not head.startswith("global-"),
    )
    label = names(source.shape[2])[channel]
    words: tuple[str, ...] = (f"size {by(pool_size)}",) if not head.startswith("global-") else ()
    words += settings_words(steps, padding, dilation_rate, None) if words else ()
    words += ("ceil mode",) * ceil_mode + ("padding counted",) * count_include_pad
    words += (f"channel {label}",) * (source.shape[2] > 1)
    return explained(
        arithmetic,
        at,
        image=name,
        name=kind,
        channels=(label,),
        picture=image,
        is_photo=is_photo,
        settings=words,
    )


def names(count: int) -> tuple[str, ...]:
    """Return what channels are called, R, G and B if they are three."""
    return _RGB if count == 3 else ("gray",) if count == 1 else tuple(f"c{c}" for c in range(count))
