"""A report as Markdown: its tables, with totals as their last row, its warnings and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.report.report import Report, Table


def write(report: Report) -> str:
    """Return the report as a section of a Markdown document."""
    parts = [f"## {escape(report.name)}", escape(report.about), _table(report.table)]
    for table in report.sections:
        parts += [f"### {escape(table.title)}", _table(table)]
    parts += [f"**Warning:** {escape(text)}" for text in report.warnings]
    return "\n\n".join(filter(None, [*parts, *map(escape, report.notes)])) + "\n"


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    >>> print(escape("a_b <i>"))
    a\_b \<i\>
    """
    for sign in "\\`*_|<>[]":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("&", "&amp;")


def _table(table: Table) -> str:
    rule = ["---:" if column.right else "---" for column in table.columns]
    heads = [escape(column.heading) for column in table.columns]
    cells = [[escape(cell) for cell in line] for line in table.cells()]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, rule, *cells])
