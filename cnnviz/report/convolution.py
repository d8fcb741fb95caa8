"""Feature maps of one image under kernels: what `cnnviz convolve` reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz import ops
from cnnviz.arrays import unique
from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Padding, Size, Window, times
from cnnviz.ops.checks import check_finite
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.words import settings_words

if TYPE_CHECKING:
    from cnnviz.kernels import Kernel


def convolve(
    image: np.ndarray,
    kernels: Sequence[Kernel],
    *,
    strides: Size = 1,
    padding: Padding = "valid",
    border: str | float = "zero",
    dilation_rate: Size = 1,
    groups: int = 1,
    flip: bool = False,
    channels: str = "sum",
    gray: str = "luma601",
    bias: float = 0.0,
    activation: str | None = None,
    combine: str | None = None,
    name: str = "image",
    is_photo: bool = True,
) -> MapSet:
    """Slide each kernel over an image: one map a kernel.

    Parameters
    ----------
    image : ndarray, (H, W) or (H, W, C)
    kernels : sequence of Kernel
        Their values are `(kh, kw)`, applied to every channel and summed, or `(kh, kw, C)`.
    channels : {"sum", "gray", "each"}
        Sum over the channels; convolve the gray image (by the formula `gray`); or show what R, G
        and B add to the sum, four maps a kernel.
    bias : float
        Added to every value, as is a kernel's own offset, before `activation` (a Keras name).
    combine : {None, "magnitude"}
        Join exactly two maps of equal shape to sqrt(x^2 + y^2).

    Raises
    ------
    SpecError
        If a kernel does not fit the image, or `combine` does not fit the kernels.
    InputError
        If a result is not finite.
    """
    if channels not in ("sum", "gray", "each"):
        raise SpecError(f"channels {channels!r} is not one of sum, gray, each")
    if combine not in (None, "magnitude"):
        raise SpecError(f"combine {combine!r} is not magnitude")
    if combine and len(kernels) != 2:
        raise SpecError(
            f"combine magnitude joins two maps, not {len(kernels)}",
            hint="give two kernels, such as --kernel sobel-x --kernel sobel-y",
        )
    if channels == "each":
        from cnnviz.report import each

        each.check(image, groups, combine)
    source = image
    if channels == "gray" and image.ndim == 3 and image.shape[2] == 3:
        from cnnviz.images import to_gray

        source = to_gray(image, gray)
    act = ops.activation(activation) if activation else None
    maps, held = [], source.nbytes
    for kernel, label in zip(kernels, unique([k.name for k in kernels]), strict=True):
        window = Window.of(
            kernel.values.shape[:2], strides=strides, padding=padding, dilation_rate=dilation_rate
        )
        _check_channels(kernel, source, groups)
        axes = window.on(source.shape[:2])
        size = axes[0].output * axes[1].output * groups * source.itemsize
        held += size
        # The result, which of it is finite, and what an activation works in.
        check_bytes(held + size * (5 if act else 1), f"the map of {kernel.name}")
        with np.errstate(over="ignore", invalid="ignore"):  # reported by name below
            values = ops.conv2d(
                source,
                _as_weights(kernel.values, source, groups),
                strides=strides,
                padding=padding,
                dilation_rate=dilation_rate,
                groups=groups,
                border=border,
                flip=flip,
            )
            if bias + kernel.offset:
                values = values + values.dtype.type(bias + kernel.offset)
            if act is not None and combine is None:
                values = act(values)
        check_finite(values, f"the result of {kernel.name}")
        planes = [values] if values.ndim == 2 else list(np.moveaxis(values, 2, 0))
        for i, plane in enumerate(planes):  # one a group
            name_of_map = label if len(planes) == 1 else f"{label}[{i}]"
            maps.append(FeatureMap(name_of_map, np.ascontiguousarray(plane), axes, (kernel,)))
    if combine:
        if len(maps) != 2:
            raise SpecError("combine magnitude joins two maps, and groups make more")
        maps = [_magnitude(*maps)]
        if act is not None:
            maps = [FeatureMap(m.name, act(m.values), m.axes, m.kernels) for m in maps]
    settings = settings_words(strides, padding, dilation_rate, border)
    settings += ("true convolution",) * flip + ("gray",) * (source is not image)
    settings += (f"bias {bias:g}",) * bool(bias) + (str(activation),) * bool(activation)
    settings += tuple(
        f"offset {k.offset:g}" + f" of {k.name}" * (len(kernels) > 1) for k in kernels if k.offset
    )
    result = MapSet("convolve", name, source, tuple(maps), settings, is_photo, flip)
    if channels == "each":
        return each.take_apart(
            result,
            image,
            bias=bias,
            activation=activation,
            strides=strides,
            padding=padding,
            dilation_rate=dilation_rate,
            border=border,
            flip=flip,
        )
    return result


def _check_channels(kernel: Kernel, source: np.ndarray, groups: int) -> None:
    """Refuse a trained kernel that was made for another number of channels."""
    if kernel.values.ndim == 2:
        return
    reads, has = kernel.values.shape[2] * groups, source.shape[2] if source.ndim == 3 else 1
    if reads != has:
        hint = "use --channels gray" if reads == 1 and has == 3 else None
        raise SpecError(f"{kernel.name} reads {reads} channels, the image has {has}", hint=hint)


def _as_weights(values: np.ndarray, source: np.ndarray, groups: int) -> np.ndarray:
    """Return one kernel as conv weights where groups ask for a filter a group."""
    if groups == 1:
        return values
    channels = source.shape[2] // groups if source.ndim == 3 else 1
    stack = values if values.ndim == 3 else np.repeat(values[:, :, None], channels, axis=2)
    return np.repeat(stack[..., None], groups, axis=3)


def _magnitude(x: FeatureMap, y: FeatureMap) -> FeatureMap:
    if x.shape != y.shape:
        raise SpecError(
            f"combine magnitude needs equal shapes, not {times(x.shape)} and {times(y.shape)}",
            hint="use --padding same",
        )
    values = np.hypot(x.values, y.values)
    return FeatureMap(f"magnitude({x.name}, {y.name})", values, x.axes, x.kernels + y.kernels)
