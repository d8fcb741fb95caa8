"""The shape report: what each node of a network makes of its input, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from cnnviz.contract import UNKNOWN, Unknown
from cnnviz.errors import SpecError
from cnnviz.geometry import LARGEST, Shape, times
from cnnviz.geometry.field import Field
from cnnviz.graph import Graph, Node
from cnnviz.graph.settings import arguments_of
from cnnviz.report import shape_workings as workings
from cnnviz.report.report import Report, Row, Table
from cnnviz.report.shape_columns import COLUMNS, TYPE_COLUMNS, columns_of, memory_text
from cnnviz.report.shape_fields import Axes, data_of, fields_of
from cnnviz.report.shape_warnings import warnings_of

__all__ = ["COLUMNS", "TYPE_COLUMNS", "shapes"]

FLOAT_BYTES = 4
SUMMED = ("params", "non_trainable_params", "macs", "flops", "activation_bytes")


def shapes(graph: Graph, batch: int = 1) -> Report:
    """Return the shape report of a graph: one row a node, in the graph's order.

    Parameters
    ----------
    graph : Graph
    batch : int
        Examples in one run: multiply-adds and activation bytes are those of all of them.

    Returns
    -------
    Report
        Each row's `output_shape`, `formula` (one text a spatial axis), `padding` (before and
        after, an axis; negative where it crops; what a transposed convolution crops from its
        output), `unread` (input cells behind the last window), `params` (what training changes),
        `non_trainable_params` (running statistics), `macs`, `flops` (2 a multiply-add),
        `activation_bytes` (float32) and `receptive_field` in input pixels, `"unknown"` behind a
        reshaping. Beside a number is how it comes about: `working`, `params_formula`,
        `non_trainable_formula`, `macs_formula`. Behind an upsampling the field's stride may be a
        fraction; then its size is the largest of any unit and its start that of unit 0.

        In the totals, `weight_bytes` are those of parameters and statistics (float32), and
        `by_type` has sums of their own. A sum of something unknown is `"unknown"`.

    Raises
    ------
    SpecError
        If a layer does not fit what it takes, or the batch is not a positive integer.

    >>> from cnnviz import load_model
    >>> report = shapes(load_model("vgg16").graph)
    >>> report.rows[0]["formula"], report.rows[0]["params"]
    (['ceil(224/1) = 224', 'ceil(224/1) = 224'], 1792)
    >>> report.rows[0]["macs_formula"]
    '224*224 * 3*3*3*64 = 86704128'
    >>> next(row["receptive_field"]["start"] for row in report if row["name"] == "pool5")
    [-90, -90]
    """
    if not isinstance(batch, int) or isinstance(batch, bool) or not 0 < batch <= LARGEST:
        raise SpecError(f"batch {batch!a} is not a positive integer")
    sizes = graph.shapes()
    fields, axes = fields_of(graph)
    rows = []
    for node in graph.nodes:
        taken = [sizes[name] for name in node.inputs]
        at = axes[node.name], fields[node.name]
        rows.append(_row(node, taken, sizes[node.name], *at, batch))
    left = {
        name: [axis.leftover for axis in own]
        for name, own in axes.items()
        if not isinstance(own, str)
    }
    totals = _totals(rows)
    return Report(
        name=graph.name,
        head={"model": graph.name, "input_shape": list(graph.input_shape), "batch": batch},
        rows=tuple(rows),
        totals=totals,
        warnings=tuple(warnings_of(graph, fields, left)),
        columns=columns_of(rows),
        notes=tuple(_notes(totals, batch)),
        key="layers",
        about=f"input {times(graph.input_shape)}" + (f", batch of {batch:,}" if batch > 1 else ""),
        sections=(Table("by type", TYPE_COLUMNS, tuple(totals["by_type"]), totals),),
    )


def _row(
    node: Node,
    taken: Sequence[Shape],
    made: Shape,
    axes: Axes,
    field: Field | None,
    batch: int,
) -> dict[str, Any]:
    layer = node.layer
    weights, statistics = layer.weight_shapes(*taken), layer.statistic_shapes(*taken)
    slides = () if isinstance(axes, str) or len(made) == 1 else axes
    one = layer.macs(*taken)
    macs = one if isinstance(one, str) else batch * one
    return {
        "name": node.name,
        "type": type(layer).__name__,
        "settings": arguments_of(layer),
        "inputs": list(node.inputs),
        "output_shape": list(made),
        "formula": [axis.working() for axis in slides],
        "padding": [[axis.before, axis.after] for axis in slides],
        "unread": [axis.unread for axis in slides],
        "working": workings.working(slides) or workings.note(taken, made),
        "params": sum(map(prod, weights.values())),
        "params_formula": workings.sum_of_products(weights.values()),
        "params_share": 0.0,
        "non_trainable_params": sum(map(prod, statistics.values())),
        "non_trainable_formula": workings.sum_of_products(statistics.values()),
        "macs": macs,
        "macs_formula": workings.macs_formula(one, weights, taken[0], made, batch),
        "macs_share": 0.0,
        "flops": macs if isinstance(macs, str) else 2 * macs,
        "activation_bytes": FLOAT_BYTES * batch * prod(made),
        "receptive_field": data_of(field),
    }


def _totals(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums, and give each row and each type its share of them."""
    sums = _sums(rows)
    weights = FLOAT_BYTES * (sums["params"] + sums["non_trainable_params"])
    totals = {"nodes": len(rows)} | sums | {"weight_bytes": weights, "by_type": _by_type(rows)}
    for part in (*rows, *totals["by_type"]):
        for figure in ("params", "macs"):
            part[f"{figure}_share"] = _share(part[figure], totals[figure])
    return totals


def _sums(rows: Iterable[Row]) -> dict[str, Any]:
    rows = list(rows)
    return {key: _sum([row[key] for row in rows]) for key in SUMMED}


def _sum(values: Sequence[int | Unknown]) -> int | Unknown:
    known = [value for value in values if not isinstance(value, str)]
    return sum(known) if len(known) == len(values) else UNKNOWN


def _share(part: int | Unknown, total: int | Unknown) -> float | Unknown:
    if isinstance(part, str) or isinstance(total, str):
        return UNKNOWN
    return part / total if total else 0.0


def _by_type(rows: Sequence[Row]) -> list[dict[str, Any]]:
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row["type"], []).append(row)
    return [{"type": kind, "nodes": len(own)} | _sums(own) for kind, own in kinds.items()]


def _notes(totals: Row, batch: int) -> Iterable[str]:
    flops = totals["flops"]
    many = "one image" if batch == 1 else f"a batch of {batch:,}"
    yield (
        "params: what training changes. MACs: multiply-adds of convolutions and dense layers, "
        f"without biases; FLOPs = 2 x MACs = {flops if isinstance(flops, str) else f'{flops:,}'}. "
        f"memory: float32 outputs for {many}; the weights take "
        f"{memory_text(totals['weight_bytes'])}."
    )
    if totals["non_trainable_params"]:
        yield (
            f"statistics: {totals['non_trainable_params']:,} running means and variances, which "
            "are kept beside the params."
        )
    yield (
        "field: receptive field as size/stride/start in input pixels; the start is the first "
        "pixel that output 0 sees, negative inside padding."
    )
