"""What `connections` says of layers is what PyTorch's layers have and do."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cnnviz.report.connections import connections  # noqa: E402


def test_layers_in_a_row_of_inputs():
    dense, conv, covering = connections(7, 3, ["dense", "conv", "covering"]).wirings
    x = torch.tensor(dense.x)
    linear = torch.nn.Linear(7, 3, dtype=torch.float64)
    slid = torch.nn.Conv1d(1, 1, 5, dtype=torch.float64)
    whole = torch.nn.Conv1d(1, 3, 7, dtype=torch.float64)
    for one, layer, taken in (
        (dense, linear, x),
        (conv, slid, x[None]),
        (covering, whole, x[None]),
    ):
        assert one.params == sum(weight.numel() for weight in layer.parameters())
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(one.w).reshape(layer.weight.shape))
            layer.bias.copy_(torch.tensor(one.b))
            assert np.array_equal(layer(taken).numpy().ravel(), one.y)


def test_a_grid():
    (conv,) = connections((6, 5), kinds=["conv"], kernel_size=3, strides=2, padding=1).wirings
    weight = torch.tensor(conv.w).reshape(1, 1, 3, 3)
    x = torch.tensor(conv.x)[None, None]
    y = torch.nn.functional.conv2d(x, weight, torch.tensor(conv.b), stride=2, padding=1)
    assert np.array_equal(y[0, 0].numpy(), conv.y)
