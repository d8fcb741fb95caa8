"""A dense layer beside a convolution and a locally connected layer: who is wired to whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.errors import SpecError, unknown_name
from cnnviz.geometry import Axis, Padding, Shape, Size, Window, by, sizes, times
from cnnviz.report import connections_layers as layers
from cnnviz.report.connections_wiring import Wiring
from cnnviz.report.connections_words import headline, noun, plural, said
from cnnviz.report.report import Column, Report
from cnnviz.report.result import Result

if TYPE_CHECKING:
    import numpy as np

MOST = {1: 32, 2: 64}  # inputs, and outputs, that a picture has room for, by axes
KINDS = ("dense", "conv", "local", "covering")
USUAL = KINDS[:3]
IN_A_ROW = "dense layers in a row may be larger: --units twice"


@dataclass(eq=False, repr=False)
class Connections(Result):
    """The same inputs wired by several layers.

    Attributes
    ----------
    wirings : tuple of Wiring
    axes : tuple of Axis
        The convolution's window, laid on the inputs; none where no outputs follow from it.
    with_values : bool
        Whether equations are shown with their numbers.
    notes : tuple of str
        What is not as it was asked for, or not to be expected.
    """

    figure: ClassVar[str] = "connections"

    wirings: tuple[Wiring, ...]
    axes: tuple[Axis, ...]
    with_values: bool = False
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> Shape:
        """The grid of inputs."""
        return self.wirings[0].inputs

    @property
    def subject(self) -> str:
        """The number of inputs and of outputs: `4-to-2`."""
        outputs = dict.fromkeys(times(one.outputs) for one in self.wirings)
        return f"{times(self.inputs)}-to-{'-and-'.join(outputs)}"

    @property
    def figure_nbytes(self) -> int:
        """Nothing to speak of: the arrays are small."""
        return 0

    def headline(self) -> str:
        """Return what the layers need, in a sentence."""
        return headline(self.wirings)

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence, each layer with its equations, and the notes."""
        yield self.headline()
        for one in self.wirings:
            yield f"{noun(one)}: {said(one)}"
            yield from (f"  {text}" for text in one.some_equations(values=self.with_values))
        yield from self.notes

    def report(self) -> Report:
        """Return a row for each layer: its weights, parameters and multiply-adds."""
        rows = tuple(self.to_dicts())
        return Report(self.subject, {}, rows, {}, (), COLUMNS, self.notes, key="layers")

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each layer."""
        return [one.to_dict() for one in self.wirings]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        return {
            "inputs": list(self.inputs),
            "layers": self.to_dicts(),
            "sentence": self.headline(),
            "notes": list(self.notes),
        }

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the weight matrix of each layer, `(outputs, inputs)`."""
        return [(one.kind, one.matrix()) for one in self.wirings]


def connections(
    inputs: Size,
    units: Size | None = None,
    kinds: Sequence[str] = (),
    *,
    kernel_size: Size | None = None,
    strides: Size = 1,
    padding: Padding = "valid",
    dilation_rate: Size = 1,
    use_bias: bool = True,
    values: bool = False,
) -> Connections:
    """Return the same inputs wired by layers of several kinds.

    Parameters
    ----------
    inputs : int or (int, int)
        How many, in a row or in a grid.
    units : int or (int, int), optional
        Outputs of the dense layer; as many as the convolution's unless given.
    kinds : sequence of str
        Of `KINDS`: `dense`, `conv`, `local` (as a convolution, with unshared weights) and
        `covering` (a dense layer written as a convolution over the whole input). The first three
        unless given.
    kernel_size : int or (int, int), optional
        Of the convolution; if it is not given, the largest with as many outputs as `units`
        (inputs - units + 1 at stride 1), or 3.
    strides, padding, dilation_rate
        Of its window, as in Conv1D and Conv2D.
    use_bias : bool
    values : bool
        Show the equations with small whole numbers.

    Raises
    ------
    SpecError
        If the settings do not go together, or there are more nodes than a picture has room for.

    >>> [(one.kind, one.params, one.macs) for one in connections(4, 2).wirings]
    [('dense', 10, 8), ('conv', 4, 6), ('local', 8, 6)]
    """
    for kind in kinds:
        if kind not in KINDS:
            raise unknown_name("kind of connections", kind, KINDS)
    grid = _grid(inputs, "inputs")
    rank = len(grid)
    wanted = None if units is None else _grid(units, "units")
    if wanted is not None and len(wanted) > rank:
        raise SpecError(f"units {times(wanted)} are a grid, and the inputs are a row")
    window: dict[str, Any] = {
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation_rate,
    }
    axes: tuple[Axis, ...] = ()
    if wanted is None or {"conv", "local"} & {*(kinds or USUAL)}:
        kernel = kernel_size or layers.kernel_for(grid, wanted, **window)
        axes = Window.of(kernel, rank=rank, **window).on(grid)
        _check_padded(axes)
        _checked(tuple(axis.output for axis in axes), "outputs", hint="use less padding")
    outputs = wanted or tuple(axis.output for axis in axes)
    chosen, notes = _chosen(kinds, axes), []
    if chosen != (tuple(kinds) or USUAL):
        notes.append("A locally connected layer has no dilation: it is left out.")
    if {"conv", "local"} & {*chosen}:
        notes += _notes(axes, outputs)
    steps = {"strides": strides, "padding": padding, "use_bias": use_bias}
    build = {
        "dense": lambda: layers.dense(grid, outputs, use_bias=use_bias),
        "conv": lambda: layers.slid("conv", axes, dilation_rate=dilation_rate, **steps),
        "local": lambda: layers.slid("local", axes, **steps),
        "covering": lambda: layers.covering(grid, outputs, use_bias=use_bias),
    }
    wirings = tuple(build[kind]() for kind in chosen)
    notes += _same(wirings)
    return Connections(wirings, axes, values, tuple(notes))


def _grid(size: Size, what: str) -> Shape:
    """Return a number of nodes as a grid of one axis or two."""
    rank = 1 if isinstance(size, int) else len(size)
    if rank not in MOST:
        raise SpecError(f"{what} {times(sizes(size, what, rank=rank))} are not N or HxW")
    return _checked(sizes(size, what, rank=rank), what)


def _checked(grid: Shape, what: str, *, hint: str = IN_A_ROW) -> Shape:
    most = MOST[len(grid)]
    if prod(grid) > most:
        raise SpecError(
            f"{times(grid)} {what} are more than the {most} that a picture has room for", hint=hint
        )
    return grid


def _check_padded(axes: Sequence[Axis]) -> None:
    for axis in axes:
        padded = axis.before + axis.size + axis.after
        if padded > layers.MOST_PADDED:
            raise SpecError(
                f"{padded} inputs with their padding are more than the {layers.MOST_PADDED} that "
                "a picture has room for"
            )


def _chosen(kinds: Sequence[str], axes: Sequence[Axis]) -> tuple[str, ...]:
    """Return the kinds that there are of this window."""
    chosen = tuple(dict.fromkeys(kinds)) or USUAL
    if all(axis.dilation == 1 for axis in axes) or "local" not in chosen:
        return chosen
    if kinds:
        raise SpecError("a locally connected layer has no dilation", hint="leave out --kind local")
    return tuple(kind for kind in chosen if kind != "local")


def _same(wirings: Sequence[Wiring]) -> Iterator[str]:
    """Yield that the convolution over the whole input makes the dense layer's numbers, if so."""
    found = {one.kind: one for one in wirings}
    if {"dense", "covering"} <= {*found}:
        whole, dense = found["covering"], found["dense"]
        if whole.y.tolist() == dense.y.tolist() and whole.params == dense.params:
            yield (
                "The convolution over the whole input is the dense layer: the same weights make "
                "the same outputs."
            )


def _notes(axes: Sequence[Axis], outputs: Shape) -> Iterator[str]:
    """Yield what the window leaves out, and whether it makes other outputs than the dense layer."""
    made = tuple(axis.output for axis in axes)
    if prod(made) != prod(outputs):
        kernel = by(tuple(axis.kernel_size for axis in axes))
        yield (
            f"With kernel {kernel} the convolution has {plural(prod(made), 'output')}, "
            f"the dense layer {prod(outputs)}."
        )
    names = ("input",) if len(axes) == 1 else ("row", "column")
    pairs = [(a.unread, name) for a, name in zip(axes, names, strict=True) if a.unread]
    left = [name if count == 1 else plural(count, name) for count, name in pairs]
    if left:
        yield f"No window reads the last {' and the last '.join(left)}."


def _count(key: str, heading: str | None = None) -> Column:
    return Column(heading or key, lambda row: f"{row[key]:,}", right=True)


COLUMNS = (
    Column("kind", lambda row: str(row["kind"])),
    Column("layer", lambda row: str(row["layer"]), rank=2),
    Column("connections", lambda row: f"{len(row['edges']):,}", right=True, rank=1),
    _count("weights"),
    _count("biases"),
    _count("params", "parameters"),
    _count("macs", "MACs"),
)
