"""What units of a model see of an image: the region, and by gradient how much each cell counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cnnviz.model.features import seen_by
from cnnviz.report.receptive import ReceptiveFields
from cnnviz.report.receptive_choice import grown
from cnnviz.report.receptive_unit import Effective, Unit

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights
    from cnnviz.graph import Graph
    from cnnviz.images import Image
    from cnnviz.model.model import Model
    from cnnviz.model.patch import Cells


def receptive_fields(
    model: Model,
    image: Image,
    units: Sequence[Unit],
    *,
    effective: bool = False,
    filter: int | None = None,
    is_chosen: bool = True,
) -> ReceptiveFields:
    """Return what units see of an image.

    Parameters
    ----------
    model : Model
    image : Image
    units : sequence of Unit
        See `report.receptive_choice.chosen_units`.
    effective : bool
        Find the effective field of each too: the gradient of its value by the pixels.
    filter : int, optional
        Which value at a unit's place that is; the strongest unless given.
    is_chosen : bool
        Whether the layers were named.

    Raises
    ------
    InputError, RefusedError, SpecError
        As `Model.trace` and `gradients.input_gradients` do.
    """
    x = model.preprocess.apply(image)
    if effective:
        units = _with_heat(model, x, units, filter)
    seen = seen_by(model, image, x)
    seen.is_random = effective and model.is_random
    return ReceptiveFields(seen, tuple(units), grown(model.graph), is_chosen)


def _with_heat(model: Model, x: Array, units: Sequence[Unit], filter: int | None) -> Sequence[Unit]:
    """Return the units with the gradients of their values, summed over the channels.

    Those that see a small part of the image are run on that part alone, the others together.
    """
    import numpy as np

    from cnnviz.model.gradients import input_gradients

    weights = _weights(model, [unit.name for unit in units])
    patches = [_small_patch(model.graph, unit) for unit in units]
    whole = [u for u, found in zip(units, patches, strict=True) if found is None]
    wanted = [(unit.name, unit.at, filter) for unit in whole]
    together = iter(input_gradients(model.graph, weights, x, wanted) if wanted else ())
    made = []
    for unit, found in zip(units, patches, strict=True):
        graph, cells = found or (model.graph, (slice(None), slice(None)))
        one = (
            next(together)
            if found is None
            else input_gradients(graph, weights, x[cells], [(unit.name, (0, 0), filter)])[0]
        )
        heat = np.zeros(unit.space, one.by_input.dtype)
        heat[cells] = np.abs(one.by_input).sum(axis=-1)
        made.append(replace(unit, effective=Effective(one.filter, one.value, heat)))
    return made


def _small_patch(graph: Graph, unit: Unit) -> tuple[Graph, Cells] | None:
    """Return the part of the network that a unit needs, if it is less than half of the image."""
    from cnnviz.model.patch import patch

    if unit.share is None or unit.share > 0.5:
        return None
    return patch(graph, unit.name, unit.at)


def _weights(model: Model, names: Sequence[str]) -> ModelWeights:
    """Return the weights that the model runs with, of random ones those up to these nodes.

    They are drawn in the order of the graph: the first ones are the same without those behind.
    """
    if model.weights is not None:
        return model.weights
    from cnnviz.model.initial import he_weights

    nodes = model.graph.nodes
    last = max(place for place, node in enumerate(nodes) if node.name in names)
    return he_weights(replace(model.graph, nodes=nodes[: last + 1]))
