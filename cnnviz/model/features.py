"""What each layer of a model makes of an image, as data for tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnnviz.graph import INPUT
from cnnviz.model.model import Model

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.images import Image
    from cnnviz.report.features import FeatureSet
    from cnnviz.report.layer_features import Seen

_UNTRAINED = "He-initialised, seed 0, not trained"


def features(model: Model, image: Image, layers: Sequence[str], **how: Any) -> FeatureSet:
    """Return what the layers of these names make of an image.

    Parameters
    ----------
    model : Model
    image : Image
    layers : sequence of str
    **how
        See `cnnviz.report.features.features`: what is left out, the page, the order of the maps.

    Raises
    ------
    InputError, RefusedError, SpecError
        As `Model.trace` does.
    """
    from cnnviz.report.features import features as gathered

    trace = model.trace(image, layers=[INPUT, *layers])
    seen = seen_by(model, image, trace[INPUT])
    seen.nbytes = sum(values.nbytes for values in trace.values())
    return gathered(model.graph, model.shapes().rows, trace, layers, seen=seen, **how)


def seen_by(model: Model, image: Image, x: Array) -> Seen:
    """Return what is said of an image that the model takes as `x`, preprocessed."""
    from cnnviz.report.layer_features import Seen

    is_array = not image.is_photo
    return Seen(
        image=image.name,
        model=model.name,
        pixels=x,
        picture=model.preprocess.undo(x, is_array=is_array),
        preprocess=tuple(model.preprocess.describe(image.pixels.shape, is_array=is_array)),
        weights=_UNTRAINED if model.is_random else _from_where(model),
        is_random=model.is_random,
        labels=model.graph.labels,
        nbytes=x.nbytes,
    )


def _from_where(model: Model) -> str:
    """Return the note on trained weights without what it begins with."""
    return model.notes[0].removeprefix("weights").lstrip(": ") if model.notes else ""
