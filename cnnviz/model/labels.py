"""The names of a model's classes: its own, or those of a file."""

from __future__ import annotations

from math import prod

from cnnviz.errors import InputError, SpecError
from cnnviz.graph import Graph
from cnnviz.trained.about import MAX_LABEL

MAX_BYTES = 2**20


def labels_of(graph: Graph, path: str | None = None) -> tuple[str, ...]:
    """Return a label for each class, none if the model has none.

    Parameters
    ----------
    graph : Graph
    path : str, optional
        A text file, one label a line, which goes before the model's own.

    Raises
    ------
    InputError
        If the file cannot be read, is no printable text or has another number of labels than
        classes.
    SpecError
        If the model's own labels are of another number.

    >>> from cnnviz.model import zoo
    >>> labels_of(zoo.build("lenet5"))
    ()
    """
    classes = prod(graph.shapes()[graph.nodes[-1].name])
    labels = graph.labels if path is None else _read(path)
    if not labels or len(labels) == classes:
        return labels
    what = f"{len(labels)} labels for {classes} classes"
    if path is None:
        raise SpecError(f"{graph.name} has {what}", hint="change labels, or the last layer")
    raise InputError(what, path=path)


def _read(path: str) -> tuple[str, ...]:
    from cnnviz.model.files import read_file

    data = read_file(path, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(f"is larger than {MAX_BYTES // 2**20} MiB", path=path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text (byte {error.start})", path=path) from None
    lines = tuple(line.strip() for line in text.rstrip().splitlines())
    if not any(lines):
        raise InputError("has no labels", path=path)
    for number, line in enumerate(lines, 1):
        if not line:
            raise InputError(f"line {number} is empty", path=path)
        if len(line) > MAX_LABEL or not line.isprintable():
            what = f"line {number} is not up to {MAX_LABEL} printable characters"
            raise InputError(what, path=path)
    return lines
