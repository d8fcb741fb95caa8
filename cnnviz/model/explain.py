"""One value of a layer inside a model, on that layer's real input and weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.geometry import Window, times
from cnnviz.graph import INPUT
from cnnviz.model.origins import origin_of
from cnnviz.report.explanation import Explanation, explained
from cnnviz.report.terms import Arithmetic, Place

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.graph import Node
    from cnnviz.images import Image
    from cnnviz.model.model import Model

POOLINGS = {
    "MaxPooling2D": "max", "MinPooling2D": "min", "AveragePooling2D": "average",
    "LpPooling2D": "lp", "GlobalMaxPooling2D": "max", "GlobalAveragePooling2D": "average",
}  # fmt: skip
KNOWN = ("Conv2D", "DepthwiseConv2D", "Dense", *POOLINGS)


def layer_explanation(
    model: Model, image: Image, layer: str, at: Sequence[Place] = (), filter: int | None = None
) -> Explanation:
    """Explain values of one map of a layer, by default the one with the strongest response.

    Raises
    ------
    SpecError
        If the layer is of a kind that has no such sum, or a place or the filter is not there.
    InputError, RefusedError
        As `Model.trace` does.
    """
    node = find(model, layer)
    before, flat = source_name(model, node)
    trace = model.trace(image, layers=[before, layer])
    source, output = as_image(trace[before]), as_image(trace[layer])
    if type(node.layer).__name__ == "Dense" and not flat and trace[before].ndim == 1:
        source = trace[before].reshape(1, 1, -1)
    filter = chosen(output, layer, filter)
    arithmetic, first = _arithmetic(model, node, source, output, filter, flat)
    count = arithmetic.source.shape[2]
    labels = channel_names(before, source.shape[2], range(first, first + count))
    notes = about_input(model, layer, before, source)
    notes += ["a dense layer is a window that covers its whole input"] if flat else []
    return explained(
        arithmetic,
        at,
        image=image.name,
        name=f"{model.name} {layer}[{filter}]",
        channels=labels,
        picture=shown_as(model, image, _read(arithmetic, trace[before], before), before),
        settings=(type(node.layer).__name__,),
        act=getattr(node.layer, "activation", None) or "",
        seen="" if before == INPUT else _seen(arithmetic, source, before, filter),
        is_photo=image.is_photo,
        origin=None if before == INPUT else origin_of(model, image, layer),
        notes=tuple(notes),
    )


def chosen(output: Array, layer: str, filter: int | None) -> int:
    """Return the filter that is asked for, else the one with the strongest response."""
    found = strongest(output) if filter is None else filter
    if not 0 <= found < output.shape[2]:
        raise SpecError(
            f"{layer} has no filter {found}", hint=f"they are 0 to {output.shape[2] - 1}"
        )
    return found


def channel_names(before: str, count: int, read: Sequence[int]) -> tuple[str, ...]:
    """Return what the channels that are read are called, of an output with `count` of them."""
    if before == INPUT and count == 3:
        return tuple("RGB"[c] for c in read)
    reads = before if before != INPUT else "input"
    return tuple(f"{reads}:{c}" for c in read)


def about_input(model: Model, layer: str, before: str, source: Array) -> list[str]:
    """Return what is to be known of a layer's input and its weights."""
    reads = before if before != INPUT else "the image"
    notes = [f"the input of {layer} is {reads}, {times(source.shape)}"]
    return notes + (["random weights: not trained"] if model.is_random else [*model.notes[:1]])


def _read(arithmetic: Arithmetic, values: Array, before: str) -> Array:
    """Return what is read of the output of the layer before: one map of it in a pooling."""
    return values if before == INPUT or not arithmetic.pooling else arithmetic.source


def _seen(arithmetic: Arithmetic, source: Array, before: str, filter: int) -> str:
    if arithmetic.pooling:
        return f"{before}:{filter}"
    several = source[..., 0].size > 1
    return f"{before}, {'mean of its maps' if several else 'its values in rows'}"


def find(model: Model, layer: str, kinds: Sequence[str] = KNOWN) -> Node:
    """Return the node of that name if it is of a kind that can be explained."""
    from cnnviz.graph.choose import choose

    names = choose(model.graph, [layer])
    if len(names) > 1:
        raise SpecError(f"--layer {layer} is {len(names)} layers", hint="name one")
    node = next(node for node in model.graph.nodes if node.name == names[0])
    kind = type(node.layer).__name__
    if kind not in kinds:
        raise SpecError(
            f"{node.name} is {kind}, which is no such sum", hint=f"choose a {_listed(kinds)}"
        )
    return node


def _listed(kinds: Sequence[str]) -> str:
    named = [kind for kind in kinds if kind not in POOLINGS]
    return f"{', '.join(named)} or pooling layer"


def source_name(model: Model, node: Node) -> tuple[str, bool]:
    """Return whose output the layer reads: before a flattening, where a dense layer follows it."""
    (before,) = node.inputs
    nodes = {other.name: other for other in model.graph.nodes}
    if type(node.layer).__name__ == "Dense":
        here = nodes.get(before)
        while here is not None and type(here.layer).__name__ in ("Flatten", "Dropout"):
            before = here.inputs[0]
            if type(here.layer).__name__ == "Flatten":
                shape = model.graph.shapes()[before]
                return (before, True) if len(shape) == 3 else (node.inputs[0], False)
            here = nodes.get(before)
        return node.inputs[0], False
    return before, False


def as_image(values: Array) -> Array:
    """Return values as `(H, W, C)`."""
    return values if values.ndim == 3 else values.reshape(1, -1, values.shape[-1])


def strongest(output: Array) -> int:
    """Return the map with the strongest response: of equal ones that which varies most."""
    most = np.abs(output).max(axis=(0, 1))
    if output[..., 0].size == 1:
        return int(most.argmax())
    varied = output.std(axis=(0, 1))
    return int(np.where(most >= 0.99 * most.max(), varied, -1).argmax())


def shown_as(model: Model, image: Image, values: Array, before: str) -> Array:
    if before == INPUT:
        shown: Array = model.preprocess.undo(values, is_array=not image.is_photo)
        return shown
    return as_image(values)


def _arithmetic(
    model: Model, node: Node, source: Array, output: Array, filter: int, flat: bool
) -> tuple[Arithmetic, int]:
    """Return the arithmetic of one map, and the first channel that it reads."""
    layer: Any = node.layer
    kind, plane = type(layer).__name__, output[..., filter]
    if kind in POOLINGS:
        axes = layer.window(source.shape).on(source.shape[:2])
        found = Arithmetic(source[..., filter : filter + 1], axes, plane, pooling=POOLINGS[kind])
        found.p = getattr(layer, "p", 2)
        found.include_pad = getattr(layer, "count_include_pad", False)
        return found, filter
    weights = weights_of(model, node)
    kernel = np.asarray(weights["kernel"])
    if kind == "Dense":
        size = source.shape[:2] if flat else (1, 1)
        axes = Window.of(size).on(source.shape[:2])
        kernel = kernel.reshape(*size, source.shape[2], -1)
        firsts = [0] * kernel.shape[3]
    else:
        axes = layer.window(source.shape).on(source.shape[:2])
        if kind == "DepthwiseConv2D":
            kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
        groups = source.shape[2] // kernel.shape[2]
        per = kernel.shape[3] // groups
        firsts = [f // per * kernel.shape[2] for f in range(kernel.shape[3])]
    biases = np.asarray(weights["bias"]) if layer.use_bias else np.zeros(kernel.shape[3])
    deep = kernel.shape[2]

    def one(f: int) -> Arithmetic:
        channels = slice(firsts[f], firsts[f] + deep)
        taps = kernel[..., f].astype(np.float64)
        return Arithmetic(source[..., channels], axes, plane, taps, bias=float(biases[f]))

    found = one(filter)
    if layer.activation:
        from cnnviz.ops import activation

        found.activation = activation(layer.activation)
        if "axis" in (getattr(found.activation, "__kwdefaults__", None) or {}):

            def others(place: Place) -> tuple[Array, int]:
                all_of_them = (one(f).terms(place).before for f in range(kernel.shape[3]))
                return np.array([fsum([value]) for value in all_of_them]), filter

            found.others = others
    return found, firsts[filter]


def weights_of(model: Model, node: Node) -> dict[str, Array]:
    """Return the weights of one node, as the model runs with them."""
    from cnnviz.model.initial import he_weights

    everything = he_weights(model.graph) if model.weights is None else model.weights
    own = dict(everything.get(node.name, {}))
    if "kernel" not in own:
        shapes = model.graph.shapes()
        own = node.layer.initial(*(shapes[name] for name in node.inputs)) | own
    return own
