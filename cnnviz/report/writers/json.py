"""A report as JSON: all of its data as one object, unknown figures as the text that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.report.report import Report


def write(report: Report) -> str:
    """Return one object; a number that JSON has not is an error."""
    import json

    return json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"
