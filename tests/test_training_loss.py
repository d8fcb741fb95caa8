"""Cross-entropy beside SciPy's log_softmax, and its gradient beside central differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, xlogy

from cnnviz.errors import InputError, SpecError
from cnnviz.training.loss import cross_entropy

DICE = np.random.default_rng(3)
LOGITS = DICE.normal(0, 4, (7, 10))
LABELS = DICE.integers(0, 10, 7)


def targets(smoothing: float) -> np.ndarray:
    return (1 - smoothing) * np.eye(10)[LABELS] + smoothing / 10


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
@pytest.mark.parametrize(("kind", "close"), [(np.float64, 1e-13), (np.float32, 2e-6)])
def test_each_loss_is_minus_the_targets_log_probability(smoothing, kind, close):
    losses, gradient = cross_entropy(LOGITS.astype(kind), LABELS, label_smoothing=smoothing)
    wanted = -(targets(smoothing) * log_softmax(LOGITS, axis=1)).sum(1)
    assert losses.dtype == gradient.dtype == kind
    np.testing.assert_allclose(losses, wanted, rtol=close, atol=close)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_gradient_is_that_of_the_mean(smoothing):
    _, gradient = cross_entropy(LOGITS, LABELS, label_smoothing=smoothing)
    for place in np.ndindex(*LOGITS.shape):
        move = np.zeros_like(LOGITS)
        move[place] = 1e-5
        up, down = (
            cross_entropy(z, LABELS, label_smoothing=smoothing)[0].mean()
            for z in (LOGITS + move, LOGITS - move)
        )
        assert gradient[place] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-10)


def test_large_logits_do_not_overflow():
    logits = np.array([[1e4, 0, -1e4], [3e38, -3e38, 0]], np.float32)
    losses, gradient = cross_entropy(logits, [0, 0])
    assert losses.tolist() == [0, 0]
    assert not gradient.any()
    assert cross_entropy(logits[:1], [1])[0].tolist() == [1e4]


def test_a_smoothed_loss_is_least_at_the_smoothed_target():
    _, gradient = cross_entropy(np.log(targets(0.2)), LABELS, label_smoothing=0.2)
    np.testing.assert_allclose(gradient, 0, atol=1e-16)
    losses, _ = cross_entropy(np.log(targets(0.2)), LABELS, label_smoothing=0.2)
    np.testing.assert_allclose(losses, -xlogy(targets(0.2), targets(0.2)).sum(1))


def test_what_is_not_finite_stays_so_and_warns_nobody():
    losses, _ = cross_entropy([[np.nan, 1.0], [np.inf, 1.0], [1.0, 1.0]], [0, 0, 0])
    assert np.isnan(losses).tolist() == [True, True, False]


def test_the_logits_are_not_changed():
    logits = LOGITS.copy()
    cross_entropy(logits, LABELS, label_smoothing=0.1)
    np.testing.assert_array_equal(logits, LOGITS)


def test_faults():
    with pytest.raises(InputError, match=r"label 10 is not one of the model's classes; .* 0 to 9"):
        cross_entropy(LOGITS, [0, 1, 2, 3, 4, 5, 10])
    with pytest.raises(InputError, match="label -1 "):
        cross_entropy(LOGITS, [0, 1, 2, 3, 4, 5, -1])
    with pytest.raises(SpecError, match="the labels are float64"):
        cross_entropy(LOGITS, np.zeros(7))
    with pytest.raises(SpecError, match=r"the labels are int64 \(3,\), not one .* of 7"):
        cross_entropy(LOGITS, [0, 1, 2])
    with pytest.raises(SpecError, match=r"the logits are \(7, 2, 5\)"):
        cross_entropy(LOGITS.reshape(7, 2, 5), LABELS)
    with pytest.raises(SpecError, match="label_smoothing 1 is not"):
        cross_entropy(LOGITS, LABELS, label_smoothing=1)
