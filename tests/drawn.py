"""What tests over drawn settings share: how many, arrays of values, and how close is equal."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])


def pairs(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(least, most), st.integers(least, most))


def many(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def values(seed: int, *shape: int, dtype: type = np.float32) -> np.ndarray:
    """Values of both signs around a mean that is not 0, in float32's digits."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) + rng.uniform(-2, 2)).astype(np.float32).astype(dtype)


def assert_close(ours: np.ndarray, theirs: np.ndarray, terms: float = 0.0) -> None:
    """Hold `ours` to 1e-5 of the output's scale.

    The scale is the largest value; where all of them cancel to next to nothing, a twentieth of
    `terms`, the most that one sum of absolute products can come to.
    """
    assert ours.shape == theirs.shape
    scale = max(float(np.abs(theirs).max()), 0.05 * terms)
    assert float(np.abs(ours - theirs).max()) <= 1e-5 * scale
