"""Optimisers beside sums over all gradients so far, written without any running state."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from cnnviz.errors import RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.training.optimizers import BLOCK, SGD, Adam, AdamW, Optimizer, optimizer

STEPS = 12
SHAPE = (3, BLOCK // 3 + 40)  # of two pieces
GRADIENTS = np.random.default_rng(0).normal(0, 1, (STEPS, *SHAPE))
START = np.random.default_rng(1).normal(0, 1, SHAPE)
LR = 0.05


def trained(made: Optimizer, name: str = "kernel", kind: type = np.float64) -> np.ndarray:
    weights = {"a": {name: START.astype(kind), "moving_mean": np.ones(3, kind)}}
    for gradient in GRADIENTS:
        made.step(weights, {"a": {name: gradient.astype(kind)}})
    assert weights["a"]["moving_mean"].tolist() == [1, 1, 1]
    assert weights["a"][name].dtype == kind
    return weights["a"][name]


def decayed(beta: float, until: int, power: int = 1) -> np.ndarray:
    """Return the sum of the gradients up to one, each `beta` times less than the next."""
    factors = beta ** np.arange(until, -1, -1.0)
    return np.tensordot(factors, GRADIENTS[: until + 1] ** power, 1)


def test_sgd_is_the_sum_of_gradients():
    np.testing.assert_allclose(trained(SGD(lr=LR)), START - LR * GRADIENTS.sum(0), rtol=1e-12)


def test_momentum_is_a_decaying_sum():
    wanted = START - LR * sum(decayed(0.9, t) for t in range(STEPS))
    np.testing.assert_allclose(trained(SGD(lr=LR, momentum=0.9)), wanted, rtol=1e-11, atol=1e-12)


def test_nesterov_looks_one_step_ahead():
    wanted = START - LR * sum(GRADIENTS[t] + 0.9 * decayed(0.9, t) for t in range(STEPS))
    made = trained(SGD(lr=LR, momentum=0.9, nesterov=True))
    np.testing.assert_allclose(made, wanted, rtol=1e-11, atol=1e-12)


def test_sgd_with_decay_shrinks_by_powers():
    shrink = 1 - LR * 0.3
    wanted = shrink**STEPS * START - LR * decayed(shrink, STEPS - 1)
    np.testing.assert_allclose(trained(SGD(lr=LR, weight_decay=0.3)), wanted, rtol=1e-11)


def adam(t: int) -> np.ndarray:
    """Return the step of Adam after the gradients 0 to `t`, from weighted means."""
    mean = decayed(0.8, t) / sum(0.8**i for i in range(t + 1))
    square = decayed(0.95, t, 2) / sum(0.95**i for i in range(t + 1))
    return mean / (np.sqrt(square) + 1e-6)


def test_adam_is_a_mean_over_the_root_of_a_mean_square():
    made = trained(Adam(lr=LR, beta1=0.8, beta2=0.95, eps=1e-6))
    np.testing.assert_allclose(made, START - LR * sum(adam(t) for t in range(STEPS)), rtol=1e-9)


def test_adamw_shrinks_beside_the_steps():
    shrink = 1 - LR * 0.3
    wanted = shrink**STEPS * START
    wanted -= LR * sum(shrink ** (STEPS - 1 - t) * adam(t) for t in range(STEPS))
    made = trained(AdamW(lr=LR, beta1=0.8, beta2=0.95, eps=1e-6, weight_decay=0.3))
    np.testing.assert_allclose(made, wanted, rtol=1e-9, atol=1e-12)


def test_adams_own_decay_is_a_gradient():
    weights, plain = ({"a": {"kernel": START.copy()}} for _ in range(2))
    Adam(weight_decay=0.3).step(weights, {"a": {"kernel": GRADIENTS[0]}})
    Adam().step(plain, {"a": {"kernel": GRADIENTS[0] + 0.3 * START}})
    np.testing.assert_array_equal(weights["a"]["kernel"], plain["a"]["kernel"])


@pytest.mark.parametrize("name", ["bias", "gamma", "beta", "alpha"])
@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_only_kernels_decay(kind, name):
    assert_same(trained(kind(weight_decay=0.3), name), trained(kind(weight_decay=0), name))
    full = trained(kind(weight_decay=0.3, decay_all=True), name)
    assert_same(full, trained(kind(weight_decay=0.3), "depthwise_kernel"))
    assert np.abs(full - trained(kind(weight_decay=0), name)).max() > 1e-4


@pytest.mark.parametrize("made", [SGD(momentum=0.9, nesterov=True), Adam(), AdamW()])
def test_float32_in_place_with_nothing_new_but_the_state(made):
    values, gradient = START.astype(np.float32), GRADIENTS[0].astype(np.float32)
    weights, given = {"a": {"kernel": values}}, gradient.copy()
    made.step(weights, {"a": {"kernel": given}})
    state = {slot: own["a.kernel"] for slot, own in made.state.items()}
    made.step(weights, {"a": {"kernel": given}}, factor=0.5)
    assert weights["a"]["kernel"] is values
    assert all(made.state[slot]["a.kernel"] is array for slot, array in state.items())
    assert {array.dtype for array in state.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(given, gradient)


@pytest.mark.parametrize("made", [SGD(momentum=0.9, nesterov=True, weight_decay=0.1), AdamW()])
def test_a_step_allocates_next_to_nothing(made):
    weights = {"a": {"kernel": np.ones(300_000, np.float32)}}
    slopes = {"a": {"kernel": np.ones(300_000, np.float32)}}
    made.step(weights, slopes)
    tracemalloc.start()
    made.step(weights, slopes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000


def test_the_factor_is_one_of_the_rate():
    weights, halved = ({"a": {"kernel": START.copy()}} for _ in range(2))
    first, second = SGD(lr=0.1, momentum=0.9), SGD(lr=0.1, momentum=0.9)
    for factor in (1.0, 0.5, 0.25):
        first.step(weights, {"a": {"kernel": GRADIENTS[0]}}, factor)
        second.lr = 0.1 * factor
        second.step(halved, {"a": {"kernel": GRADIENTS[0]}})
    np.testing.assert_array_equal(weights["a"]["kernel"], halved["a"]["kernel"])


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_settings_and_state_make_the_same_again(name):
    first = optimizer(name, lr=0.02, weight_decay=0.1)
    first = optimizer("sgd", momentum=0.5, lr=0.02) if name == "sgd" else first
    one = {"a": {"kernel": START.copy()}}
    first.step(one, {"a": {"kernel": GRADIENTS[0]}})
    again = optimizer(**first.settings)
    copy = {slot: {k: v.copy() for k, v in own.items()} for slot, own in first.state.items()}
    again.restore(first.steps, copy)
    other = {"a": {"kernel": one["a"]["kernel"].copy()}}
    for made, weights in ((first, one), (again, other)):
        made.step(weights, {"a": {"kernel": GRADIENTS[1]}})
    assert_same(one["a"]["kernel"], other["a"]["kernel"])


def test_weights_that_would_not_change_are_refused():
    turned, frozen = np.ones((3, 4)).T, np.ones(4)
    frozen.flags.writeable = False
    for values in (turned, frozen):
        with pytest.raises(SpecError, match=r"^n\.kernel: the weights are a view .* train a copy"):
            SGD().step({"n": {"kernel": values}}, {"n": {"kernel": values + 1}})
    with pytest.raises(SpecError, match=r"n\.kernel: a gradient \(2,\) of weights \(3,\)"):
        SGD().step({"n": {"kernel": np.ones(3)}}, {"n": {"kernel": np.ones(2)}})


def test_faults():
    with pytest.raises(SpecError, match="unknown optimiser 'adamm'; did you mean adam"):
        optimizer("adamm")
    with pytest.raises(SpecError, match="unknown setting of sgd 'momentom'; did you mean momentum"):
        optimizer("sgd", momentom=0.9)
    with pytest.raises(SpecError, match="momentum 1 is not below 1"):
        SGD(momentum=1)
    with pytest.raises(SpecError, match=r"lr -0\.1 is not a number of at least 0"):
        SGD(lr=-0.1)
    with pytest.raises(SpecError, match="nesterov needs a momentum"):
        SGD(nesterov=True)
    with pytest.raises(SpecError, match="holds momentum, where adam keeps mean, square"):
        Adam().restore(1, {"momentum": {}})
    with byte_budget(1000), pytest.raises(RefusedError, match="the optimiser's state needs"):
        Adam().step({"n": {"kernel": np.ones(400)}}, {"n": {"kernel": np.ones(400)}})


def assert_same(first: np.ndarray, second: np.ndarray) -> None:
    np.testing.assert_array_equal(first, second)
