"""Gradients of layers beside PyTorch's autograd."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import layers

torch = pytest.importorskip("torch")
F = torch.nn.functional


def twin(array: np.ndarray, *order: int):
    return torch.from_numpy(np.ascontiguousarray(array.transpose(order))).requires_grad_()


def back(tensor, *order: int) -> np.ndarray:
    """The gradient of a twin, its axes back in our order."""
    return tensor.grad.numpy().transpose(np.argsort(order))


def assert_near(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.shape == theirs.shape
    assert float(np.abs(ours - theirs).max()) <= 1e-5 * float(np.abs(theirs).max())


def assert_as_autograd(layer, shape: tuple[int, ...], kernel_order: tuple[int, ...], run) -> None:
    """Run a layer and `run(x, kernel, bias)` in PyTorch, and compare all gradients."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, *shape), dtype=np.float32)
    weights = {
        name: rng.standard_normal(each, dtype=np.float32)
        for name, each in layer.weight_shapes(shape).items()
    }
    y, backward = layer.forward(weights, x)
    gradient = rng.standard_normal(y.shape, dtype=np.float32)
    (of_x,), of_weights = backward(gradient)

    last = (0, 3, 1, 2) if x.ndim == 4 else (0, 1)
    image, kernel = twin(x, *last), twin(weights["kernel"], *kernel_order)
    bias = twin(weights["bias"], 0)
    theirs = run(image, kernel, bias)
    assert tuple(theirs.shape) == tuple(y.shape[axis] for axis in last)
    theirs.backward(torch.from_numpy(gradient.transpose(last).copy()))
    assert_near(of_x, back(image, *last))
    assert_near(of_weights["kernel"], back(kernel, *kernel_order))
    assert_near(of_weights["bias"], back(bias, 0))


# The last ones are LeNet's and the colour net's, whose shapes choose each strategy.
@pytest.mark.parametrize(
    ("size", "channels", "filters", "kernel", "stride", "padding", "dilation", "groups"),
    [
        ((9, 11), 3, 8, (3, 2), (1, 1), (0, 0), (1, 1), 1),
        ((9, 11), 6, 4, (3, 4), (2, 3), (1, 2), (1, 1), 2),
        ((13, 11), 8, 8, (3, 3), (1, 2), (2, 0), (2, 3), 4),
        ((12, 9), 64, 32, (3, 3), (1, 1), (3, 1), (1, 2), 1),
        ((20, 21), 3, 16, (7, 7), (4, 4), (3, 3), (1, 1), 1),
        ((28, 28), 1, 6, (5, 5), (1, 1), (2, 2), (1, 1), 1),
        ((14, 14), 6, 16, (5, 5), (1, 1), (0, 0), (1, 1), 1),
        ((32, 32), 3, 24, (5, 5), (1, 1), (2, 2), (1, 1), 1),
        ((16, 16), 24, 64, (3, 3), (1, 1), (1, 1), (1, 1), 1),
        ((8, 8), 128, 128, (3, 3), (1, 1), (1, 1), (1, 1), 1),
    ],
)
def test_conv2d(size, channels, filters, kernel, stride, padding, dilation, groups):
    layer = layers.find("Conv2D")(
        filters, kernel, stride, tuple((n, n) for n in padding), dilation_rate=dilation,
        groups=groups,
    )  # fmt: skip
    assert_as_autograd(
        layer, (*size, channels), (3, 2, 0, 1),
        lambda x, k, b: F.conv2d(x, k, b, stride, padding, dilation, groups),
    )  # fmt: skip


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 1, 1), (2, 0, 1), (1, 3, 2)])
def test_depthwise(multiplier, stride, padding, dilation):
    layer = layers.find("DepthwiseConv2D")(3, stride, padding, multiplier, dilation_rate=dilation)
    # PyTorch's kernels are (C · M, 1, kh, kw).
    assert_as_autograd(
        layer, (10, 9, 6), (2, 3, 0, 1),
        lambda x, k, b: F.conv2d(
            x, k.reshape(-1, 1, 3, 3), b, stride, padding, dilation, groups=6
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stride", "padding", "added", "dilation"),
    [(1, 0, 0, 1), (2, 1, 1, 1), (3, 2, 2, 2), (2, 0, 0, 3)],
)
@pytest.mark.parametrize("filters", [2, 32])
def test_transposed(stride, padding, added, dilation, filters):
    layer = layers.find("Conv2DTranspose")(
        filters, 3, stride, padding, output_padding=added, dilation_rate=dilation
    )
    assert_as_autograd(
        layer, (6, 7, 5), (3, 2, 0, 1),
        lambda x, k, b: F.conv_transpose2d(x, k, b, stride, padding, added, 1, dilation),
    )  # fmt: skip


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_dense(activation):
    assert_as_autograd(
        layers.find("Dense")(84, activation), (120,), (1, 0),
        lambda x, k, b: getattr(torch, activation)(F.linear(x, k, b)),
    )  # fmt: skip
