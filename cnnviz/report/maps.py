"""Feature maps of one image, with the working behind them: what `convolve` and `pool` report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz import ops
from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Padding, Shape, Size, Window
from cnnviz.ops.checks import check_finite

if TYPE_CHECKING:
    from cnnviz.kernels import Kernel

GRAYS = ("luma601", "average", "luma709", "linear")


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """One output channel (or a pooled image), with the kernels and windows that made it.

    `values` is `(H, W)`, or `(H, W, C)` for a pooled image. `winners` holds, for each max-pooled
    value, the flat index (row * width + column) of the input pixel that it was taken from.
    """

    name: str
    values: np.ndarray
    axes: tuple[Axis, ...]
    kernels: tuple[Kernel, ...] = ()
    winners: np.ndarray | None = None

    @property
    def shape(self) -> Shape:
        """Shape of the values."""
        return self.values.shape

    @cached_property
    def min(self) -> float:
        """Smallest value."""
        return float(self.values.min())

    @cached_property
    def max(self) -> float:
        """Largest value."""
        return float(self.values.max())

    @cached_property
    def mean(self) -> float:
        """Mean value, summed in float64."""
        return float(self.values.mean(dtype=np.float64))


@dataclass(frozen=True, eq=False)
class MapSet:
    """All maps that one command makes of one image.

    `settings` are the words of a title (`stride 2`, `same`); `is_photo` says that the source is a
    picture on the 0-255 scale rather than an array taken as it is.
    """

    command: str
    image: str
    source: np.ndarray
    maps: tuple[FeatureMap, ...]
    settings: tuple[str, ...] = ()
    is_photo: bool = True
    is_flipped: bool = False

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row of plain data for each map."""
        key = "kernel" if self.command == "convolve" else "layer"
        return [
            {
                "image": self.image,
                key: m.name,
                "shape": list(m.shape),
                "min": m.min,
                "max": m.max,
                "mean": m.mean,
            }
            for m in self.maps
        ]

    @property
    def size(self) -> int:
        """Values of one result: a pooled array has a map for each channel, each type a result."""
        first = self.maps[0].name.split("[")[0]
        return sum(m.values.size for m in self.maps if m.name.split("[")[0] == first)

    def workings(self) -> list[tuple[str, tuple[Axis, ...]]]:
        """Return each different size formula with the names of the maps it belongs to."""
        groups: dict[tuple[str, ...], tuple[list[str], tuple[Axis, ...]]] = {}
        for m in self.maps:
            texts = tuple(f"{axis.working()} {axis.unread}" for axis in m.axes)
            groups.setdefault(texts, ([], m.axes))[0].append(m.name)
        return [(", ".join(names), axes) for names, axes in groups.values()]

    def lines(self) -> Iterator[str]:
        """Yield the report in plain ASCII: shapes, formulas, unread pixels, ranges."""
        yield f"input    {self.image}  {times(self.source.shape)}"
        groups = self.workings()
        for names, axes in groups:
            if len(groups) > 1:
                yield f"window   {names}"
            yield f"rows     {axes[0].working()}"
            yield f"columns  {axes[1].working()}"
            yield f"unread   {unread(axes)}"
        width = max(len(m.name) for m in self.maps)
        for m in self.maps:
            numbers = f"min {m.min:<10.6g} max {m.max:<10.6g} mean {m.mean:.6g}"
            yield f"map      {m.name:<{width}}  {times(m.shape)}  {numbers}"
        if self.command == "pool":
            before, after = self.source.size, self.size
            yield (
                f"values   {before} -> {after} ({after / before:.1%}), "
                f"bytes {before * 4} -> {after * 4} as float32"
            )


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
    channels : {"sum", "gray"}
        Sum over the channels, or convolve the gray image (by the formula `gray`).
    bias : float
        Added to every value, before `activation` (a Keras name).
    combine : {None, "magnitude"}
        Join exactly two maps of equal shape to sqrt(x^2 + y^2).

    Raises
    ------
    SpecError
        If a kernel does not fit the image, or `combine` does not fit the kernels.
    InputError
        If a result is not finite.
    """
    if channels not in ("sum", "gray"):
        raise SpecError(f"channels {channels!r} is not one of sum, gray")
    if combine not in (None, "magnitude"):
        raise SpecError(f"combine {combine!r} is not magnitude")
    if combine and len(kernels) != 2:
        raise SpecError(
            f"combine magnitude joins two maps, not {len(kernels)}",
            hint="give two kernels, such as --kernel sobel-x --kernel sobel-y",
        )
    source = image
    if channels == "gray" and image.ndim == 3 and image.shape[2] == 3:
        from cnnviz.images import to_gray

        source = to_gray(image, gray)
    act = ops.activation(activation) if activation else None
    maps = []
    for kernel, label in zip(kernels, _distinct(k.name for k in kernels), strict=True):
        window = Window.of(
            kernel.values.shape[:2], strides=strides, padding=padding, dilation_rate=dilation_rate
        )
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
            if bias:
                values = values + values.dtype.type(bias)
            if act is not None and combine is None:
                values = act(values)
        check_finite(values, f"the result of {kernel.name}")
        axes = window.on(source.shape[:2])
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
    settings = _settings(strides, padding, dilation_rate, border)
    settings += ("true convolution",) * flip + ("gray",) * (source is not image)
    settings += (f"bias {bias:g}",) * bool(bias) + (str(activation),) * bool(activation)
    return MapSet("convolve", name, source, tuple(maps), settings, is_photo, flip)


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
    from cnnviz.ops.pooling import pooling
    from cnnviz.ops.pooling.max import winners as find_winners

    steps = pool_size if strides is None else strides
    maps: list[FeatureMap] = []
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
    words = (f"size {_by(pool_size)}", *_settings(steps, padding, dilation_rate, None))
    words += ("ceil mode",) * ceil_mode + ("padding counted",) * count_include_pad
    return MapSet("pool", name, image, tuple(maps), words, is_photo)


def times(shape: Iterable[int]) -> str:
    """Return a shape in ASCII, `300x451x3`."""
    return "x".join(map(str, shape))


def unread(axes: tuple[Axis, ...]) -> str:
    """Return what floor leaves unread, `1 row, 0 columns`."""
    rows, columns = (axis.unread for axis in axes)
    return f"{rows} row{'s' * (rows != 1)}, {columns} column{'s' * (columns != 1)}"


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


def _settings(
    strides: Size, padding: Padding, dilation_rate: Size, border: str | float | None
) -> tuple[str, ...]:
    """Return the words of a title for what is not the default."""
    words = []
    if _by(strides) != "1":
        words.append(f"stride {_by(strides)}")
    if padding != "valid":
        words.append(padding if isinstance(padding, str) else f"padding {_pads(padding)}")
    if _by(dilation_rate) != "1":
        words.append(f"dilation {_by(dilation_rate)}")
    if border not in (None, "zero", "constant", 0):
        words.append(f"{border} border")
    return tuple(words)


def _by(size: Size) -> str:
    """Return `n`, or `HxW` where the two differ."""
    values = (size,) if isinstance(size, int) else tuple(size)
    return str(values[0]) if len(set(values)) == 1 else times(values)


def _pads(padding: Padding) -> str:
    values = np.asarray(padding).ravel().tolist()
    return str(values[0]) if len(set(values)) == 1 else ",".join(map(str, values))


def _distinct(names: Iterable[str]) -> list[str]:
    """Number the names that occur more than once: `custom`, `custom-2`."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return result
