"""Animations as data: where they stop, what adds up at each stop, against sums written apart."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from cnnviz.errors import SpecError
from cnnviz.geometry.transposed import TransposedWindow
from cnnviz.images import load_image
from cnnviz.kernels import Kernel, resolve
from cnnviz.layers.transposed import Conv2DTranspose
from cnnviz.model import load_model
from cnnviz.model.stamps import layer_stamps
from cnnviz.report.explained import kernel_explanation, pooling_explanation
from cnnviz.report.sliding import sliding
from cnnviz.report.stamps import Stamping
from cnnviz.report.steps import Steps

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(shape=st.tuples(st.integers(1, 70), st.integers(1, 70)), most=st.integers(5, 200))
def test_every_place_is_filled_once_in_reading_order(shape, most):
    plan = Steps(shape, most)
    stops = plan.stops()
    assert len(stops) <= most
    filled = np.zeros(shape, int)
    blocks = stops if plan.is_whole else stops[plan._first :]
    for step in blocks:
        filled[np.ix_(step.rows, step.columns)] += 1
        assert step.at[0] in step.rows
        assert step.at[1] in step.columns
    assert (filled == 1).all()
    corners = [(step.rows.start, step.columns.start) for step in blocks]
    assert corners == sorted(corners)
    if plan.is_whole:
        assert [step.at for step in stops] == list(np.ndindex(*shape))
    else:
        assert plan.count > most
        assert [step.at for step in stops[:2]] in ([(0, 0), (0, 1)], [(0, 0), blocks[0].at])


def test_many_places_use_most_of_the_frames():
    for shape in ((3000, 4000), (26, 26), (1, 9999), (5000, 2)):
        assert len(Steps(shape, 115).stops()) > 80, shape


@settings(max_examples=40, deadline=None)
@given(
    size=SIZES,
    stride=SIZES,
    dilation=SIZES,
    padding=st.sampled_from(["valid", "same", "full", 2]),
    channels=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_terms_of_each_frame_add_up_to_the_cell(size, stride, dilation, padding, channels, seed):
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (8, 9, channels)).astype(np.float32)
    kernel = random.integers(-4, 5, size).astype(float)
    how = {"strides": stride, "padding": padding, "dilation_rate": dilation}
    result = sliding([kernel_explanation(image, Kernel("drawn", kernel, "drawn"), **how)], 90)
    axes = result.runs[0].arithmetic.axes
    # SciPy's correlation with the kernel spread out, every nth of its values.
    spread = np.zeros([axis.extent for axis in axes])
    spread[:: dilation[0], :: dilation[1]] = kernel
    padded = np.pad(image.sum(axis=2), [(axis.before, axis.after) for axis in axes])
    made = signal.correlate2d(padded, spread, "valid")[:: stride[0], :: stride[1]]
    seen = set()
    for step in result.steps:
        (one,) = result.terms(step.at)
        assert sum(one.sums) == one.total == made[step.at] == one.engine
        seen |= {(r, c) for r in step.rows for c in step.columns}
    assert seen == set(np.ndindex(*made.shape))
    assert np.array_equal(result.arrays()[0][1], made)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=SIZES,
    dilation=SIZES,
    padding=st.sampled_from(["valid", "same", 1]),
    most=st.sampled_from([12, 99]),
    seed=st.integers(0, 99),
)
def test_stamps_add_up_to_the_output(size, stride, dilation, padding, most, seed):
    random = np.random.default_rng(seed)
    source = random.integers(-9, 10, (5, 6, 2)).astype(np.float32)
    kernel = random.integers(-4, 5, (*size, 1, 2)).astype(np.float32)
    layer = Conv2DTranspose(1, size, stride, padding, dilation_rate=dilation)
    try:
        axes = layer.window(source.shape).on(source.shape[:2])
    except SpecError:
        return
    weights = {"kernel": kernel, "bias": np.array([3], np.float32)}
    output = layer.forward(weights, source[None])[0][0, ..., 0]
    result = Stamping(
        "drawn", "layer", source, axes, kernel[:, :, 0].astype(float), output, source, ("a", "b"),
        bias=3.0, most=most,
    )  # fmt: skip
    done = 0
    for moment in result.moments():
        if moment.before is not None:
            after = result.under(moment.out, moment.stamp)
            added = np.where(moment.stamp.inside, moment.stamp.sums, 0)
            assert np.array_equal(moment.before + added, after)
        assert moment.done >= done
        done = moment.done
        end = moment.out
    assert done == 30
    assert np.array_equal(end, apart(source, kernel[:, :, 0], stride, dilation, axes) + 3)
    assert np.array_equal(end, output)


def apart(source, kernel, stride, dilation, axes):
    """Zeros between the cells, and SciPy's convolution with the kernel spread out."""
    wide = [(n - 1) * s + 1 for n, s in zip(source.shape, stride, strict=False)]
    total = 0
    for c in range(source.shape[2]):
        stuffed = np.zeros(wide)
        stuffed[:: stride[0], :: stride[1]] = source[..., c]
        spread = np.zeros([axis.extent for axis in axes])
        spread[:: dilation[0], :: dilation[1]] = kernel[..., c]
        total = total + signal.convolve2d(stuffed, spread)
    rows, columns = axes
    whole = np.zeros((rows.before + rows.output + 9, columns.before + columns.output + 9))
    whole[: total.shape[0], : total.shape[1]] = total[: whole.shape[0], : whole.shape[1]]
    return whole[rows.before :, columns.before :][: rows.output, : columns.output]


def test_a_transposed_layer_of_a_model():
    model = load_model(
        "Conv2D(3, 3, strides=2) Conv2DTranspose(2, 3, strides=2, activation='tanh')",
        input_shape=(28, 28, 1),
    )
    image = load_image(SAMPLES / "digit.png")
    name = model.graph.nodes[-1].name
    result = layer_stamps(model, image, name, 1, most=50)
    for moment in result.moments():
        end = moment.out
    made = model.trace(image, layers=[name])[name][..., 1]
    assert np.array_equal(result.output, made)
    assert np.abs(np.tanh(end) - made).max() < 1e-5
    assert result.frames == len(result.steps) + 5 <= 50


def test_a_cropped_stamp_says_so():
    axes = TransposedWindow.of(3, padding=1).on((4, 4))
    kernel, source = np.ones((3, 3, 1)), np.ones((4, 4, 1), np.float32)
    result = Stamping("a", "b", source, axes, kernel, np.zeros((4, 4)), source, ("gray",))
    stamp = result.stamp((0, 3))
    assert (stamp.rows, stamp.columns) == (range(-1, 2), range(2, 5))
    assert stamp.inside.tolist() == [[False] * 3, [True, True, False], [True, True, False]]


def test_maps_must_have_one_shape_and_be_few():
    image = np.zeros((9, 9), np.float32)
    runs = [kernel_explanation(image, resolve(name)[0]) for name in ("edge", "gaussian:5")]
    with pytest.raises(SpecError, match=r"different shapes, 7x7 and 5x5; use --padding same"):
        sliding(runs)
    with pytest.raises(SpecError, match="5 kernels are too many"):
        sliding(runs[:1] * 5)


def test_a_pooling_with_one_window():
    result = sliding([pooling_explanation(np.ones((4, 4, 1), np.float32), "global-max")])
    assert result.said == "the window stops at the one place that there is"
    assert result.frames == 6
