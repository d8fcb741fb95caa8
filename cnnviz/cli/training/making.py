"""The way of a command that trains: everything is checked, then trained, then shown."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import clock, names, outputs, streams
from cnnviz.cli.outputs import Slot
from cnnviz.cli.training import one, options, places, results, series, stopping
from cnnviz.cli.training.places import Place
from cnnviz.cli.training.session import Network, Session, networks
from cnnviz.cli.types import Target
from cnnviz.errors import OutputError, SpecError
from cnnviz.training.outcome import check_film

if TYPE_CHECKING:
    from cnnviz.graph import Graph
    from cnnviz.training.data import Data
    from cnnviz.training.recipe import Recipe


def make(
    path: str,
    *,
    model: Mapping[str, Any],
    recipe: Mapping[str, Any],
    augmentation: Mapping[str, Any],
    dividing: Mapping[str, Any],
    naming: Mapping[str, Any],
    running: Mapping[str, Any],
    bounds: Mapping[str, Any],
    look: Mapping[str, Any],
    targets: Sequence[Target],
    **writing: Any,
) -> int:
    """Train a network, or one for each value of a setting; return the exit code."""
    if running["resume"] and writing["overwrite"]:
        raise SpecError("--resume goes on and --overwrite begins anew", hint="use one of them")
    setting, asked = networks(model)
    change = options.augmentation_of(asked[0].graph.input_shape, augmentation)
    steps = 2  # the data are not read yet: what is wrong in a recipe is said first
    made = options.recipe_of(recipe, change, steps * (recipe["batch_size"] or 8))
    session = Session(
        path=path,
        spec=model["spec"],
        recipe=recipe,
        augmentation=change,
        dividing=dividing,
        **naming,
        **bounds,
        **running,
        look=look,
        **writing,
        command=_command(),
        stop=stopping.Stop(clock.seconds_allowed()),
    )
    inputs = _inputs(path, model, dividing, naming)
    size = sum(_bytes(each.graph, made) for each in asked)
    own, slots = _planned(session, asked, targets, inputs, size)
    with contextlib.closing(_open(session, asked[0].graph, augmentation["crop"])) as data:
        _check_apart(data, session, own, slots)
        if setting:
            return series.make(session, setting, asked, own, data, slots)
        outcome, paths = one.train(session, asked[0], own[0], data)
        return results.put(session, outcome, own[0], paths, slots)


def _planned(
    session: Session,
    asked: Sequence[Network],
    targets: Sequence[Target],
    inputs: Sequence[str],
    size: int,
) -> tuple[list[Place], list[Slot]]:
    """Return where each run writes, and what else is written; nothing of it can be in the way."""
    label, graph = names.label(click.get_current_context()), asked[0].graph
    place, others = places.split(targets, graph.name, label, session.data)
    own, slots, formats = [place], list[Slot](), results.FORMATS
    if len(asked) > 1:
        own = [place.under(each.value) for each in asked]
        slots, formats = series.slots(place, session.may_replace), series.FORMATS
    if others:
        formats = (*formats, places.SUFFIX)  # which is none of `others`, but is among the names
        shared: dict[str, Any] = {"overwrite": session.may_replace, "as_json": session.as_json}
        slots += outputs.plan(
            others, [place.weights], label, formats=formats, inputs=inputs, **shared
        )[0]
    if any(slot.format == "gif" for slot in slots):
        check_film(graph)
    replacing = {"overwrite": session.overwrite, "resume": session.resume}
    places.check(own, slots, inputs, size=size, **replacing)
    return own, slots


def _open(session: Session, graph: Graph, margin: int) -> Data:
    """Open the data, with pictures `margin` larger on every side, and read what is kept anyway."""
    from cnnviz.model.labels import labels_of
    from cnnviz.model.preprocess import preprocess_for
    from cnnviz.model.preprocess_table import fitted
    from cnnviz.training.data import open_data

    rows, columns, *channels = graph.input_shape
    if len(channels) != 1:
        raise SpecError(f"{graph.name} takes no pictures", hint="give --input HxWxC")
    shape = (rows + 2 * margin, columns + 2 * margin, *channels)
    table = fitted(graph.preprocess, graph.input_shape, shape)
    prepared = preprocess_for(replace(graph, input_shape=shape, preprocess=table))

    def progress(done: int, total: int) -> None:
        if not session.quiet:
            streams.progress(f"{session.path}: {done:,} of {total:,} pictures read")

    with clock.timed(session.path, hint="use a longer --timeout"):
        data = open_data(
            session.path,
            input_shape=shape,
            **session.dividing,
            seed=session.recipe["seed"],
            preprocess=prepared,
            max_pixels=session.max_pixels,
        )
        try:
            if session.labels is not None:
                data.labels = labels_of(graph, session.labels)
            if all(split.holds_all for split in (data.train, data.validation, data.test)):
                data.read_all(progress)
        except BaseException:
            data.close()
            raise
    streams.progress("")
    return data


def _check_apart(data: Data, session: Session, own: Sequence[Place], slots: Sequence[Slot]) -> None:
    """Refuse to put pictures into a folder of classes, where they would be one the next time."""
    read = (session.path, session.dividing["validation"], session.dividing["test"])
    roots = {os.path.realpath(path) for path in read if isinstance(path, str)}
    if not data.describe()["kind"].startswith("class folders"):
        return
    folders = [(os.path.join(place.stem, ""), place.stem) for place in own]
    files = [(path, os.path.dirname(path)) for slot in slots for path in slot.paths]
    for path, folder in [*folders, *files]:
        real = os.path.realpath(folder)
        if any(f"{real}{os.sep}".startswith(f"{root}{os.sep}") for root in roots):
            what = f"{path} lies in the data, where pictures would become a class"
            raise OutputError(what, path=path, hint="use -o with another folder")


def _inputs(path: str, *options: Mapping[str, Any]) -> list[str]:
    """Return the files that are read, none of which may be written."""
    given = {key: value for each in options for key, value in each.items()}
    read = [path, *map(given.get, ("spec", "weights", "validation", "test", "labels"))]
    return [each for each in read if isinstance(each, str)]


def _bytes(graph: Graph, recipe: Recipe) -> int:
    """Return what the files of a run take at most: the result, two checkpoints and one to come."""
    from cnnviz.model.initial import weight_count

    return 4 * weight_count(graph) * (1 + 3 * (1 + len(recipe.make_optimizer().slots)))


def _command() -> str:
    """Return the command line as a shell would take it again, to begin with, not to go on."""
    words = click.get_current_context().find_root().obj or ()
    return " ".join(["cnnviz", *(_quoted(word) for word in words if word != "--resume")])


def _quoted(word: str) -> str:
    r"""Return a word for a shell, in printable characters whatever it is made of.

    >>> print(_quoted("a b"), _quoted("caf\udce9\x1b.npz"))
    'a b' $'caf\xe9\x1b.npz'
    """
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(char: str) -> str:
    if char.isprintable() and char not in "\\'":
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
