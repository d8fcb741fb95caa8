"""The part of a chain that one unit needs: a patch of the input, and layers laid on it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from cnnviz.contract import Layer
from cnnviz.geometry import Axis, Shape, Window
from cnnviz.graph import INPUT, Graph, Node

Cells = tuple[slice, ...]


def patch(graph: Graph, name: str, place: Sequence[int]) -> tuple[Graph, Cells] | None:
    """Return a graph whose only unit is one of the unit of `graph`, and the cells that it takes.

    Each layer is laid on the cells that the next one reads, with the padding that they have there,
    so that the value and its gradient are the same, whatever the size of the image.

    Returns
    -------
    graph : Graph
        Of the nodes up to `name`, with weights of the same shapes; its output is one unit.
    cells : (slice, slice)
        Rows and columns of the input.

    None where it takes another way: branches, layers without windows or with weights that belong
    to places, and units that read nothing.

    >>> from cnnviz import load_model
    >>> found, cells = patch(load_model("vgg16").graph, "pool2", (0, 28))
    >>> found.input_shape, cells
    ((10, 16, 3), (slice(0, 10, None), slice(106, 122, None)))
    """
    shapes, nodes = graph.shapes(), graph.above([name])
    above = (INPUT, *(node.name for node in nodes))
    is_chain = all(node.inputs == (one,) for node, one in zip(nodes, above, strict=False))
    if not is_chain or len(place) != 2 or len(graph.input_shape) != 3:
        return None
    cells: Cells = tuple(slice(n, n + 1) for n in place)
    made: list[Node] = []
    for node in reversed(nodes):
        found = _laid(node.layer, shapes[node.inputs[0]], cells)
        if found is None:
            return None
        layer, cells = found
        made.insert(0, replace(node, layer=layer))
    space = tuple(part.stop - part.start for part in cells)
    return replace(graph, nodes=tuple(made), input_shape=(*space, graph.input_shape[2])), cells


def _laid(layer: Layer, taken: Shape, outputs: Cells) -> tuple[Layer, Cells] | None:
    """Return a layer that makes some of its outputs only, and the cells that it reads for them."""
    window = layer.window(taken) if len(taken) == len(layer.output_shape(taken)) == 3 else ""
    inputs = outputs
    own = layer
    if isinstance(window, Window) and "padding" in {each.name for each in fields(layer)}:
        axes = window.on(taken[:-1])
        inputs = tuple(axis.part(part)[0] for axis, part in zip(axes, outputs, strict=True))
        spans = zip(axes, outputs, inputs, strict=True)
        if window.ceil_mode or any(part.start == part.stop for part in inputs):
            return None  # what hangs over is no padding; or all of it is
        padding = tuple(_padding(*span) for span in spans)
        own = replace(layer, padding=padding)  # type: ignore[call-arg]
    elif window is not None:
        return None
    space = tuple(part.stop - part.start for part in inputs)
    is_same = own.weight_shapes((*space, taken[-1])) == layer.weight_shapes(taken)
    return (own, inputs) if is_same else None


def _padding(axis: Axis, outputs: slice, inputs: slice) -> tuple[int, int]:
    """Return how far the windows of some outputs reach beyond the cells of the image."""
    first, last = axis.start(outputs.start), axis.start(outputs.stop - 1)
    return inputs.start - first, max(0, last + axis.extent - inputs.stop)
