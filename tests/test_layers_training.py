"""What layers do in training only: statistics of the batch, and dropping at random."""

from __future__ import annotations

import numpy as np
import pytest

from cnnviz import layers

# Of so large a batch several bands are made, the last one shorter.
SHAPE = (33, 20, 21, 24)


def normalized(x: np.ndarray, **settings):
    """Run a batch normalisation in training, its weights drawn."""
    rng, channels = np.random.default_rng(1), x.shape[-1]
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    weights = {name: rng.uniform(0.5, 2, channels).astype(x.dtype) for name in names}
    layer = layers.find("BatchNormalization")(**settings)
    return weights, layer.forward_training(weights, x, generator=rng)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_batch_statistics(dtype, digits):
    rng = np.random.default_rng(0)
    # Means far larger than the deviations, of which float32 has few digits left.
    exact = rng.normal(rng.uniform(-50, 50, SHAPE[-1]), rng.uniform(0.5, 2, SHAPE[-1]), SHAPE)
    x = exact.astype(dtype)
    weights, (y, backward, statistics) = normalized(x, momentum=0.9)
    mean, variance = (of(x.astype(np.float64), axis=(0, 1, 2)) for of in (np.mean, np.var))
    ruler = np.sqrt(variance + 1e-3)
    centred = (x - mean) / ruler
    np.testing.assert_allclose(y, centred * weights["gamma"] + weights["beta"], atol=digits)
    for name, batch in (("moving_mean", mean), ("moving_variance", variance)):
        assert statistics[name].dtype == dtype
        expected = 0.9 * weights[name] + 0.1 * batch
        np.testing.assert_allclose(statistics[name], expected, rtol=digits)

    gradient = rng.standard_normal(SHAPE).astype(dtype)
    (of_x,), of_weights = backward(gradient)
    assert of_x.dtype == dtype
    scaled, count = (gradient * centred).sum(axis=(0, 1, 2)), y.size / SHAPE[-1]
    inner = gradient - gradient.sum(axis=(0, 1, 2)) / count - centred * scaled / count
    np.testing.assert_allclose(of_x, inner * weights["gamma"] / ruler, atol=digits)
    np.testing.assert_allclose(of_weights["gamma"], scaled, atol=digits * count**0.5)
    total = gradient.sum(axis=(0, 1, 2), dtype=np.float64)
    np.testing.assert_allclose(of_weights["beta"], total, atol=digits * count**0.5)


def test_keras_keeps_99_in_100_of_the_running_statistics():
    weights, (_, _, statistics) = normalized(np.zeros((3, 2)))
    np.testing.assert_allclose(statistics["moving_mean"], 0.99 * weights["moving_mean"])


def test_running_statistics_forget_the_beginning_of_a_run():
    """Of constant batches they are within 1 in 1000 after 10 steps; Keras's only after 690."""
    layer, x = layers.find("BatchNormalization")(), np.full((4, 1), 7.0)
    weights = {name: np.ones(1) for name in ("gamma", "beta", "moving_variance")}
    weights["moving_mean"] = np.zeros(1)
    left = [7.0]
    for step in range(1000):
        found = layer.forward_training(weights, x, generator=np.random.default_rng(0), step=step)[
            -1
        ]
        weights |= found
        left.append(7 - float(found["moving_mean"][0]))
    assert left[1] == pytest.approx(0.7)  # a tenth of what there was
    assert left[2] == pytest.approx(0.7 * 2 / 11)
    assert left[10] < 0.007
    x[:] = 8
    after = layer.forward_training(weights, x, generator=np.random.default_rng(0), step=1000)[-1]
    assert after["moving_mean"][0] == pytest.approx(7.01)  # by now it is the layer's momentum


def test_views_are_normalised_as_their_copies():
    x = np.random.default_rng(0).standard_normal((24, 5, 6, 7)).transpose(3, 1, 2, 0)
    for of_x, of_copy in zip(normalized(x)[1], normalized(x.copy())[1], strict=True):
        if isinstance(of_x, np.ndarray):
            np.testing.assert_allclose(of_x, of_copy, rtol=1e-12)


def test_dropout_keeps_the_mean():
    x = np.ones((200, 500), np.float32)
    layer = layers.find("Dropout")(0.3)
    y, backward, statistics = layer.forward_training({}, x, generator=np.random.default_rng(0))
    assert statistics == {}
    assert set(np.unique(y)) == {0, np.float32(1 / 0.7)}
    assert abs(np.count_nonzero(y == 0) / y.size - 0.3) < 0.005  # three deviations
    # What was dropped passes nothing back.
    (passed,), _ = backward(x)
    np.testing.assert_array_equal(passed, y)
    inference, _ = layer.forward({}, x)
    assert inference is x


@pytest.mark.parametrize("name", ["Dropout", "SpatialDropout2D"])
def test_what_is_dropped_is_the_generators(name):
    x = np.ones((4, 6, 5, 3), np.float32)
    layer, generator = layers.find(name)(0.5), np.random.default_rng(3)
    first, second = (layer.forward_training({}, x, generator=generator)[0] for _ in (1, 2))
    assert not np.array_equal(first, second)
    again = layer.forward_training({}, x, generator=np.random.default_rng(3))[0]
    np.testing.assert_array_equal(again, first)


def test_spatial_dropout_drops_whole_channels():
    x = np.ones((50, 3, 4, 20), np.float32)
    layer = layers.find("SpatialDropout2D")(0.25)
    y, _, _ = layer.forward_training({}, x, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert abs(np.count_nonzero(y[:, 0, 0] == 0) / 1000 - 0.25) < 0.042


@pytest.mark.parametrize(("rate", "left"), [(0, 1), (1, 0)])
def test_nothing_or_all_is_dropped(rate, left):
    x = np.ones((4, 9), np.float32)
    y, _, _ = layers.find("Dropout")(rate).forward_training(
        {}, x, generator=np.random.default_rng(0)
    )
    assert (y == left).all()
