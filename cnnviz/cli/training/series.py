"""One setting with several values: each is trained, and what they cost and come to is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.cli import outputs, streams
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

    trials: list[Trial] = []
    done: list[dict[str, Any]] = []
    written: list[str] = []
    failures = []
    for network, place in zip(networks, own, strict=True):
        if place is not own[0]:
            session.say("")
        session.say(f"{setting} {network.value}")
        try:
            outcome, paths = one.train(session, network, place, data)
        except (CnnvizError, MemoryError) as error:
            if session.stop.is_asked:
                raise
            fault = failure(error)
            trials.append(_trial(network, error=fault.message))
            failures.append({"value": network.value, **error_fields(fault)})
            streams.say(f"cnnviz: error: {setting} {network.value}: {fault}")
            continue
        trials.append(_trial(network, outcome))
        results.say_written(session, place, paths)
        facts = results.facts(session, outcome)
        del facts["history"], facts["failures"]  # the first is in its folder, the others are below
        done.append({"value": network.value, "outputs": paths, **facts})
        written += paths
    graph = networks[0].graph
    found = sweep(
        setting, trials, model=graph.name, data=session.data, examples=len(data.validation) or None
    )
    unread = results.failures_of(data)
    facts = found.report().to_dict() | {"runs": done, "failures": [*failures, *unread]}
    more = [outputs.write(slot, _encoded(session, found, facts, slot.format)) for slot in slots]
    named = [path for path in more if path is not None]
    if session.as_json:
        streams.emit_json({"outputs": written + named, **facts})
    elif not session.quiet and None not in more:
        streams.emit_table(partial(_text, found), no_color=session.no_color)
    for path in named:
        session.say(f"wrote {path}")
    code = results.say_failures(unread)
    if len(failures) == len(networks):
        return int(failures[0]["code"])
    return SOME_FAILED if failures else code


def _trial(network: Network, outcome: Any = None, error: str = "") -> Trial:
    from cnnviz.report.shapes import shapes
    from cnnviz.report.sweep import trial
    from cnnviz.training.outcome import seconds_of

    totals = shapes(network.graph).totals
    figures: dict[str, Any] = {"params": totals["params"], "macs": totals["macs"]}
    if outcome is not None:
        run = outcome.run
        figures["columns"] = run.history.to_columns()
        figures["seconds"] = seconds_of(run.history.moments, run.recipe.batch_size)
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
