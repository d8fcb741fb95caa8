"""How tables show what units see."""

from __future__ import annotations

from typing import Any

from cnnviz.contract import UNKNOWN
from cnnviz.geometry import times
from cnnviz.report.receptive import ReceptiveFields
from cnnviz.report.receptive_unit import percent
from cnnviz.report.report import Column, Report, Row
from cnnviz.report.shape_columns import number_text


def report(result: ReceptiveFields) -> Report:
    """Return units as rows, with what is to be known about all of them."""
    is_whole = not result.is_chosen and not result.is_effective
    units = result.growth if is_whole and result.growth else result.units
    rows = tuple(unit.to_dict() for unit in units)
    notes = [
        f"field: rows x columns of the {times(units[0].space)} image that one unit sees; stride: "
        "from one unit to the next; start: the first pixel of unit 0, negative inside padding. "
        "share: of the image, without padding."
    ]
    if result.is_effective:
        notes.append(
            "95% in: the fewest pixels that hold 95% of the gradient of the value of one filter."
        )
    shown = [c for c in COLUMNS if c.heading not in _SOMETIMES or any(map(c.text, rows))]
    return Report(
        name=result.seen.model,
        head={"image": result.seen.image},
        rows=rows,
        totals={},
        warnings=result.warnings,
        columns=tuple(shown),
        notes=tuple(notes),
        key="layers",
    )


_SOMETIMES = ("95% in", "filter", "")  # columns that are empty without gradients, or fields to flag


def _field(key: str) -> Any:
    def text(row: Row) -> str:
        field = row["receptive_field"]
        return UNKNOWN if field == UNKNOWN else "x".join(map(number_text, field[key]))

    return text


def _unit(row: Row) -> str:
    return ",".join(map(str, row["at"])) if row["at"] else "all"


def _seen(key: str) -> Any:
    def text(row: Row) -> str:
        """Return the first and the last cell."""
        if row["region"] == UNKNOWN:
            return UNKNOWN
        first, end = row["region"][key]
        return f"{first} to {end - 1}" if first < end else "none"

    return text


def _share(row: Row) -> float:
    return 0.0 if row["share"] == UNKNOWN else float(row["share"])


def _effective(key: str) -> Any:
    def text(row: Row) -> str:
        found = row.get("effective")
        return f"{found[key]:,}" if found else ""

    return text


COLUMNS = (
    Column("layer", lambda row: str(row["name"])),
    Column("type", lambda row: str(row["type"]), rank=5),
    Column("unit", _unit, right=True, rank=2),
    Column("field", _field("size"), right=True),
    Column("stride", _field("stride"), right=True, rank=1),
    Column("start", _field("start"), right=True, rank=1),
    Column("sees rows", _seen("rows"), right=True, rank=4),
    Column("columns", _seen("columns"), right=True, rank=4),
    Column(
        "share",
        lambda row: UNKNOWN if row["share"] == UNKNOWN else percent(row["share"]),
        right=True,
        share=_share,
    ),
    Column("filter", _effective("filter"), right=True, rank=3),
    Column("95% in", _effective("cells_95"), right=True),
    Column("", lambda row: "exceeds image" if row["exceeds_image"] else ""),
)
