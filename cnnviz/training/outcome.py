"""What a run came to, as data: its figures and what pictures and tables show of it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.graph import Graph
from cnnviz.model.executor import Sequential
from cnnviz.model.initial import wanted_shapes
from cnnviz.model.model import Model
from cnnviz.model.orientation import turned
from cnnviz.model.preprocess import preprocess_for
from cnnviz.report.before_after import BeforeAfter, Side, before_after
from cnnviz.report.confusion import Confusion, confusion, taken
from cnnviz.report.forming import Forming, Snapshot, forming
from cnnviz.report.layer_features import Seen
from cnnviz.report.mistakes import Mistakes, mistakes
from cnnviz.report.result import Result
from cnnviz.report.shares import tenths
from cnnviz.report.training_curves import Curves, curves
from cnnviz.trained.about import About
from cnnviz.training.forming import KERNEL, first_kernel
from cnnviz.training.initial import initial_weights
from cnnviz.training.loop import Run, Tick, evaluate
from cnnviz.training.metrics import Evaluation, classes_report
from cnnviz.training.taught import taught

if TYPE_CHECKING:
    from cnnviz.contract import Array, Weights
    from cnnviz.training.data import Split
    from cnnviz.training.history import Moment

    Nested = Mapping[str, Weights]
MOST_CONFUSED = 5


@dataclass(eq=False, repr=False)
class Outcome(Result):
    """A finished run, and the weights that are kept of it.

    Parameters
    ----------
    run : Run
    weights : mapping
        Those that are kept, by node and name, as the run stores them.
    first : mapping, optional
        What the run began with, unless it drew its weights.
    keep : {"best", "last"}
        Which they are.
    data : str
        What the data set is called.
    validation, test : Evaluation, optional
        What those weights get right.
    license : str
        Of the data.
    """

    figure: ClassVar[str] = "training_curves"

    run: Run
    weights: Nested
    first: Nested | None
    keep: str
    data: str
    validation: Evaluation | None
    test: Evaluation | None
    license: str = ""

    @property
    def subject(self) -> str:
        """The network and its data."""
        return f"{self.graph.name} on {self.data}"

    @cached_property
    def graph(self) -> Graph:
        """The network, with its classes and preprocessing said."""
        return taught(self.run.graph, self.run.data.labels)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.graph.labels

    @cached_property
    def model(self) -> Model:
        """The trained network."""
        seen = turned(self.graph, self.weights) if self.run.recipe.flip else self.weights
        return Model(self.graph, seen)

    @property
    def about(self) -> About:
        """What the file of the weights says; its accuracy is one of a test only."""
        return About(
            data=self.data,
            accuracy=None if self.test is None else self.test.accuracy,
            seed=self.run.recipe.seed,
            command=self.run.command,
            license=self.license,
            labels=self.labels,
            preprocess=self.graph.preprocess,
            is_turned=self.run.recipe.flip,
        )

    @property
    def best(self) -> Moment | None:
        """The validation of the weights that are kept: the highest, or the last."""
        moments = [one for one in self.run.history.of("validation") if one.accuracy is not None]
        if self.keep == "last":
            return next((one for one in moments[::-1] if one.step == self.run.step), None)
        return max(moments, key=lambda one: one.accuracy or 0.0, default=None)

    @cached_property
    def curves(self) -> Curves:
        """Loss and accuracy over the steps."""
        return curves(
            self.run.history.to_columns(),
            model=self.graph.name,
            data=self.data,
            classes=len(self.labels),
            steps_per_epoch=self.run.steps_an_epoch,
        )

    @property
    def shown(self) -> tuple[str, Split, Evaluation] | None:
        """What confusions and mistakes are of: the test, or else the validation."""
        data = self.run.data
        if self.test is not None:
            return "test", data.test, self.test
        if self.validation is not None:
            return "validation", data.validation, self.validation
        return None

    @property
    def is_guessing(self) -> bool:
        """Whether chance alone may get so much right by always naming the most frequent class.

        Up to two standard deviations of the binomial distribution above its share.
        """
        if self.shown is None:
            return False
        found = self.shown[2]
        share = float(found.matrix.sum(axis=1).max()) / found.count
        deviation: float = np.sqrt(share * (1 - share) / found.count)
        return found.accuracy <= share + 2 * deviation

    @cached_property
    def confusion(self) -> Confusion | None:
        """Which classes are taken for which."""
        if self.shown is None:
            return None
        part, _, found = self.shown
        return confusion(
            found.matrix,
            labels=self.labels,
            model=self.graph.name,
            data=f"{self.data}, {part}",
        )

    def mistakes(self) -> Mistakes | None:
        """Return the worst mistakes with their pictures."""
        if self.shown is None:
            return None
        part, split, found = self.shown
        places = [one.number for one in found.worst]
        pictures = self.run.recipe.augmentation.centred(split.pictures(places))
        return mistakes(
            found.worst,
            list(pictures),
            labels=self.labels,
            wrong=int(found.matrix.sum() - np.trace(found.matrix)),
            count=found.count,
            model=self.graph.name,
            data=f"{self.data}, {part}",
            names=[split.name(place) for place in places],
        )

    def forming(self) -> Forming | None:
        """Return the first layer's kernels as they formed; None if they make no picture."""
        run = self.run
        if run.watched is None:
            return None
        shots = [self._snapshot(step, kernel) for step, kernel in run.frames.items()]
        try:
            return forming(
                shots,
                model=self.graph.name,
                layer=run.watched,
                data=self.data,
                steps=run.steps,
                input_shape=self.graph.input_shape,
                begun=self._begun,
            )
        except SpecError:
            return None

    def before_after(self) -> BeforeAfter | None:
        """Return that layer's maps of a picture of the data before and after training.

        None if it makes no maps, or no picture can be read.
        """
        run, example = self.run, self._example()
        if run.watched is None or example is None:
            return None
        name, picture = example
        preprocess = preprocess_for(self.graph)
        x = preprocess.normalized(picture)
        start = self.first or initial_weights(run.graph, run.recipe.seed, run.recipe.initial)
        assert self.model.weights is not None
        stored = turned(self.graph, start) if run.recipe.flip else start
        step = run.step if self.best is None else self.best.step
        sides = []
        for seen, kept, at in ((start, stored, 0), (self.model.weights, self.weights, step)):
            maps = Sequential(self.graph, seen).run(x[None], [run.watched])[run.watched][0]
            sides.append(Side(np.asarray(kept[run.watched][KERNEL]), maps, at, self._begun))
        kernel, maps = sides[0].kernel, sides[0].maps
        if kernel.ndim != 4 or maps.ndim != 3 or kernel.shape[3] != maps.shape[2]:
            return None
        shown = Seen(
            image=name,
            model=self.graph.name,
            pixels=x,
            picture=np.asarray(picture, np.float32),
            preprocess=tuple(preprocess.describe(picture.shape)),
            is_random=False,
            labels=self.labels,
        )
        return before_after(shown, *sides, layer=run.watched, data=self.data)

    def parts(self) -> list[tuple[str, Result]]:
        """Return what there is to be seen, by the name of its picture."""
        found: list[tuple[str, Result | None]] = [
            ("curves", self.curves),
            ("confusion", self.confusion),
            ("mistakes", self.mistakes()),
            ("kernels", self.forming()),
            ("before-after", self.before_after()),
        ]
        return [(name, result) for name, result in found if result is not None]

    def confused(self) -> list[dict[str, Any]]:
        """Return the worst confusions as rows."""
        if self.confusion is None:
            return []
        return [
            {
                "class": self.labels[one.label],
                "predicted": self.labels[one.predicted],
                "count": one.count,
                "share": one.share,
            }
            for one in self.confusion.worst(MOST_CONFUSED)
        ]

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what the kept weights come to."""
        best, run = self.best, self.run
        which = "the best" if self.keep == "best" and best is not None else "the last"
        epoch = run.recipe.epochs if best is None else best.epoch
        yield f"kept        {which} weights, of epoch {epoch} of {run.recipe.epochs}"
        for part, found in (("validation", self.validation), ("test", self.test)):
            if found is not None:
                right = f"{tenths(found.accuracy)} of {found.count:,} right"
                yield f"{part:<10}  {right}, loss {found.loss:.4f}"
        for head, row in zip(["confused", *[""] * MOST_CONFUSED], self.confused(), strict=False):
            share = f"{head:<10}  {tenths(row['share']):>6} ({row['count']:,})  "
            yield share + taken(row["class"], row["predicted"], width - len(share) - 1)
        if run.recipe.flip:
            yield "flip        true convolution: the losses are those of a run without --flip, and"
            yield "            each kernel is that run's, turned by 180 degrees"

    def head(self) -> Iterator[str]:
        """Yield that, and how it was made."""
        yield from self.lines()
        yield f"command     {self.run.command}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the history, a row a moment."""
        return [dict(row) for row in self.run.history.report(self.graph.name).rows]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        totals = self.model.shapes().totals
        best = self.best
        epochs = None if best is None else {"epoch": best.epoch, "step": best.step}
        classes = None
        if self.shown is not None:
            classes = list(classes_report(self.shown[2].matrix, "", self.labels).rows)
        return {
            "model": {
                "name": self.graph.name,
                "input_shape": list(self.graph.input_shape),
                "params": totals["params"],
                "macs": totals["macs"],
            },
            "data": self.run.data.describe(),
            "recipe": self.run.recipe.settings,
            "steps": self.run.steps,
            "keep": self.keep,
            "best": None if epochs is None else epochs | (_figures(self.validation) or {}),
            "test": _figures(self.test),
            "confused": self.confused(),
            "classes": classes,
            "history": self.to_dicts(),
        }

    def arrays(self) -> list[tuple[str, Array]]:
        """Return the confusion matrix."""
        return [] if self.confusion is None else self.confusion.arrays()

    @property
    def _begun(self) -> str:
        """What the kernels were before the first step."""
        return "random" if self.first is None else "as given"

    def _snapshot(self, step: int, kernel: Array) -> Snapshot:
        before = [one for one in self.run.history.of("train") if one.step <= step]
        if not step or not before:
            return Snapshot(step, 1, None, None, kernel)
        epoch = -(-step // self.run.steps_an_epoch)
        return Snapshot(step, epoch, before[-1].loss, before[-1].accuracy, kernel)

    def _example(self) -> tuple[str, Array] | None:
        """Return the name and the pixels of the first picture that can be read."""
        data = self.run.data
        for split in (data.test, data.validation, data.train):
            for place in range(min(len(split), 100)):
                found = split.pictures([place])
                if len(found):
                    return os.path.basename(
                        split.name(place)
                    ), self.run.recipe.augmentation.centred(found)[0]
        return None


def finish(
    run: Run,
    weights: Nested,
    *,
    first: Nested | None,
    keep: str,
    data: str,
    license: str = "",
) -> Generator[Tick, None, Outcome]:
    """Yield how far the evaluation of the kept weights is, and return what the run came to.

    See `Outcome` for the parameters.
    """
    seen = turned(run.graph, weights) if run.recipe.flip else weights
    found: list[Evaluation | None] = []
    for part, split in (("validation", run.data.validation), ("test", run.data.test)):
        one = None
        if len(split):
            one = yield from evaluate(
                run.graph,
                seen,
                split,
                part,
                preprocess=preprocess_for(run.graph),
                recipe=run.recipe,
                classes=len(run.data.labels),
            )
        found.append(one if one is not None and one.count else None)
    validation, test = found
    return Outcome(run, weights, first, keep, data, validation, test, license)


def check_film(graph: Graph) -> None:
    """Raise `SpecError` where the first kernels of a network make no pictures to be animated."""
    watched = first_kernel(graph)
    if watched is None:
        raise SpecError(f"{graph.name} has no kernels to be seen forming")
    kernel = np.broadcast_to(np.float32(0), wanted_shapes(graph)[watched][KERNEL])
    shot = Snapshot(0, 1, None, None, kernel)
    forming([shot], model="", layer=watched, data="", input_shape=graph.input_shape)


def _figures(found: Evaluation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"examples": found.count, "accuracy": found.accuracy, "loss": found.loss}


def seconds_of(history: Sequence[Moment], batch_size: int) -> float:
    """Return what the steps of training took, by the pace that is noted at each moment.

    Also of a run that was stopped for a while; a last batch counts as a whole one.
    """
    took, step = 0.0, 0
    for one in history:
        if one.examples_per_second:
            took += (one.step - step) * batch_size / one.examples_per_second
            step = one.step
    return took
