"""How networks differ in parameters and work, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from cnnviz.report.report import Row

ALIKE = 0.05  # networks whose figures differ by less are about the same
WORDS = {"params": "parameters", "macs": "work"}


def headline(rows: Sequence[Row]) -> str:
    """Return in a sentence how the parameters and the work of networks differ.

    >>> vgg16 = {"model": "vgg16", "params": 138_357_544, "macs": 15_470_264_320}
    >>> headline([{"model": "googlenet", "params": 6_998_552, "macs": 1_582_671_872}, vgg16])
    'vgg16 has 20 times the parameters and 9.8 times the work of googlenet'
    """
    figures = [row[figure] for row in rows for figure in WORDS]
    if len(rows) < 2 or not all(isinstance(n, int) and n for n in figures):
        return "parameters and work side by side"
    ends = [_ends(rows, figure) for figure in WORDS]
    told = [pair for pair in ends if pair]
    if not told:
        return "as many parameters and as much work in each"
    params, work = (pair or told[0] for pair in ends)  # alike in one, the other tells who is who
    if params != work and len(rows) > 2:
        return f"parameters differ {_span(params, 'params')}, work {_span(work, 'macs')}"
    other, one = params
    factor = _factor(one["params"] / other["params"])
    if params == work:
        both = f"{factor} parameters and {_factor(one['macs'] / other['macs'])} work"
        return f"{one['model']} has {both} of {other['model']}"
    rest = f"which does {_factor(other['macs'] / one['macs'])} work"
    return f"{one['model']} has {factor} parameters of {other['model']}, {rest}"


def _span(ends: tuple[Row, Row], figure: str) -> str:
    least, most = ends
    between = f"{least['model']} to {most['model']}"
    return f"by up to {_times(most[figure] / least[figure])} ({between})"


def _ends(rows: Sequence[Row], figure: str) -> tuple[Row, Row] | None:
    """Return the rows with the least and with the most of a figure, None if all have as much."""
    least, most = (f(rows, key=lambda row: int(row[figure])) for f in (min, max))
    return (least, most) if least[figure] < most[figure] else None


def _factor(factor: float) -> str:
    if factor == 1:
        return "the same"
    return "about the same" if factor < 1 + ALIKE else f"{_times(factor)} the"


def _times(factor: float) -> str:
    return f"{factor:.2g} times" if factor < 99.5 else f"{factor:,.0f} times"
