"""The layers that are put beside each other, each wired to the same grid of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Padding, Shape, Size, Window, times
from cnnviz.layers.conv1d import Conv1D
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense
from cnnviz.layers.locally_connected import LocallyConnected1D, LocallyConnected2D
from cnnviz.report.connections_wiring import Wiring, full, sliding

MOST_PADDED = 64  # cells along an axis, padding among them
# By kind and number of axes.
_SLIDING = {
    ("conv", 1): Conv1D,
    ("conv", 2): Conv2D,
    ("local", 1): LocallyConnected1D,
    ("local", 2): LocallyConnected2D,
}


def dense(grid: Shape, outputs: Shape, *, use_bias: bool) -> Wiring:
    """Wire every input to every output."""
    return _whole("dense", Dense(prod(outputs), use_bias=use_bias), (prod(grid),), grid, outputs)


def covering(grid: Shape, outputs: Shape, *, use_bias: bool) -> Wiring:
    """Wire a dense layer as a convolution: a filter a unit, over the whole input at once."""
    layer = _SLIDING["conv", len(grid)](prod(outputs), grid, use_bias=use_bias)
    return _whole("covering", layer, (*grid, 1), grid, outputs)


def _whole(kind: str, layer: Layer, taken: Shape, grid: Shape, outputs: Shape) -> Wiring:
    """Return the wiring of a layer whose kernel has the inputs first and the outputs last."""
    return Wiring(
        kind=kind,
        layer=layer,
        taken=taken,
        inputs=grid,
        outputs=outputs,
        reads=prod(grid),
        own=True,
        edges=full(grid, outputs),
        padding=(),
        arranged=lambda w: w.reshape(prod(outputs), prod(grid)).T,
    )


def slid(kind: str, axes: Sequence[Axis], **settings: Any) -> Wiring:
    """Wire the inputs of each place of a window to an output.

    Parameters
    ----------
    kind : {"conv", "local"}
        Whether places share their weights, or each has its own.
    axes : sequence of Axis
        The window, laid on the inputs.
    **settings
        Those of the layer.
    """
    grid, kernel = tuple(axis.size for axis in axes), tuple(axis.kernel_size for axis in axes)
    edges, padding = sliding(axes, own=kind == "local")
    return Wiring(
        kind=kind,
        layer=_SLIDING[kind, len(grid)](1, kernel, **settings),
        taken=(*grid, 1),
        inputs=grid,
        outputs=tuple(axis.output for axis in axes),
        reads=prod(kernel),
        own=kind == "local",
        edges=edges,
        padding=padding,
        arranged=lambda w: w,
    )


def kernel_for(
    grid: Shape, units: Shape | None, *, strides: Size, padding: Padding, dilation_rate: Size
) -> Shape:
    """Return the largest kernel whose window has so many places; without `units` that of 3 cells.

    Raises
    ------
    SpecError
        If there is none.

    >>> kernel_for((4,), (2,), strides=1, padding="valid", dilation_rate=1)
    (3,)
    """
    rank = len(grid)
    if units is None or len(units) != rank or padding == "same":  # whose places are no fewer
        return tuple(min(3, size) for size in grid)
    padded = Window.of(1, padding=padding, rank=rank).output_shape(grid)
    found = []
    for axis, most in enumerate(padded):
        fitting = (size for size in range(min(most, MOST_PADDED), 0, -1))
        for size in fitting:
            kernel = tuple(size if other == axis else 1 for other in range(rank))
            window = Window.of(
                kernel, strides=strides, padding=padding, dilation_rate=dilation_rate, rank=rank
            )
            if _places(window, grid, axis) == units[axis]:
                found.append(size)
                break
        else:
            raise SpecError(
                f"no kernel makes {times(units)} outputs of {times(grid)} inputs with this window",
                hint="give --kernel-size, or other --units",
            )
    return tuple(found)


def _places(window: Window, grid: Shape, axis: int) -> int:
    try:
        return window.on(grid)[axis].output
    except SpecError:  # it does not fit
        return 0
