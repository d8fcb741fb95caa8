"""Locally connected layers against plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import layers
from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.ops import locally_connected1d, locally_connected2d


def by_loops(padded: np.ndarray, w: np.ndarray, size: tuple, strides: tuple) -> np.ndarray:
    """Walk over the places of the output, row by row, each with the next kernels."""
    (kh, kw), (sh, sw) = size, strides
    n, height, width, channels = padded.shape
    tops, lefts = range(0, height - kh + 1, sh), range(0, width - kw + 1, sw)
    out = np.zeros((n, len(tops), len(lefts), w.shape[2]))
    places = product(enumerate(tops), enumerate(lefts))
    for place, ((row, top), (column, left)) in enumerate(places):
        for i, j, c in np.ndindex(kh, kw, channels):
            cell = padded[:, top + i, left + j, c]
            weights = w[place, (i * kw + j) * channels + c]
            out[:, row, column] += cell[:, np.newaxis] * weights
    return out


@many(60)
@given(
    seeds, st.integers(1, 3), pairs(3, 7), st.integers(1, 3), st.integers(1, 4), pairs(1, 3),
    pairs(1, 3), st.sampled_from(["valid", "same", "pads"]), dtypes, st.booleans(),
)  # fmt: skip
def test_two_axes(seed, n, size, channels, filters, kernel, strides, padding, dtype, biased):
    x = values(seed, n, *size, channels, dtype=dtype)
    totals = [
        max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in zip(size, kernel, strides, strict=True)
    ]
    around = {
        "valid": ((0, 0), (0, 0)),
        "same": tuple((t // 2, t - t // 2) for t in totals),
        "pads": ((1, 0), (2, 1)),
    }[padding]
    layer = layers.find("LocallyConnected2D")(
        filters, kernel, strides, around if padding == "pads" else padding, use_bias=biased
    )
    shapes = layer.weight_shapes(x.shape[1:])
    weights = {name: values(seed + 1, *shape) for name, shape in shapes.items()}
    padded = np.pad(x, [(0, 0), *around, (0, 0)])
    theirs = by_loops(padded, weights["kernel"], kernel, strides)
    assert layer.output_shape(x.shape[1:]) == theirs.shape[1:]
    ours, _ = layer.forward(weights, x)
    assert ours.dtype == dtype
    assert_close(ours, theirs + weights.get("bias", 0), 10.0)


@many(40)
@given(
    seeds, st.integers(1, 3), st.integers(3, 9), st.integers(1, 3), st.integers(1, 4),
    st.integers(1, 3), st.integers(1, 3), st.booleans(),
)  # fmt: skip
def test_one_axis(seed, n, length, channels, filters, kernel, stride, causal):
    x = values(seed, n, length, channels)
    layer = layers.find("LocallyConnected1D")(
        filters, kernel, stride, "causal" if causal else "valid", activation="relu"
    )
    shapes = layer.weight_shapes(x.shape[1:])
    weights = {name: values(seed + 1, *shape) for name, shape in shapes.items()}
    padded = np.pad(x, [(0, 0), (kernel - 1 if causal else 0, 0), (0, 0)])[:, :, np.newaxis]
    theirs = by_loops(padded, weights["kernel"], (kernel, 1), (stride, 1))[:, :, 0]
    ours, _ = layer.forward(weights, x)
    assert_close(ours, np.where((theirs + weights["bias"]) > 0, theirs + weights["bias"], 0), 10.0)


def test_the_same_kernels_everywhere_are_a_convolution():
    x, w = values(0, 2, 6, 5, 3), values(1, 3, 2, 3, 4)
    convolved, _ = layers.find("Conv2D")(4, (3, 2), use_bias=False).forward({"kernel": w}, x)
    places = convolved.shape[1] * convolved.shape[2]
    layer = layers.find("LocallyConnected2D")(4, (3, 2), use_bias=False)
    ours, _ = layer.forward({"kernel": np.stack([w.reshape(-1, 4)] * places)}, x)
    assert_close(ours, convolved)


def test_a_single_image_keeps_its_rank():
    assert locally_connected2d(np.ones((3, 4, 2)), np.ones((6, 8, 5)), kernel_size=2).shape == (
        2, 3, 5,
    )  # fmt: skip
    assert locally_connected1d(np.ones((3, 2)), np.ones((2, 4, 5)), kernel_size=2).shape == (2, 5)


@pytest.mark.parametrize("run", [locally_connected1d, locally_connected2d])
def test_what_does_not_fit_is_named(run):
    x = np.ones((3,) if run is locally_connected1d else (1, 3))
    size = 2 if run is locally_connected1d else (1, 2)
    with pytest.raises(SpecError, match=r"kernels \(3, 2, 1\) are not \(2, 2, filters\)"):
        run(x, np.ones((3, 2, 1)), kernel_size=size)
    with pytest.raises(SpecError, match=r"bias .* does not fit"):
        run(x, np.ones((2, 2, 1)), kernel_size=size, bias=np.ones(3))
    with pytest.raises(InputError, match="kernel has 1 non-finite value"):
        run(x, [[[1], [np.nan]], [[1], [1]]], kernel_size=size)


def test_windows_beyond_the_budget_are_refused():
    with pytest.raises(RefusedError, match="the windows"), byte_budget(100_000):
        locally_connected2d(np.ones((40, 40)), np.ones((30 * 30, 121, 1)), kernel_size=11)


WRONG = [
    ({"kernel_size": 0}, "kernel_size 0"),
    ({"filters": 1.5}, "filters 1.5"),
    ({"padding": "causal"}, "padding 'causal'"),
    ({"use_bias": 1}, "use_bias 1"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG)
def test_wrong_settings_name_the_value(settings, message):
    with pytest.raises(SpecError) as caught:
        layers.find("LocallyConnected2D")(**({"filters": 4, "kernel_size": 3} | settings))
    assert message in str(caught.value)
