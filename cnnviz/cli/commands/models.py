"""List the built-in models, or print one to be edited.

What it prints is TOML: change it and give the file to --model. The models that are named below the
list have trained weights in the box, which commands use unless --weights says otherwise.

\b
Examples:
  cnnviz models
  cnnviz models lenet5
  cnnviz models lenet5 -o mine.toml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import options, suggest
from cnnviz.cli.option import command as declare

if TYPE_CHECKING:
    from cnnviz.report.report import Report


@declare("models", __doc__)
@click.argument("name", metavar="[NAME]", required=False, type=suggest.Text(suggest.models))
@options.printing
def command(name: str | None, writing: dict[str, Any]) -> int:
    """Print one model's spec, or the table of all."""
    from cnnviz.cli import tables

    if name is None:
        from cnnviz.render.tables import grouped

        report = _listing()
        return tables.put_report(
            report,
            lambda width, colour: grouped(report, width=width, colour=colour),
            **writing,
        )
    from cnnviz import trained
    from cnnviz.graph.document import to_toml
    from cnnviz.model import zoo

    spec = to_toml(zoo.build(name))
    if name in trained.names():
        spec = f"# Trained weights in the box: {trained.stated(name)} (--model {name}).\n{spec}"
    data = {"name": name, "spec": spec}
    return tables.put(name, lambda width, colour: spec, data, {"toml": lambda: spec}, **writing)


def _listing() -> Report:
    """Return a row of figures for each built-in model."""
    from cnnviz import trained
    from cnnviz.geometry import times
    from cnnviz.model import Model, zoo
    from cnnviz.report.report import Column, Report

    rows = []
    for name in zoo.names():
        model = Model(zoo.build(name))
        shape, totals = list(model.graph.input_shape), model.shapes().totals
        figures = {"params": totals["params"], "macs": totals["macs"]}
        about = {**_trained(name), "about": zoo.summary(name)}
        rows.append({"name": name, "input_shape": shape, **figures, **about})
    columns = (
        Column("model", lambda row: str(row["name"])),
        Column("input", lambda row: times(row["input_shape"])),
        Column("params", lambda row: f"{row['params']:,}", right=True),
        Column("MACs", lambda row: f"{row['macs']:,}", right=True, rank=1),
        Column("trained on", lambda row: row["trained_on"] or "", rank=3),
        Column("accuracy", lambda row: _percent(row["accuracy"]), right=True, rank=3),
        Column("about", lambda row: str(row["about"]), rank=2, detail=True),
    )
    notes = tuple(f"{name}: trained on {trained.stated(name)}" for name in trained.names())
    return Report("built-in models", {}, tuple(rows), {}, (), columns, notes, key="models")


def _trained(name: str) -> dict[str, Any]:
    """Return what weights in the box are trained on and get right, None where there are none."""
    from cnnviz import trained
    from cnnviz.errors import InputError

    if name not in trained.names():
        return {"trained_on": None, "accuracy": None}
    try:
        about = trained.origin(name)
    except InputError:  # of this file alone; who uses it is told
        return {"trained_on": "broken", "accuracy": None}
    return {"trained_on": about.data, "accuracy": about.accuracy}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
