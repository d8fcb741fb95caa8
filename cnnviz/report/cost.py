"""Where a network's parameters and its work are: by kind of layer, and layer by layer or block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnnviz.report.blocks import grouped
from cnnviz.report.report import Report, Row
from cnnviz.report.result import Result

if TYPE_CHECKING:
    import numpy as np

MOST = 28  # bars that a figure has room for
FIGURES = ("params", "macs")
KINDS = {
    "convolution": "convolutions",
    "dense": "dense layers",
    "local": "locally connected layers",
    "other": "other layers",
}


@dataclass(frozen=True)
class Bar:
    """The cost of one layer or of a block of them: by figure (`params`, `macs`) and by kind.

    Attributes
    ----------
    nodes : int
        Layers that it stands for.
    unknown : frozenset of str
        Figures to which a layer adds an amount that is not known.
    """

    name: str
    amounts: dict[str, dict[str, int]]
    nodes: int = 1
    unknown: frozenset[str] = frozenset()

    def total(self, figure: str) -> int:
        """Return the sum over the kinds of what is known."""
        return sum(self.amounts[figure].values())

    def share(self, figure: str, kind: str) -> float:
        """Return the part of a figure that layers of one kind have; 0 where there is nothing."""
        total = self.total(figure)
        return self.amounts[figure].get(kind, 0) / total if total else 0.0


@dataclass(eq=False, repr=False)
class Cost(Result):
    """The parameters and the multiply-adds of a network, layer by layer.

    Attributes
    ----------
    whole : Bar
        The network.
    bars : tuple of Bar
        Its layers that cost anything, in order; blocks of them where there are more than `MOST`.
    weighted : int
        Layers that cost anything.
    """

    figure: ClassVar[str] = "cost"

    report: Report
    whole: Bar
    bars: tuple[Bar, ...]
    weighted: int

    @property
    def subject(self) -> str:
        """The network."""
        return self.report.name

    @property
    def figure_nbytes(self) -> int:
        """Nothing: there are no arrays."""
        return 0

    @property
    def batch(self) -> int:
        """Images that the multiply-adds are for."""
        return int(self.report.head.get("batch", 1))

    @property
    def kinds(self) -> list[str]:
        """The kinds of layers that cost anything, in a fixed order."""
        return kinds_of([self.whole])

    def headline(self) -> str:
        """Return in a sentence where the parameters and the work are."""
        return headline(self.whole, [bar.name for bar in self.bars] if self.weighted == 1 else [])

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the sentence."""
        yield f"{self.subject}: {self.headline()}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each bar."""
        return [{"name": b.name, **{f: b.total(f) for f in FIGURES}} for b in self.bars]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return nothing: all of it is in the report."""
        return []


def cost(report: Report) -> Cost:
    """Return where the parameters and the multiply-adds of a shape report are.

    >>> from cnnviz import load_model
    >>> cost(load_model("vgg16").shapes()).headline()
    'dense layers hold 89% of the parameters, convolutions do 99% of the work'
    """
    rows = [row for row in report.rows if any(row[figure] for figure in FIGURES)]
    blocks = grouped([str(row["name"]) for row in rows], MOST)
    bars = tuple(_bar(name, [rows[i] for i in places]) for name, places in blocks)
    return Cost(report, _bar(report.name, rows), bars, len(rows))


def kind_of(row: Row) -> str:
    """Return what a layer is for the account: one of `KINDS`.

    What multiplies and adds without being dense slides a kernel, shared or not; the rest has
    weights of other kinds, such as the scale of a normalization.

    >>> kind_of({"type": "SeparableConv2D", "macs": 9, "params": 9})
    'convolution'
    """
    kind = str(row["type"])
    if kind == "Dense":
        return "dense"
    if kind.startswith("LocallyConnected"):
        return "local"
    return "convolution" if isinstance(row["macs"], int) and row["macs"] else "other"


def kinds_of(bars: Iterable[Bar]) -> list[str]:
    """Return the kinds in any of these, in a fixed order."""
    found = {kind for bar in bars for amounts in bar.amounts.values() for kind in amounts}
    return [kind for kind in KINDS if kind in found]


def headline(whole: Bar, only: Sequence[str] = ()) -> str:
    """Return in a sentence where the parameters and the work are.

    Parameters
    ----------
    only : sequence of str
        The one layer that costs anything, where there is no other.
    """
    params, macs = (whole.total(figure) for figure in FIGURES)
    known = ", as far as it is known" if whole.unknown else ""
    if not params and not macs:
        return f"no parameters and no multiply-adds{known}"
    if only:
        return f"{only[0]} is the only layer with parameters{' or work' if macs else ''}{known}"
    holder, worker = (_most(whole, figure) for figure in FIGURES)
    held, done = (_much(whole.share(f, k)) for f, k in zip(FIGURES, (holder, worker), strict=True))
    holding = f"{KINDS[holder]} hold {held} of the parameters" if params else "no parameters"
    if not macs:
        return f"{holding}, no multiply-adds{known}"
    if holder != worker or not params:
        return f"{holding}, {KINDS[worker]} do {done} of the work{known}"
    if held == done == "all":
        return f"{KINDS[holder]} hold all parameters and do all of the work{known}"
    dense = whole.share("params", "dense")
    aside = f" (dense layers {_much(dense)})" if dense and holder != "dense" else ""
    return f"{KINDS[holder]} hold {held} of the parameters{aside} and do {done} of the work{known}"


def _most(whole: Bar, figure: str) -> str:
    amounts = whole.amounts[figure]
    return max(amounts, key=lambda kind: amounts[kind], default="other")


def _much(share: float) -> str:
    """Return a share in words that never round up to all of it.

    >>> [_much(s) for s in (0.894, 0.9951, 0.99999, 1.0)]
    ['89%', '99.5%', 'nearly all', 'all']
    """
    if share == 1:
        return "all"
    if share >= 0.9995:
        return "nearly all"
    if share < 0.005:
        return f"{share:.1%}" if share >= 0.0005 else "nearly nothing"
    return f"{share:.1%}" if share >= 0.995 else f"{share:.0%}"


def _bar(name: str, rows: Sequence[Row]) -> Bar:
    amounts: dict[str, dict[str, int]] = {figure: {} for figure in FIGURES}
    unknown = set()
    for row in rows:
        for figure in FIGURES:
            if isinstance(row[figure], str):
                unknown.add(figure)
            elif row[figure]:
                own = amounts[figure]
                own[kind_of(row)] = own.get(kind_of(row), 0) + row[figure]
    return Bar(name, amounts, len(rows), frozenset(unknown))
