"""Averages of many channels as products: those of SciPy's compiled module, and of NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import average_pool2d
from cnnviz.ops import sparse
from cnnviz.ops.pooling import average

WAYS = {
    "sparse": {"OFTEN": np.inf, "MOST": np.inf},
    "sparse, small bands": {"OFTEN": np.inf, "MOST": np.inf, "CELLS": 1},
    "products": {"OFTEN": 0, "CHANNELS": 1},
    "sums": {"OFTEN": 0, "CHANNELS": np.inf},
}
sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))


def means(x: np.ndarray, window: dict) -> np.ndarray:
    """The means of the windows by hand, in float64."""
    (kh, kw), (sh, sw), (dh, dw) = (window[k] for k in ("pool_size", "strides", "dilation_rate"))
    x = x.astype(float)
    views = np.lib.stride_tricks.sliding_window_view(
        x, ((kh - 1) * dh + 1, (kw - 1) * dw + 1), axis=(1, 2)
    )
    return views[:, ::sh, ::sw, :, ::dh, ::dw].mean(axis=(4, 5))


@pytest.mark.parametrize("way", WAYS)
@given(st.data())
def test_every_way_makes_the_means(way, data):
    if way.startswith("sparse"):
        assert sparse.compiled() is not None
    window = {
        "pool_size": data.draw(sizes),
        "strides": data.draw(sizes),
        "dilation_rate": data.draw(sizes),
    }
    dtype, channels = data.draw(st.sampled_from([np.float32, np.float64])), average.FEW
    shape = (data.draw(st.integers(1, 2)), *data.draw(st.tuples(*[st.integers(9, 14)] * 2)))
    x = np.random.default_rng(0).standard_normal((*shape, channels)).astype(dtype) * 100
    x[0, 4, 5, 3] = data.draw(st.sampled_from([np.nan, np.inf, 7]))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in WAYS[way].items():
            patch.setattr(average, name, value)
        made = average_pool2d(x, **window)
    assert made.dtype == dtype
    np.testing.assert_allclose(made, means(x, window), rtol=1e-5, atol=1e-4)


def test_without_the_compiled_module_the_means_are_the_same(monkeypatch):
    x = np.random.default_rng(1).standard_normal((12, 12, 64), dtype=np.float32)
    expected = average_pool2d(x)
    monkeypatch.setattr(sparse, "find_spec", lambda name: None)
    sparse.compiled.cache_clear()
    try:
        assert sparse.compiled() is None
        np.testing.assert_allclose(average_pool2d(x), expected, rtol=1e-5, atol=1e-6)
    finally:
        sparse.compiled.cache_clear()


def test_a_slice_of_channels_is_written_in_its_place():
    x = np.random.default_rng(2).standard_normal((1, 8, 8, 16), dtype=np.float32)
    wide = np.full((1, 4, 4, 40), 9, np.float32)
    window = average.lay(x, 2, strides=None, padding=0, dilation_rate=1, ceil_mode=False)
    average.average_windows(*window, out=wide[..., 8:24])
    np.testing.assert_allclose(wide[..., 8:24], x.reshape(1, 4, 2, 4, 2, 16).mean((2, 4)), 1e-5)
    assert (wide[..., :8] == 9).all()
    assert (wide[..., 24:] == 9).all()
