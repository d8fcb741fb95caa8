"""Convolution with images innermost, by shifted rows and by Winograd's tiles, and its gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.geometry import Axis, Window
from cnnviz.ops.innermost import convolution, winograd

SHAPES = [(32, 24, 8, 8, 16), (24, 40, 4, 12, 64), (25, 31, 16, 4, 64)]


def axes_of(size: tuple[int, int], kernel: tuple[int, int], pads: tuple[int, int, int, int]):
    top, bottom, left, right = pads
    return Window.of(kernel, padding=((top, bottom), (left, right))).on(size)


def plain(x, kernels, axes, gradient):
    """Return output and gradients as sums over the cells of a kernel, in float64."""
    x, kernels, gradient = (array.astype(np.float64) for array in (x, kernels, gradient))
    rows, columns = axes
    pads = ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0))
    padded = np.pad(x, pads)
    y, back, own = 0.0, np.zeros_like(padded), np.empty_like(kernels)
    for i, j in np.ndindex(kernels.shape[:2]):
        place = np.s_[:, i : i + rows.output, j : j + columns.output]
        y = y + np.einsum("chwn,cf->fhwn", padded[place], kernels[i, j])
        back[place] += np.einsum("fhwn,cf->chwn", gradient, kernels[i, j])
        own[i, j] = np.einsum("chwn,fhwn->cf", padded[place], gradient)
    inside = np.s_[
        :, rows.before : rows.before + rows.size, columns.before : columns.before + columns.size
    ]
    return y, back[inside], own


def held(way, axes: tuple[Axis, Axis], channels: int, filters: int, n: int, dtype, bound: float):
    rng = np.random.default_rng(0)
    rows, columns = axes
    x = rng.standard_normal((channels, rows.size, columns.size, n)).astype(dtype)
    kernels = rng.standard_normal((rows.kernel_size, columns.kernel_size, channels, filters))
    kernels, bias = kernels.astype(dtype), rng.standard_normal(filters).astype(dtype)
    gradient = rng.standard_normal((filters, rows.output, columns.output, n)).astype(dtype)
    y, back, own = plain(x, kernels, axes, gradient)
    run = way.Convolution(x, kernels, axes, bias)
    (inputs,), of_kernels = run.gradients(gradient)
    expected = y + bias[:, None, None, None], back, own
    for found, exact in zip((run.y, inputs, of_kernels), expected, strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, exact, rtol=0, atol=bound * max(1, exact.std()))
    none, same = run.gradients(gradient, of_inputs=False)
    assert none == ()
    np.testing.assert_array_equal(same, of_kernels)


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.data(),
    st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=60, deadline=None)
def test_shifted_rows(size, kernel, data, dtype):
    pads = tuple(data.draw(st.integers(0, k - 1)) for k in kernel for _ in (0, 1))
    if any(s + a + b < k for s, k, a, b in zip(size, kernel, pads[::2], pads[1::2], strict=True)):
        return
    axes = axes_of(size, kernel, pads)
    assert convolution.fits(axes, 1)
    channels, filters, n = (data.draw(st.integers(1, most)) for most in (12, 9, 5))
    bound = 1e-5 if dtype == np.float32 else 1e-12
    held(convolution, axes, channels, filters, n, dtype, bound)


@pytest.mark.parametrize("channels", [1, 8])
def test_shifted_rows_in_several_bands(channels, monkeypatch):
    """Of products of all rows and of each, and of pieces of a row."""
    monkeypatch.setattr(convolution, "BAND", 2000)
    monkeypatch.setattr(convolution, "WORK", 1)
    monkeypatch.setattr(convolution, "SMALL", 2**12)
    axes = axes_of((11, 13), (5, 5), (2, 2, 1, 0))
    held(convolution, axes, channels, 6, 32, np.float32, 1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pads", [(1, 1, 1, 1), (0, 2, 2, 0), (2, 0, 1, 1)])
def test_winograd(shape, pads):
    channels, filters, height, width, n = shape
    axes = axes_of((height, width), (3, 3), pads)
    assert winograd.fits(np.empty((channels, height, width, n), "f4"), (3, 3, *shape[:2]), axes)
    held(winograd, axes, channels, filters, n, np.float32, 3e-4)


def test_winograd_where_the_image_is_larger_than_the_output():
    held(winograd, axes_of((10, 14), (3, 3), (0, 0, 0, 0)), 24, 24, 16, np.float32, 3e-4)


@pytest.mark.parametrize(
    ("shape", "kernel", "size", "dtype"),
    [
        ((24, 8, 8, 64), (3, 3, 24, 24), (8, 8), "f8"),
        ((24, 8, 8, 64), (3, 3, 24, 8), (8, 8), "f4"),
        ((24, 7, 8, 64), (3, 3, 24, 24), (7, 8), "f4"),
        ((24, 8, 8, 8), (3, 3, 24, 24), (8, 8), "f4"),
    ],
)
def test_winograd_where_it_does_not_pay(shape, kernel, size, dtype):
    axes = axes_of(size, (3, 3), (1, 1, 1, 1))
    assert not winograd.fits(np.empty(shape, dtype), kernel, axes)
