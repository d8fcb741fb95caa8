"""The architecture of a network as tables: its columns by part, and each kind of block unfolded."""

from __future__ import annotations

from typing import Any

from cnnviz.geometry import times
from cnnviz.report.architecture import Architecture, Kind
from cnnviz.report.architecture_groups import Group
from cnnviz.report.report import Column, Report, Row
from cnnviz.report.shares import tenths


def columns_table(found: Architecture) -> Report:
    """Return a row for each column but the input, by `part` where the network has two."""
    parts = {place: part.name for part in found.divisions for place in range(part.begin, part.end)}
    total = found.report.totals["params"]
    rows = []
    for place, group in enumerate(found.columns[1:], 1):
        share = _share(group.total("params"), total)
        rows.append({"part": parts.get(place, ""), "share": share, **_row(group)})
    return Report(found.subject, {}, tuple(rows), {}, (), COLUMNS, key="columns")


def blocks_table(found: Architecture) -> Report:
    """Return a row for each layer of every unfolded block, by what `block` it is of."""
    rows = [row for kind in found.kinds for row in _unfolded(kind)]
    return Report(found.subject, {}, tuple(rows), {}, (), BLOCK_COLUMNS, key="blocks")


def _unfolded(kind: Kind) -> list[dict[str, Any]]:
    first = kind.blocks[0]
    names = {first.source.name: first.source.name} | {
        group.key: group.name.removeprefix(first.prefix) for group in kind.boxes or ()
    }
    remark = kind.remark()
    title = f"{kind.letter}: {kind.headline()}" + (f" ({remark})" if remark else "")
    return [
        {
            "block": title,
            **_row(group),
            "name": names[group.key],
            "inputs": ", ".join(names[name] for name in group.inputs),
        }
        for group in kind.boxes or ()
    ]


def _row(group: Group) -> dict[str, Any]:
    often = f" x{group.count}" if group.count > 1 else ""
    return {
        "name": group.name,
        "operation": f"{group.operation}{often}",
        "besides": ", ".join(group.besides),
        "output_shape": group.shape,
        "params": group.total("params"),
    }


def _share(part: Any, whole: Any) -> float:
    return part / whole if isinstance(part, int) and isinstance(whole, int) and whole else 0.0


def _count(row: Row) -> str:
    value = row["params"]
    return value if isinstance(value, str) else f"{value:,}"


_NAME = Column("layer", lambda row: str(row["name"]))
_WORKS = (
    Column("operation", lambda row: str(row["operation"]), rank=1),
    Column("with", lambda row: str(row["besides"]), rank=3),
)
_MADE = (
    Column("output", lambda row: times(row["output_shape"])),
    Column("params", _count, right=True),
)
COLUMNS = (
    _NAME,
    *_WORKS,
    *_MADE,
    Column(
        "share",
        lambda row: tenths(row["share"]) if row["share"] else "",
        right=True,
        rank=4,
        share=lambda row: float(row["share"]),
    ),
)
BLOCK_COLUMNS = (
    _NAME,
    *_WORKS,
    Column("takes", lambda row: str(row["inputs"]), rank=2),
    *_MADE,
)
