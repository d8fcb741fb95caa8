"""Batch and local response normalisation and dense layers against ONNX Runtime."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, seeds, values
from hypothesis import given
from hypothesis import strategies as st

import cnnviz.ops.bands
from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.ops import batch_normalization, dense, local_response_normalization

shapes = st.sampled_from([(2, 3, 4), (1, 5), (3, 1, 2), (2, 2, 3, 2)])


@many(200)
@given(
    seeds, shapes, st.integers(1, 40), st.sampled_from([1e-3, 1e-5, 0.5]),
    st.sampled_from([0.0, 3.0, 200.0]),
)  # fmt: skip
def test_batch_normalization_matches_onnxruntime(seed, shape, channels, epsilon, centre):
    gamma, beta, mean = (values(seed + n, channels) for n in range(3))
    mean += np.float32(centre)
    variance = np.square(values(seed + 3, channels)) + np.float32(0.1)
    x = values(seed + 4, *shape, channels) + np.float32(centre)
    theirs = onnx_peer.run("BatchNormalization", x, gamma, beta, mean, variance, epsilon=epsilon)
    ours = batch_normalization(
        x, gamma=gamma, beta=beta, mean=mean, variance=variance, epsilon=epsilon
    )
    assert ours.dtype == np.float32
    # ONNX Runtime folds the four into one factor and one offset: its rounding is that of the terms.
    terms = np.abs(gamma) * (np.abs(x).max() + np.abs(mean)) / np.sqrt(variance + epsilon)
    assert_close(ours, theirs, float(terms.max()))


def test_batch_normalization_keeps_the_digits_of_a_high_mean():
    x = np.float32(1000) + np.float32(2**-10) * np.arange(6, dtype=np.float32).reshape(3, 2)
    settings = {"gamma": [1.1, 0.9], "beta": [0, 1], "mean": [1000, 1000], "variance": [2e-6, 3e-6]}
    theirs = (x.astype(np.float64) - 1000) / np.sqrt([2e-6, 3e-6]) * [1.1, 0.9] + [0, 1]
    ours = batch_normalization(x, epsilon=0, **settings)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_batch_normalization_without_scale_or_centre():
    x = values(0, 3, 4)
    one, zero = np.ones(4), np.zeros(4)
    np.testing.assert_array_equal(
        batch_normalization(x, gamma=None, beta=None, mean=zero, variance=one),
        batch_normalization(x, gamma=one, beta=zero, mean=zero, variance=one),
    )


@many(200)
@given(
    seeds, shapes, st.integers(1, 24), st.integers(0, 6), st.sampled_from([0.75, 0.5, 1.0, 0.3]),
    st.sampled_from([1.0, 2.0]), st.sampled_from([1e-4, 0.05, 0.3]),
)  # fmt: skip
def test_local_response_normalization_matches_onnxruntime(
    seed, shape, channels, radius, beta, bias, alpha
):
    size = 2 * radius + 1  # ONNX Runtime refuses even ones
    # Small values: ONNX Runtime slides a running sum, which loses digits behind a large one.
    x = values(seed, *shape[:3], channels)
    if x.ndim < 4:
        x = x.reshape(1, 1, -1, channels)
    # ONNX divides alpha by the size, the paper does not.
    theirs = onnx_peer.run("LRN", x, size=size, alpha=alpha * size, beta=beta, bias=bias)
    ours = local_response_normalization(x, size=size, alpha=alpha, beta=beta, bias=bias)
    assert ours.dtype == np.float32
    assert_close(ours, theirs)


@pytest.mark.parametrize("size", range(1, 13))
def test_every_size_is_the_sum_that_onnx_defines(size):
    x = values(0, 5, 7, dtype=np.float64)
    sums = np.zeros_like(x)
    for c in range(7):
        first, last = max(0, c - (size - 1) // 2), min(6, c + -(-(size - 1) // 2))
        sums[:, c] = sum(x[:, i] ** 2 for i in range(first, last + 1))
    ours = local_response_normalization(x, size=size, alpha=0.5, bias=2)
    np.testing.assert_allclose(ours, x / (2 + 0.5 * sums) ** 0.75, rtol=1e-12)


@pytest.mark.parametrize("beta", [0.75, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_square_roots_are_the_power(beta, dtype):
    x = (10 ** np.linspace(-6, 6, 600)).reshape(-1, 12).astype(dtype)
    ours = local_response_normalization(x, alpha=0.3, beta=beta)
    # A power next to it takes np.power, and must lead to the same.
    near = local_response_normalization(x, alpha=0.3, beta=float(np.nextafter(beta, 1)))
    np.testing.assert_allclose(ours, near, rtol=40 * np.finfo(dtype).eps)


def test_bands_join_without_a_seam(monkeypatch):
    x = values(0, 7, 9, 10)
    settings = {"gamma": x[0, 0], "beta": x[0, 1], "mean": x[0, 2], "variance": x[0, 3] ** 2}
    whole = local_response_normalization(x), batch_normalization(x, **settings)
    for band, shared in product((1, 25, 70), (0, np.inf)):
        for name, value in (("ALONE", band), ("TOGETHER", band), ("SHARED", shared)):
            monkeypatch.setattr(cnnviz.ops.bands, name, value)
        np.testing.assert_array_equal(local_response_normalization(x), whole[0])
        np.testing.assert_array_equal(batch_normalization(x, **settings), whole[1])


@many(100)
@given(seeds, st.integers(1, 4), st.integers(1, 60), st.integers(1, 20), st.booleans())
def test_dense_matches_onnxruntime(seed, n, inputs, units, biased):
    x, k, b = values(seed, n, inputs), values(seed + 1, inputs, units), values(seed + 2, units)
    theirs = onnx_peer.run("Gemm", x, k, *([b] if biased else []))
    ours = dense(x, k, bias=b if biased else None)
    assert ours.dtype == np.float32
    terms = float(np.abs(x).max() * np.abs(k).sum(axis=0).max())
    assert_close(ours, theirs, terms)
    assert_close(dense(x[0], k, bias=b if biased else None), theirs[0], terms)
    assert_close(dense(x[:, None, None], k, bias=b if biased else None)[:, 0, 0], theirs, terms)


@many(20)
@given(seeds, dtypes)
def test_float64_is_kept(seed, dtype):
    x = values(seed, 3, 4, dtype=dtype)
    one = np.ones(4)
    assert dense(x, np.ones((4, 2))).dtype == dtype
    assert local_response_normalization(x).dtype == dtype
    assert batch_normalization(x, gamma=one, beta=one, mean=one, variance=one).dtype == dtype
    assert dense(np.ones((3, 4), np.uint8), np.ones((4, 2))).dtype == np.float32


def test_what_does_not_fit_is_named():
    x, one = np.ones((3, 4)), np.ones(4)
    with pytest.raises(SpecError, match=r"mean \(3,\) does not have one number for 4 channels"):
        batch_normalization(x, gamma=one, beta=one, mean=np.ones(3), variance=one)
    with pytest.raises(SpecError, match=r"variance -1 with epsilon 0\.001"):
        batch_normalization(x, gamma=one, beta=one, mean=one, variance=-one)
    with pytest.raises(SpecError, match="variance 0 with epsilon 0"):
        batch_normalization(x, gamma=one, beta=one, mean=one, variance=0 * one, epsilon=0)
    with pytest.raises(InputError, match="gamma has 4 non-finite values"):
        batch_normalization(x, gamma=one * np.nan, beta=one, mean=one, variance=one)
    with pytest.raises(SpecError, match="epsilon -1 is not a number of at least 0"):
        batch_normalization(x, gamma=one, beta=one, mean=one, variance=one, epsilon=-1)
    for settings, message in (
        ({"size": 0}, "size 0 is not a positive integer"),
        ({"alpha": -1}, "alpha -1 is not a number of at least 0"),
        ({"beta": "x"}, "beta 'x' is not a number of at least 0"),
        ({"bias": 0}, "bias 0 would divide"),
    ):
        with pytest.raises(SpecError, match=message):
            local_response_normalization(x, **settings)
    with pytest.raises(SpecError, match=r"the kernel \(5, 2\) reads 5 values, the last axis of"):
        dense(x, np.ones((5, 2)))
    with pytest.raises(SpecError, match=r"a dense kernel has shape \(4,\); give \(in, units\)"):
        dense(x, one)
    with pytest.raises(SpecError, match=r"bias \(4,\) does not fit 2 units"):
        dense(x, np.ones((4, 2)), bias=one)
    with pytest.raises(InputError, match="kernel has 1 non-finite value"):
        dense([1.0], [[np.inf]])
    with pytest.raises(RefusedError, match="the result"):
        dense(np.broadcast_to(1.0, (10**7, 1)), np.broadcast_to(1.0, (1, 10**5)))
