"""The loss, the optimisers and the schedules beside PyTorch's of the same names."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cnnviz.training.loss import cross_entropy  # noqa: E402
from cnnviz.training.optimizers import SGD, Adam, AdamW  # noqa: E402
from cnnviz.training.schedules import Constant, Cosine, OneCycle, Steps  # noqa: E402

DICE = np.random.default_rng(2)
SHAPES = {"kernel": (3, 3, 8, 16), "bias": (16,)}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("kind", "close"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_cross_entropy(smoothing, kind, close):
    logits, labels = DICE.normal(0, 5, (64, 10)).astype(kind), DICE.integers(0, 10, 64)
    losses, gradient = cross_entropy(logits, labels, label_smoothing=smoothing)
    z = torch.tensor(logits, requires_grad=True)
    options = {"label_smoothing": smoothing}
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(labels), **options)
    each = torch.nn.functional.cross_entropy(z, torch.tensor(labels), reduction="none", **options)
    loss.backward()
    np.testing.assert_allclose(losses, each.detach().numpy(), rtol=close, atol=close)
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=close, atol=close)
    assert losses.mean() == pytest.approx(loss.item(), rel=close)


PAIRS = {
    "sgd": (SGD(lr=0.05), lambda p: torch.optim.SGD(p, 0.05)),
    "momentum": (
        SGD(lr=0.05, momentum=0.9, weight_decay=5e-4),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=5e-4),
    ),
    "nesterov": (
        SGD(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    ),
    "adam": (Adam(), lambda p: torch.optim.Adam(p)),
    "adam-decay": (
        Adam(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-6, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, 0.01, (0.8, 0.99), 1e-6, 0.1),
    ),
    "adamw": (AdamW(), lambda p: torch.optim.AdamW(p)),
    "adamw-decay": (
        AdamW(lr=0.01, weight_decay=0.3),
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.3),
    ),
}


@pytest.mark.parametrize("case", PAIRS)
@pytest.mark.parametrize("decay_all", [False, True])
def test_optimisers_over_fifty_steps(case, decay_all):
    ours, theirs = PAIRS[case]
    ours.restore(0, {})
    ours.decay_all = decay_all
    start = {name: DICE.normal(0, 1, shape).astype(np.float32) for name, shape in SHAPES.items()}
    weights = {"n": {name: values.copy() for name, values in start.items()}}
    twins = {name: torch.nn.Parameter(torch.tensor(values)) for name, values in start.items()}
    groups = [{"params": [twin]} for twin in twins.values()]
    if not decay_all:
        groups[1]["weight_decay"] = 0.0
    peer = theirs(groups)
    made = Cosine(total=50, warmup=5)
    follow = torch.optim.lr_scheduler.LambdaLR(peer, made)
    for step in range(50):
        # Of all magnitudes, some zero: where Adam's eps matters.
        scale = 10.0 ** DICE.integers(-8, 2)
        slopes = {
            name: (DICE.normal(0, scale, shape) * (DICE.random(shape) > 0.2)).astype(np.float32)
            for name, shape in SHAPES.items()
        }
        ours.step(weights, {"n": slopes}, made(step))
        for name, twin in twins.items():
            twin.grad = torch.tensor(slopes[name])
        peer.step()
        follow.step()
    for name, twin in twins.items():
        theirs_now = twin.detach().numpy()
        assert np.abs(theirs_now - start[name]).max() > 1e-3
        np.testing.assert_allclose(weights["n"][name], theirs_now, rtol=1e-6, atol=1e-6)


def followed(make, steps: int) -> list[float]:
    """Return the rates of one of PyTorch's schedulers, of a rate of 1."""
    peer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0)
    follow, rates = make(peer), []
    for _ in range(steps):
        rates.append(peer.param_groups[0]["lr"])
        peer.step()
        follow.step()
    return rates


RATES = torch.optim.lr_scheduler
SCHEDULES = [
    (Steps(every=7, factor=0.5), lambda o: RATES.StepLR(o, 7, 0.5)),
    (Steps(milestones=(3, 20), factor=0.2), lambda o: RATES.MultiStepLR(o, [3, 20], 0.2)),
    (Cosine(total=40, floor=0.1), lambda o: RATES.CosineAnnealingLR(o, 40, 0.1)),
    (OneCycle(total=40), lambda o: RATES.OneCycleLR(o, 1.0, 40, cycle_momentum=False)),
    (
        OneCycle(total=40, rise=0.45, start=10, end=50),
        lambda o: RATES.OneCycleLR(o, 1.0, 40, None, None, 0.45, "cos", False, 0, 0, 10, 50),
    ),
    (Constant(warmup=8), lambda o: RATES.LinearLR(o, 1 / 8, 1.0, 7)),
]


@pytest.mark.parametrize(("ours", "theirs"), SCHEDULES, ids=lambda each: type(each).__name__)
def test_schedules(ours, theirs):
    assert [ours(step) for step in range(40)] == pytest.approx(followed(theirs, 40), abs=1e-12)
