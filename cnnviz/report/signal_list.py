"""The named signals as a table: what `cnnviz signal --list` prints."""

from __future__ import annotations

from cnnviz import signals
from cnnviz.report.columns import number_column, word_column
from cnnviz.report.report import Column, Report
from cnnviz.report.signal_words import total

NOTES = (
    "A sum: sine:200,4+noise:0.2. What has no length takes that of the others.",
    "A factor before a name: 0.5*square, 1/8*box:8.",
    'Numbers: "1 0 -1". A file: .wav, a table of numbers, .npy, an image (a row of its gray '
    "values).",
)


def listing() -> Report:
    """Return a row for each named signal, at its default parameters.

    >>> [row["name"] for row in listing() if row["length"] == 5]
    ['box']
    """
    rows = []
    for entry in signals.entries():
        values = entry.values()
        row = {"name": entry.name, "signature": entry.signature, "length": len(values)}
        row |= {"sum": total(values), "summary": entry.summary, "source": entry.source}
        row["parameters"] = {each.name: each.default for each in entry.parameters}
        rows.append(row)
    return Report("signals", {}, tuple(rows), {}, (), COLUMNS, NOTES, key="signals")


COLUMNS = (
    word_column("signature", heading="signal"),
    number_column("length"),
    number_column("sum", ".4g", rank=2),
    Column("is", lambda row: str(row["summary"]), rank=1, detail=True),
)
