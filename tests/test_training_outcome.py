"""What a run came to: each figure beside the run that it is of."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.training.data import open_data
from cnnviz.training.loop import Run
from cnnviz.training.outcome import Outcome, finish
from cnnviz.training.recipe import Recipe

SHAPE = (6, 6, 1)
SPEC = "Conv2D(4, 3, name='first') ReLU() Flatten() Dense(3, name='out')"


def outcome(run: Run, keep: str = "best") -> Outcome:
    rest = finish(run, run.weights, first=None, keep=keep, data="dots")
    while True:
        try:
            next(rest)
        except StopIteration as done:
            return done.value


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run over noise, which is learned by heart and not recognised."""
    dice = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    x, y = (dice.integers(0, 256, (90, 6, 6), np.uint8), np.arange(90) % 3)
    np.savez(path, x=x[:60], y=y[:60], x_test=x[60:], y_test=y[60:])
    graph = load_model(SPEC, input_shape=SHAPE).graph
    with open_data(path, input_shape=SHAPE, validation=0.3) as data:
        made = Run(graph, data, Recipe(epochs=5, batch_size=8))
        list(made.events())
        yield made


def test_mistakes_are_those_of_the_test(run):
    made = outcome(run)
    assert made.test is not None
    found = made.mistakes()
    matrix = made.test.matrix
    assert matrix.sum() == found.count == 30
    assert found.wrong == sum(matrix[i, j] for i in range(3) for j in range(3) if i != j) > 0
    one = found.shown[0]
    np.testing.assert_array_equal(one.picture, run.data.test.pictures([one.number])[0])


def test_the_kernels_that_form_have_the_figures_of_their_steps(run):
    train = {moment.step: moment for moment in run.history.of("train")}
    for frame in outcome(run).forming().frames[1:]:
        moment = train[frame.step]
        assert (frame.epoch, frame.loss, frame.accuracy) == (
            moment.epoch, moment.loss, moment.accuracy,
        )  # fmt: skip
        np.testing.assert_array_equal(frame.kernel, run.frames[frame.step])


def test_which_weights_are_kept(run):
    accuracies = [moment.accuracy for moment in run.history.of("validation")]
    assert outcome(run).best.epoch == 1 + accuracies.index(max(accuracies))
    assert outcome(run, "last").best.epoch == 5
    assert accuracies.index(max(accuracies)) < 4


def test_the_picture_before_and_after_is_one_that_was_not_trained_on(run):
    shown = outcome(run).before_after()
    np.testing.assert_array_equal(shown.seen.picture, run.data.test.pictures([0])[0])
