"""Rows as CSV: one line a row, nested values flattened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnviz.report.report import Report, Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how one begins in spreadsheets
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)


def write(report: Report) -> str:
    """Return a line for each row, below a line of their keys."""
    import csv
    from io import StringIO

    parts = {k: v for row in report.rows for k, v in row.items() if isinstance(v, Mapping)}
    lines = [_flat(_alike(row, parts)) for row in report.rows]
    file = StringIO()
    writer = csv.DictWriter(file, list(lines[0]) if lines else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()


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
            flat[key] = _inert("; ".join(value))
        elif isinstance(value, list):
            parts = ["/".join(map(str, v)) if isinstance(v, list) else str(v) for v in value]
            flat[key] = "x".join(parts)
        else:
            flat[key] = _inert(value) if isinstance(value, str) else value
    return flat


def _inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one that begins like it gets a `'`.

    A number is none.
    """
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
