"""Feature maps of one image under kernels: what `cnnviz convolve` reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

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
    _check_settings(image, len(kernels), channels, groups, combine)
    source = image
    if channels == "gray" and image.ndim == 3 and image.shape[2] == 3:
        from cnnviz.images import to_gray

        source = to_gray(image, gray)
    act = ops.activation(activation) if activation else None
    window: dict[str, Any] = {
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation_rate,
        "border": border,
        "flip": flip,
    }
    maps: list[FeatureMap] = []
    for kernel, label in zip(kernels, unique([k.name for k in kernels]), strict=True):
        held = source.nbytes + sum(m.values.nbytes for m in maps)
        late = act if combine is None else None
        maps += _maps(source, kernel, label, window, groups=groups, bias=bias, act=late, held=held)
    if combine:
        maps = [_magnitude(maps, act)]
    words = settings_words(strides, padding, dilation_rate, border)
    words += ("true convolution",) * flip
    words += ("gray",) * (channels == "gray" and (source.ndim == 2 or source.shape[2] == 1))
    words += (f"bias {bias:g}",) * bool(bias) + (str(activation),) * bool(activation)
    words += tuple(
        f"offset {k.offset:g}" + f" of {k.name}" * (len(kernels) > 1) for k in kernels if k.offset
    )
    result = MapSet("convolve", name, source, tuple(maps), words, is_photo, flip)
    if channels == "each":
        from cnnviz.report.each import take_apart

        return take_apart(result, image, bias=bias, activation=activation, **window)
    return result


def _check_settings(
    image: np.ndarray, kernels: int, channels: str, groups: int, combine: str | None
) -> None:
    """Refuse settings that do not fit each other."""
    if channels not in ("sum", "gray", "each"):
        raise SpecError(f"channels {channels!r} is not one of sum, gray, each")
    if combine not in (None, "magnitude"):
        raise SpecError(f"combine {combine!r} is not magnitude")
    if combine and kernels != 2:
        raise SpecError(
            f"combine magnitude joins two maps, not {kernels}",
            hint="give two kernels, such as --kernel sobel-x --kernel sobel-y",
        )
    if channels == "each":
        from cnnviz.report import each

        each.check(image, groups, combine)


def _maps(
    source: np.ndarray,
    kernel: Kernel,
    label: str,
    window: dict[str, Any],
    *,
    groups: int,
    bias: float,
    act: Callable[[np.ndarray], np.ndarray] | None,
    held: int,
) -> Iterator[FeatureMap]:
    """Yield the maps of one kernel, one a group, beside `held` bytes."""
    _check_channels(kernel, source, groups)
    axes = Window.of(
        kernel.values.shape[:2],
        strides=window["strides"],
        padding=window["padding"],
        dilation_rate=window["dilation_rate"],
    ).on(source.shape[:2])
    size = axes[0].output * axes[1].output * groups * source.itemsize
    # The result twice, which of it is finite, and what an activation works in.
    check_bytes(held + size * (6 if act else 2), f"the map of {kernel.name}")
    with np.errstate(over="ignore", invalid="ignore"):  # reported by name below
        values = ops.conv2d(
            source, _as_weights(kernel.values, source, groups), groups=groups, **window
        )
        if bias + kernel.offset:
            values = values + values.dtype.type(bias + kernel.offset)
        if act is not None:
            values = act(values)
    check_finite(values, f"the result of {kernel.name}")
    planes = [values] if values.ndim == 2 else list(np.moveaxis(values, 2, 0))
    for i, plane in enumerate(planes):
        name = label if len(planes) == 1 else f"{label}[{i}]"
        yield FeatureMap(name, np.ascontiguousarray(plane), axes, (kernel,))


def _check_channels(kernel: Kernel, source: np.ndarray, groups: int) -> None:
    """Refuse a trained kernel that was made for another number of channels."""
    if kernel.values.ndim == 2:
        return
    reads, has = kernel.values.shape[2] * groups, source.shape[2] if source.ndim == 3 else 1
    if reads != has:
        hint = "use --channels gray" if reads == 1 and has == 3 else None
        channels = f"{reads} channel{'s' * (reads != 1)}"
        raise SpecError(f"{kernel.name} reads {channels}, the image has {has}", hint=hint)


def _as_weights(values: np.ndarray, source: np.ndarray, groups: int) -> np.ndarray:
    """Return one kernel as conv weights where groups ask for a filter a group."""
    if groups == 1:
        return values
    channels = source.shape[2] // groups if source.ndim == 3 else 1
    stack = values if values.ndim == 3 else np.repeat(values[:, :, None], channels, axis=2)
    return np.repeat(stack[..., None], groups, axis=3)


def _magnitude(
    maps: Sequence[FeatureMap], act: Callable[[np.ndarray], np.ndarray] | None
) -> FeatureMap:
    if len(maps) != 2:
        raise SpecError("combine magnitude joins two maps, and groups make more")
    x, y = maps
    if x.shape != y.shape:
        raise SpecError(
            f"combine magnitude needs equal shapes, not {times(x.shape)} and {times(y.shape)}",
            hint="use --padding same",
        )
    # Both maps, the result, and what an activation works in.
    check_bytes(x.values.nbytes * (7 if act else 3), f"the magnitude of {x.name} and {y.name}")
    values = np.hypot(x.values, y.values)
    if act is not None:
        values = act(values)
    return FeatureMap(f"magnitude({x.name}, {y.name})", values, x.axes, x.kernels + y.kernels)
