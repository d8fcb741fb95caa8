"""Columns of the usual kinds: a row's figure in a form, a row's text."""

from __future__ import annotations

from math import isfinite

from cnnviz.report.report import Column, Row


def known(value: float | None) -> float | None:
    """Return a figure as rows have it: None in place of NaN and infinity.

    >>> known(0.5), known(float("nan")), known(None)
    (0.5, None, None)
    """
    return float(value) if value is not None and isfinite(value) else None


def number_column(key: str, form: str = "", *, heading: str | None = None, rank: int = 0) -> Column:
    """Return a column of figures in a form; empty where there is none.

    >>> number_column("as_often", ",").heading, number_column("n", ",").text({"n": 1000})
    ('as often', '1,000')
    """

    def text(row: Row) -> str:
        value = row.get(key)
        return "" if value is None else format(value, form)

    return Column(_heading(key, heading), text, right=True, rank=rank)


def word_column(key: str, *, heading: str | None = None) -> Column:
    """Return a column of texts; empty where there is none."""
    return Column(_heading(key, heading), lambda row: str(row.get(key) or ""))


def _heading(key: str, heading: str | None) -> str:
    return key.replace("_", " ") if heading is None else heading
