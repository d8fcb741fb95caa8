"""Gradients of pooling and normalisation beside PyTorch's autograd, statistics beside Keras's."""

from __future__ import annotations

import os

import numpy as np
import pytest

from cnnviz import layers

torch = pytest.importorskip("torch")
F = torch.nn.functional
SHAPE = (6, 13, 12, 5)
ALEXNET = {"size": 5, "alpha": 0.5, "beta": 0.75, "bias": 2.0}
CASES = [
    ("MaxPooling2D", {}, lambda x: F.max_pool2d(x, 2)),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2}, lambda x: F.max_pool2d(x, 3, 2)),
    (
        "MaxPooling2D",
        {"pool_size": 3, "strides": 2, "padding": 1, "ceil_mode": True},
        lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True),
    ),
    ("AveragePooling2D", {"pool_size": (3, 2)}, lambda x: F.avg_pool2d(x, (3, 2))),
    *(
        (
            "AveragePooling2D",
            {"pool_size": 3, "strides": 2, "padding": 1, "ceil_mode": True,
             "count_include_pad": counted},
            lambda x, counted=counted: F.avg_pool2d(x, 3, 2, 1, True, counted),
        )
        for counted in (False, True)
    ),
    ("LpPooling2D", {"p": 3}, lambda x: F.lp_pool2d(x.abs(), 3, 2)),
    ("GlobalAveragePooling2D", {}, lambda x: x.mean((2, 3))),
    ("GlobalMaxPooling2D", {}, lambda x: F.adaptive_max_pool2d(x, 1).flatten(1)),
    (
        "LocalResponseNormalization",
        ALEXNET,
        lambda x: F.local_response_norm(x, 5, 5 * 0.5, 0.75, 2.0),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "settings", "run"), CASES)
def test_is_autograd(name, settings, run):
    rng = np.random.default_rng(0)
    # Many equal cells, as after a ReLU; of them Lp pooling has no zeros.
    x = rng.integers(-2, 3, SHAPE).clip(1 if name == "LpPooling2D" else 0).astype(np.float64)
    y, backward = layers.find(name)(**settings).forward({}, x)
    gradient = rng.standard_normal(y.shape)
    (ours,), _ = backward(gradient)
    image = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_()
    theirs = run(image)
    last = (0, 3, 1, 2) if y.ndim == 4 else (0, 1)
    np.testing.assert_allclose(y, theirs.detach().permute(np.argsort(last).tolist()), rtol=1e-6)
    theirs.backward(torch.from_numpy(gradient.transpose(last).copy()))
    np.testing.assert_allclose(
        ours, image.grad.numpy().transpose(0, 2, 3, 1), rtol=1e-6, atol=1e-12
    )


def trained(x: np.ndarray) -> tuple:
    """Run a batch normalisation in training, and return all that it makes."""
    rng, channels = np.random.default_rng(1), x.shape[-1]
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    weights = {name: rng.uniform(0.5, 2, channels).astype(np.float32) for name in names}
    layer = layers.find("BatchNormalization")()
    y, backward, statistics = layer.forward_training(weights, x, generator=rng)
    gradient = rng.standard_normal(y.shape).astype(np.float32)
    return weights, y, statistics, gradient, backward(gradient)


def test_batch_normalization_is_autograd():
    x = np.random.default_rng(0).normal(3, 2, SHAPE).astype(np.float32)
    weights, y, _, gradient, ((of_x,), of_weights) = trained(x)
    image = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_()
    gamma, beta = (torch.from_numpy(weights[n]).requires_grad_() for n in ("gamma", "beta"))
    theirs = F.batch_norm(image, None, None, gamma, beta, training=True, eps=1e-3)
    theirs.backward(torch.from_numpy(gradient.transpose(0, 3, 1, 2).copy()))
    for ours, other in ((y, theirs.detach()), (of_x, image.grad)):
        np.testing.assert_allclose(ours, other.permute(0, 2, 3, 1), rtol=1e-4, atol=2e-6)
    np.testing.assert_allclose(of_weights["gamma"], gamma.grad, rtol=1e-4)
    np.testing.assert_allclose(of_weights["beta"], beta.grad, rtol=1e-4)


def test_running_statistics_are_kerass():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    # So few values that one more or less in the divisor would show.
    x = np.random.default_rng(0).normal(3, 2, (2, 2, 1, 4)).astype(np.float32)
    weights, y, statistics, _, _ = trained(x)
    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    layer.set_weights(list(weights.values()))
    theirs = layer(x, training=True).detach().numpy()
    np.testing.assert_allclose(y, theirs, rtol=1e-5, atol=1e-5)
    for name, values in statistics.items():
        other = getattr(layer, name).value.detach().numpy()
        np.testing.assert_allclose(values, other, rtol=1e-6)
