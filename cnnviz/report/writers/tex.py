r"""A report as LaTeX for `\input`: its tables in the columns that a page holds, and its notes.

It needs no package, except longtable where there are more rows than on a page. Each text is
escaped character by character: no name can become a command, a ligature or an option of `\\`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnnviz.report.report import fitting

if TYPE_CHECKING:
    from cnnviz.report.report import Column, Report, Table

WIDTH = 80  # characters of a line of an article at \footnotesize
PAGE = 45  # rows that one page holds
_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\`{}",
    '"': r"{\ttfamily\char34}",
    **{sign: f"\\{sign}" for sign in "{}&%$#_"},
    **{sign: f"{{{sign}}}" for sign in "[]*'"},  # beside \\ an option, in pairs a quotation mark
}
_FIGURE = re.compile(r"[-+]?[0-9][0-9,]*(?![^ /%])")
_SHAPE = re.compile(r"[0-9]+(?:x[0-9]+)+")


def write(report: Report) -> str:
    r"""Return the report as a fragment for `\input`."""
    tables = [_table(report.table, ": ".join(filter(None, [report.name, report.about])))]
    tables += [_table(table, f"{report.name}: {table.title}") for table in report.sections]
    below = [f"Warning: {text}" for text in report.warnings] + list(report.notes)
    lines = [f"{{\\footnotesize\\noindent {escape(text)}\\par}}" for text in below]
    long = any(len(table.rows) > PAGE for table in (report.table, *report.sections))
    needs = "\\usepackage{longtable}" if long else "no package"
    return "\n".join([f"% needs {needs}", *tables, *lines]) + "\n"


def escape(text: str) -> str:
    r"""Return text that LaTeX shows as it is.

    >>> print(escape("50% of a_b -- {x}"))
    50\% of a\_b -{}- \{x\}
    """
    shown = (c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    signs = "".join(_SIGNS.get(c, c) for c in "".join(shown))
    for pair in ("--", ",,"):
        while pair in signs:
            signs = signs.replace(pair, f"{pair[0]}{{}}{pair[0]}")
    return signs


def _table(table: Table, caption: str) -> str:
    columns = fitting(table.columns, table.widths(), WIDTH)
    lines = [_line(columns, cells) for cells in table.cells(columns)]
    total = [lines.pop()] if table.total is not None else []
    head = " & ".join(escape(column.heading) for column in columns) + r" \\"
    form = "".join("r" if column.right else "l" for column in columns)
    body = [*lines, *(["\\hline", *total] if total else []), "\\hline"]
    title = f"\\caption{{{escape(caption)}}}"
    if len(lines) > PAGE:
        return "\n".join([
            f"{{\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n\\begin{{longtable}}{{{form}}}",
            f"{title}\\\\\n\\hline\n{head}\n\\hline\n\\endfirsthead",
            f"\\hline\n{head}\n\\hline\n\\endhead\n\\hline\n\\endfoot\n\\endlastfoot",
            *body,
            "\\end{longtable}}",
        ])  # fmt: skip
    return "\n".join([
        f"\\begin{{table}}[htbp]\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n{title}",
        f"\\begin{{tabular}}{{{form}}}\n\\hline\n{head}\n\\hline",
        *body,
        "\\end{tabular}\n\\end{table}",
    ])  # fmt: skip


def _line(columns: list[Column], cells: list[str]) -> str:
    first, *rest = cells
    typeset = [_typeset(cell, column) for cell, column in zip(rest, columns[1:], strict=True)]
    return " & ".join([escape(first), *typeset]) + r" \\"


def _typeset(cell: str, column: Column) -> str:
    """Return a cell with the signs of print, where it is a number or a shape."""
    if _SHAPE.fullmatch(cell):
        return "$" + cell.replace("x", r"{\times}") + "$"
    if column.right and all(map(_FIGURE.match, re.split("[/ ]", cell))):
        return escape(cell).replace("-", "$-$").replace(",", "{,}")
    return escape(cell)
