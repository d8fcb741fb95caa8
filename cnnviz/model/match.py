"""Weights out of a file into the places of a model: found, checked as a whole, then read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from cnnviz.arrays import open_arrays
from cnnviz.arrays.contents import listed, shown
from cnnviz.arrays.layouts import LAYOUTS, stated
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Shape, times
from cnnviz.graph import Graph
from cnnviz.model import flat, layout, tensor_names
from cnnviz.model.initial import initial, wanted_shapes
from cnnviz.model.orientation import half_turned
from cnnviz.model.tensor_names import Key
from cnnviz.trained.about import About

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Opened, Tensor
    from cnnviz.contract import Array, Layer

MATCHES = ("auto", "name", "order")
_WHOSE = {"hwio": "Keras's", "oihw": "PyTorch's", "ohwi": "MLX's"}
_COUNTER = "num_batches_tracked"  # PyTorch's, which no forward run uses


class Loaded(NamedTuple):
    """Weights by node and name, notes on how they were found, and what the file says of itself."""

    weights: dict[str, dict[str, Array]]
    notes: tuple[str, ...]
    about: About


def read_weights(
    path: str | os.PathLike[str], graph: Graph, *, match: str = "auto", layout: str | None = None
) -> Loaded:
    """Read the weights of a graph from a file, one array at a time.

    Parameters
    ----------
    path : str or path
    graph : Graph
    match : {"auto", "name", "order"}
        By the names of the nodes, and (auto) as torchvision's checkpoint of the built-in model of
        that name calls them; or the file's arrays in their order (which in .safetensors is that of
        the alphabet).
    layout : {"hwio", "oihw", "ohwi"}, optional
        How kernels are stored; else what the file says, what fits the model's shapes, or what the
        names show (`weight` is PyTorch's word, `kernel` Keras's).

    Returns
    -------
    Loaded
        Float32. Behind a Flatten, PyTorch's rows are put in the order of ours; kernels that the
        file keeps for true convolution are turned.

    Raises
    ------
    InputError
        If the file cannot be read, or does not fit: every difference is a line of its details.
        If values are NaN or infinite.
    SpecError
        If `match` or `layout` is unknown, or the layout cannot be told.
    RefusedError
        If it is over the byte budget.
    """
    _check_words(match, layout)
    name = os.fspath(path)
    with open_arrays(path, name=name) as file:
        tensors = {
            key: tensor for key, tensor in file.tensors.items() if not key.endswith(_COUNTER)
        }
        job = _Job(name, graph, file, tensors)
        how = job.by_order() if match == "order" else job.by_name(match)
        how += job.settle(layout)
        job.check()
        return Loaded(job.read(), (f"weights: {how}", *job.notes()), job.about)


@dataclass
class _Place:
    """A weight of the model and the array of the file that is to fill it."""

    layer: Layer
    shape: Shape
    source: str = ""


class _Job:
    def __init__(
        self, path: str, graph: Graph, file: Opened, tensors: Mapping[str, Tensor]
    ) -> None:
        self._path, self._graph, self._file, self._tensors = path, graph, file, tensors
        layers = {node.name: node.layer for node in graph.nodes}
        self._places: dict[Key, _Place] = {
            (node, weight): _Place(layers[node], shape)
            for node, shapes in wanted_shapes(graph).items()
            for weight, shape in shapes.items()
        }
        self.about = About.of(file.metadata)
        self._given = initial(graph)
        self._faults: list[str] = []
        self._layout = "hwio"
        self._flat = flat.flattened(graph)

    def by_name(self, match: str) -> str:
        """Fill the places by name; return how."""
        found, which = tensor_names.find(self._places, list(self._tensors), self._namings(match))
        if not found and self._places:
            raise self._nothing()
        for key, source in found.items():
            self._places[key].source = source
        for source, node in tensor_names.beside(found, self._tensors).items():
            self._faults.append(f"{shown(source)}: in the file, but {node} has no such weight")
        whose = "torchvision's names" if which else "name"
        stem = shown(os.path.basename(self._path))
        return f"{len(found)} arrays of {stem} by {whose}"

    def by_order(self) -> str:
        """Fill the places in order; return how."""
        keys = [key for key in self._places if not self._is_given(key)]
        if len(keys) != len(self._tensors):
            keys = list(self._places)
        sources = [source for source, tensor in self._tensors.items() if tensor.shape]
        for key, source in zip_longest(keys, sources):
            if key is None:
                self._faults.append(f"{shown(source)}: in the file, but no weight is left for it")
            elif source is not None:
                self._places[key].source = source
        return f"{len(keys)} arrays of {shown(os.path.basename(self._path))} in their order"

    def settle(self, asked: str | None) -> str:
        """Decide how kernels are stored; return it as words."""
        own = asked or stated(self._file.metadata, self._file.format)
        self._layout = own or self._told()
        return f", kernels as {self._layout}"

    def check(self) -> None:
        """Raise with every difference between the model and the file, if there is any."""
        faults = [text for key in self._places if (text := self._difference(key))]
        if faults := faults + self._faults:
            count, what = len(faults), "array does" if len(faults) == 1 else "arrays do"
            raise InputError(
                f"{count} {what} not fit {self._graph.name}", path=self._path, details=faults
            )

    def read(self) -> dict[str, dict[str, Array]]:
        """Return the weights by node and name."""
        sizes = [4 * prod(place.shape) for place in self._places.values()]
        check_bytes(sum(sizes) + 2 * max(sizes, default=0), f"{self._path}: the weights")
        weights: dict[str, dict[str, Array]] = {}
        bad = []
        for key, place in self._places.items():
            node, weight = key
            values = self._values(key, place)
            weights.setdefault(node, {})[weight] = values
            if count := _not_finite(values):
                source = shown(place.source) or f"{node}.{weight}"
                bad.append(f"{source}: {count} of {values.size} values are NaN or infinite")
        if bad:
            raise InputError("the weights are not finite", path=self._path, details=bad)
        return weights

    def notes(self) -> Iterator[str]:
        """Yield what else is to be said."""
        if any(self._slides(key[1], place) for key, place in self._places.items()):
            yield "kernels turned by 180 degrees: the file keeps them for true convolution"
        if self._layout == flat.CHANNELS_FIRST:
            for node, parts in self._flat.items():
                maps = ", ".join(map(times, parts))
                yield f"{node}: maps of {maps} put from channels-first into channels-last order"
            yield from flat.moved(self._graph)
        taken = {place.source for place in self._places.values()}
        if left := [name for name in self._tensors if name not in taken]:
            yield f"{len(left)} arrays of the file not used: {listed(left)}"
        if given := [f"{n}.{w}" for n, w in self._places if not self._places[n, w].source]:
            yield f"as the spec says: {listed(given)}"

    def _namings(self, match: str) -> list[dict[str, str]]:
        from cnnviz.model import zoo

        if match == "name" or self._graph.name not in zoo.names():
            return [{}]
        return [{}, zoo.checkpoint_names(self._graph.name)]

    def _values(self, key: Key, place: _Place) -> Array:
        import numpy as np

        node, weight = key
        if not place.source:
            return self._given[node][weight]
        # Of a float64 beyond float32, and of a NaN: what is not finite is counted later.
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(self._file.read(place.source), np.float32)
        parts = self._flat.get(node)
        if parts and self._layout == flat.CHANNELS_FIRST and weight != "bias" and values.size > 1:
            # A dense kernel as it is stored, (units, in); what a normalization holds is one row.
            row = values if weight == "kernel" else values.reshape(-1)
            values = flat.reordered(row, parts)
        values = layout.as_ours(values, place.layer, weight, place.shape, self._layout)
        values = half_turned(values, self._slides(weight, place))
        # Kernels of convolutions are read often and in order; a dense one may stay a view.
        return values if values.ndim == 2 else np.ascontiguousarray(values)

    def _slides(self, weight: str, place: _Place) -> int:
        """Return along how many axes an array of the file is to be turned."""
        turns = self.about.is_turned and place.source
        return place.layer.sliding.get(weight, 0) if turns else 0

    def _told(self) -> str:
        """Return the layout that the shapes tell, else the names."""
        kernels = [(key, place) for key, place in self._places.items() if place.source]
        kernels = [(key, place) for key, place in kernels if "kernel" in key[1]]
        counts = {
            axes: sum(self._fits(key, place, axes) for key, place in kernels) for axes in LAYOUTS
        }
        best = [axes for axes in LAYOUTS if counts[axes] == max(counts.values())]
        if len(best) == 1:
            return best[0]
        if not kernels:
            return flat.CHANNELS_FIRST if self._file.convention == "torch" else "hwio"
        leaves = {place.source.replace("/", ".").rpartition(".")[2] for _, place in kernels}
        named = "oihw" if leaves == {"weight"} else "hwio"
        known = named == "oihw" or all("kernel" in leaf for leaf in leaves)
        if known and named in best:
            return named
        if max(counts.values()) < len(kernels):
            return best[0]  # it does not fit anyway
        raise SpecError(
            f"the layout of {listed([place.source for _, place in kernels])} cannot be told",
            path=self._path,
            hint=f"give --layout {' or '.join(f'{axes} ({_WHOSE[axes]})' for axes in best)}",
        )

    def _fits(self, key: Key, place: _Place, axes: str) -> bool:
        got = self._tensors[place.source].shape
        return layout.fits(place.layer, key[1], place.shape, axes, got)

    def _difference(self, key: Key) -> str | None:
        place, what = self._places[key], ".".join(key)
        wanted = layout.stored_shape(place.layer, key[1], place.shape, self._layout)
        if not place.source:
            missing = f"{what}: expected {times(wanted)}, not in the file"
            return None if self._is_given(key) else missing
        tensor = self._tensors[place.source]
        if self._fits(key, place, self._layout):
            kind = tensor.dtype
            plain = "float" in kind or "int" in kind
            return None if plain else f"{what}: expected numbers, got {shown(kind)}"
        got = times(tensor.shape) if tensor.shape else "a single number"
        return f"{what}: expected {times(wanted)}, got {got} ({shown(place.source)})"

    def _is_given(self, key: Key) -> bool:
        return key[1] in self._given.get(key[0], {})

    def _nothing(self) -> InputError:
        wanted, there = [".".join(key) for key in self._places], list(self._tensors)
        return InputError(
            f"no array is named as a layer of {self._graph.name}",
            path=self._path,
            hint="name the layers so, or use --match order where the order is the same",
            details=[f"the model's: {listed(wanted)}", f"the file's: {listed(there) or 'none'}"],
        )


def _check_words(match: str, axes: str | None) -> None:
    if match not in MATCHES:
        raise SpecError(f"match {match!a} is not one of {', '.join(MATCHES)}")
    if axes is not None and axes not in LAYOUTS:
        raise SpecError(f"layout {axes!a} is not one of {', '.join(LAYOUTS)}")


def _not_finite(values: Array) -> int:
    import numpy as np

    return values.size - int(np.count_nonzero(np.isfinite(values)))
