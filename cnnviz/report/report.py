"""`Report`: rows of plain data with their totals, and the texts that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
GAP = 2  # blanks between two columns of text


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


@dataclass(eq=False, repr=False)
class Table:
    """Rows, the columns that show them, and what their sums are.

    Parameters
    ----------
    title : str
    columns : tuple of Column
    rows : tuple of mapping
    total : mapping, optional
        A last row below a rule.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None

    def cells(self, columns: Sequence[Column] | None = None) -> list[list[str]]:
        """Return the texts of every row, and of the total at last, in all columns or in these."""
        rows = self.rows if self.total is None else (*self.rows, self.total)
        shown = self.columns if columns is None else columns
        return [[column.text(row) for column in shown] for row in rows]

    def lines(self, width: int) -> Iterator[str]:
        """Yield the table as plain text, without the columns for which there is no room."""
        wide = self.widths()
        shown = fitting(self.columns, wide, width)
        for cells in ([column.heading for column in shown], *self.cells(shown)):
            pairs = zip(cells, shown, strict=True)
            texts = (f"{t:>{wide[c]}}" if c.right else f"{t:<{wide[c]}}" for t, c in pairs)
            yield (" " + (" " * GAP).join(texts)).rstrip()

    def widths(self) -> dict[Column, int]:
        """Return the characters of the longest text of each column."""
        lines = [[column.heading for column in self.columns], *self.cells()]
        longest = (max(map(len, texts)) for texts in zip(*lines, strict=True))
        return dict(zip(self.columns, longest, strict=True))


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
    about : str
        A few words that stand beside the name.
    sections : tuple of Table
        Further tables, of figures that are in `totals` too.
    """

    name: str
    head: Row
    rows: tuple[Row, ...]
    totals: Row
    warnings: tuple[str, ...]
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    key: str = "rows"
    about: str = ""
    sections: tuple[Table, ...] = ()

    def __repr__(self) -> str:
        return f"<Report on {self.name}: {len(self.rows)} {self.key}>"

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def table(self) -> Table:
        """The rows as a table."""
        return Table(self.name, self.columns, self.rows, self.totals or None)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        rows = [dict(row) for row in self.rows]
        totals, warnings = dict(self.totals), list(self.warnings)
        return {**self.head, self.key: rows, "totals": totals, "warnings": warnings}

    def to_json(self) -> str:
        """Return all of it as JSON."""
        return self._written("json")

    def to_csv(self) -> str:
        """Return the rows as CSV: one line a row, nested values flattened."""
        return self._written("csv")

    def to_markdown(self) -> str:
        """Return Markdown tables, with the totals as their last row, warnings and notes."""
        return self._written("md")

    def to_latex(self) -> str:
        r"""Return LaTeX tables for `\input`; what they need is said in the first line."""
        return self._written("tex")

    def to_html(self) -> str:
        """Return one HTML page that needs nothing else and runs no script."""
        return self._written("html")

    def _repr_html_(self) -> str:
        from cnnviz.report.writers import html

        return html.fragment(self)

    def _written(self, format: str) -> str:
        from cnnviz.report import writers

        return writers.write(self, format)


def fitting(columns: Sequence[Column], wide: Mapping[Column, int], width: int) -> list[Column]:
    """Return the columns left when those of the highest rank have gone until the rest fit.

    Parameters
    ----------
    wide : mapping
        The characters that each column takes.
    width : int
        Those of a line; one stays free at its beginning.
    """
    shown = list(columns)
    while sum(wide[c] + GAP for c in shown) - GAP + 1 > width and any(c.rank for c in shown):
        highest = max(column.rank for column in shown)
        shown = [column for column in shown if column.rank < highest]
    return shown
