"""Trained kernels out of weight files: which arrays are kernels, and how each is laid out."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from cnnviz import trained
from cnnviz.arrays import open_arrays
from cnnviz.arrays.contents import Opened, listed, shown
from cnnviz.arrays.layouts import NUMPY
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes, stem_of
from cnnviz.geometry import times
from cnnviz.kernels import _layout
from cnnviz.kernels._entry import Array, check_values
from cnnviz.kernels._layout import Layout
from cnnviz.trained.about import About

BUDGET = 2**30  # bytes as stored; float64 takes up to eight times as many
_LARGEST = 63  # side of a kernel among other arrays; what is larger is a table of something else


@dataclass(frozen=True, eq=False)
class Stored:
    """An array of a file that is a kernel, or a stack of them.

    Attributes
    ----------
    name : str
        As in the file; empty where its only array has no name.
    shape : tuple of int
        As stored.
    layout : Layout or None
        None where it cannot be told.
    """

    name: str
    shape: tuple[int, ...]
    layout: Layout | None

    @property
    def axes(self) -> str:
        """The layout's letters, `oihw`; empty where it cannot be told."""
        return self.layout.axes if self.layout else ""

    @property
    def as_read(self) -> tuple[int, ...] | None:
        """Shape as `(kh, kw, C, filters)`."""
        if self.layout is None:
            return None
        sizes = dict(zip(self.axes, self.shape, strict=True))
        kh, kw, channels, filters = (sizes.get(letter, 1) for letter in "hwio")
        if _layout.is_depthwise(self.name, self.axes):
            return kh, kw, 1, channels * filters
        return kh, kw, channels, filters


class WeightFile:
    """A file that is open, with the arrays in it that are kernels.

    Attributes
    ----------
    path : str
        `trained:NAME` of a file in the box.
    about : About
        What the file says of itself.
    stored : tuple of Stored
        In the order of the file.
    others : tuple of str
        The arrays that are none: biases, dense layers, statistics.
    """

    def __init__(self, file: Opened, path: str, layout: str | None) -> None:
        self.path, self._file, self.about = path, file, About.of(file.metadata)
        shapes = {name: tensor.shape for name, tensor in file.tensors.items()}
        stated = _layout.of_metadata(file.metadata, file.format)
        if layout:
            stated = Layout(layout, "as asked")
        agreed = _layout.of_file(shapes)
        is_numpy = file.format in NUMPY or file.metadata.get("format") == "numpy"
        found = [
            Stored(
                name,
                shape,
                _layout.choose(name, shape, stated=stated, agreed=agreed, is_numpy=is_numpy),
            )
            for name, shape in shapes.items()
            if 2 <= len(shape) <= 4 and 0 not in shape
        ]
        if len(shapes) > 1:
            least = 3 if any(len(one.shape) > 2 for one in found) else 2  # else 2-D ones are dense
            found = [one for one in found if len(one.shape) >= least and _is_small(one)]
        self.stored = tuple(found)
        kernels = {one.name for one in found}
        self.others = tuple(name for name in shapes if name not in kernels)
        self._shapes = list(shapes.values())

    @property
    def holds_matrices(self) -> bool:
        """Whether it holds several arrays `(kh, kw)`, each a kernel of its own."""
        return len(self.stored) > 1 and all(len(one.shape) == 2 for one in self.stored)

    def choose(self, layer: str | None) -> Stored:
        """Return the array called `layer`, or the only one.

        Exactly, else by a glob, else by whole parts of the name: `features.0` is
        `features.0.weight`.
        """
        names = {one.name: one for one in self.stored}
        if layer and ("" in names or "" in self.others):
            what = f"holds one array without a name, not '{shown(layer)}'"
            raise SpecError(what, path=self.path)
        if not names:
            raise self._no_kernels()
        if layer is None:
            if len(names) == 1:
                return self.stored[0]
            kind = "kernels" if self.others else "arrays"
            raise self._name_one(f"holds {len(names)} {kind}", names)
        if layer in names:
            return names[layer]
        if layer in self.others:
            raise self._name_one(f"'{shown(layer)}' is no kernel", names)
        near = [name for name in names if fnmatch.fnmatchcase(name, layer)]
        near = near or [name for name in names if _holds(name, layer)]
        if len(near) == 1:
            return names[near[0]]
        asked = f"'{shown(layer)}'"
        what = f"{asked} names {len(near)} kernels" if near else f"holds no array {asked}"
        raise self._name_one(what, near or names)

    def first(self) -> Stored:
        """Return the first convolution, of those whose layout is known if there are any."""
        if not self.stored:
            raise self._no_kernels()
        deep = [one for one in self.stored if len(one.shape) == 4] or list(self.stored)
        return next((one for one in deep if one.layout), deep[0])

    def read(self, stored: Stored) -> Array:
        """Return an array as float64 `(kh, kw, C, filters)`, all of it finite."""
        where = f"{self.path}:{shown(stored.name)}" if stored.name else self.path
        if stored.layout is None:
            sizes = times(stored.shape)
            raise SpecError(
                f"{where}: the layout of {sizes} cannot be told", hint="give --layout hwio or oihw"
            )
        axes = stored.layout.axes
        raw = self.raw(stored)
        check_bytes(raw.nbytes + 16 * raw.size, where)  # as float64, and each filter apart
        with np.errstate(over="ignore", invalid="ignore"):  # of what is reported below
            values = _layout.as_weights(raw.astype(np.float64, copy=False), axes)
        if _layout.is_depthwise(stored.name, axes):
            values = values.reshape(*values.shape[:2], 1, -1)
        check_values(stored.name or stem_of(self.path), values, self.path)
        return values

    def raw(self, stored: Stored) -> Array:
        """Return an array as it is stored."""
        return self._file.read(stored.name or None)

    def _name_one(self, what: str, names: Sequence[str] | dict[str, Stored]) -> SpecError:
        return SpecError(what, path=self.path, hint=f"name one of: {listed(names)}")

    def _no_kernels(self) -> InputError:
        if len(self._shapes) == 1:
            what = f"a kernel has 2 to 4 axes, this array has {len(self._shapes[0])}"
            hint = "save it as (kh, kw), (kh, kw, C) or (kh, kw, C, filters)"
            return InputError(what, path=self.path, hint=hint)
        return InputError(f"none of its {len(self._shapes)} arrays is a kernel", path=self.path)


@contextmanager
def open_weights(path: str, layout: str | None = None) -> Iterator[WeightFile]:
    """Open a file of kernels: of any format of `cnnviz.arrays`.

    Parameters
    ----------
    path : str
    layout : {"hwio", "oihw", "ohwi"}, optional
        How arrays of 4 axes are laid out, whatever the file says.

    Raises
    ------
    InputError
        If the file is missing, corrupt or holds no kernels.
    RefusedError
        If it is over a limit.
    SpecError
        On choosing or reading, if an array is not there or its layout cannot be told.
    """
    name = trained.called(path)
    with open_arrays(path, name=name, max_bytes=BUDGET) as file:
        yield WeightFile(file, name, layout)


def _is_small(stored: Stored) -> bool:
    shape = stored.as_read
    return len(stored.shape) == 4 or shape is None or max(shape[:2]) <= _LARGEST


def _holds(name: str, layer: str) -> bool:
    """Whether the parts of `layer` are a run of the parts of `name`."""
    parts, wanted = (re.split("[./:]", text) for text in (name, layer))
    runs = range(len(parts) - len(wanted) + 1)
    return any(parts[i : i + len(wanted)] == wanted for i in runs)
