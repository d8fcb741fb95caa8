"""Tables for a terminal: numbers to the right, share bars, and as many columns as there is room.

Columns of the highest rank are left out first; those marked `detail` then go on a dim line below
their row, as far as it holds them. The text is the same bytes in every terminal of that width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cnnviz.report.report import GAP, Column, Report, Row, fitting

if TYPE_CHECKING:
    from rich.text import Text

BAR, LEAST = 6, 20
NARROW = 40  # columns below which a title is cut, not wrapped
DIM, HEAD, ACCENT, WARNING = "dim", "bold", "cyan", "yellow"
_BLOCKS = " ▏▎▍▌▋▊▉█"
_ASCII = str.maketrans(
    {"─": "-", "…": "~", "█": "#", **dict.fromkeys(_BLOCKS[1:4], " ")}
    | {**dict.fromkeys(_BLOCKS[4:8], "#")}
)


def table(
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    width: int = 80,
    colour: bool = False,
    unicode: bool = True,
    total: Row | None = None,
) -> str:
    """Return rows as a table of text, each line at most `width` wide.

    Parameters
    ----------
    columns : sequence of Column
        In order; see `Column` for what is left out where there is little room.
    rows : iterable of mapping
    width : int
        Terminal columns.
    colour : bool
        Use the terminal's own colours (ANSI).
    unicode : bool
        If false, nothing but ASCII comes out.
    total : mapping, optional
        A last row below a rule.

    >>> columns = [Column("layer", lambda row: row["name"]), Column("n", lambda row: "7", True)]
    >>> print(table(columns, [{"name": "conv1"}], unicode=False), end="")
     layer  n
     --------
     conv1  7
    """
    lines = _lines(columns, list(rows), total, max(width, LEAST))
    return written(lines, width, colour, unicode)


def shape_report(
    report: Report, *, width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """Return a report as text: its rows, its further tables, warnings and conventions."""
    from rich.text import Text

    width = max(width, LEAST)
    title, about = Text.assemble(" ", (report.name, HEAD)), f"  {report.about}"
    beside = title.cell_len + _width(about) <= max(width, NARROW)
    title = Text.assemble(title, (about if beside else "", DIM))
    title.truncate(width, overflow="ellipsis")
    lines = [title, *([] if beside else wrapped(report.about, width, DIM)), Text()]
    lines += _lines(report.columns, report.rows, report.totals or None, width)
    for part in report.sections:
        lines += [Text(), *_lines(part.columns, part.rows, part.total, width)]
    if report.warnings:
        lines.append(Text())
    for warning in report.warnings:
        lines += wrapped(f"warning: {warning}", width, WARNING)
    lines.append(Text())
    for note in report.notes:
        lines += wrapped(note, width, DIM)
    return written(lines, width, colour, unicode)


def grouped(
    report: Report, *, key: str = "", width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """Return a report as text: its table, one for each value of `key` if given, and its notes.

    Without a key the totals stand below it; warnings come before the notes.
    """
    from itertools import groupby

    from rich.text import Text

    width = max(width, LEAST)
    lines: list[Text] = []
    for name, rows in groupby(report.rows, lambda row: str(row[key]) if key else ""):
        lines += wrapped(name, width, ACCENT) if name else []
        total = None if key else report.totals or None
        lines += [*_lines(report.columns, list(rows), total, width, report.rows), Text()]
    for warning in report.warnings:
        lines += wrapped(f"warning: {warning}", width, WARNING)
    lines += [Text()] if report.warnings else []
    for note in report.notes:
        lines += [*wrapped(note, width, DIM), Text()]
    return written(lines, width, colour, unicode)


def _lines(
    columns: Sequence[Column],
    rows: Sequence[Row],
    total: Row | None,
    width: int,
    alike: Sequence[Row] = (),
) -> list[Text]:
    """Return a table of `rows`, its columns as wide as `alike` would need, or else these rows."""
    from rich.text import Text

    measured = {column: [column.text(row) for row in alike or rows] for column in columns}
    cells = {column: [column.text(row) for row in rows] for column in columns}
    sums = {column: column.text(total) if total is not None else "" for column in columns}
    wide = {
        column: max(map(_width, (column.heading, sums[column], *measured[column])))
        + (BAR + 1 if column.share else 0)
        for column in columns
    }
    shown = fitting(columns, wide, width)
    details = [column for column in columns if column.detail and column not in shown]
    over = sum(wide[c] + GAP for c in shown) - GAP + 1 - width
    if over > 0:  # the first column holds names, which may be long
        wide[shown[0]] = max(8, wide[shown[0]] - over)
    rule = Text(" " + "─" * (sum(wide[c] + GAP for c in shown) - GAP), DIM)
    lines = [_line(shown, wide, {c: c.heading for c in shown}, None, HEAD), rule]
    for place, row in enumerate(rows):
        lines.append(_line(shown, wide, {c: cells[c][place] for c in shown}, row))
        lines += _detail([cells[c][place] for c in details], width)
    if total is not None:
        lines += [rule, _line(shown, wide, sums, None, HEAD)]
    return lines


def _line(
    shown: Sequence[Column],
    wide: dict[Column, int],
    cells: dict[Column, str],
    row: Row | None,
    style: str = "",
) -> Text:
    from rich.text import Text

    line = Text(" ")
    for column in shown:
        text = Text(cells[column], style or _style(column, cells[column]))
        text.truncate(wide[column], overflow="ellipsis")
        blank = " " * (wide[column] - text.cell_len)
        if column.share and row is not None:
            line.append(_bar(column.share(row)), ACCENT)
            blank = blank[BAR:]
        line.append_text(Text(blank) + text if column.right else text + Text(blank))
        line.append(" " * GAP)
    line.rstrip()
    return line


def _detail(cells: Sequence[str], width: int) -> list[Text]:
    """Return a dim line of as many cells as fit; the first one wraps if it must."""
    from rich.text import Text

    texts = [cell for cell in cells if cell]
    while len(texts) > 1 and _width("   ".join(texts)) + 3 > width:
        texts.pop()
    lines = wrapped("   ".join(texts), width - 2, DIM)
    return [Text("  ") + line for line in lines]


def _style(column: Column, text: str) -> str:
    return DIM if column.share or column.rank > 6 or text == "0" else ""


def _bar(share: float) -> str:
    eighths = round(min(max(share, 0.0), 1.0) * BAR * 8)
    full, part = divmod(max(eighths, 1 if share > 0 else 0), 8)
    return ("█" * full + (_BLOCKS[part] if part else "")).ljust(BAR)


def wrapped(text: str, width: int, style: str) -> list[Text]:
    """Return a text in lines of one style."""
    from textwrap import wrap

    from rich.text import Text

    # A name is not broken at its hyphen: it is there to be copied.
    lines = wrap(text, max(width - 1, LEAST), break_on_hyphens=False)
    return [Text(f" {line}", style) for line in lines]


def _width(text: str) -> int:
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)


def written(lines: Sequence[Text], width: int, colour: bool, unicode: bool = True) -> str:
    """Return lines as a terminal takes them, each with its end; none is wrapped."""
    from io import StringIO

    from rich.console import Console

    file = StringIO()
    console = Console(
        file=file,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)
    text = file.getvalue()
    return text if unicode else _ascii(text)


def _ascii(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
