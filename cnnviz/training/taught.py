"""What a network knows once it was trained: the names of its classes, how pictures are prepared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnnviz.graph import Graph

_PREPROCESS = {"scale": "1/255"}  # of arrays too, which otherwise keep their values


def taught(graph: Graph, labels: Sequence[str]) -> Graph:
    """Return a trained network with what it was trained on said: its classes and preprocessing.

    Names of classes that the data give go before the network's own; mere numbers do not.
    """
    named = not all(label.isdigit() for label in labels)
    return replace(
        graph,
        labels=tuple(labels) if named or not graph.labels else graph.labels,
        preprocess=_PREPROCESS if graph.preprocess is None else graph.preprocess,
    )
