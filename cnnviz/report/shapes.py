"""The shape report: what each node of a network makes of its input, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Field, Shape, Window, times
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.graph.settings import arguments_of
from cnnviz.report.report import Column, Report, Row, Table

FLOAT_BYTES = 4
MAX_FIELD = 2**63


def shapes(graph: Graph) -> Report:
    """Return the shape report of a graph: one row a node, in the graph's order.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    Report
        Each row's `output_shape`, `formula` (one text a spatial axis), `padding` (before and
        after, an axis), `unread` (input cells behind the last window), `params`, `macs`, `flops`
        (2 a multiply-add), `activation_bytes` (float32) and `receptive_field` in input pixels.

    Raises
    ------
    SpecError
        If a layer does not fit what it takes.

    >>> from cnnviz import load_model
    >>> report = shapes(load_model("vgg16").graph)
    >>> report.rows[0]["formula"], report.rows[0]["params"]
    (['ceil(224/1) = 224', 'ceil(224/1) = 224'], 1792)
    >>> next(row["receptive_field"]["start"] for row in report if row["name"] == "pool5")
    [-90, -90]
    """
    sizes = graph.shapes()
    fields = {INPUT: Field.of_input(len(graph.input_shape) - 1)}
    rows: list[dict[str, Any]] = []
    for node in graph.nodes:
        taken = [sizes[name] for name in node.inputs]
        axes = _axes(node, taken)
        fields[node.name] = _field(node, [fields[n] for n in node.inputs], taken, axes, sizes)
        rows.append(_row(node, taken, sizes[node.name], axes, fields[node.name]))
    totals = {"nodes": len(rows)} | _sums(rows) | {"by_type": _by_type(rows)}
    for part in (*rows, *totals["by_type"]):
        for figure in ("params", "macs"):
            part[f"{figure}_share"] = part[figure] / totals[figure] if totals[figure] else 0.0
    return Report(
        name=graph.name,
        head={"model": graph.name, "input_shape": list(graph.input_shape)},
        rows=tuple(rows),
        totals=totals,
        warnings=tuple(_warnings(graph, rows)),
        columns=COLUMNS,
        notes=tuple(_notes(totals)),
        key="layers",
        about=f"input {times(graph.input_shape)}",
        sections=(Table("by type", TYPE_COLUMNS, tuple(totals["by_type"]), totals),),
    )


def _axes(node: Node, taken: Sequence[Shape]) -> tuple[Axis, ...]:
    window = node.layer.window(taken[0])
    return window.on(taken[0][:-1]) if isinstance(window, Window) else ()


def _field(
    node: Node,
    above: Sequence[Field],
    taken: Sequence[Shape],
    axes: tuple[Axis, ...],
    sizes: dict[str, Shape],
) -> Field:
    """Return the field of a node; units without a place see all that the layer takes."""
    field = above[0].merge(above[1:])
    space = taken[0][:-1]
    if space and len(sizes[node.name]) == 1:
        axes = Window.of(space, rank=len(space)).on(space)
    field = field.through(axes) if axes else field
    if any(n >= MAX_FIELD for n in (*field.size, *field.stride)):
        raise SpecError(f"{node.name}: the receptive field is larger than 2**63 pixels")
    return field


def _row(
    node: Node, taken: Sequence[Shape], made: Shape, axes: tuple[Axis, ...], field: Field
) -> dict[str, Any]:
    layer = node.layer
    weights = layer.weight_shapes(*taken)
    slides = axes if len(made) > 1 else ()
    macs = layer.macs(*taken)
    return {
        "name": node.name,
        "type": type(layer).__name__,
        "settings": arguments_of(layer),
        "inputs": list(node.inputs),
        "output_shape": list(made),
        "formula": [axis.working() for axis in slides],
        "padding": [[axis.before, axis.after] for axis in slides],
        "unread": [axis.unread for axis in slides],
        "working": _working(slides) or _note(taken[0], made),
        "params": sum(map(prod, weights.values())),
        "params_formula": _sum_of_products(weights.values()),
        "params_share": 0.0,
        "non_trainable_params": 0,
        "macs": macs,
        "macs_share": 0.0,
        "flops": 2 * macs,
        "activation_bytes": FLOAT_BYTES * prod(made),
        "receptive_field": {
            "size": list(field.size),
            "stride": list(field.stride),
            "start": list(field.start),
            "aligned": field.aligned,
        },
    }


def _sum_of_products(weights: Iterable[Shape]) -> str:
    shapes = list(weights)
    if not shapes:
        return ""
    total = sum(map(prod, shapes))
    return " + ".join("*".join(map(str, shape)) for shape in shapes) + f" = {total}"


def _note(taken: Shape, made: Shape) -> str:
    """Return where a number comes from that no window explains."""
    if len(taken) > 1 and made == (prod(taken),):
        return f"{' x '.join(map(str, taken))} = {made[0]}"
    if len(taken) == 3 and made == taken[2:]:
        return f"one value from each {taken[0]}x{taken[1]} map"
    return ""


def _sums(rows: Iterable[Row]) -> dict[str, Any]:
    summed = ("params", "non_trainable_params", "macs", "flops", "activation_bytes")
    rows = list(rows)
    return {key: sum(row[key] for row in rows) for key in summed}


def _by_type(rows: Sequence[Row]) -> list[dict[str, Any]]:
    kinds = dict.fromkeys(row["type"] for row in rows)
    groups = {kind: [row for row in rows if row["type"] == kind] for kind in kinds}
    return [{"type": kind, "nodes": len(own)} | _sums(own) for kind, own in groups.items()]


def _warnings(graph: Graph, rows: Sequence[Row]) -> Iterable[str]:
    for row in rows:
        if any(row["unread"]):
            yield f"{row['name']} leaves the last {_unread(row['unread'])} of its input unread"
    space = graph.input_shape[:-1]
    placed = [row for row in rows if len(row["output_shape"]) == len(graph.input_shape) > 1]
    over = [r for r in placed if any(map(int.__gt__, r["receptive_field"]["size"], space))]
    if over:
        size = times(over[0]["receptive_field"]["size"])
        yield f"from {over[0]['name']} on, the receptive field ({size}) is larger than the input"
    bent = [row["name"] for row in rows if not row["receptive_field"]["aligned"]]
    if bent:
        yield f"from {bent[0]} on, branches see different places"


def _notes(totals: Row) -> Iterable[str]:
    yield (
        "params: what training changes. MACs: multiply-adds of convolutions and dense layers, "
        f"without biases; FLOPs = 2 x MACs = {totals['flops']:,}. "
        "memory: float32 outputs for one image."
    )
    yield (
        "field: receptive field as size/stride/start in input pixels; the start is the first "
        "pixel that output 0 sees, negative inside padding."
    )


def _working(axes: Sequence[Axis]) -> str:
    """Return the size formula, the padding that "same" chose and what is left unread."""
    if not axes:
        return ""
    formula, sides = [axis.working() for axis in axes], [_sides(axis) for axis in axes]
    text = formula[0]
    if len(set(formula)) > 1:
        text = f"rows {formula[0]}, columns {formula[1]}"
    if any(axis.rule == "same" and axis.after for axis in axes):
        text += f", padding {sides[0] if len(set(sides)) == 1 else ' x '.join(sides)}"
    left = _unread([axis.unread for axis in axes])
    return f"{text}, {left} unread" if left else text


def _sides(axis: Axis) -> str:
    return f"{axis.before}" if axis.before == axis.after else f"{axis.before}+{axis.after}"


def _unread(cells: Sequence[int]) -> str:
    words = zip(cells, ("row", "column"), strict=False)
    return " and ".join(f"{n} {word}{'s' * (n > 1)}" for n, word in words if n)


def _field_text(row: Row) -> str:
    field = row.get("receptive_field")
    if not field or not field["size"]:
        return ""
    square = all(len(set(field[key])) == 1 for key in ("size", "stride", "start"))
    parts = (field[key][:1] if square else field[key] for key in ("size", "stride", "start"))
    return "/".join(times(part) for part in parts)


def _memory(row: Row) -> str:
    size = float(row["activation_bytes"])
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.4g} {unit}"
        size /= 1000
    return f"{size:,.4g} GB" if size < 1000 else f"{size:,.0f} GB"


def _share(figure: str, rank: int) -> Column:
    def share(row: Row) -> float:
        return float(row.get(f"{figure}_share", row[figure] > 0))

    def text(row: Row) -> str:
        part = share(row)
        return "" if part == 0 else f"{part:.1%}" if part >= 0.001 else "<0.1%"

    return Column("share", text, right=True, rank=rank, share=share)


COLUMNS = (
    Column("layer", lambda row: row.get("name", "total")),
    Column("type", lambda row: row.get("type", ""), rank=4),
    Column("output", lambda row: times(row.get("output_shape", ()))),
    Column("params", lambda row: f"{row['params']:,}", right=True),
    _share("params", rank=5),
    Column("MACs", lambda row: f"{row['macs']:,}", right=True, rank=2),
    _share("macs", rank=6),
    Column("field", _field_text, right=True, rank=3),
    Column("memory", _memory, right=True, rank=7),
    Column("settings", lambda row: row.get("settings", ""), rank=8),
    Column("working", lambda row: row.get("working", ""), rank=9, detail=True),
    Column("weights", lambda row: row.get("params_formula", ""), rank=9, detail=True),
)
TYPE_COLUMNS = (
    Column("type", lambda row: row.get("type", "total")),
    Column("nodes", lambda row: str(row["nodes"]), right=True, rank=4),
    *(column for column in COLUMNS if column.heading in ("params", "MACs", "memory", "share")),
)
