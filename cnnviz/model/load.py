"""From what a user calls a model to a `Model`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import prod

from cnnviz import layers, trained
from cnnviz.errors import InputError, SpecError, bounded
from cnnviz.files import stem_of
from cnnviz.geometry import Shape
from cnnviz.graph import Graph
from cnnviz.graph.graph import MAX_NAME
from cnnviz.graph.values import plain, shown
from cnnviz.model.files import read_file
from cnnviz.model.model import Model
from cnnviz.trained.about import About

RANDOM = "random"
IN_THE_BOX = "in the box"
_KINDS = {".toml": "toml", ".json": "json"}


def load_model(
    spec: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    match: str = "auto",
    layout: str | None = None,
    input_shape: Iterable[int] | None = None,
    settings: Iterable[str] = (),
) -> Model:
    """Load a model by built-in name, spec file or inline spec, and its weights.

    Parameters
    ----------
    spec : str or path
        `"vgg16"`, `"net.toml"`, `"net.json"`, or layers in Keras's words:
        `"Conv2D(16, 3) MaxPool2D(2) Flatten() Dense(10)"`.
    weights : path, optional
        A file of trained weights. Without one, a built-in model as it was built has those that
        come with cnnviz, if there are any; others, and every model with `"random"`, have random
        ones.
    match : {"auto", "name", "order"}
        How the file's arrays are found: by the names of the layers, then by those of torchvision's
        checkpoint of a built-in model; or in their order.
    layout : {"hwio", "oihw", "ohwi"}, optional
        How kernels are stored, where the file does not tell.
    input_shape : iterable of int, optional
        `(H, W, C)`; goes before the model's own. Sizes in its preprocessing keep their proportion.
    settings : iterable of str
        Changes such as `"conv1.strides=2"`, made in order.

    Raises
    ------
    SpecError
        If the name is unknown, the spec is wrong or its layers do not fit each other.
    InputError
        If a file is missing or cannot be read, or the weights do not fit the model: `details` has
        a line for every difference.

    >>> load_model("vgg16", settings=["conv1_1.strides=2"]).graph.shapes()["pool5"]
    (3, 3, 512)
    """
    graph = load_graph(spec, input_shape=input_shape, settings=settings)
    if weights is None and _is_in_the_box(spec, graph):
        return _from_the_box(graph)
    if weights in (None, RANDOM):
        return Model(graph)
    from cnnviz.model.match import read_weights

    loaded = read_weights(weights, graph, match=match, layout=layout)
    graph, notes = _told(graph, loaded.about)
    return Model(graph, loaded.weights, (*loaded.notes, *notes), source=os.fspath(weights))


def load_graph(
    spec: str | os.PathLike[str],
    *,
    input_shape: Iterable[int] | None = None,
    settings: Iterable[str] = (),
) -> Graph:
    """Return the network that `load_model` loads, without weights; see there.

    >>> load_graph("lenet5", settings=["c1.filters=4"]).shapes()["s2"]
    (14, 14, 4)
    """
    shape = None if input_shape is None else tuple(input_shape)
    graph = _graph(spec, shape)
    if shape is not None:
        from cnnviz.model.preprocess_table import fitted

        table = fitted(graph.preprocess, graph.input_shape, shape)
        graph = replace(graph, input_shape=shape, preprocess=table)
    for text in settings:
        from cnnviz.graph.change import with_setting

        graph = with_setting(graph, text)
    graph.shapes()  # raises where the layers do not fit each other
    return graph


def _is_in_the_box(spec: str | os.PathLike[str], graph: Graph) -> bool:
    """Tell whether a model was called by its built-in name, is unchanged and has weights."""
    if not isinstance(spec, str) or spec != graph.name or spec not in trained.names():
        return False
    from cnnviz.model import zoo

    with suppress(SpecError):
        return graph == zoo.build(spec)
    return False


def _from_the_box(graph: Graph) -> Model:
    from cnnviz.model.match import read_weights

    try:
        loaded = read_weights(trained.path(graph.name), graph, match="name")
    except InputError as error:
        raise trained.broken(graph.name, error.message) from error
    about = loaded.about
    note = ": ".join(filter(None, (f"weights {IN_THE_BOX}", str(about))))
    graph, more = _told(graph, about)
    return Model(graph, loaded.weights, (note, *loaded.notes[1:], *more), source=IN_THE_BOX)


def _told(graph: Graph, about: About) -> tuple[Graph, list[str]]:
    """Return a model with the labels and preprocessing of its weight file, unless it has its own.

    And notes on what the file says and is not used.
    """
    notes = []
    if not graph.labels and about.labels:
        classes = prod(graph.shapes()[graph.nodes[-1].name])
        if len(about.labels) == classes:
            graph = replace(graph, labels=about.labels)
        else:
            notes.append(f"{len(about.labels)} labels of the file not used: {classes} classes")
    if graph.preprocess is None and about.preprocess is not None:
        from cnnviz.model.preprocess import preprocess_for

        try:
            made = replace(graph, preprocess=plain(about.preprocess, "preprocess"))
            preprocess_for(made)
        except SpecError as error:
            notes.append(f"preprocessing of the file not used: {bounded(error.message)}")
        else:
            graph = made
    return graph, notes


def _graph(spec: str | os.PathLike[str], shape: Shape | None) -> Graph:
    text = os.fspath(spec)
    suffix = os.path.splitext(text)[1].lower()
    if suffix in _KINDS or isinstance(spec, os.PathLike):
        return _from_file(text, _KINDS.get(suffix), shape)
    if "(" in text:
        from cnnviz.graph.inline import read_inline

        return read_inline(text, layers.find, input_shape=shape)
    from cnnviz.model import zoo

    try:
        return zoo.build(text)
    except SpecError:
        if os.sep in text or _exists(text):
            return _from_file(text, None, shape)
        raise


def _from_file(path: str, kind: str | None, shape: Shape | None) -> Graph:
    from cnnviz.graph.document import MAX_BYTES, read_document

    data = read_file(path, MAX_BYTES + 1)
    if kind is None:
        hint = "a spec is .toml or .json; weights go to --weights"
        raise InputError(f"{shown(path)} is not a model spec", hint=hint)
    read = partial(read_document, data, layers.find, kind=kind, name=_title(path))
    try:
        graph = None
        if shape is not None:
            with suppress(SpecError):  # it may leave its shape to the caller
                graph = read()
        graph = graph or read(input_shape=shape)
        if graph.preprocess is not None:
            from cnnviz.model.preprocess import preprocess_for

            preprocess_for(graph)  # raises where its table is wrong
    except SpecError as error:
        raise SpecError(error.message, path=path, hint=error.hint) from error
    return graph


def _title(path: str) -> str:
    """Return the name of a model that states none: its file's, as far as it can be one."""
    stem = stem_of(path)[:MAX_NAME]
    return "".join(c if c.isprintable() else "_" for c in stem)


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:
        return False
