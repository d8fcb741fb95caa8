"""Resizing and cropping beside what torchvision's transforms call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.model.resample import resampled

torch = pytest.importorskip("torch")
SIZES = st.tuples(st.integers(1, 50), st.integers(1, 50))


def interpolate(image: np.ndarray, size: tuple[int, int], mode: str, antialias: bool) -> np.ndarray:
    x = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
    settings = (
        {} if mode.startswith("nearest") else {"align_corners": False, "antialias": antialias}
    )
    y = torch.nn.functional.interpolate(x, size=size, mode=mode, **settings)
    return y[0].permute(1, 2, 0).numpy()


@given(SIZES, SIZES, st.sampled_from(["bilinear", "bicubic", "nearest"]), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_without_antialiasing(size, new, filter, seed):
    image = np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)
    own = resampled(image, new, filter, antialias=False)
    np.testing.assert_allclose(own, interpolate(image, new, filter, False), atol=2e-3)


# Where one column is left, PyTorch 2.13 repeats the first row: its own fault.
WIDE = st.tuples(st.integers(1, 50), st.integers(2, 50))


@given(WIDE, WIDE, st.sampled_from(["bilinear", "bicubic"]), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_with_antialiasing(size, new, filter, seed):
    image = np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)
    own = resampled(image, new, filter)
    np.testing.assert_allclose(own, interpolate(image, new, filter, True), atol=2e-3)
