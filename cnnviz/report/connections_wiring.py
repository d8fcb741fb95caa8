"""One layer as wires: which input each output reads, and by which weight.

Inputs, outputs and weights are numbered from 1 in names, row by row: x1, y1, w1. A weight that
belongs to one output alone has that output's number first: w21 is the one of y2 for x1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from cnnviz.geometry import Axis, Shape

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.contract import Layer, Weights

Cell = tuple[int, ...]
WEIGHTS, BIASES = (-2, -1, 1, 2, 3), (1, -1, 2)  # small whole numbers, none of them 0
MOST_EQUATIONS = 8  # that are printed
INPUTS = (1, 2, 3, 4, 5)
_STEPS = {"x": 0.7182818285, "w": 0.4142135624, "b": 0.7320508076}  # irrational: no period


@dataclass(frozen=True)
class Edge:
    """One wire: it multiplies an input by a weight and adds the product to an output.

    Attributes
    ----------
    source, target : tuple of int
        Places on the grids of inputs and outputs; a source outside is padding, which is zero.
    weight : int
        The number of its weight: two edges of the same number share it.
    """

    source: Cell
    target: Cell
    weight: int


@dataclass(eq=False, repr=False)
class Wiring:
    """A layer between a grid of inputs and one of outputs, wire by wire.

    Attributes
    ----------
    kind : str
        `dense`, `conv`, `local` or `covering`.
    layer : Layer
        It says what shapes its weights have, how many multiply-adds there are, and the outputs.
    taken : tuple of int
        The shape that the layer takes.
    inputs, outputs : tuple of int
        Both grids, of one axis or two.
    reads : int
        How many inputs, padding among them, an output reads.
    own : bool
        Whether each output has weights of its own.
    edges, padding : tuple of Edge
        Those from inputs, and those from padding.
    arranged : callable
        Makes the layer's kernel of the weights by number.
    """

    kind: str
    layer: Layer
    taken: Shape
    inputs: Shape
    outputs: Shape
    reads: int
    own: bool
    edges: tuple[Edge, ...]
    padding: tuple[Edge, ...]
    arranged: Callable[[np.ndarray], np.ndarray]

    @property
    def is_shared(self) -> bool:
        """Whether several outputs use the same weights."""
        return not self.own and prod(self.outputs) > 1

    @cached_property
    def _counts(self) -> dict[str, int]:
        shapes = self.layer.weight_shapes(self.taken)
        return {name: prod(shape) for name, shape in shapes.items()}

    @property
    def weights(self) -> int:
        """Weights of its kernel, biases apart."""
        return self._counts["kernel"]

    @property
    def biases(self) -> int:
        """Biases: one an output, one for all, or none."""
        return self._counts.get("bias", 0)

    @property
    def params(self) -> int:
        """Weights and biases."""
        return sum(self._counts.values())

    @property
    def macs(self) -> int:
        """Multiply-adds, those with padding among them."""
        found = self.layer.macs(self.taken)
        assert isinstance(found, int)
        return found

    def weight(self, number: int) -> str:
        """Return the name of a weight: `w2`, or `w12` where each output has its own."""
        if not self.own:
            return f"w{number + 1}"
        output, place = divmod(number, self.reads)
        return _paired("w", output, place, max(prod(self.outputs), self.reads))

    def bias(self, output: int) -> str:
        """Return the name of an output's bias: `b` where all share one, empty if there is none."""
        return {0: "", 1: "b"}.get(self.biases, f"b{output + 1}")

    def terms(self, target: Cell) -> list[Edge]:
        """Return the edges to one output."""
        return self._to[target]

    @cached_property
    def _to(self) -> dict[Cell, list[Edge]]:
        found: dict[Cell, list[Edge]] = {cell: [] for cell in cells(self.outputs)}
        for edge in self.edges:
            found[edge.target].append(edge)
        return found

    def equations(self, *, values: bool = False) -> Iterator[str]:
        """Yield the equation of each output, with `values` also its numbers.

        >>> from cnnviz.report.connections import connections
        >>> print(*connections(4, 2, ["conv"]).wirings[0].equations(values=True), sep="\\n")
        y1 = w1*x1 + w2*x2 + w3*x3 + b = 1*4 + 3*3 - 1*1 + 2 = 14
        y2 = w1*x2 + w2*x3 + w3*x4 + b = 1*3 + 3*1 - 1*5 + 2 = 3
        """
        for output, cell in enumerate(cells(self.outputs)):
            edges = self.terms(cell)
            terms = [f"{self.weight(e.weight)}*x{flat(e.source, self.inputs) + 1}" for e in edges]
            bias = self.bias(output)
            text = f"y{output + 1} = {' + '.join([*terms, bias] if bias else terms) or '0'}"
            yield f"{text} = {self._numbers(edges, output)}" if values else text

    def some_equations(self, *, values: bool = False) -> Iterator[str]:
        """Yield the equations, without those in the middle of very many."""
        found = list(self.equations(values=values))
        over = len(found) - MOST_EQUATIONS
        if over <= 0:
            yield from found
            return
        yield from found[: MOST_EQUATIONS - 1]
        yield f"... {over} more, in --json ..."
        yield found[-1]

    def _numbers(self, edges: Sequence[Edge], output: int) -> str:
        pairs = [f"{self.w[e.weight]:g}*{self.x[e.source]:g}" for e in edges]
        if self.biases:
            pairs.append(f"{self.b[output if self.biases > 1 else 0]:g}")
        text = " + ".join(pairs).replace("+ -", "- ") or "0"
        return f"{text} = {self.y.flat[output]:g}"

    @cached_property
    def x(self) -> np.ndarray:
        """What stands at the inputs, of their grid: small whole numbers."""
        return _drawn("x", INPUTS, prod(self.inputs)).reshape(self.inputs)

    @cached_property
    def w(self) -> np.ndarray:
        """The weights by number."""
        return _drawn("w", WEIGHTS, self.weights)

    @cached_property
    def b(self) -> np.ndarray:
        """The biases."""
        return _drawn("b", BIASES, self.biases)

    @cached_property
    def y(self) -> np.ndarray:
        """What the layer makes of `x` with these weights, of the grid of outputs."""
        return self.run(self.x)

    def run(self, x: np.ndarray) -> np.ndarray:
        """Return what the layer makes of other inputs, `(*inputs)`, with these weights."""
        shapes = self.layer.weight_shapes(self.taken)
        weights: Weights = {"kernel": self.arranged(self.w).reshape(shapes["kernel"])}
        if self.biases:
            weights = {**weights, "bias": self.b.reshape(shapes["bias"])}
        y, _ = self.layer.forward(weights, x.astype(float).reshape(1, *self.taken))
        return y.reshape(self.outputs)

    def matrix(self) -> np.ndarray:
        """Return the weights as the matrix of `y = W x + b`, `(outputs, inputs)`."""
        import numpy as np

        found = np.zeros((prod(self.outputs), prod(self.inputs)))
        for edge in self.edges:
            found[flat(edge.target, self.outputs), flat(edge.source, self.inputs)] = self.w[
                edge.weight
            ]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; edges count inputs, outputs and weights from 0."""
        from cnnviz.graph.settings import call_of

        return {
            "kind": self.kind,
            "layer": call_of(self.layer),
            "input_shape": list(self.taken),
            "output_shape": list(self.layer.output_shape(self.taken)),
            "params": self.params,
            "weights": self.weights,
            "biases": self.biases,
            "macs": self.macs,
            "edges": [
                {
                    "input": flat(edge.source, self.inputs),
                    "output": flat(edge.target, self.outputs),
                    "weight": edge.weight,
                    "name": self.weight(edge.weight),
                }
                for edge in self.edges
            ],
            "padding_edges": len(self.padding),
            "equations": list(self.equations()),
            "values": {name: getattr(self, name).ravel().tolist() for name in "xwby"},
        }


def cells(grid: Shape) -> Iterator[Cell]:
    """Yield the places of a grid, row by row."""
    return product(*map(range, grid))


def flat(cell: Cell, grid: Shape) -> int:
    """Return the number of a place of a grid, from 0, row by row.

    >>> flat((1, 2), (4, 4))
    6
    """
    place = 0
    for at, size in zip(cell, grid, strict=True):
        place = place * size + at
    return place


def full(inputs: Shape, outputs: Shape) -> tuple[Edge, ...]:
    """Return the edges of every output to every input, each with a weight of its own."""
    pairs = product(cells(outputs), cells(inputs))
    return tuple(Edge(source, target, n) for n, (target, source) in enumerate(pairs))


def sliding(axes: Sequence[Axis], *, own: bool) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    """Return the edges of a window's places, and apart those from the padding.

    With `own`, each place has weights of its own.
    """
    inside: list[Edge] = []
    outside: list[Edge] = []
    reads = prod(axis.kernel_size for axis in axes)
    for n, target in enumerate(cells(tuple(axis.output for axis in axes))):
        read = product(*(axis.cells(at) for axis, at in zip(axes, target, strict=True)))
        for tap, source in enumerate(read):
            edge = Edge(source, target, n * reads + tap if own else tap)
            is_input = all(0 <= at < axis.size for axis, at in zip(axes, source, strict=True))
            (inside if is_input else outside).append(edge)
    return tuple(inside), tuple(outside)


def _paired(letter: str, first: int, second: int, most: int) -> str:
    comma = "," if most > 9 else ""
    return f"{letter}{first + 1}{comma}{second + 1}"


def _drawn(name: str, choices: Sequence[int], count: int) -> np.ndarray:
    """Return numbers that look drawn and are the same in every run and every release of NumPy."""
    import numpy as np

    places = (np.arange(1, count + 1) * _STEPS[name]) % 1
    found: np.ndarray = np.array(choices, float)[(places * len(choices)).astype(int)]
    return found
