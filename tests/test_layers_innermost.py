"""What a layer does with images innermost is what it does with them first."""

from __future__ import annotations

import numpy as np
import pytest
from layer_cases.case import Case
from test_layers import drawn, every_case, made_of

from cnnviz import layers
from cnnviz.ops.checks import Array

Made = tuple[Array, tuple[Array, ...], dict[str, Array], dict[str, Array]]
SIDE_BY_SIDE = Case("MaxPooling2D", {"pool_size": 2}, ((7, 8, 3),))


def swapped(x: Array) -> Array:
    made = np.ascontiguousarray(x.swapaxes(0, -1))
    made.setflags(write=False)  # nothing that is given is written to
    return made


def run(layer: layers.Layer, weights: dict, xs: list[Array], *, innermost: bool) -> Made:
    """Return output, gradients and statistics with images first, whichever way they were made."""
    generator = np.random.default_rng(3)
    turned = swapped if innermost else lambda x: x
    form = layer.forward_innermost if innermost else layer.forward_training
    y, backward, statistics = form(weights, *map(turned, xs), generator=generator, step=4)
    y = turned(y)
    gradient = np.random.default_rng(1).standard_normal(y.shape).astype(y.dtype)
    of_inputs, of_weights = backward(turned(gradient))
    none, same = backward(turned(gradient), of_inputs=False)
    assert none == ()
    assert same.keys() == of_weights.keys()
    for name, found in same.items():
        np.testing.assert_array_equal(found, of_weights[name])
    return y, tuple(map(turned, of_inputs)), of_weights, statistics


def alike(layer: layers.Layer, weights: dict, xs: list[Array], bound: float) -> None:
    first, inner = (run(layer, weights, xs, innermost=innermost) for innermost in (False, True))
    both = ((m[0], *m[1], *(m[k][n] for k in (2, 3) for n in first[k])) for m in (first, inner))
    for expected, found in zip(*both, strict=True):
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound * scale)
    assert [m.keys() for m in first[2:]] == [m.keys() for m in inner[2:]]


@every_case
def test_it_is_the_same(case: Case) -> None:
    alike(made_of(case), *drawn(case, np.float64), bound=1e-10)


@every_case
def test_it_is_the_same_in_float32(case: Case) -> None:
    alike(made_of(case), *drawn(case, np.float32), bound=1e-4)


def test_of_equal_ones_the_first_wins() -> None:
    x = np.random.default_rng(0).integers(0, 2, (5, 7, 8, 3)).astype(np.float32)
    alike(made_of(SIDE_BY_SIDE), {}, [x], bound=0)


@pytest.mark.parametrize("pool", ["MaxPooling2D", "AveragePooling2D"])
@pytest.mark.parametrize("size", [(9, 1), (2, 3), (1, 4)])
def test_cells_behind_the_last_window_have_no_gradient(pool, size) -> None:
    x = np.random.default_rng(0).standard_normal((3, 11, 10, 2))
    alike(layers.find(pool)(size), {}, [x], bound=1e-12)


def test_moments_keep_their_digits_far_from_zero() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(rng.uniform(-50, 50, 6), 1, (64, 9, 9, 6)).astype(np.float32)
    layer = layers.find("BatchNormalization")()
    weights = {
        name: np.ones(6, np.float32)
        for name in ("gamma", "beta", *("moving_mean", "moving_variance"))
    }
    y, _, _, statistics = run(layer, weights, [x], innermost=True)
    exact = x.astype(np.float64)
    mean, variance = exact.mean(axis=(0, 1, 2)), exact.var(axis=(0, 1, 2))
    np.testing.assert_allclose(y, (exact - mean) / np.sqrt(variance + 1e-3) + 1, atol=1e-4)
    keep = 5 / 14
    np.testing.assert_allclose(statistics["moving_mean"], keep + (1 - keep) * mean, rtol=1e-5)
    np.testing.assert_allclose(
        statistics["moving_variance"], keep + (1 - keep) * variance, rtol=1e-5
    )
