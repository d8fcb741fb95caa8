"""A training run: its steps, its validations and what it keeps, so that it can go on from a file.

All that happens depends on the network, the data and the recipe alone: a run that goes on from a
checkpoint comes to the same weights, to the bit, as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnviz.errors import InputError, SpecError, shortened
from cnnviz.files import check_bytes
from cnnviz.graph import Graph
from cnnviz.model.ending import without_softmax
from cnnviz.model.executor import Sequential, peak_bytes
from cnnviz.model.orientation import turned
from cnnviz.model.preprocess import preprocess_for
from cnnviz.training.checkpoint import Checkpoint, Kept
from cnnviz.training.forming import KERNEL, first_kernel, watched_steps
from cnnviz.training.history import Moment
from cnnviz.training.initial import initial_weights
from cnnviz.training.metrics import Evaluation
from cnnviz.training.recipe import Recipe
from cnnviz.training.step import Pass

if TYPE_CHECKING:
    from cnnviz.contract import Array, ModelWeights
    from cnnviz.model.preprocess import Preprocess
    from cnnviz.training.data import Batch, Data, Split

MOMENTS = 500  # figures of training that are noted in a run; more where epochs are more
SAVE_SECONDS = 30.0  # between two checkpoints within an epoch
_AT_A_TIME = 256  # pictures of a validation
_DROPPED = 3  # so that no two uses of one seed draw the same
_HINT = "use a lower learning rate or a longer warm-up"


class Tick(NamedTuple):
    """How far a run is.

    Attributes
    ----------
    part : {"train", "validation", "test"}
    done, total : int
        Steps of the run, or pictures of an evaluation.
    loss, accuracy : float or None
        Means of training since the last moment.
    """

    part: str
    done: int
    total: int
    loss: float | None = None
    accuracy: float | None = None


class Run:
    """A network in training.

    Parameters
    ----------
    graph : Graph
    data : Data
        Pictures of the network's input shape, or of that which the augmentation crops.
    recipe : Recipe
    saved : Checkpoint, optional
        Where to go on from; its arrays are taken over.
    first : mapping, optional
        Weights to begin with, in place of those that the recipe draws; they are copied.
    preprocess : Preprocess, optional
        What pictures are normalised by, in place of what the network says.
    command : str
        What the checkpoints say that made them.

    Attributes
    ----------
    weights : dict
        Arrays by node and name, trained in place, running statistics too.
    seen : dict
        The same as the layers take them: other views where the recipe has `flip`.
    history : History
    frames : dict
        The watched kernel by step, `(kh, kw, C, filters)` of the node `watched`.
    step, steps : int
        How many have been taken, and how many there are.
    best_accuracy : float or None
        Of all validations so far.

    Raises
    ------
    SpecError
        If the network cannot be trained on the data, or the checkpoint is of another recipe or
        other data, with what differs.
    """

    def __init__(
        self,
        graph: Graph,
        data: Data,
        recipe: Recipe,
        *,
        saved: Checkpoint | None = None,
        first: ModelWeights | None = None,
        preprocess: Preprocess | None = None,
        command: str = "",
    ) -> None:
        self._plain = _with_classes_of(graph, data)
        self.graph, self.data, self.recipe, self.command = graph, data, recipe, command
        self.steps_an_epoch = data.train.steps(recipe.batch_size)
        self.steps = recipe.epochs * self.steps_an_epoch
        self.watched = first_kernel(graph)
        self._optimizer, self._schedule = (
            recipe.make_optimizer(),
            recipe.make_schedule(self.steps),
        )
        self._settings = {"recipe": recipe.settings, "data": known_by(data)}
        self._preprocess = preprocess or preprocess_for(graph)
        if saved is None:
            start = first or initial_weights(graph, recipe.seed, recipe.initial)
            saved = Checkpoint(weights=copied(turned(graph, start) if recipe.flip else start))
        else:
            _check_same(saved.settings, self._settings)
            _check_place(saved, recipe.epochs, self.steps_an_epoch)
        self.weights = {node: dict(own) for node, own in saved.weights.items()}
        self._optimizer.restore(saved.optimizer_steps, saved.state)
        self.history, self.frames = saved.history, saved.frames
        self.step, self._epoch, self._batch = saved.step, saved.epoch, saved.batch
        self.best_accuracy = saved.best_accuracy
        size = self.weights[self.watched][KERNEL].nbytes if self.watched else 0
        self._watch = set(watched_steps(self.steps, size))
        # As the layers take them, which correlate: views, so that they change with the weights.
        self.seen = turned(graph, self.weights) if recipe.flip else self.weights
        self._pass = Pass(self._plain, self.seen, label_smoothing=recipe.label_smoothing)
        self._keep_frame()

    def checkpoint(self) -> Checkpoint:
        """Return all that the run needs to go on; it shares the arrays."""
        return Checkpoint(
            weights=self.weights,
            state=self._optimizer.state,
            optimizer_steps=self._optimizer.steps,
            step=self.step,
            epoch=self._epoch,
            batch=self._batch,
            seed=self.recipe.seed,
            optimizer=self._optimizer.settings,
            schedule=self._schedule.settings,
            settings=self._settings,
            best_accuracy=self.best_accuracy,
            history=self.history,
            frames=self.frames,
            command=self.command,
        )

    def events(
        self, kept: Kept | None = None, *, seconds: float = SAVE_SECONDS
    ) -> Iterator[Tick | Moment]:
        """Train to the end, and yield what happens: a tick a step, and each moment of the history.

        Parameters
        ----------
        kept : Kept, optional
            Where checkpoints go: after each epoch, and within one when `seconds` have passed.

        Raises
        ------
        InputError
            If losses or weights are no longer finite; what is kept is from before.
        """
        saved_at = monotonic()
        while self._epoch < self.recipe.epochs:
            for moment in self._train_epoch():
                yield moment
                if kept and isinstance(moment, Moment) and monotonic() - saved_at >= seconds:
                    kept.save(self.graph, self.checkpoint())
                    saved_at = monotonic()
            accuracy = yield from self._validate()
            self._epoch, self._batch = self._epoch + 1, 0
            if kept:
                made = self.checkpoint()
                kept.save(self.graph, made, accuracy)
                self.best_accuracy = made.best_accuracy
                saved_at = monotonic()
            elif accuracy is not None:
                self.best_accuracy = max(accuracy, self.best_accuracy or 0.0)

    def is_best(self, moment: Moment) -> bool:
        """Tell of a moment that `events` yields whether it is the best validation so far.

        Of equal accuracies the first is. Once the next event is asked for, it is one of those
        before.
        """
        best = self.best_accuracy
        is_known = moment.part == "validation" and moment.accuracy is not None
        return is_known and (best is None or (moment.accuracy or 0.0) > best)

    def _train_epoch(self) -> Iterator[Tick | Moment]:
        """Take the steps that are left of an epoch.

        A moment is yielded when the sums that make it are empty, so that a checkpoint needs none.
        """
        interval = max(1, self.steps // MOMENTS)
        seen, right, loss, since = 0, 0, 0.0, perf_counter()
        first = self._batch
        for batch in self.data.train.batches(
            self.recipe.batch_size, epoch=self._epoch, seed=self.recipe.seed, start=first
        ):
            if len(batch.y):
                losses, is_right = self._learn(batch)
                seen += len(losses)
                loss += float(losses.sum(dtype=np.float64))
                right += int(is_right.sum())
            self.step, self._batch = self.step + 1, self._batch + 1
            self._keep_frame()
            means = (loss / seen, right / seen) if seen else (None, None)
            yield Tick("train", self.step, self.steps, *means)
            if seen and (not self.step % interval or self._batch == self.steps_an_epoch):
                yield self._noted(
                    loss=means[0],
                    accuracy=means[1],
                    examples=seen,
                    lr=self._optimizer.lr * self._schedule(self.step - 1),
                    examples_per_second=seen / max(perf_counter() - since, 1e-9),
                )
                seen, right, loss, since = 0, 0, 0.0, perf_counter()

    def _learn(self, batch: Batch) -> tuple[Array, Array]:
        recipe = self.recipe
        x = recipe.augmentation(batch.x, batch.places, seed=recipe.seed, epoch=self._epoch)
        entropy = [recipe.seed, _DROPPED, self.step]
        try:
            learned = self._pass.run(
                self._preprocess.normalized(x),
                batch.y,
                np.random.default_rng(entropy),
                step=self.step,
            )
        except InputError as error:
            where = f"step {self.step + 1} of {self.steps} (epoch {self._epoch + 1})"
            raise InputError(f"{where}: {error.message}", hint=_HINT) from error
        gradients = learned.gradients
        if recipe.flip:
            gradients = turned(self.graph, gradients)
        with np.errstate(all="ignore"):  # the next loss tells
            self._optimizer.step(self.weights, gradients, self._schedule(self.step))
        for node, found in learned.statistics.items():
            for name, values in found.items():
                self.weights[node][name][...] = values
        return learned.losses, learned.is_right

    def _validate(self) -> Generator[Tick | Moment, None, float | None]:
        if not len(self.data.validation):
            return None
        try:
            found = yield from self.evaluate(self.data.validation, "validation")
        except InputError as error:
            where = f"validation after epoch {self._epoch + 1}"
            raise InputError(f"{where}: {error.message}", hint=_HINT) from error
        if not found.count:
            return None
        yield self._noted(
            part="validation", loss=found.loss, accuracy=found.accuracy, examples=found.count
        )
        return found.accuracy

    def evaluate(
        self, split: Split, part: str, weights: ModelWeights | None = None
    ) -> Generator[Tick, None, Evaluation]:
        """Yield how far it is, and return what weights get right of a split.

        Parameters
        ----------
        split : Split
        part : {"validation", "test"}
        weights : mapping, optional
            As the layers take them, as `seen` is; those of now unless given.

        Raises
        ------
        InputError
            If an output is not finite.
        RefusedError
            If a batch is over the byte budget.
        """
        plain, found, done = self._plain, Evaluation(len(self.data.labels)), 0
        last = plain.nodes[-1].name
        executor = Sequential(plain, self.seen if weights is None else weights)
        at_a_time = min(_AT_A_TIME, len(split))
        check_bytes(peak_bytes(plain, [last], batch=at_a_time), f"evaluating {plain.name}")
        for batch in split.batches(at_a_time):
            if len(batch.y):
                x = self._preprocess.normalized(self.recipe.augmentation.centred(batch.x))
                logits = executor.run(x, [last])[last]
                found.add(logits.reshape(len(x), -1), batch.y, batch.places)
            done = min(done + at_a_time, len(split))
            yield Tick(part, done, len(split))
        return found

    def _noted(self, **figures: Any) -> Moment:
        moment = Moment(step=self.step, epoch=self._epoch + 1, **figures)
        self.history.add(moment)
        return moment

    def _keep_frame(self) -> None:
        if self.watched is not None and self.step in self._watch:
            self.frames.setdefault(self.step, self.weights[self.watched][KERNEL].copy())


def known_by(data: Data) -> dict[str, Any]:
    """Return what tells a data set from another, wherever it lies."""
    about = data.describe()
    return {key: about[key] for key in ("kind", "input_shape", "divided")} | {
        "labels": list(data.labels),
        "train": len(data.train),
        "validation": len(data.validation),
        "pictures": f"{data.train.fingerprint:08x} {data.validation.fingerprint:08x}",
    }


def _with_classes_of(graph: Graph, data: Data) -> Graph:
    """Return the network up to its logits, which are those of the data's classes."""
    plain, last = without_softmax(graph), graph.nodes[-1].name
    made, classes = graph.shapes()[last][-1], len(data.labels)
    if made != classes:
        raise SpecError(
            f"{last}: {made} outputs, but the data have {classes} classes",
            hint=f"use --set {last}.units={classes}",
        )
    if not len(data.train):
        raise InputError("no picture is left to train on")
    return plain


def _check_same(there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Refuse to go on with other settings, which would come to a result that no run has."""
    for part in ("recipe", "data"):
        then, now = _flat(there.get(part, {})), _flat(here[part])
        for key in {**now, **then}:
            if then.get(key) != now.get(key):
                what = (
                    f"{shortened(key)} {_short(then.get(key))} there, {_short(now.get(key))} here"
                )
                hint = "give the same settings, or begin anew under another name"
                raise SpecError(f"the checkpoint is of another run: {what}", hint=hint)


def _check_place(saved: Checkpoint, epochs: int, steps: int) -> None:
    """Refuse counts that no run of so many epochs, of so many steps each, comes to."""
    where = f"step {saved.step} is batch {saved.batch} of epoch {saved.epoch + 1}"
    is_place = saved.epoch <= epochs and saved.batch <= (saved.epoch < epochs) * steps
    if not is_place or saved.step != saved.epoch * steps + saved.batch:
        raise InputError(f"corrupt checkpoint: {shortened(where)}")
    if saved.optimizer_steps > saved.step or not 0 <= (saved.best_accuracy or 0) <= 1:
        raise InputError("corrupt checkpoint: counts that no run comes to")


def _flat(settings: object, before: str = "") -> dict[str, Any]:
    """Return settings of settings by names such as `optimizer.lr`."""
    flat: dict[str, Any] = {}
    if not isinstance(settings, Mapping):
        return flat
    for key, value in settings.items():
        name = f"{before}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat


def _short(value: object) -> str:
    return shortened(ascii(value))


def copied(weights: ModelWeights) -> dict[str, dict[str, Array]]:
    """Return weights in float32 memory of their own, to be trained in place."""
    return {
        node: {name: np.array(values, np.float32, order="C") for name, values in own.items()}
        for node, own in weights.items()
    }
