"""A report as HTML: one page that needs nothing else, or the table for a notebook.

Every text is escaped, no script runs, and the page's policy lets none in.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.report.report import Column, Report, Row, Table

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """\
:root { color-scheme: light dark; --text: #1b1f24; --dim: #57606a; --rule: #c4cad1;
  --back: #ffffff; --bar: #1f6feb33; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --text: #e9edf2; --dim: #9aa5b1; --rule: #3d4650;
  --back: #12161c; --bar: #6ea8fe44; --warn: #e3b341; } }
body { margin: 24px; color: var(--text); background: var(--back);
  font: 14px/1.45 'IBM Plex Sans', system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; }
h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 24px 0 8px; }
p { max-width: 70em; margin: 8px 0; }
.about, .note { color: var(--dim); }
.warning { color: var(--warn); }
.wide { overflow-x: auto; margin: 16px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--dim); padding-bottom: 4px; }
th, td { padding: 2px 10px; text-align: left; white-space: nowrap; font-weight: 400; }
thead th, tfoot th, tfoot td { font-weight: 600; }
thead { border-bottom: 1px solid var(--rule); }
tfoot { border-top: 1px solid var(--rule); }
tbody th { position: sticky; left: 0; background: var(--back); }
tbody tr:nth-child(even) { background: color-mix(in srgb, var(--text) 4%, transparent); }
tbody tr:nth-child(even) th { background: color-mix(in srgb, var(--text) 4%, var(--back)); }
.n { text-align: right; }
.s { background: linear-gradient(var(--bar), var(--bar)) left / var(--part) 70% no-repeat; }
@media print { body { margin: 0; font-size: 8pt; color: #000; background: #fff; }
  .wide { overflow: visible; } tr { break-inside: avoid; } thead { display: table-header-group; }
  th, td { padding: 1px 4px; white-space: normal; } }
"""
# In a notebook: colours are the page's own.
_SMALL = """\
.cnnviz { overflow-x: auto; } .cnnviz table { border-collapse: collapse;
  font-variant-numeric: tabular-nums; }
.cnnviz caption { text-align: left; font-weight: 600; }
.cnnviz th, .cnnviz td { text-align: left; white-space: nowrap; padding: 2px 8px; }
.cnnviz tbody th { font-weight: 400; } .cnnviz .n { text-align: right; }
.cnnviz .s { background: linear-gradient(#1f6feb44, #1f6feb44) left / var(--part) 70% no-repeat; }
"""


def write(report: Report) -> str:
    """Return a whole page, in the reader's own light or dark, that prints and loads nothing."""
    name, about = escape(report.name), escape(report.about)
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{name}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{name}</h1>",
        f'<p class="about">{about}</p>' if about else "",
        *_body(report),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(filter(None, parts))


def fragment(report: Report) -> str:
    """Return the report for a notebook: its tables, warnings and notes with a small style."""
    caption = " ".join(filter(None, [report.name, report.about]))
    parts = "\n".join(_body(report, caption))
    return f'<div class="cnnviz">\n<style>\n{_SMALL}</style>\n{parts}\n</div>'


def _body(report: Report, caption: str = "") -> list[str]:
    parts = [_table(report.table, caption)]
    for table in report.sections:
        parts.append(_table(table, table.title))
    parts += [f'<p class="warning">Warning: {escape(text)}</p>' for text in report.warnings]
    return parts + [f'<p class="note">{escape(text)}</p>' for text in report.notes]


def _table(table: Table, caption: str) -> str:
    heads = (f'<th scope="col"{_class(c)}>{escape(c.heading)}</th>' for c in table.columns)
    rows = "\n".join(_row(table.columns, row) for row in table.rows)
    lines = [
        '<div class="wide">\n<table>',
        f"<caption>{escape(caption)}</caption>" if caption else "",
        f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n{rows}\n</tbody>",
        ""
        if table.total is None
        else f"<tfoot>{_row(table.columns, table.total, bars=False)}</tfoot>",
        "</table>\n</div>",
    ]
    return "\n".join(filter(None, lines))


def _row(columns: tuple[Column, ...], row: Row, *, bars: bool = True) -> str:
    first, *rest = columns
    cells = [f'<th scope="row"{_class(first)}>{escape(first.text(row))}</th>']
    for column in rest:
        part = column.share(row) if column.share and bars else None
        cells.append(f"<td{_class(column, part)}>{escape(column.text(row))}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _class(column: Column, part: float | None = None) -> str:
    """Return the attributes of a cell: numbers to the right, a share as a bar behind its text."""
    names = "n" * column.right + " s" * (part is not None)
    style = "" if part is None else f' style="--part: {part:.1%}"'
    return (f' class="{names.strip()}"' if names else "") + style
