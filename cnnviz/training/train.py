"""`train`: from labelled pictures to a model that has learned them, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cnnviz.model.load import load_model
from cnnviz.model.model import Model
from cnnviz.training.data import open_data
from cnnviz.training.history import Moment
from cnnviz.training.loop import Run, Tick, copied
from cnnviz.training.recipe import Recipe
from cnnviz.training.taught import taught

if TYPE_CHECKING:
    from cnnviz.contract import Weights

PathLike = str | os.PathLike[str]


def train(
    model: Model | PathLike,
    data: PathLike,
    *,
    validation: float | PathLike | None = None,
    strict: bool = False,
    watch: Callable[[Tick | Moment], object] | None = None,
    **recipe: Any,
) -> Model:
    """Train a network and return it with the weights that were best at its validations.

    `cnnviz.training.loop.Run` is the way to more: checkpoints, the history, the kernels as they
    form.

    Parameters
    ----------
    model : Model, str or path
        What to train, from its weights if it has any; or, from random ones, as `load_model` takes
        it.
    data : path
        See `cnnviz.training.data.open_data`.
    validation : float or path, optional
        The same.
    strict : bool
        Raise for a picture that cannot be read, rather than leave it out.
    watch : callable, optional
        Takes what happens, as it happens: see `Run.events`.
    **recipe
        The fields of `cnnviz.training.recipe.Recipe`: `epochs`, `batch_size`, `seed`, ...

    Raises
    ------
    SpecError
        If the network and the data do not fit, or a setting is unknown or out of range.
    InputError
        If the data cannot be read, or losses are no longer finite.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> path = os.path.join(tempfile.mkdtemp(), "light.npz")
    >>> y = np.arange(60) % 2
    >>> np.savez(path, x=np.full((60, 4, 4), 40, np.uint8) * (1 + 4 * y[:, None, None]), y=y)
    >>> model = load_model("Flatten() Dense(2)", input_shape=(4, 4, 1))
    >>> trained = train(model, path, epochs=5, batch_size=8)
    >>> trained.predict(np.full((4, 4), 200)).argmax(), trained.predict(np.zeros((4, 4))).argmax()
    (np.int64(1), np.int64(0))
    """
    start = model if isinstance(model, Model) else load_model(model, weights="random")
    made = Recipe.of(**recipe)
    best: dict[str, dict[str, Any]] | None = None
    with open_data(
        data, input_shape=start.graph.input_shape, validation=validation, seed=made.seed,
        strict=strict, preprocess=start.preprocess,
    ) as opened:  # fmt: skip
        run = Run(start.graph, opened, made, first=start.weights, preprocess=start.preprocess)
        for event in run.events():
            if isinstance(event, Moment) and run.is_best(event):
                best = copied(run.seen)
            if watch:
                watch(event)
        graph = taught(start.graph, opened.labels)
    weights: dict[str, Weights] = dict(best or run.seen)
    return replace(start, graph=graph, weights=weights, notes=(), source=None)
