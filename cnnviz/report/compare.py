"""Networks side by side: what each costs, how deep it is and how far it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.geometry import times
from cnnviz.report.cost import Cost, cost
from cnnviz.report.report import Column, Report, Row
from cnnviz.report.result import Result

if TYPE_CHECKING:
    import numpy as np

UNKNOWN = "unknown"
ALIKE = 0.05  # networks whose figures differ by less are about the same
WORDS = {"params": "parameters", "macs": "work"}


@dataclass(frozen=True, repr=False)
class Comparison(Report):
    """A row for each network, and the shape reports that they are of.

    Its JSON is the first network's, with the others as `compared` and these rows as `comparison`.
    """

    reports: tuple[Report, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        first, *others = self.reports
        rows = [dict(row) for row in self.rows]
        return {
            **first.to_dict(),
            "compared": [report.to_dict() for report in others],
            self.key: rows,
        }


@dataclass(eq=False, repr=False)
class CostSet(Result):
    """The costs of several networks, and the rows that compare them."""

    figure: ClassVar[str] = "comparison"

    comparison: Comparison
    costs: tuple[Cost, ...]

    @property
    def subject(self) -> str:
        """The networks."""
        return ", ".join(one.subject for one in self.costs)

    @property
    def figure_nbytes(self) -> int:
        """Nothing: there are no arrays."""
        return 0

    def headline(self) -> str:
        """Return in a sentence how the networks differ."""
        return headline(self.comparison.rows)

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence, and one for each network."""
        yield self.headline()
        for one in self.costs:
            yield from one.lines(width)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each network."""
        return [dict(row) for row in self.comparison.rows]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return nothing: all of it is in the reports."""
        return []


def compare(reports: Sequence[Report]) -> Comparison:
    """Return networks side by side, from their shape reports.

    Parameters
    ----------
    reports : sequence of Report
        At least one; the first is the one that the others are compared with.

    >>> from cnnviz import load_model
    >>> made = compare([load_model(name).shapes() for name in ("lenet5", "vgg16")])
    >>> [(row["model"], row["depth"], row["receptive_field"]["size"]) for row in made]
    [('lenet5', 5, [16, 16]), ('vgg16', 16, [212, 212])]
    """
    reports = _distinct(reports)
    sentences = [f"{report.name}: {cost(report).headline()}." for report in reports]
    rows = tuple(_row(report) for report in reports)
    *names, last = (report.name for report in reports)
    return Comparison(
        name=" and ".join(filter(None, [", ".join(names), last])),
        head={},
        rows=rows,
        totals={},
        warnings=(),
        columns=COLUMNS,
        notes=(*sentences, *NOTES),
        key="comparison",
        about=headline(rows),
        reports=reports,
    )


def costs(comparison: Comparison) -> CostSet:
    """Return what the figure of a comparison shows."""
    return CostSet(comparison, tuple(cost(report) for report in comparison.reports))


def depth(report: Report) -> int:
    """Return the most layers with multiply-adds that lie on one way through the network.

    It is the number in the names of VGG-16 and ResNet-50; GoogLeNet has 22.
    """
    deep: dict[str, int] = {}
    for row in report.rows:
        above = max((deep.get(name, 0) for name in row["inputs"]), default=0)
        deep[row["name"]] = above + (row["macs"] not in (0, UNKNOWN))
    return max(deep.values(), default=0)


def last_place(report: Report) -> Row | None:
    """Return the last row whose output has more than one place, None if none has any."""
    rank = len(report.head["input_shape"])
    placed = [row for row in report.rows if len(row["output_shape"]) == rank > 1]
    wide = [row for row in placed if prod(row["output_shape"][:-1]) > 1]
    return next(reversed(wide or placed), None)


def headline(rows: Sequence[Row]) -> str:
    """Return in a sentence how the parameters and the work of networks differ.

    >>> vgg16 = {"model": "vgg16", "params": 138_357_544, "macs": 15_470_264_320}
    >>> headline([{"model": "googlenet", "params": 6_998_552, "macs": 1_582_671_872}, vgg16])
    'vgg16 has 20 times the parameters and 9.8 times the work of googlenet'
    """
    figures = [row[figure] for row in rows for figure in WORDS]
    if len(rows) < 2 or not all(isinstance(n, int) and n for n in figures):
        return "parameters and work side by side"
    params, work = (_ends(rows, figure) for figure in WORDS)
    if params is None or work is None:  # all alike in one figure: the other tells who is who
        params = work = params or work or (rows[-1], rows[0])
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


def _distinct(reports: Sequence[Report]) -> tuple[Report, ...]:
    """Return the reports, numbered where an earlier one has the same name."""
    seen: Counter[str] = Counter()
    made = []
    for report in reports:
        seen[report.name] += 1
        number = seen[report.name]
        made.append(report if number == 1 else replace(report, name=f"{report.name} ({number})"))
    return tuple(made)


def _row(report: Report) -> dict[str, Any]:
    totals, place = report.totals, last_place(report)
    dense = cost(report).whole.share("params", "dense")
    field = {} if place is None else {"layer": place["name"]} | _known(place["receptive_field"])
    known = isinstance(totals["params"], int)
    return {
        "model": report.name,
        "input_shape": report.head["input_shape"],
        "nodes": totals["nodes"],
        "depth": depth(report),
        "params": totals["params"],
        "dense_params_share": dense if known else UNKNOWN,
        "macs": totals["macs"],
        "flops": totals["flops"],
        "activation_bytes": totals["activation_bytes"],
        "receptive_field": field,
    }


def _known(field: Any) -> dict[str, Any]:
    return {} if field == UNKNOWN else dict(field)


def _field_text(row: Row) -> str:
    field = row["receptive_field"]
    if "layer" in field and "size" not in field:
        return UNKNOWN
    return f"{_side(field['size'])}/{_side(field['stride'])}" if field.get("size") else ""


def _side(values: Sequence[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else times(values)


def _number(key: str, row: Row) -> str:
    return f"{row[key]:,}" if isinstance(row[key], int) else str(row[key])


def _dense(row: Row) -> str:
    part = row["dense_params_share"]
    if isinstance(part, str):
        return part
    return f"{part:.1%}" if part >= 0.0005 else "<0.1%" if part else "0"


def memory(row: Row) -> str:
    """Return the bytes of the activations of a row, `60.48 MB`."""
    if isinstance(row["activation_bytes"], str):
        return str(row["activation_bytes"])
    size = float(row["activation_bytes"])
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.4g} {unit}"
        size /= 1000
    return f"{size:,.4g} GB"


COLUMNS = (
    Column("model", lambda row: str(row["model"])),
    Column("input", lambda row: times(row["input_shape"]), rank=4),
    Column("layers", lambda row: str(row["nodes"]), right=True, rank=6),
    Column("depth", lambda row: str(row["depth"]), right=True, rank=3),
    Column("params", lambda row: _number("params", row), right=True),
    Column("dense", _dense, right=True, rank=2),
    Column("MACs", lambda row: _number("macs", row), right=True, rank=1),
    Column("memory", memory, right=True, rank=7),
    Column("field", _field_text, right=True, rank=5),
)
NOTES = (
    "depth: the most layers with multiply-adds on one way through. dense: the share of the "
    "parameters that dense layers hold. memory: float32 outputs of all layers.",
    "field: receptive field as size/stride in input pixels, at the last layer with more than one "
    "place.",
)
