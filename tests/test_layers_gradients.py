"""The contract of training: each case of `layer_cases` is held to central differences.

In float64, along random directions: each has a share of every value, so that one wrong value shows.
"""

from __future__ import annotations

import numpy as np
from layer_cases.case import Case
from test_layers import drawn, every_case, made_of

from cnnviz.contract import Backward
from cnnviz.ops.checks import Array

STEP = 1e-6
Named = dict[str, Array]


def run(case: Case, weights: Named, xs: list[Array], *, training: bool) -> tuple[Array, Backward]:
    """Return a layer's output and way back; what training drops is the same in every run."""
    layer = made_of(case)
    if training:
        generator = np.random.default_rng(5)
        y, backward, statistics = layer.forward_training(weights, *xs, generator=generator)
        assert {name: value.shape for name, value in statistics.items()}.items() <= (
            layer.statistic_shapes(*case.taken).items()
        )
        return y, backward
    y, backward = layer.forward(weights, *xs)
    assert backward is not None, "it cannot be trained through"
    return y, backward


def upstream(y: Array, seed: int = 1) -> Array:
    """Return a gradient of an output, which nobody may write to."""
    gradient = np.random.default_rng(seed).standard_normal(y.shape).astype(y.dtype)
    gradient.setflags(write=False)
    return gradient


def named(case: Case, weights: Named, xs: list[Array]) -> Named:
    """Return what has a gradient: the inputs by number, the weights by name."""
    trained = made_of(case).weight_shapes(*case.taken)
    return {str(n): x for n, x in enumerate(xs)} | {name: weights[name] for name in trained}


def gradients(backward: Backward, gradient: Array, case: Case) -> Named:
    of_inputs, of_weights = backward(gradient)
    assert len(of_inputs) == len(case.taken)
    assert set(of_weights) == set(made_of(case).weight_shapes(*case.taken))
    return {str(n): found for n, found in enumerate(of_inputs)} | of_weights


def held_to_differences(case: Case, *, training: bool) -> None:
    weights, xs = drawn(case, np.float64)
    y, backward = run(case, weights, xs, training=training)
    gradient = upstream(y)
    found = gradients(backward, gradient, case)

    def loss(name: str, moved: Array) -> float:
        taken = [moved if str(n) == name else x for n, x in enumerate(xs)]
        made, _ = run(case, weights | {name: moved}, taken, training=training)
        return float((made * gradient).sum())

    rng = np.random.default_rng(2)
    for name, value in named(case, weights, xs).items():
        assert found[name].shape == value.shape, name
        for _ in range(3):
            way = rng.standard_normal(value.shape)
            ahead, behind = (loss(name, value + sign * STEP * way) for sign in (1, -1))
            theirs, ours = (ahead - behind) / (2 * STEP), float((found[name] * way).sum())
            scale = float(np.abs(found[name] * way).sum()) + 1
            assert abs(theirs - ours) < 1e-6 * scale, (name, theirs, ours)


@every_case
def test_gradients_are_the_differences(case: Case) -> None:
    held_to_differences(case, training=False)


@every_case
def test_gradients_in_training_are_the_differences(case: Case) -> None:
    held_to_differences(case, training=True)


@every_case
def test_gradients_have_the_type_of_the_run(case: Case) -> None:
    """Also: nothing that is given is written to, as `drawn` and `upstream` see to."""
    double, single = (drawn(case, dtype) for dtype in (np.float64, np.float32))
    for training in (False, True):
        y, backward = run(case, *double, training=training)
        gradient = upstream(y)
        exact = gradients(backward, gradient, case)
        y, backward = run(case, *single, training=training)
        assert y.dtype == np.float32
        found = gradients(backward, gradient.astype(np.float32), case)
        for name, whole in exact.items():
            assert found[name].dtype == np.float32, name
            assert whole.dtype == np.float64, name
            scale = max(1.0, float(np.abs(whole).max()))
            assert float(np.abs(found[name] - whole).max()) < 1e-4 * scale, name


@every_case
def test_gradients_of_inputs_are_left_out(case: Case) -> None:
    weights, xs = drawn(case)
    for training in (False, True):
        y, backward = run(case, weights, xs, training=training)
        _, whole = backward(upstream(y))
        none, of_weights = backward(upstream(y), of_inputs=False)
        assert none == ()
        assert of_weights.keys() == whole.keys()
        for name, found in of_weights.items():
            np.testing.assert_array_equal(found, whole[name])


@every_case
def test_gradients_of_a_batch_are_those_of_its_parts(case: Case) -> None:
    weights, xs = drawn(case, np.float64)
    y, backward = run(case, weights, xs, training=False)
    gradient = upstream(y)
    whole, parts = gradients(backward, gradient, case), []
    for n in (0, 1):
        _, backward = run(case, weights, [x[n : n + 1] for x in xs], training=False)
        parts.append(gradients(backward, gradient[n : n + 1], case))
    for name, found in whole.items():
        both = [part[name] for part in parts]
        joined = np.concatenate(both) if name.isdigit() else np.sum(both, axis=0)
        np.testing.assert_allclose(joined, found, rtol=1e-10, atol=1e-12)


CONTRACT = (
    test_gradients_are_the_differences,
    test_gradients_in_training_are_the_differences,
    test_gradients_have_the_type_of_the_run,
    test_gradients_of_inputs_are_left_out,
    test_gradients_of_a_batch_are_those_of_its_parts,
)
