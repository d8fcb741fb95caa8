"""Networks side by side: what each costs, how deep it is and how far it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.contract import UNKNOWN
from cnnviz.geometry import times
from cnnviz.report.cost import Cost, cost
from cnnviz.report.differences import headline
from cnnviz.report.report import Column, Report, Row
from cnnviz.report.result import Result
from cnnviz.report.shape_columns import field_text, memory_text
from cnnviz.report.shares import tenths

if TYPE_CHECKING:
    import numpy as np


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
        notes=(*sentences, *_notes(reports[0].head.get("batch", 1))),
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
    field: Any = {} if place is None else place["receptive_field"]
    if isinstance(field, Mapping) and place is not None:
        field = {"layer": place["name"], **field}
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


def _field_text(row: Row) -> str:
    return field_text(row["receptive_field"]) if row["receptive_field"] else ""


def _number(key: str, row: Row) -> str:
    return f"{row[key]:,}" if isinstance(row[key], int) else str(row[key])


def _dense(row: Row) -> str:
    part = row["dense_params_share"]
    if isinstance(part, str):
        return part
    return tenths(part) if part else "0"


def _notes(batch: int) -> Iterator[str]:
    many = "one image" if batch == 1 else f"a batch of {batch:,}"
    yield (
        "depth: the most layers with multiply-adds on one way through. dense: the share of the "
        f"parameters that dense layers hold. MACs, and float32 outputs (memory): for {many}."
    )
    yield (
        "field: receptive field as size/stride/start in input pixels, at the last layer with more "
        "than one place."
    )


COLUMNS = (
    Column("model", lambda row: str(row["model"])),
    Column("input", lambda row: times(row["input_shape"]), rank=4),
    Column("layers", lambda row: str(row["nodes"]), right=True, rank=6),
    Column("depth", lambda row: str(row["depth"]), right=True, rank=3),
    Column("params", lambda row: _number("params", row), right=True),
    Column("dense", _dense, right=True, rank=2),
    Column("MACs", lambda row: _number("macs", row), right=True, rank=1),
    Column("memory", lambda row: memory_text(row["activation_bytes"]), right=True, rank=7),
    Column("field", _field_text, right=True, rank=5),
)
