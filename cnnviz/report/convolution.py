"""Feature maps of one image under kernels: what `cnnviz convolve` reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnviz import ops
from cnnviz.arrays import unique
from cnnviz.errors import SpecError
from cnnviz.geometry import Padding, Size, Window, times
from cnnviz.report.bands import measure
from cnnviz.report.banks import Act, Filters, Magnitude
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.words import settings_words

if TYPE_CHECKING:
    from cnnviz.kernels import Kernel

MANY = 3  # kernels from which a matrix product pays
TAPS = 8  # of a kernel, for each kernel of a bank


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
    named = list(zip(unique([k.name for k in kernels]), kernels, strict=True))
    added = [bias + kernel.offset for kernel in kernels]
    wanted = [
        Wanted(name, kernel, source, offset, None if combine else act)
        for (name, kernel), offset in zip(named, added, strict=True)
    ]
    if channels == "each":
        from cnnviz.report import each

        wanted = [part for total in wanted for part in (*each.addends(total), total)]
    sliding = _Sliding(strides, padding, dilation_rate, border, groups, flip)
    maps = [_magnitude(wanted, sliding, act)] if combine else _maps(wanted, sliding)
    words = settings_words(strides, padding, dilation_rate, border)
    words += ("true convolution",) * flip
    words += ("gray",) * (channels == "gray" and (source.ndim == 2 or source.shape[2] == 1))
    words += (f"bias {bias:g}",) * bool(bias) + (str(activation),) * bool(activation)
    words += tuple(
        f"offset {k.offset:g}" + f" of {k.name}" * (len(kernels) > 1) for k in kernels if k.offset
    )
    fields = ("convolve", name, source, tuple(maps), words, is_photo, flip)
    return each.EachSet(*fields, bias, activation) if channels == "each" else MapSet(*fields)


class Wanted(NamedTuple):
    """A map that is wanted, or one a group: the kernel and what it slides over, and what follows.

    `source` is `(H, W)` or `(H, W, C)`; `added` is added to every value, then comes `act`.
    """

    name: str
    kernel: Kernel
    source: np.ndarray
    added: float
    act: Act | None


class _Sliding(NamedTuple):
    """How all kernels slide."""

    strides: Size
    padding: Padding
    dilation_rate: Size
    border: str | float
    groups: int
    flip: bool

    def bank(self, wanted: Sequence[Wanted]) -> Filters:
        """Return the bank of kernels of one size over one image."""
        _, kernel, source, _, act = wanted[0]
        rows, columns = Window.of(
            kernel.values.shape[:2],
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
        ).on(source.shape[:2])
        weights = np.stack([self._weights(w.kernel.values, source) for w in wanted], axis=-1)
        weights = weights.reshape(*weights.shape[:3], -1)
        added = np.repeat([w.added for w in wanted], self.groups)
        axes = rows, columns
        return Filters(source, weights, axes, self.border, self.groups, self.flip, added, act)

    def _weights(self, values: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Return one kernel as weights of a convolution, `(kh, kw, C, groups)`."""
        stack = values if values.ndim == 3 else values[:, :, np.newaxis]
        if self.groups > 1:
            channels = source.shape[2] // self.groups if source.ndim == 3 else 1
            stack = stack if values.ndim == 3 else np.repeat(stack, channels, axis=2)
        return np.repeat(stack[..., np.newaxis], self.groups, axis=3)


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


def _maps(wanted: Sequence[Wanted], sliding: _Sliding) -> list[FeatureMap]:
    """Return the maps in the order of `wanted`, each one map a group."""
    made = _banks(wanted, sliding)
    names = [
        [name for i in places for name in _names(wanted[i].name, sliding.groups)]
        for _, places in made
    ]
    measured = measure([bank for bank, _ in made], names)
    maps: dict[int, list[FeatureMap]] = {}
    for (bank, places), found, labels in zip(made, measured, names, strict=True):
        each = len(found) // len(places)
        for n, (one, label) in enumerate(zip(found, labels, strict=True)):
            place = places[n // each]
            kernels = (wanted[place].kernel,)
            m = FeatureMap(label, one.kept, bank.axes, kernels, made=one)
            maps.setdefault(place, []).append(m)
    return [m for place in range(len(wanted)) for m in maps[place]]


def _banks(wanted: Sequence[Wanted], sliding: _Sliding) -> list[tuple[Filters, list[int]]]:
    """Return banks that make all maps, and the places in `wanted` of each bank's.

    Kernels of one size are one bank if they are many: laying out their windows for a matrix product
    costs as much as so many shifted sums.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for i, (_, kernel, source, _, act) in enumerate(wanted):
        _check_channels(kernel, source, sliding.groups)
        lines = act is not None and "axis" in (act.__kwdefaults__ or {})
        alone = i if lines or sliding.groups > 1 else -1
        place = source.__array_interface__["data"]
        key = (place, source.shape, act, kernel.values.shape, alone)
        alike.setdefault(key, []).append(i)
    banks: list[tuple[Filters, list[int]]] = []
    for places in alike.values():
        taps = wanted[places[0]].kernel.values.size
        joined = len(places) >= MANY and taps <= TAPS * len(places)
        for some in [places] if joined else [[i] for i in places]:
            banks.append((sliding.bank([wanted[i] for i in some]), some))
    return sorted(banks, key=lambda bank: bank[1])


def _names(label: str, groups: int) -> list[str]:
    return [label] if groups == 1 else [f"{label}[{i}]" for i in range(groups)]


def _check_channels(kernel: Kernel, source: np.ndarray, groups: int) -> None:
    """Refuse a trained kernel that was made for another number of channels."""
    if kernel.values.ndim == 2:
        return
    reads, has = kernel.values.shape[2] * groups, source.shape[2] if source.ndim == 3 else 1
    if reads != has:
        hint = "use --channels gray" if reads == 1 and has == 3 else None
        channels = f"{reads} channel{'s' * (reads != 1)}"
        raise SpecError(f"{kernel.name} reads {channels}, the image has {has}", hint=hint)


def _magnitude(wanted: Sequence[Wanted], sliding: _Sliding, act: Act | None) -> FeatureMap:
    x, y = (bank for bank, _ in _banks(wanted, sliding))
    if x.shape[2] > 1:
        raise SpecError("combine magnitude joins two maps, and groups make more")
    if x.shape != y.shape:
        raise SpecError(
            f"combine magnitude needs equal shapes, not {times(x.shape[:2])} "
            f"and {times(y.shape[:2])}",
            hint="use --padding same",
        )
    name = f"magnitude({wanted[0].name}, {wanted[1].name})"
    ((one,),) = measure([Magnitude(x, y, act)], [[name]])
    kernels = (wanted[0].kernel, wanted[1].kernel)
    return FeatureMap(name, one.kept, x.axes, kernels, made=one)
