"""Checkpoints: bit for bit, whole or not at all, and never of another network."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from safetensors.numpy import load_file, save_file

from cnnviz import load_model
from cnnviz.errors import InputError, OutputError, SpecError
from cnnviz.training.checkpoint import Checkpoint, Kept, load, save
from cnnviz.training.history import History, Moment
from cnnviz.training.initial import initial_weights
from cnnviz.training.optimizers import Adam, optimizer
from cnnviz.training.schedules import Cosine, schedule

ROOT = Path(__file__).resolve().parent.parent
SPEC = """
Input((6, 6, 2)) Conv2D(4, 3, name="a.b:c") BatchNormalization(name="norm") ReLU() Flatten()
Dense(3, name="fc")
"""
GRAPH = load_model(SPEC).graph
TRAINED = ("kernel", "bias", "gamma", "beta")


def gradients(weights, step: int):
    dice = np.random.default_rng(step)
    return {
        node: {n: dice.standard_normal(w.shape, np.float32) for n, w in own.items() if n in TRAINED}
        for node, own in weights.items()
    }


def trained(steps: int = 3) -> Checkpoint:
    weights, made = initial_weights(GRAPH, 3), Adam(lr=0.01)
    for step in range(steps):
        made.step(weights, gradients(weights, step))
    weights["norm"]["moving_mean"][:] = [1, np.nextafter(1, 2, dtype=np.float32), -0.0, 1e-45]
    history = History([Moment(step=3, epoch=1, loss=0.1 + 0.2, accuracy=1 / 3, lr=0.01)])
    return Checkpoint(
        weights=weights, state=made.state, optimizer_steps=made.steps, step=3, epoch=1, batch=2,
        seed=7, optimizer=made.settings, schedule=Cosine(total=9).settings,
        settings={"batch_size": 64, "augmentation": {"flip": True}}, best_accuracy=0.1 + 0.7,
        history=history, frames={s: np.full((3, 3, 2, 4), s, np.float32) for s in (0, 3)},
        command="cnnviz train data -o 'ü.safetensors'",
    )  # fmt: skip


def flat(made: Checkpoint) -> dict[str, np.ndarray]:
    found = {f"{n}.{w}": v for n, own in made.weights.items() for w, v in own.items()}
    found |= {f"a.b:c.kernel:frame {step}": values for step, values in made.frames.items()}
    return found | {f"{k}:{s}": v for s, own in made.state.items() for k, v in own.items()}


def assert_same(first: Checkpoint, second: Checkpoint) -> None:
    for each in dataclasses.fields(Checkpoint):
        if each.name not in ("weights", "state", "frames"):
            assert getattr(first, each.name) == getattr(second, each.name), each.name
    one, other = flat(first), flat(second)
    assert sorted(one) == sorted(other)
    for name, values in one.items():
        assert values.dtype == other[name].dtype
        assert values.tobytes() == other[name].tobytes(), name


def test_all_of_it_comes_back_bit_for_bit(tmp_path):
    path = tmp_path / "run.safetensors"
    save(path, GRAPH, trained())
    assert_same(load(path, GRAPH), trained())
    first = path.read_bytes()
    save(path, GRAPH, load(path, GRAPH))
    assert path.read_bytes() == first
    assert files(tmp_path) == {"run.safetensors"}


def test_another_reader_finds_the_same_arrays(tmp_path):
    save(tmp_path / "run.safetensors", GRAPH, trained())
    theirs, ours = load_file(tmp_path / "run.safetensors"), flat(trained())
    assert set(theirs) == set(ours)
    assert {"a.b:c.kernel", "a.b:c.kernel:mean", "norm.moving_variance"} < set(theirs)
    for name, values in ours.items():
        assert theirs[name].tobytes() == values.tobytes()


def test_a_resumed_run_ends_as_the_uninterrupted_one(tmp_path):
    made = trained()
    save(tmp_path / "run.safetensors", GRAPH, made)
    again = load(tmp_path / "run.safetensors", GRAPH)
    resumed, straight = optimizer(**again.optimizer), Adam(lr=0.01)
    resumed.restore(again.optimizer_steps, again.state)
    straight.restore(made.optimizer_steps, made.state)
    rates = schedule(**again.schedule)
    for step in range(3, 8):
        for one, weights in ((resumed, again.weights), (straight, made.weights)):
            one.step(weights, gradients(made.weights, step), rates(step))
    assert_same(
        dataclasses.replace(again, optimizer_steps=resumed.steps),
        dataclasses.replace(made, optimizer_steps=straight.steps),
    )


def test_a_checkpoint_is_a_weight_file(tmp_path):
    save(tmp_path / "run.safetensors", GRAPH, trained())
    model = load_model(SPEC, weights=tmp_path / "run.safetensors")
    np.testing.assert_array_equal(model.weights["fc"]["kernel"], trained().weights["fc"]["kernel"])


def test_weights_that_are_views_are_written_in_order(tmp_path):
    made = trained()
    made.weights["fc"]["kernel"] = np.asfortranarray(made.weights["fc"]["kernel"])
    save(tmp_path / "run.safetensors", GRAPH, made)
    assert_same(load(tmp_path / "run.safetensors", GRAPH), trained())


@pytest.mark.parametrize(
    ("spec", "lines"),
    [
        (SPEC.replace("Conv2D(4", "Conv2D(5"), "filters = 4 there, filters = 5 here"),
        (SPEC + "Softmax()", "nothing more there, an empty line here"),
        (SPEC.replace("ReLU()", "ELU()"), r'type = "ReLU" there, type = "ELU" here'),
    ],
)
def test_another_specs_checkpoint_is_refused(tmp_path, spec, lines):
    save(tmp_path / "run.safetensors", GRAPH, trained())
    with pytest.raises(InputError, match=f"is a checkpoint of another model: {lines}; train that"):
        load(tmp_path / "run.safetensors", load_model(spec).graph)


def test_mere_weights_are_no_checkpoint(tmp_path):
    weights = {"fc.kernel": np.ones(3, np.float32)}
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=r"w\.safetensors: holds weights but no training"):
        load(tmp_path / "w.safetensors", GRAPH)
    with pytest.raises(InputError, match="cannot be read: no such file"):
        load(tmp_path / "none.safetensors", GRAPH)


def history(**figures: object) -> dict:
    """Return the facts of a history of one moment, one of whose figures is hostile."""
    moment = {"step": 3, "epoch": 1, "loss": 0.5, "accuracy": 0.5, "examples": 9}
    columns = History([Moment(**moment)]).to_columns()
    return {"history": columns | {name: [value] for name, value in figures.items()}}


def changed(path: Path, facts: dict | None = None, tensors: dict | None = None) -> Path:
    """Write a checkpoint again by another writer, with changes; a fact of None is left out."""
    save(path, GRAPH, trained())
    data = path.read_bytes()
    about = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    said = {**json.loads(about["training"]), **(facts or {})}
    about["training"] = json.dumps({k: v for k, v in said.items() if v is not None})
    if facts or tensors:
        del about["checksum"]  # which whoever means harm could make anew
    kept = {k: v for k, v in (load_file(path) | (tensors or {})).items() if v is not None}
    save_file(kept, path, about)
    return path


@pytest.mark.parametrize(
    ("facts", "tensors", "fault"),
    [
        ({"step": None}, {}, "its metadata lack some facts"),
        ({"step": -1}, {}, "step -1"),
        ({"step": True}, {}, "step True"),
        ({"epoch": "x" * 500}, {}, "epoch 'xxx"),
        ({"best_accuracy": float("nan")}, {}, "its metadata are not JSON"),
        ({"history": {"step": 3}}, {}, "its history"),
        ({"history": dict.fromkeys(History().to_columns(), 5)}, {}, "its history"),
        (history(step=-1), {}, "its history"),
        (history(step=10**400), {}, "its history"),
        (history(epoch=True), {}, "its history"),
        (history(part="test"), {}, "its history"),
        (history(loss=10**400), {}, "its history"),
        (history(accuracy=1.5), {}, "its history"),
        (history(examples_per_second=1e-308), {}, "its history"),
        ({}, {"fc.kernel": None}, r"fc\.kernel is missing"),
        ({}, {"fc.bias": np.ones(4, np.float32)}, r"fc\.bias \(4, float32\) is no array of the"),
        ({}, {"fc.bias:mean": np.ones(3, np.int8)}, r"fc\.bias:mean \(3, int8\) is no array"),
        ({}, {"other": np.ones(3, np.float32)}, r"other \(3, float32\) is no array"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, facts, tensors, fault):
    path = changed(tmp_path / "run.safetensors", facts, tensors)
    with pytest.raises(
        InputError, match=rf"run\.safetensors: corrupt checkpoint: .*{fault}"
    ) as found:
        load(path, GRAPH)
    assert len(str(found.value)) < 300


def test_an_unchanged_one_passes_through_the_other_writer(tmp_path):
    assert_same(load(changed(tmp_path / "run.safetensors"), GRAPH), trained())


def test_a_flipped_bit_is_refused(tmp_path):
    """Unless it is one that changes nothing, as in the name of the model."""
    path, refused = tmp_path / "run.safetensors", 0
    save(path, GRAPH, trained())
    data, dice = path.read_bytes(), random.Random(0)
    for place in dice.sample(range(data.index(b'"training"'), len(data)), 100):
        torn = bytearray(data)
        torn[place] ^= 1 << dice.randrange(8)
        path.write_bytes(torn)
        refused += 1
        with contextlib.suppress(InputError):
            assert_same(load(path, GRAPH), trained())
            refused -= 1
    assert refused > 90


def test_a_torn_file_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    save(path, GRAPH, trained())
    data = path.read_bytes()
    for size in (0, 7, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(InputError, match=r"run\.safetensors"):
            load(path, GRAPH)


def test_a_fault_leaves_the_old_one(tmp_path):
    path = tmp_path / "run.safetensors"
    save(path, GRAPH, trained())
    before, made = path.read_bytes(), trained()
    made.settings["what"] = object()
    with pytest.raises(SpecError, match="a checkpoint holds plain data"):
        save(path, GRAPH, made)
    made = trained()
    made.weights["fc"]["kernel"] = np.ones((3, 3), complex)
    with pytest.raises(InputError, match="has no type complex128"):
        save(path, GRAPH, made)
    made = trained()
    made.history.moments *= 200_000
    with pytest.raises(SpecError, match="a history of 200000 moments does not fit"):
        save(path, GRAPH, made)
    assert path.read_bytes() == before
    assert files(tmp_path) == {"run.safetensors"}
    (tmp_path / "link.safetensors").symlink_to(path)
    with pytest.raises(OutputError, match="is a symlink"):
        save(tmp_path / "link.safetensors", GRAPH, trained())


def test_last_and_best(tmp_path):
    kept, made = Kept(str(tmp_path / "net")), trained()
    made.best_accuracy = None
    course = [(None, False), (0.5, True), (0.5, False), (float("nan"), False), (0.75, True)]
    for step, (accuracy, better) in enumerate([*course, (0.7, False)]):
        made.step = step
        assert kept.save(GRAPH, made, accuracy) is better
    best, last = load(kept.best, GRAPH), load(kept.last, GRAPH)
    assert (best.step, last.step) == (4, 5)
    assert best.best_accuracy == last.best_accuracy == 0.75
    assert files(tmp_path) == {"net.best.safetensors", "net.last.safetensors"}


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from test_training_checkpoint import GRAPH, Kept, trained
made, kept = trained(0), Kept("net")
print("ready", flush=True)
while True:
    made.step += 1
    for own in made.weights.values():
        for values in own.values():
            values[:] = made.step
    kept.save(GRAPH, made, made.step)
    print(made.step, flush=True)
"""


@pytest.mark.slow
def test_a_killed_run_leaves_whole_files(tmp_path):
    dice, steps = random.Random(1), []
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    for count in range(1, 31, 5):  # files, and a moment: seconds alone say little on a busy machine
        run = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(ROOT / "tests")],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
        )
        assert run.stdout.readline() == b"ready\n"
        for _ in range(count):
            run.stdout.readline()
        time.sleep(dice.uniform(0, 0.01))
        run.kill()
        run.communicate(timeout=30)
        last = load(tmp_path / "net.last.safetensors", GRAPH)
        best = load(tmp_path / "net.best.safetensors", GRAPH)
        assert best.step - last.step in (0, 1)
        for made in (last, best):
            values = {v for own in made.weights.values() for w in own.values() for v in w.flat}
            assert values == {made.step}
        steps.append(last.step)
    assert len(set(steps)) > 3
    assert len(files(tmp_path)) <= 3
