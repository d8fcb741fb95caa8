"""One network trained to its end, or to where it is stopped, so that it can go on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from math import isclose
from typing import TYPE_CHECKING

from cnnviz.cli import clock, streams
from cnnviz.cli.training import options, results, stopping
from cnnviz.cli.training.watching import Watch
from cnnviz.errors import InputError, RefusedError, Stopped, behind
from cnnviz.training.checkpoint import load, save
from cnnviz.training.history import Moment
from cnnviz.training.loop import Run
from cnnviz.training.outcome import Outcome, finish

if TYPE_CHECKING:
    from cnnviz.cli.training.places import Place
    from cnnviz.cli.training.session import Network, Session
    from cnnviz.contract import ModelWeights
    from cnnviz.graph import Graph
    from cnnviz.training.data import Data


def train(
    session: Session, network: Network, place: Place, data: Data
) -> tuple[Outcome, list[str]]:
    """Train one network to the end and write all that it came to; return that and the paths.

    Raises
    ------
    CnnvizError
        As `Run` does. A checkpoint from before is kept.
    Stopped, RefusedError
        If a signal came or the time was over, once a checkpoint is written.
    """
    run = _begin(session, network, place, data)
    results.describe(session, run, place)
    title = f"{network.value}: " if network.value else ""
    watch = Watch(run, quiet=session.quiet, no_color=session.no_color, title=title)
    try:
        with _leaving_checkpoints(session, network.graph, place):
            _go(session, run, place, watch)
            weights, is_reread = _kept(session, run, place)
            outcome = watch.through(
                finish(
                    run,
                    weights,
                    first=network.first,
                    keep=session.keep,
                    data=session.data,
                    license=session.license or "",
                )
            )
            if is_reread:
                _check_kept(outcome, place)
            written = results.write(session, outcome, place)
    finally:
        streams.progress("")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place.kept.best)
    return outcome, [*written, place.kept.last]


def _begin(session: Session, network: Network, place: Place, data: Data) -> Run:
    """Return the run, at its beginning or where its checkpoint is; the name is its own then."""
    last, graph = place.kept.last, network.graph
    saved = load(last, graph) if session.resume and os.path.lexists(last) else None
    if session.resume and saved is None:
        session.say(f"note: there is no {last} to go on from, the run begins")
    recipe = options.recipe_of(session.recipe, session.augmentation, len(data.train))
    run = Run(graph, data, recipe, saved=saved, first=network.first, command=session.command)
    if saved is None:
        save(last, graph, run.checkpoint(), overwrite=session.overwrite)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place.kept.best)  # of the run before
    return run


def _go(session: Session, run: Run, place: Place, watch: Watch) -> None:
    """Train to the end, or to where it may be left once that is asked for.

    That is a moment of training, whose sums are empty, or any event of a validation but its last.
    """
    stop = session.stop
    with stopping.held(stop):
        for event in run.events(place.kept, seconds=session.save_every):
            watch.see(event)
            is_moment = isinstance(event, Moment)
            in_training = event.part == "train"
            may_stop = is_moment == in_training or (stop.is_urgent and not is_moment)
            if stop.is_asked and may_stop:
                save(place.kept.last, run.graph, run.checkpoint())
                break
        else:
            if stop.number is None:
                return
    streams.progress("")
    if stop.number is not None:
        raise Stopped(stop.number)
    raise RefusedError(f"{session.path}: not trained within {clock.seconds_allowed():g} s")


@contextlib.contextmanager
def _leaving_checkpoints(session: Session, graph: Graph, place: Place) -> Iterator[None]:
    """Say how to go on where the block is left early; a run that has not begun leaves nothing."""
    last = place.kept.last
    try:
        yield
    except BaseException as error:
        is_asked = behind(error, Stopped) is not None or session.stop.is_asked
        if not is_asked:
            with contextlib.suppress(Exception):
                if load(last, graph).step == 0:
                    os.unlink(last)
        # Losses that overflow would do so again; a full disk or too little memory can be mended.
        if (is_asked or not isinstance(error, InputError)) and os.path.exists(last):
            streams.say(f"{last} is kept: the same command with --resume goes on")
        raise


def _kept(session: Session, run: Run, place: Place) -> tuple[ModelWeights, bool]:
    """Return the weights that are kept, and whether they are those of the result itself.

    A run that was complete has no checkpoint of its best any more.
    """
    if session.keep == "last" or run.best_accuracy is None:
        return run.weights, False
    if os.path.lexists(place.kept.best):
        best = load(place.kept.best, run.graph)
        if (best.best_accuracy, best.settings) != (run.best_accuracy, run.checkpoint().settings):
            raise InputError("is the checkpoint of another run", path=place.kept.best)
        return best.weights, False
    from cnnviz.model.match import read_weights
    from cnnviz.model.orientation import turned

    if not os.path.lexists(place.weights):
        raise _lost(place)
    weights = read_weights(place.weights, run.graph, match="name").weights
    return turned(run.graph, weights) if run.recipe.flip else weights, True


def _check_kept(outcome: Outcome, place: Place) -> None:
    """Refuse weights whose validation is not what the best ones' was, but for rounding."""
    here, then = outcome.validation, outcome.best
    if here is None or then is None or then.accuracy is None or then.loss is None:
        raise _lost(place)
    if abs(here.accuracy - then.accuracy) > 0.005 or not isclose(
        here.loss, then.loss, rel_tol=0.01
    ):
        raise _lost(place)


def _lost(place: Place) -> InputError:
    return InputError(
        f"the best weights of this run are no longer in {place.weights}",
        hint="--keep last takes the last ones, --overwrite begins anew",
    )
