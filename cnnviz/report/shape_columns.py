"""How tables show the rows of the shape report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cnnviz.contract import UNKNOWN
from cnnviz.geometry import times
from cnnviz.graph import INPUT
from cnnviz.report.report import Column, Row
from cnnviz.report.shares import tenths


def field_text(field: Any) -> str:
    """Return a receptive field as `size/stride/start`, one number for equal axes.

    >>> field_text({"size": [5, 5], "stride": [0.5, 0.5], "start": [-1, -2], "aligned": True})
    '5x5/0.5x0.5/-1x-2'
    """
    if not isinstance(field, Mapping) or not field["size"]:
        return UNKNOWN if field == UNKNOWN else ""
    square = all(len(set(field[key])) == 1 for key in ("size", "stride", "start"))
    parts = (field[key][:1] if square else field[key] for key in ("size", "stride", "start"))
    return "/".join("x".join(map(number_text, part)) for part in parts)


def memory_text(size: float) -> str:
    """Return bytes as a few digits and a unit of thousands.

    >>> memory_text(9984)
    '9.984 kB'
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.4g} {unit}"
        size /= 1000
    return f"{size:,.4g} GB" if size < 1000 else f"{size:,.0f} GB"


def columns_of(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Return the columns for these rows.

    Where branches leave the row above, `working` begins with what a row takes; running statistics
    have a column where there are any.
    """
    names = [row["name"] for row in rows]
    above = dict(zip(names, [INPUT, *names], strict=False))

    def working(row: Row) -> str:
        text = str(row.get("working", ""))
        if "name" not in row or row["inputs"] == [above.get(row["name"])]:
            return text
        return ": ".join([f"from {_listed(row['inputs'])}", *filter(None, [text])])

    columns = [replace(c, text=working) if c.heading == "working" else c for c in COLUMNS]
    if any(row["non_trainable_params"] for row in rows):
        columns.append(STATISTICS)
    return tuple(columns)


def _count(figure: str) -> Any:
    def text(row: Row) -> str:
        value = row[figure]
        return value if isinstance(value, str) else f"{value:,}"

    return text


def number_text(value: float) -> str:
    """Return a size or a stride, which may be a fraction."""
    return str(value) if isinstance(value, int) else f"{value:.3g}"


def _share(figure: str, rank: int) -> Column:
    def share(row: Row) -> float:
        value = row.get(f"{figure}_share", row[figure] != 0)
        return 0.0 if isinstance(value, str) or row[figure] == UNKNOWN else float(value)

    def text(row: Row) -> str:
        part = share(row)
        return tenths(part) if part else ""

    return Column("share", text, right=True, rank=rank, share=share)


def _listed(names: Sequence[str]) -> str:
    """Return names in words, the middle of a long list left out."""
    shown = [*names] if len(names) <= 8 else [*names[:3], "...", names[-1]]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


COLUMNS = (
    Column("layer", lambda row: row.get("name", "total")),
    Column("type", lambda row: row.get("type", ""), rank=4),
    Column("output", lambda row: times(row.get("output_shape", ()))),
    Column("params", _count("params"), right=True),
    _share("params", rank=5),
    Column("MACs", _count("macs"), right=True, rank=2),
    _share("macs", rank=6),
    Column("field", lambda row: field_text(row.get("receptive_field")), right=True, rank=3),
    Column("memory", lambda row: memory_text(row["activation_bytes"]), right=True, rank=7),
    Column("settings", lambda row: row.get("settings", ""), rank=8),
    Column("working", lambda row: row.get("working", ""), rank=9, detail=True),
    Column("weights", lambda row: row.get("params_formula", ""), rank=9, detail=True),
    Column("multiply-adds", lambda row: row.get("macs_formula", ""), rank=10, detail=True),
)
# Running means and variances, where there are any: not trained, so not among the weights.
STATISTICS = Column(
    "statistics",
    lambda row: row.get("non_trainable_formula", f"{row['non_trainable_params']:,}"),
    rank=10,
)
TYPE_COLUMNS = (
    Column("type", lambda row: row.get("type", "total")),
    Column("nodes", lambda row: str(row["nodes"]), right=True, rank=4),
    *(column for column in COLUMNS if column.heading in ("params", "MACs", "memory", "share")),
)
