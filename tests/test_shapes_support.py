"""Receptive fields against what is measured: change one input cell, see which outputs change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from cnnviz import layers
from cnnviz.errors import SpecError
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.model.executor import Sequential
from cnnviz.model.initial import he_weights
from cnnviz.report.shape_fields import Axes, fields_of
from cnnviz.report.shapes import shapes

HUGE = 1e7  # such a change shows through any maximum and any weight

ONE = (
    "Conv1D(1, {k}, strides={s}, padding='same')", "Conv1D(1, {k}, padding='valid', strides={s})",
    "Conv1D(1, {k}, dilation_rate={d}, padding='causal')", "Conv1D(1, 3, padding='same')",
    "Conv1D(1, 1)", "MaxPooling1D({k}, strides={s}, padding='same')", "MaxPooling1D(2)",
    "AveragePooling1D(2)", "ZeroPadding1D(({p}, {s}))", "Cropping1D(({p}, 1))", "UpSampling1D({s})",
)  # fmt: skip
TWO = (
    "Conv2D(1, {k}, strides={s}, padding='same')", "Conv2D(1, ({k}, 2), padding={p}, strides={s})",
    "Conv2D(1, 3, dilation_rate=({d}, 2), padding='same')", "Conv2D(1, 3, padding='same')",
    "Conv2D(1, 1)", "MaxPooling2D(3, strides=2, padding={q}, ceil_mode=True)", "MaxPooling2D(2)",
    "AveragePooling2D({k}, strides={s}, padding='same')",
    "ZeroPadding2D((({p}, 1), (0, {s})))", "Cropping2D((({p}, 1), (0, {p})))",
    "UpSampling2D(({s}, 2))", "UpSampling2D(({s}, 3), interpolation='bilinear')",
    "Conv2DTranspose(1, {k}, strides={s}, padding='same')",
    "Conv2DTranspose(1, {k}, strides=({s}, 1), padding='valid', dilation_rate=({d}, 1))",
    "DepthwiseConv2D({k}, padding='same')",
)  # fmt: skip


def drawn(seed: int) -> Graph:
    """Return a small graph: layers on any node above, and what joins nodes of one shape."""
    rng = np.random.default_rng(seed)
    calls, shape = (ONE, (36, 1)) if seed % 2 else (TWO, (18, 15, 1))
    nodes: list[Node] = []
    sizes = {INPUT: shape}
    while len(nodes) < 7:
        names = list(sizes)
        name = names[-1] if rng.random() < 0.6 else str(rng.choice(names))
        alike = [n for n in names if n != name and sizes[n][:-1] == sizes[name][:-1]]
        if alike and rng.random() < 0.45:
            kind = "Add" if rng.random() < 0.5 else "Concatenate"
            layer, inputs = layers.find(kind)(), (name, str(rng.choice(alike)))
            if len({sizes[n] for n in inputs}) > 1 and kind == "Add":
                continue
        else:
            layer, inputs = built(str(rng.choice(calls)), rng), (name,)
        try:
            made = layer.output_shape(*(sizes[n] for n in inputs))
        except SpecError:
            continue
        if np.prod(made) <= 1_500:
            nodes.append(Node(f"n{len(nodes)}", layer, inputs))
            sizes[nodes[-1].name] = made
    return Graph("drawn", tuple(nodes), shape)


def built(call: str, rng: np.random.Generator):
    from cnnviz.graph.inline import read_inline

    numbers = {"k": rng.integers(1, 5), "s": rng.integers(1, 4), "d": rng.integers(1, 4),
               "p": rng.integers(0, 3), "q": rng.integers(0, 2)}  # fmt: skip
    return read_inline(call.format(**numbers), layers.find, input_shape=(9, 9, 1)).nodes[0].layer


def supports(graph: Graph) -> dict[str, np.ndarray]:
    """Return, for each node, `(*input cells, *output cells)`: whether one changes the other."""
    rng = np.random.default_rng(0)
    *space, channels = graph.input_shape
    cells = int(np.prod(space))
    x = np.broadcast_to(rng.random((*space, channels)), (cells + 1, *space, channels)).copy()
    x.reshape(cells + 1, cells, channels)[np.arange(cells), np.arange(cells)] += HUGE
    weights = {
        node: {name: rng.uniform(0.5, 1.5, array.shape) for name, array in own.items()}
        for node, own in he_weights(graph).items()
    }
    values = Sequential(graph, weights).run(x, [node.name for node in graph.nodes])
    found = {}
    for name, y in values.items():
        changed = np.abs(y[:-1] - y[-1:]) > 1e-6 * np.abs(y[-1:])
        found[name] = changed.any(axis=-1).reshape(*space, *y.shape[1:-1])
    return found


def clean(graph: Graph, axes: dict[str, Axes], axis: int) -> dict[str, np.ndarray]:
    """Return which units of each node no padding reaches, nor any cell behind the last."""
    sizes = graph.shapes()
    found = {INPUT: np.ones(graph.input_shape[axis], bool)}
    for node in graph.nodes:
        inputs = [found[name] for name in node.inputs]
        own = axes[node.name]
        if own:
            (inside,) = inputs
            n = len(inside)
            found[node.name] = np.array([
                all(0 <= cell < n and inside[cell] for cell in own[axis].cells(unit))
                for unit in range(sizes[node.name][axis])
            ])  # fmt: skip
        else:
            found[node.name] = np.all(inputs, axis=0)
    return found


def spans(changed: np.ndarray, axis: int, rank: int) -> Iterator[tuple[int, int, int]]:
    """Yield unit, first cell and the one behind the last, of the units that see any."""
    others = tuple(a for a in range(2 * rank) if a not in (axis, axis + rank))
    for unit, cells in enumerate(changed.any(axis=others).T):
        if cells.any():
            seen = np.flatnonzero(cells)
            yield unit, int(seen[0]), int(seen[-1]) + 1


@pytest.mark.parametrize("part", range(4))
def test_two_hundred_graphs_see_what_is_measured(part: int) -> None:
    count: Counter[str] = Counter()
    for seed in range(50 * part, 50 * part + 50):
        graph = drawn(seed)
        fields, axes = fields_of(graph)
        measured, rank = supports(graph), len(graph.input_shape) - 1
        rows = {row["name"]: row["receptive_field"] for row in shapes(graph)}
        for axis in range(rank):
            inner = clean(graph, axes, axis)
            for node in graph.nodes:
                field, where = fields[node.name], (seed, node)
                if field is None:
                    assert rows[node.name] == "unknown"
                    count["unknown"] += 1
                    continue
                sight, row = field.axes[axis], rows[node.name]
                for unit, first, end in spans(measured[node.name], axis, rank):
                    start, stop = sight.seen(range(unit, unit + 1))
                    if not inner[node.name][unit]:
                        assert start <= first < end <= stop, where
                        continue
                    assert (first, end) == (start, stop), where
                    assert end - first <= row["size"][axis]
                    count["turns" if sight.turns > 1 else "one turn"] += 1
                    if sight.turns == 1:
                        assert first == row["start"][axis] + unit * row["stride"][axis]
                        assert end - first == row["size"][axis]
        count.update(type(node.layer).__name__ for node in graph.nodes)
        count["misaligned"] += not all(f is None or f.aligned for f in fields.values())
    assert min(count["one turn"], count["turns"]) > 1_500
    kinds = ("Add", "Concatenate", "misaligned", "Cropping1D", "Conv2DTranspose", "ZeroPadding2D")
    assert min(count[kind] for kind in kinds) > 5, count
