"""One setting with several values: each is trained, and what they cost and come to is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnviz.cli import streams
from cnnviz.cli.outputs import Slot
from cnnviz.cli.run import error_fields, failure
from cnnviz.cli.several import SOME_FAILED
from cnnviz.cli.tables import FILE_WIDTH
from cnnviz.cli.training import one, results
from cnnviz.errors import CnnvizError
from cnnviz.report import writers

if TYPE_CHECKING:
    from cnnviz.cli.training.places import Place
    from cnnviz.cli.training.session import Network, Session
    from cnnviz.report.sweep import Sweep, Trial
    from cnnviz.training.data import Data
    from cnnviz.training.outcome import Outcome

FORMATS = (*results.TABLES, "png", "svg")


def slots(place: Place, overwrite: bool) -> list[Slot]:
    """Return the files of the comparison."""
    return [Slot(f"{place.stem}-comparison.{form}", form, overwrite) for form in ("png", "csv")]


def make(
    session: Session,
    setting: str,
    networks: Sequence[Network],
    own: Sequence[Place],
    data: Data,
    slots: Sequence[Slot],
) -> int:
    """Train each network, then compare them; one that fails is listed and the others go on."""
    from cnnviz.report.sweep import sweep

    runs: list[_Ran] = []
    for network, place in zip(networks, own, strict=True):
        if runs:
            session.say("")
        runs.append(_run(session, setting, network, place, data))
    done = [ran.facts for ran in runs if not ran.trial.error]
    failures = [ran.facts for ran in runs if ran.trial.error]
    trials, examples = [ran.trial for ran in runs], len(data.validation) or None
    model = networks[0].graph.name
    found = sweep(setting, trials, model=model, data=session.data, examples=examples)
    unread = results.failures_of(data)
    facts = found.report().to_dict() | {"runs": done, "failures": [*failures, *unread]}
    paths = [path for run in done for path in run["outputs"]]
    encode = partial(_encoded, session, found, facts)
    for path in results.emit(session, facts, partial(_text, found), slots, encode, paths):
        session.say(f"wrote {path}")
    code = results.say_failures(unread)
    if not done:
        return int(failures[0]["code"])
    return SOME_FAILED if failures else code


class _Ran(NamedTuple):
    """What came of one value: its row of the comparison, and what JSON says of it or its fault."""

    trial: Trial
    facts: dict[str, Any]


def _run(session: Session, setting: str, network: Network, place: Place, data: Data) -> _Ran:
    session.say(f"{setting} {network.value}")
    try:
        outcome, paths = one.train(session, network, place, data)
    except (CnnvizError, MemoryError) as error:
        if session.stop.is_asked:
            raise
        fault = failure(error)
        streams.say(f"cnnviz: error: {setting} {network.value}: {fault}")
        trial = _trial(network, error=fault.message)
        return _Ran(trial, {"value": network.value, **error_fields(fault)})
    results.say_written(session, place, paths)
    facts = results.facts(session, outcome)
    del facts["history"], facts["failures"]  # the first is in its folder, the others are told once
    return _Ran(_trial(network, outcome), {"value": network.value, "outputs": paths, **facts})


def _trial(network: Network, outcome: Outcome | None = None, error: str = "") -> Trial:
    from cnnviz.report.shapes import shapes
    from cnnviz.report.sweep import trial

    totals = shapes(network.graph).totals
    figures: dict[str, Any] = {"params": totals["params"], "macs": totals["macs"]}
    if outcome is not None:
        run = outcome.run
        figures["columns"] = run.history.to_columns()
        figures["seconds"] = run.history.seconds
    return trial(network.value, **figures, error=error)


def _text(found: Sweep, width: int, colour: bool) -> str:
    from cnnviz.render.tables import grouped

    report = found.report()
    table = grouped(report, width=width, colour=colour)
    return f" {found.headline()}\n\n{table}"


def _encoded(session: Session, found: Sweep, facts: Mapping[str, Any], format: str) -> bytes:
    from cnnviz import render

    if format == "json":
        return results.encoded(facts)
    if format == "txt":
        return _text(found, FILE_WIDTH, False).encode()
    if format in results.TABLES:
        return writers.write(found.report(), format).encode("utf-8", "backslashreplace")
    return render.render(found, format, render.Look(**session.look))
