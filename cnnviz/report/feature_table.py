"""The table that `cnnviz features` prints: a row a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.geometry import times
from cnnviz.report.report import Column, Report, Row
from cnnviz.report.shares import tenths

if TYPE_CHECKING:
    from cnnviz.report.features import FeatureSet

_SOMETIMES = ("constant", "saturated")  # columns that most networks leave empty


def report(features: FeatureSet) -> Report:
    """Return the layers of one image as rows, with what is to be known about all of them."""
    seen = features.seen
    rows = tuple(features.to_dicts())
    notes = ["zeros: share of values that are 0. dead: maps that are 0 everywhere on this image."]
    if any(layer.stats.saturated is not None for layer in features.layers):
        notes[0] += " saturated: values within 1% of a limit of the activation."
    if features.unchanged:
        notes.append(f"left out, they change nothing here: {', '.join(features.unchanged)}")
    return Report(
        name=seen.model,
        head={"image": seen.image},
        rows=rows,
        totals={},
        warnings=features.warnings,
        columns=tuple(c for c in COLUMNS if c.heading not in _SOMETIMES or any(map(c.text, rows))),
        notes=tuple(notes),
        key="maps",
    )


def _percent(row: Row, key: str) -> str:
    share = row[key]
    if share is None:
        return ""
    return tenths(share)


def _count(row: Row, key: str) -> str:
    return str(row[key]) if row[key] else ""


COLUMNS = (
    Column("layer", lambda row: str(row["layer"])),
    Column("type", lambda row: str(row["type"]), rank=4),
    Column("output", lambda row: times(row["shape"])),
    Column("min", lambda row: f"{row['min']:.4g}", right=True, rank=1),
    Column("max", lambda row: f"{row['max']:.4g}", right=True),
    Column("mean", lambda row: f"{row['mean']:.4g}", right=True, rank=2),
    Column(
        "zeros",
        lambda row: _percent(row, "zeros"),
        right=True,
        rank=3,
        share=lambda row: float(row["zeros"]),
    ),
    Column("dead", lambda row: _count(row, "dead"), right=True, rank=1),
    Column("constant", lambda row: _count(row, "constant"), right=True, rank=6),
    Column("saturated", lambda row: _percent(row, "saturated"), right=True, rank=5),
    Column(
        "strongest by mean",
        lambda row: " ".join(map(str, row["strongest"]["mean"])),
        right=True,
        rank=7,
    ),
)
