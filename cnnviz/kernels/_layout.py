"""Which axis of stored weights is which: rows, columns, input channels, filters.

A layout is a word of the letters h, w, i and o in the order of the axes: `hwio` is Keras's and
ours, `oihw` PyTorch's; `oiw` and `wio` are their one-dimensional convolutions, `hwi` is one kernel
and `hw` a kernel without channels. The rule, from the surest sign to the weakest:

1. what the user says (`--layout`);
2. what the file's metadata says: a `layout`, or the framework as `format` (`pt` is PyTorch); or
   its form, where that is PyTorch's own;
3. the shape, where it is plain. A kernel's sides are at most 11, or equal and at most 32 (patch
   embeddings). If both ends of the shape could be a kernel, the one with sides up to 11 is, where
   the other is larger; else the square one, where the other is not; else the shape is not plain;
4. the other arrays of the file, where all that are plain agree;
5. the name: PyTorch's end in `weight`, Keras's in `kernel`;
6. in .npy and .npz files `hwio`, as NumPy users and Keras write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cnnviz.arrays import layouts
from cnnviz.kernels._entry import Array

_SMALL, _LARGE = 11, 32  # sides of a kernel: any two, and two that are equal
_FLAT = {"hwio": "wio", "oihw": "oiw", "ohwi": "owi"}  # of one-dimensional convolutions


class Layout(NamedTuple):
    """The axes of an array in order, and what told them."""

    axes: str
    why: str


def of_metadata(metadata: Mapping[str, str], format: str = "") -> Layout | None:
    """Return the layout that a file states, or that files of its format have, or None.

    >>> of_metadata({"format": "pt"})
    Layout(axes='oihw', why='format pt in its metadata')
    """
    axes = layouts.stated(metadata, format)
    if axes is None:
        return None
    if metadata.get("layout", "").lower() == axes:
        return Layout(axes, "as its metadata says")
    if framework := metadata.get("format", "").lower():
        return Layout(axes, f"format {framework} in its metadata")
    return Layout(axes, f"as {format.partition(' ')[0]} stores them")


def of_shape(shape: tuple[int, ...]) -> str | None:
    """Return `hwio` or `oihw` where a shape of 4 axes tells, else None.

    >>> of_shape((64, 3, 7, 7)), of_shape((7, 7, 3, 64)), of_shape((3, 3, 3, 3))
    ('oihw', 'hwio', None)
    """
    if len(shape) != 4:
        return None
    ends = {"hwio": shape[:2], "oihw": shape[2:]}
    could = {axes: sides for axes, sides in ends.items() if _is_kernel(sides)}
    could = {axes: sides for axes, sides in could.items() if max(sides) <= _SMALL} or could
    could = {axes: sides for axes, sides in could.items() if sides[0] == sides[1]} or could
    return next(iter(could)) if len(could) == 1 else None


def of_file(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """Return the layout on which all arrays agree whose shape is plain, or None."""
    told = {axes for shape in shapes.values() if (axes := of_shape(shape))}
    return told.pop() if len(told) == 1 else None


def choose(
    name: str,
    shape: tuple[int, ...],
    *,
    stated: Layout | None,
    agreed: str | None,
    is_numpy: bool,
) -> Layout | None:
    """Return the layout of one array by the rule above, None where it cannot be told.

    Parameters
    ----------
    stated : Layout, optional
        By the user or the file's metadata.
    agreed : str, optional
        See `of_file`.
    is_numpy : bool
        The file is .npy, .npz or text, rather than one that frameworks write.
    """
    if len(shape) == 2:
        return Layout("hw", "a matrix")
    if len(shape) == 3:
        return _of_three(name, shape, stated, agreed, is_numpy)
    if stated:
        return stated
    if axes := of_shape(shape):
        return Layout(axes, "by its shape")
    if agreed:
        return Layout(agreed, "as the file's other arrays")
    if axes := _of_name(name):
        return Layout(axes, "by its name")
    return Layout("hwio", "as NumPy files are taken") if is_numpy else None


def as_weights(values: Array, axes: str) -> Array:
    """Return an array as `(kh, kw, C, filters)`; an axis that it lacks has size 1.

    >>> as_weights(np.zeros((64, 3, 7, 7)), "oihw").shape
    (7, 7, 3, 64)
    >>> as_weights(np.zeros((8, 2, 5)), "oiw").shape
    (1, 5, 2, 8)
    """
    lacking = "".join(letter for letter in "hwio" if letter not in axes)
    whole = values.reshape(values.shape + (1,) * len(lacking))
    return np.ascontiguousarray(whole.transpose([(axes + lacking).index(a) for a in "hwio"]))


def is_depthwise(name: str, axes: str) -> bool:
    """Tell whether an array is Keras's `(kh, kw, C, multiplier)`: a filter for each channel."""
    return axes == "hwio" and "depthwise" in re.split("[/.]", name)[-1]


def _of_three(
    name: str,
    shape: tuple[int, ...],
    stated: Layout | None,
    agreed: str | None,
    is_numpy: bool,
) -> Layout | None:
    named = _of_name(name)
    if stated and stated.axes != "hwio":
        return Layout(_FLAT[stated.axes], stated.why)
    if agreed == "oihw":
        return Layout("oiw", "as the file's other arrays")
    if named == "oihw" or (named and (stated or agreed or shape[0] != shape[1])):
        return Layout(_FLAT[named], "by its name")
    if stated:
        return Layout("hwi", stated.why)
    if _is_kernel(shape[:2]):
        return Layout("hwi", "by its shape")
    if shape[2] <= _SMALL < shape[0]:
        return Layout("oiw", "by its shape")
    return Layout("hwi", "as NumPy files are taken") if is_numpy else None


def _of_name(name: str) -> str | None:
    last = re.split("[/.]", name)[-1].partition(":")[0]
    return {"weight": "oihw", "kernel": "hwio", "depthwise_kernel": "hwio"}.get(last)


def _is_kernel(sides: tuple[int, ...]) -> bool:
    return max(sides) <= _SMALL or (sides[0] == sides[1] <= _LARGE)
