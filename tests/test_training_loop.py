"""A training run: it learns, repeats itself to the bit, and goes on where it was left."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from data_files import png, unzipped
from scipy.special import log_softmax

from cnnviz import load_model
from cnnviz.errors import InputError, SpecError
from cnnviz.images import load_image
from cnnviz.model.ending import without_softmax
from cnnviz.model.executor import Sequential
from cnnviz.report.training_curves import curves
from cnnviz.trained.about import About
from cnnviz.training.augmentation import Augmentation
from cnnviz.training.checkpoint import Kept, load
from cnnviz.training.data import open_data
from cnnviz.training.forming import watched_steps
from cnnviz.training.history import History, Moment, mean
from cnnviz.training.loop import Run, Tick
from cnnviz.training.recipe import MOST_EPOCHS, Recipe
from cnnviz.training.step import Pass
from cnnviz.training.train import train

SPEC = """
Conv2D(4, 3, name="first") BatchNormalization(momentum=0.8) ReLU() MaxPool2D(2) Dropout(0.2)
Flatten() Dense(3, activation="softmax", name="out")
"""
SHAPE = (8, 8, 1)
GRAPH = load_model(SPEC, input_shape=SHAPE).graph
RECIPE = Recipe(
    epochs=4, batch_size=16, seed=3, augmentation=Augmentation(shift=1, flip=True),
    optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3},
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three classes: a bar on the left or right, at the top or bottom, or a blot; under noise."""
    dice, y = np.random.default_rng(0), np.arange(150) % 3
    x = dice.integers(0, 90, (150, 8, 8, 1))
    x[y == 0, :, 1] += 150
    x[y == 1, 1] += 150
    x[y == 2, 2:5, 2:5] += 150
    path = tmp_path_factory.mktemp("data") / "three.npz"
    np.savez(path, x=x.astype(np.uint8), y=y)
    with open_data(path, input_shape=SHAPE, validation=0.2) as opened:
        yield opened


def done(run: Run, kept: Kept | None = None) -> Run:
    for _ in run.events(kept, seconds=0):
        pass
    return run


def assert_equal(one: Run, other: Run) -> None:
    """Every weight, figure (but for the speed) and frame must be the same to the bit."""
    for node, own in one.weights.items():
        for name, values in own.items():
            assert values.tobytes() == other.weights[node][name].tobytes(), (node, name)
    figures = [
        [(m.step, m.epoch, m.part, m.loss, m.accuracy, m.lr) for m in run.history.moments]
        for run in (one, other)
    ]
    assert figures[0] == figures[1]
    assert one.best_accuracy == other.best_accuracy
    assert [*one.frames] == [*other.frames]
    assert all(one.frames[s].tobytes() == other.frames[s].tobytes() for s in one.frames)


def test_a_run_learns(data):
    run = Run(GRAPH, data, RECIPE)
    events = list(run.events())
    ticks = [event for event in events if isinstance(event, Tick)]
    assert [t.done for t in ticks if t.part == "train"] == list(range(1, run.steps + 1))
    assert run.steps == 4 * run.steps_an_epoch == 32
    assert [event for event in events if isinstance(event, Moment)] == run.history.moments
    accuracies = [moment.accuracy for moment in run.history.of("validation")]
    assert len(accuracies) == 4
    assert run.best_accuracy == max(accuracies) > 0.9
    assert sorted(run.frames) == [s for s in watched_steps(32) if s <= 32]
    assert run.frames[0].shape == (3, 3, 1, 4)
    assert (run.frames[32] == run.weights["first"]["kernel"]).all()
    assert (run.frames[0] != run.frames[32]).all()


def test_one_seed_gives_one_result_and_another_another(data):
    one = done(Run(GRAPH, data, RECIPE))
    assert_equal(one, done(Run(GRAPH, data, RECIPE)))
    other = done(Run(GRAPH, data, Recipe(**{**vars(RECIPE), "seed": 4})))
    assert (one.weights["out"]["kernel"] != other.weights["out"]["kernel"]).all()


@pytest.mark.parametrize("stopped_after", [1, 9, 17, 40, 55, 10_000])
def test_a_run_goes_on_to_the_same_result(data, tmp_path, stopped_after):
    """Stopped between two events, in an epoch, in a validation, and when all is done."""
    kept = Kept(str(tmp_path / "run"))
    for _ in islice(Run(GRAPH, data, RECIPE).events(kept, seconds=0), stopped_after):
        pass
    saved = load(kept.last, GRAPH) if Path(kept.last).exists() else None
    assert (saved is None) == (stopped_after == 1)
    resumed = done(Run(GRAPH, data, RECIPE, saved=saved), kept)
    assert_equal(resumed, done(Run(GRAPH, data, RECIPE)))
    assert load(kept.best, GRAPH).best_accuracy == resumed.best_accuracy


def test_other_settings_do_not_go_on(data, tmp_path):
    kept = Kept(str(tmp_path / "run"))
    done(Run(GRAPH, data, RECIPE), kept)
    saved = load(kept.last, GRAPH)
    with pytest.raises(SpecError, match="of another run: batch_size 16 there, 8 here"):
        Run(GRAPH, data, Recipe(**{**vars(RECIPE), "batch_size": 8}), saved=saved)


@pytest.mark.parametrize(
    "figures",
    [
        {"step": 10**30},
        {"epoch": 9, "step": 72},
        {"batch": 9, "step": 9},
        {"epoch": 4, "batch": 1, "step": 33},
        {"optimizer_steps": 1},
        {"best_accuracy": 1.5},
    ],
)
def test_counts_that_no_run_comes_to(data, figures):
    saved = Run(GRAPH, data, RECIPE).checkpoint()
    with pytest.raises(InputError, match="corrupt checkpoint: ") as found:
        Run(GRAPH, data, RECIPE, saved=replace(saved, **figures))
    assert len(str(found.value)) < 120


@pytest.mark.parametrize("settings", [{}, {"recipe": "x", "data": None}, {"data": {"\x1b": {}}}])
def test_settings_that_no_run_has(data, settings):
    saved = Run(GRAPH, data, RECIPE).checkpoint()
    with pytest.raises(SpecError, match="of another run: epochs None there, 4 here"):
        Run(GRAPH, data, RECIPE, saved=replace(saved, settings=settings))


def test_epochs_whose_history_does_not_fit_in_a_checkpoint():
    moment = Moment(
        step=10**7, epoch=10**4, part="validation", loss=1 / 3, accuracy=1 / 3, examples=10**4,
        lr=1 / 3, examples_per_second=1e4 / 3,
    )  # fmt: skip
    columns = History([moment] * 2 * MOST_EPOCHS).to_columns()
    assert len(json.dumps(columns, separators=(",", ":"))) < 2**23 - 10**5
    with pytest.raises(SpecError, match="20001 epochs are more than 20000"):
        Recipe(epochs=MOST_EPOCHS + 1)


def test_pictures_are_cropped_at_random_and_validated_in_the_centre(tmp_path):
    x = np.zeros((40, 12, 12), np.uint8)
    x[:, 2:-2, 2:-2] = 255
    path = tmp_path / "white.npz"
    np.savez(path, x=x, y=np.arange(40) % 3)
    changes = Augmentation(crop=(8, 8))
    with open_data(path, input_shape=(12, 12, 1), validation=0.3) as opened:
        run = done(Run(GRAPH, opened, Recipe(epochs=1, augmentation=changes)))
        batch = next(opened.validation.batches(12))
    assert changes.centred(batch.x).min() == 255
    logits = Sequential(without_softmax(GRAPH), run.weights).run(np.ones((12, *SHAPE)), ["out"])
    losses = -log_softmax(logits["out"], axis=1)[np.arange(12), batch.y]
    assert run.history.moments[-1].loss == pytest.approx(losses.mean(), rel=1e-5)


def test_bad_pictures_are_left_out_and_a_batch_may_be_empty(tmp_path):
    files = {f"{'abc'[n % 3]}/{n:02}.png": png(n * 8) for n in range(30)}
    for name in list(files)[::4]:
        files[name] = b"no picture"
    folder = unzipped(tmp_path / "set", files)
    with open_data(folder, input_shape=SHAPE, validation=0) as opened:
        run = Run(GRAPH, opened, Recipe(epochs=2, batch_size=1))
        done(run)
        assert len(opened.failures) == 8
    assert run.step == run.steps == 60
    assert run.best_accuracy is None
    assert {moment.part for moment in run.history.moments} == {"train"}


def test_a_run_whose_losses_overflow_stops_and_says_where(data, tmp_path):
    kept = Kept(str(tmp_path / "run"))
    recipe = Recipe(optimizer={"name": "sgd", "lr": 1e18}, batch_size=16)
    graph = load_model("Flatten() Dense(9) Dense(3)", input_shape=SHAPE).graph
    with pytest.raises(InputError, match=r"step \d+ of 80 \(epoch 1\): .* losses are NaN") as told:
        done(Run(graph, data, recipe), kept)
    assert "lower learning rate" in str(told.value)


def test_a_network_must_have_an_output_for_each_class(data):
    graph = load_model("Flatten() Dense(4, name='out')", input_shape=SHAPE).graph
    with pytest.raises(SpecError, match=r"4 outputs, but the data have 3 .*--set out\.units=3"):
        Run(graph, data, RECIPE)
    with pytest.raises(SpecError, match="maps"):
        Run(load_model("Conv2D(3, 3)", input_shape=SHAPE).graph, data, RECIPE)


def test_weights_to_begin_with_are_copied(data):
    first = done(Run(GRAPH, data, RECIPE)).weights
    run = Run(GRAPH, data, RECIPE, first=first)
    assert (run.frames[0] == first["first"]["kernel"]).all()
    done(run)
    assert (run.frames[0] == first["first"]["kernel"]).all()


def test_true_convolution_has_the_same_losses_and_turned_kernels(data, tmp_path):
    plain = done(Run(GRAPH, data, RECIPE))
    kept = Kept(str(tmp_path / "run"))
    flipped = done(Run(GRAPH, data, Recipe(**{**vars(RECIPE), "flip": True})), kept)
    figures = [[(m.loss, m.accuracy) for m in run.history.moments] for run in (plain, flipped)]
    assert figures[0] == figures[1]
    kernel, other = plain.weights["first"]["kernel"], flipped.weights["first"]["kernel"]
    assert (other == kernel[::-1, ::-1]).all()
    assert (other != kernel).any()
    assert (flipped.weights["out"]["kernel"] == plain.weights["out"]["kernel"]).all()
    assert (flipped.frames[0] == plain.frames[0][::-1, ::-1]).all()


def test_a_trained_model_takes_arrays_as_they_were_trained_on(data, tmp_path):
    """Also out of a file, whose spec says nothing of preprocessing or classes."""
    path = str(data.describe()["path"])
    model = train(load_model(SPEC, input_shape=SHAPE), path, epochs=4, batch_size=16, flip=True)
    assert model.graph.labels == ("0", "1", "2")
    model.save(tmp_path / "w.safetensors", about=About(
        labels=model.graph.labels, preprocess=model.graph.preprocess, is_turned=True,
    ))  # fmt: skip
    again = load_model(SPEC, input_shape=SHAPE, weights=tmp_path / "w.safetensors")
    assert again.graph.labels == model.graph.labels
    bar = np.full((8, 8), 40)
    bar[1] = 200
    np.save(tmp_path / "bar.npy", bar)
    image = load_image(str(tmp_path / "bar.npy"))
    for each in (model, again):
        assert each.predict(image).argmax() == 1
    np.testing.assert_allclose(model.predict(image), again.predict(image), rtol=1e-6)


def test_a_model_with_other_preprocessing_is_trained_with_it(data):
    path = str(data.describe()["path"])
    start = load_model(SPEC, input_shape=SHAPE, weights="random")
    graph = replace(start.graph, preprocess={"scale": 1 / 127.5, "mean": 1.0})
    as_given, as_its_own = (
        train(model, path, epochs=1).weights["first"]["kernel"]
        for model in (start.preprocessed_by("tf"), replace(start, graph=graph))
    )
    np.testing.assert_array_equal(as_given, as_its_own)


def test_the_best_weights_are_trained_ones_of_their_own(data, monkeypatch):
    """Those of the highest validation, whatever is learned after it."""
    accuracies = (0.5, 0.9, 0.1)

    def validate(run: Run) -> Generator[Moment, None, float]:
        accuracy = accuracies[run.history.moments[-1].epoch - 1]
        yield Moment(step=run.step, epoch=1, part="validation", loss=1.0, accuracy=accuracy)
        return accuracy

    monkeypatch.setattr(Run, "_validate", validate)
    path, constant = str(data.describe()["path"]), {"schedule": {"name": "constant"}}
    start = load_model(SPEC, input_shape=SHAPE, weights="random")
    three, two = (train(start, path, epochs=epochs, **constant) for epochs in (3, 2))
    for node, own in three.weights.items():
        for name, values in own.items():
            np.testing.assert_array_equal(values, two.weights[node][name])


def test_the_rate_that_is_noted_is_that_of_the_step(data):
    run = done(Run(GRAPH, data, RECIPE))
    for moment in run.history.of("train"):
        rate = 0.05 * (1 + np.cos(np.pi * (moment.step - 1) / run.steps)) / 2
        assert moment.lr == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("moments", [500, 10])
def test_an_epoch_is_the_mean_over_its_pictures(data, monkeypatch, moments):
    """Neither a last batch of fewer pictures counts as a whole one, nor a last stretch of steps."""
    made, run = [], Pass.run

    def spy(*args, **settings):
        made.append(run(*args, **settings))
        return made[-1]

    monkeypatch.setattr(Pass, "run", spy)
    monkeypatch.setattr("cnnviz.training.loop.MOMENTS", moments)
    history = done(Run(GRAPH, data, replace(RECIPE, batch_size=50))).history
    assert len(data.train) % 50
    rows = curves(history.to_columns(), model="m", data="d").to_dicts()
    per_epoch = -(-len(data.train) // 50)
    for row, first in zip(rows, range(0, len(made), per_epoch), strict=True):
        epoch = made[first : first + per_epoch]
        losses = np.concatenate([step.losses for step in epoch])
        right = np.concatenate([step.is_right for step in epoch])
        assert len(losses) == len(data.train)
        own = [moment for moment in history.of("train") if moment.epoch == row["epoch"]]
        assert sum(moment.examples for moment in own) == len(data.train)
        for found in (row["train_loss"], mean(own, "loss")):
            assert found == pytest.approx(losses.mean(), rel=1e-6)
        for found in (row["train_accuracy"], mean(own, "accuracy")):
            assert found == pytest.approx(right.mean(), rel=1e-12)


def test_each_step_drops_other_values(data, monkeypatch):
    drawn, run = [], Pass.run

    def spy(self, x, labels, generator, **rest):
        drawn.append(copy.deepcopy(generator).random())
        return run(self, x, labels, generator, **rest)

    monkeypatch.setattr(Pass, "run", spy)
    made = done(Run(GRAPH, data, RECIPE))
    assert len(set(drawn)) == len(drawn) == made.steps


def test_a_short_run_is_validated_by_statistics_of_its_own(data):
    """With a momentum of 0.99 half of what the first step found would be left after 69 more."""
    graph = load_model(SPEC.replace("0.8", "0.99"), input_shape=SHAPE).graph
    run = done(Run(graph, data, replace(RECIPE, epochs=3)))
    assert run.steps < 30
    assert run.best_accuracy > 0.9
