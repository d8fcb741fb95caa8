"""The fully connected part of a network: maps laid out in a row, dense layers, classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, times
from cnnviz.report.connections_words import inputs_words, plural
from cnnviz.report.report import Column, Report
from cnnviz.report.result import Result

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.contract import Layer

MOST_LAYERS = 8
MOST_EDGES = 5000  # that are listed one by one
LETTERS = "hklmnoq"  # what the outputs of hidden layers are called


@dataclass(frozen=True, eq=False, repr=False)
class Stage:
    """A dense layer in its place.

    Attributes
    ----------
    layer : Layer
    inputs : int
    units : int
    weights, biases, macs : int
    """

    layer: Layer
    inputs: int
    units: int
    weights: int
    biases: int
    macs: int

    @property
    def params(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases


@dataclass(eq=False, repr=False)
class DensePart(Result):
    """Inputs, dense layers one after another, and what is made of the last one's outputs.

    Attributes
    ----------
    shape : tuple of int
        `(N,)` inputs, or the `(H, W)` or `(H, W, C)` maps that are laid out in a row.
    stages : tuple of Stage
    softmax : bool
        Whether the last outputs become the probabilities of classes.
    """

    figure: ClassVar[str] = "connections_chain"

    shape: Shape
    stages: tuple[Stage, ...]
    softmax: bool = False

    @property
    def subject(self) -> str:
        """The sizes: `400-120-84-10`."""
        return "-".join([times(self.shape), *(str(stage.units) for stage in self.stages)])

    @property
    def figure_nbytes(self) -> int:
        """Nothing: there are no arrays."""
        return 0

    @property
    def params(self) -> int:
        """Weights and biases of all layers."""
        return sum(stage.params for stage in self.stages)

    @property
    def macs(self) -> int:
        """Multiply-adds of all layers."""
        return sum(stage.macs for stage in self.stages)

    def headline(self) -> str:
        """Return how many layers there are and what they need."""
        layers = plural(len(self.stages), "dense layer")
        return f"{layers}, {plural(self.params, 'parameter')}, {plural(self.macs, 'multiply-add')}"

    def words(self) -> Iterator[str]:
        """Yield what is done, step by step."""
        if len(self.shape) > 1:
            yield f"{maps_words(self.shape)} are laid out in a row: {prod(self.shape):,} inputs"
        else:
            yield inputs_words(self.shape)
        for place, stage in enumerate(self.stages, 1):
            bias = f" + b{place}" if stage.biases else ""
            x = LETTERS[place - 2] if place > 1 else "x"
            y = LETTERS[place - 1] if place < len(self.stages) else "y"
            shape = times((stage.units, stage.inputs))
            yield f"{y} = W{place} {x}{bias}: W{place} is {shape}, {stage.params:,} parameters"
        if self.softmax:
            classes = self.stages[-1].units
            yield f"softmax makes {classes:,} probabilities of y, which add up to 1; no parameters"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence and the steps."""
        yield self.headline()
        yield from self.words()

    def report(self) -> Report:
        """Return a row for each layer, and the totals."""
        rows = tuple(self.to_dicts())
        totals = {key: sum(row[key] for row in rows) for key in _SUMS}
        return Report(self.subject, {}, rows, totals, (), COLUMNS, key="layers")

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each layer."""
        from cnnviz.graph.settings import call_of

        return [
            {
                "kind": "dense",
                "layer": call_of(stage.layer),
                "input_shape": [stage.inputs],
                "output_shape": [stage.units],
                "params": stage.params,
                "weights": stage.weights,
                "biases": stage.biases,
                "macs": stage.macs,
            }
            for stage in self.stages
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it; edges, from output and to input by number, only where they are few."""
        few = sum(stage.weights for stage in self.stages) <= MOST_EDGES
        edges = [
            {"layer": layer, "input": source, "output": target}
            for layer, stage in enumerate(self.stages if few else ())
            for target in range(stage.units)
            for source in range(stage.inputs)
        ]
        return {
            "inputs": list(self.shape),
            "layers": self.to_dicts(),
            "edges": edges if few else None,
            "softmax": self.softmax,
            "totals": {"params": self.params, "macs": self.macs},
            "sentence": self.headline(),
            "notes": [*self.words()],
        }

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return nothing: there are only sizes."""
        return []


def dense_part(
    shape: Sequence[int], units: Sequence[int], *, use_bias: bool = True, softmax: bool = False
) -> DensePart:
    """Return dense layers in a row behind inputs, or behind maps that are laid out in a row.

    Parameters
    ----------
    shape : sequence of int
        `(N,)`, `(H, W)` or `(H, W, C)`.
    units : sequence of int
        Outputs of each layer.
    use_bias, softmax : bool

    Raises
    ------
    SpecError
        If there is no layer, or too many.

    >>> dense_part((5, 5, 16), (120, 84, 10)).headline()
    '3 dense layers, 59,134 parameters, 58,920 multiply-adds'
    """
    from cnnviz.layers.dense import Dense, Flatten

    if not 1 <= len(units) <= MOST_LAYERS:
        raise SpecError(f"{len(units)} dense layers are not 1 to {MOST_LAYERS}")
    (count,) = Flatten().output_shape(tuple(shape))
    stages = []
    for size in units:
        layer = Dense(size, use_bias=use_bias)
        shapes = layer.weight_shapes((count,))
        biases, macs = prod(shapes.get("bias", (0,))), layer.macs((count,))
        stages.append(Stage(layer, count, size, prod(shapes["kernel"]), biases, macs))
        count = size
    return DensePart(tuple(shape), tuple(stages), softmax)


def maps_words(shape: Shape) -> str:
    """Return what maps there are: `16 maps of 5x5`.

    >>> maps_words((5, 5, 16)), maps_words((4, 4))
    ('16 maps of 5x5', '4x4 values')
    """
    if len(shape) < 3:
        return f"{times(shape)} values"
    return f"{plural(shape[2], 'map')} of {times(shape[:2])}"


_SUMS = ("weights", "biases", "params", "macs")
_HEADINGS = {"params": "parameters", "macs": "MACs"}
_RANKS = {"weights": 1, "biases": 2}
COLUMNS = (
    Column("layer", lambda row: str(row.get("layer", "total"))),
    Column("inputs", lambda row: f"{row['input_shape'][0]:,}" if "layer" in row else "", True),
    *(
        Column(
            _HEADINGS.get(key, key),
            lambda row, key=key: f"{row[key]:,}",  # type: ignore[misc]
            right=True,
            rank=_RANKS.get(key, 0),
        )
        for key in _SUMS
    ),
)
