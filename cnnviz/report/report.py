"""`Report`: rows of plain data with their totals, and the texts that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """How one column of rows is written.

    Parameters
    ----------
    heading : str
    text : callable
        Takes a row, returns the cell's text.
    right : bool
        Aligned right, as numbers are.
    rank : int
        Columns of a higher rank are left out first where there is little room; 0 always stays.
    share : callable, optional
        Takes a row, returns the proportion (0 to 1) that a bar shows beside the text.
    detail : bool
        Without room for the column, its text goes on a line below the row.
    """

    heading: str
    text: Callable[[Row], str]
    right: bool = False
    rank: int = 0
    share: Callable[[Row], float] | None = None
    detail: bool = False


@dataclass(frozen=True, repr=False)
class Report:
    """What a command says, as data.

    Parameters
    ----------
    name : str
        What it is about.
    head : mapping
        Facts about the whole, which come first in JSON.
    rows : tuple of mapping
        Plain data: texts, numbers, lists and dictionaries.
    totals : mapping
        Sums over the rows.
    warnings : tuple of str
    columns : tuple of Column
        How tables show a row.
    notes : tuple of str
        The conventions behind the figures.
    key : str
        What JSON calls the rows.
    """

    name: str
    head: Row
    rows: tuple[Row, ...]
    totals: Row
    warnings: tuple[str, ...]
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    key: str = "rows"

    def __repr__(self) -> str:
        return f"<Report on {self.name}: {len(self.rows)} {self.key}>"

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        rows = [dict(row) for row in self.rows]
        totals, warnings = dict(self.totals), list(self.warnings)
        return {**self.head, self.key: rows, "totals": totals, "warnings": warnings}

    def to_json(self) -> str:
        """Return all of it as JSON."""
        import json

        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """Return the rows as CSV: one line a row, nested values flattened."""
        import csv
        from io import StringIO

        parts = {key: row[key] for row in self.rows for key in row if isinstance(row[key], Mapping)}
        lines = [_flat(_alike(row, parts)) for row in self.rows]
        file = StringIO()
        writer = csv.DictWriter(file, list(lines[0]) if lines else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        return file.getvalue()

    def to_markdown(self) -> str:
        """Return a Markdown table, with the totals as its last row if there are any."""
        rule = ["---:" if column.right else "---" for column in self.columns]
        heads = [column.heading for column in self.columns]
        lines = [heads, rule, *self._cells()]
        table = "\n".join("| " + " | ".join(line) + " |" for line in _escaped(lines))
        below = [f"**Warning:** {_markdown(text)}" for text in self.warnings]
        return "\n\n".join([f"## {_markdown(self.name)}", table, *below, *self.notes]) + "\n"

    def _repr_html_(self) -> str:
        from html import escape

        def line(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(c)}</{tag}>" for c in cells) + "</tr>"

        heads = line([column.heading for column in self.columns], "th")
        rows = "\n".join(line(cells, "td") for cells in self._cells())
        below = "".join(f"<p>Warning: {escape(text)}</p>" for text in self.warnings)
        return (
            f"<table><caption>{escape(self.name)}</caption>\n"
            f"<thead>{heads}</thead>\n<tbody>\n{rows}\n</tbody></table>{below}"
        )

    def _cells(self) -> list[list[str]]:
        rows = [[column.text(row) for column in self.columns] for row in self.rows]
        sums = [[column.text(self.totals) for column in self.columns]] if self.totals else []
        return rows + sums


def _alike(row: Row, parts: Row) -> Row:
    """Return a row in which a text where others have several values stands for each of them."""
    wide = {key: dict.fromkeys(parts[key], row[key]) for key in parts if isinstance(row[key], str)}
    return {**row, **wide}


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat.update({f"{key}_{inner}": v for inner, v in _flat(value).items()})
        elif isinstance(value, list) and value and isinstance(value[0], str):
            flat[key] = "; ".join(value)
        elif isinstance(value, list):
            parts = ["/".join(map(str, v)) if isinstance(v, list) else str(v) for v in value]
            flat[key] = "x".join(parts)
        else:
            flat[key] = value
    return flat


def _escaped(lines: list[list[str]]) -> list[list[str]]:
    return [[_markdown(cell) for cell in line] for line in lines]


def _markdown(text: str) -> str:
    """Return text that Markdown shows as it is."""
    for sign in "\\`*_|<>[]":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("&", "&amp;")
