"""A transposed convolution inside a model, stamp by stamp, on its real input and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviz.graph import INPUT
from cnnviz.model import explain
from cnnviz.report.stamps import Stamping
from cnnviz.report.words import settings_words

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.model.model import Model

KIND = "Conv2DTranspose"


def layer_stamps(
    model: Model, image: Image, layer: str, filter: int | None = None, *, most: int
) -> Stamping:
    """Return the stamps that make one map of a layer, by default the one that answers strongest.

    Raises
    ------
    SpecError
        If the filter is not there.
    InputError, RefusedError
        As `Model.trace` does.
    """
    node = explain.find(model, layer, (KIND,))
    (before,) = node.inputs
    trace = model.trace(image, layers=[before, layer])
    source, output = trace[before], trace[layer]
    filter = explain.chosen(output, layer, filter)
    weights, own = explain.weights_of(model, node), node.layer
    settings: Any = own
    axes = settings.window(source.shape).on(source.shape[:2])
    window = settings.window(source.shape).window
    words = settings_words(window.strides, window.padding, window.dilation_rate, None)
    act = settings.activation or ""
    function = None
    if act:
        from cnnviz.ops import activation

        function = activation(act)
    return Stamping(
        image=image.name,
        name=f"{model.name} {layer}[{filter}]",
        source=source,
        axes=axes,
        kernel=np.asarray(weights["kernel"])[:, :, filter].astype(np.float64),
        output=output[..., filter],
        picture=explain.shown_as(model, image, source, before),
        channels=explain.channel_names(before, source.shape[2], range(source.shape[2])),
        bias=float(weights["bias"][filter]) if settings.use_bias else 0.0,
        act=act,
        activation=function,
        settings=(KIND,) * (KIND not in model.name) + words,
        seen="" if before == INPUT else f"{before}, mean of its maps",
        is_photo=image.is_photo,
        image_shape=model.graph.shapes()[INPUT],
        notes=tuple(explain.about_input(model, layer, before, source)),
        most=most,
    )
