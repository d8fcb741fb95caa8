"""True convolution: kernels that are turned by 180 degrees before they slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights
    from cnnviz.graph import Graph


def turned(graph: Graph, arrays: ModelWeights) -> dict[str, dict[str, Array]]:
    """Return arrays by node and weight with all kernels that slide turned over, as views.

    Layers correlate; with turned kernels they convolve. Gradients are turned back the same way.
    Transposed convolutions write their kernels as they are, and are left alone.

    Parameters
    ----------
    graph : Graph
    arrays : mapping
        Weights, or gradients of some of them, by node and name.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnviz import load_model
    >>> graph = load_model("Conv1D(1, 3)", input_shape=(9, 1)).graph
    >>> weights = {"conv1": {"kernel": np.arange(3).reshape(3, 1, 1)}}
    >>> turned(graph, weights)["conv1"]["kernel"].ravel()
    array([2, 1, 0])
    """
    axes = {node.name: node.layer.sliding for node in graph.nodes}
    return {
        node: {name: half_turned(values, axes[node].get(name, 0)) for name, values in own.items()}
        for node, own in arrays.items()
    }


def half_turned(values: Array, axes: int) -> Array:
    """Return an array with that many of its first axes reversed, a view."""
    return values[(slice(None, None, -1),) * axes]
