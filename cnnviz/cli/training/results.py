"""What a training run says before it begins, and what it shows and writes when it is done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.cli import outputs, streams
from cnnviz.cli.outputs import PAGE, Slot
from cnnviz.cli.several import SOME_FAILED
from cnnviz.cli.tables import FILE_WIDTH, Text
from cnnviz.cli.training import places
from cnnviz.geometry import times
from cnnviz.render.terminal import escape
from cnnviz.report import writers

if TYPE_CHECKING:
    from cnnviz.cli.training.places import Place
    from cnnviz.cli.training.session import Session
    from cnnviz.training.data import Data
    from cnnviz.training.loop import Run
    from cnnviz.training.outcome import Outcome

TABLES = ("txt", "csv", "json", "md", "html", "tex")
FORMATS: tuple[str, ...] = (*TABLES, "png", "svg", "gif")
MOST_EPOCHS = 12  # that are printed
MOST_FAILURES = 5  # pictures that are named
# What -o asks for by a format and is in the folder already.
_IN_THE_FOLDER = {
    "json": places.FACTS,
    "csv": places.TABLE,
    "png": "curves.png",
    "gif": places.ANIMATION,
}
GUESSING = (
    "note: that is hardly better than guessing; more --epochs, a smaller --lr, --optimizer adam "
    "or more pictures may help"
)


def describe(session: Session, run: Run, place: Place) -> None:
    """Say what is about to be done: the data, the network, the recipe, where it goes on."""
    session.say(f"data     {_data(session, run.data)}")
    about = run.data.describe()
    for note in about["notes"]:
        session.say(f"         {note}")
    if about["divided"] == "its own part" and session.keep == "best":
        hint = "validation chooses the weights; --validation 0.1 leaves that part for a test"
        session.say(f"         {hint}")
    session.say(f"model    {_model(run)}")
    session.say(f"recipe   {_recipe(run)}")
    if changes := _changes(run):
        session.say(f"pictures {changes}")
    last = place.kept.last
    if run.step == run.steps:
        session.say(f"resume   {last} is complete: its results are made anew")
    elif run.step:
        session.say(f"resume   from step {run.step:,} of {run.steps:,}, {last}")


def write(session: Session, outcome: Outcome, place: Place) -> list[str]:
    """Write the weights, then the folder of pictures and tables; return the paths."""
    outcome.model.save(place.weights, overwrite=session.may_replace, about=outcome.about)
    return [place.weights, *place.put(_folder(session, outcome, place.weights))]


def put(
    session: Session, outcome: Outcome, place: Place, paths: list[str], slots: Sequence[Slot]
) -> int:
    """Print what a run came to, write what else -o asks for, and return the exit code."""
    data = facts(session, outcome)
    encode = partial(_encoded, session, outcome, place)
    named = emit(session, data, partial(text, outcome), slots, encode, paths)
    if outcome.is_guessing:
        session.say(GUESSING)
    say_written(session, place, paths)
    for path in named:
        session.say(f"wrote {path}")
    return say_failures(data["failures"])


def emit(
    session: Session,
    data: Mapping[str, Any],
    text: Text,
    slots: Sequence[Slot],
    encode: Callable[[str], bytes],
    paths: list[str],
) -> list[str]:
    """Write what else -o asks for and return its paths; print the result, as JSON or a table.

    Parameters
    ----------
    data : mapping
        What JSON says, but for the paths of all files.
    text : callable
        Takes a width and whether to colour, returns the table.
    encode : callable
        Takes a format, returns the content of a file.
    paths : list of str
        The files that were written before.
    """
    more = [outputs.write(slot, encode(slot.format)) for slot in slots]
    named = [path for path in more if path is not None]
    if session.as_json:
        streams.emit_json({"outputs": paths + named, **data})
    elif not session.quiet and None not in more:
        streams.emit_table(text, no_color=session.no_color)
    return named


def text(outcome: Outcome, width: int, colour: bool) -> str:
    """Return the epochs as a table, and what the kept weights come to."""
    from cnnviz.render.tables import table
    from cnnviz.report.sample import sample

    report = outcome.curves.report()
    some = sample(report.rows, MOST_EPOCHS)
    rows = [row for row in report.rows if row in some or row["best"]]
    epochs = table(report.columns, rows, width=width, colour=colour)
    lines = [f" {escape(line)}"[:width] for line in outcome.lines(width)]
    return "\n".join([epochs, *lines]) + "\n"


def say_written(session: Session, place: Place, paths: Sequence[str]) -> None:
    """Name the weights of a run and its folder."""
    folder = os.path.join(place.stem, "")
    count = sum(path.startswith(folder) for path in paths)
    session.say(f"wrote {place.weights}")
    session.say(f"wrote {folder} ({count} files)")


def failures_of(data: Data) -> list[dict[str, Any]]:
    """Return the pictures that could not be read, as JSON has them."""
    return [one._asdict() for one in data.failures]


def say_failures(failures: Sequence[Mapping[str, Any]]) -> int:
    """Name the first of them, and return the exit code."""
    for one in failures[:MOST_FAILURES]:
        streams.say(f"cnnviz: error: {one['path']}: {one['message']}")
    if not failures:
        return 0
    those = "1 picture" if len(failures) == 1 else f"{len(failures):,} pictures"
    were = "was" if len(failures) == 1 else "were"
    streams.say(f"cnnviz: {those} could not be read and {were} left out")
    return SOME_FAILED


def facts(session: Session, outcome: Outcome) -> dict[str, Any]:
    """Return what JSON says of a run."""
    found = outcome.to_dict()
    model = {**found.pop("model"), "spec": session.spec}
    return {"model": model, **found, "failures": failures_of(outcome.run.data)}


def encoded(data: Mapping[str, Any]) -> bytes:
    """Return plain data as the content of a JSON file."""
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()


def _folder(session: Session, outcome: Outcome, weights: str) -> dict[str, bytes]:
    """Return the files of a run's folder by their names; its page leads to the weights too."""
    from cnnviz import render
    from cnnviz.render.listing import listing

    look = render.Look(**session.look)
    files: dict[str, bytes] = {}
    listed: list[tuple[list[str], Any]] = []
    for name, part in outcome.parts():
        if not session.quiet:
            streams.progress(f"drawing {name}")
        files[f"{name}.png"] = render.render(part, "png", look)
        shown = [f"{name}.png"]
        if name == "kernels":
            shown.insert(0, places.ANIMATION)
            files[places.ANIMATION] = render.animate(part, look)
        listed.append((shown, part))
    streams.progress("")
    history = outcome.run.history.report(outcome.graph.name)
    files[places.TABLE] = writers.write(history, "csv").encode()
    files[places.FACTS] = encoded(facts(session, outcome))
    beside = [f"../{os.path.basename(weights)}", places.TABLE, places.FACTS]
    files[PAGE] = listing(outcome, listed[0][0][0], listed[1:], beside)
    return files


def _encoded(session: Session, outcome: Outcome, place: Place, format: str) -> bytes:
    from cnnviz import render

    if format in _IN_THE_FOLDER:
        with open(place.file(_IN_THE_FOLDER[format]), "rb") as file:
            return file.read()
    if format == "txt":
        return text(outcome, FILE_WIDTH, False).encode()
    if format in TABLES:
        return writers.write(outcome.curves.report(), format).encode("utf-8", "backslashreplace")
    return render.render(outcome.curves, format, render.Look(**session.look))


def _data(session: Session, data: Data) -> str:
    about = data.describe()
    counts = [f"{about['train']:,} pictures to train on"]
    if about["validation"]:
        counts.append(f"{about['validation']:,} to validate with ({about['divided']})")
    if about["test"]:
        counts.append(f"{about['test']:,} to test with")
    failed = [f"{about['failed']:,} that cannot be read"] if about["failed"] else []
    kinds = f"{about['kind']}, {len(data.labels)} classes"
    return f"{session.data}: {kinds}; {', '.join(counts + failed)}"


def _model(run: Run) -> str:
    from cnnviz.report.shapes import shapes

    totals = shapes(run.graph).totals
    size = f"{totals['params']:,} parameters, {totals['macs']:,} MACs a picture"
    return f"{run.graph.name}, {times(run.graph.input_shape)}: {size}"


def _recipe(run: Run) -> str:
    recipe = run.recipe
    optimizer = recipe.make_optimizer().settings
    how = [f"{optimizer['name']}, lr {optimizer['lr']:g}"]
    if optimizer.get("momentum"):
        how.append(f"momentum {optimizer['momentum']:g}")
    how += [f"weight decay {optimizer['weight_decay']:g}"] * bool(optimizer["weight_decay"])
    how.append(str(recipe.schedule["name"]))
    if warmup := recipe.schedule["warmup"]:
        how.append(f"warm-up {warmup} steps")
    if recipe.label_smoothing:
        how.append(f"label smoothing {recipe.label_smoothing:g}")
    how += ["true convolution"] * recipe.flip
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    each = "1 step" if run.steps_an_epoch == 1 else f"{run.steps_an_epoch:,} steps"
    steps = f"{epochs} of {each}, batches of {recipe.batch_size}"
    return f"{steps}; {', '.join(how)}; {recipe.initial}, seed {recipe.seed}"


def _changes(run: Run) -> str:
    """Return how pictures are changed, in words."""
    change = run.recipe.augmentation
    done = [f"moved by up to {change.shift} px"] * bool(change.shift)
    done += ["mirrored in half of the cases"] * change.flip
    if change.crop is not None:
        done.append("cropped at random")
    return ", ".join(done + [f"a square of {change.cutout} px blacked out"] * bool(change.cutout))
