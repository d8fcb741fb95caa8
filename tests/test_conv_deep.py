"""Strategies for many channels and filters, each forced in turn, against ONNX Runtime and SciPy."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import many, pairs, seeds, values
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from cnnviz.geometry import Window
from cnnviz.ops import conv2d
from cnnviz.ops.conv import im2col, parts, planner, products, winograd
from cnnviz.ops.conv.engine import Prepared
from cnnviz.ops.conv.job import Finish, Job
from cnnviz.ops.padding import Padded
from cnnviz.ops.threads import one_blas_thread, threads

EXACT, FAST = 1e-5, 3e-4


def relu(part: np.ndarray, do) -> None:
    do(np.maximum, part, 0, out=part)


def forced(name, x, kernels, *, bias=None, wide=0, border="zero", groups=1, act=None, **window):
    """Return what a strategy makes of `x`, from a channel slice `wide` channels in."""
    axes = Window.of(kernels.shape[:2], **window).on(x.shape[1:3])
    finish = Finish(None if bias is None else bias.astype(x.dtype), act)
    job = Job(*axes, Padded.of(axes, border), groups, finish=finish)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnviz.ops.conv.engine.choose", lambda *_: name)
        prepared = Prepared.of(kernels.astype(x.dtype), job)
    shape = len(x), axes[0].output, axes[1].output, kernels.shape[3]
    room = np.full((*shape[:3], wide + shape[3] + wide), 7, x.dtype)
    out = room[..., wide : wide + shape[3]]
    prepared.run(x, out)
    again = np.empty(shape, x.dtype)
    prepared.run(x, again)
    np.testing.assert_array_equal(again, out)
    for into in (out, again) if np.isfinite(x).all() else ():
        given, tasks = x.copy(), prepared.tasks(x, into)
        for each in (0, given):  # what was written down for zeros is right for others
            x[...] = each
            with one_blas_thread():
                for task in tasks:
                    task()
        np.testing.assert_array_equal(out, again)
    assert np.all(np.delete(room, np.s_[wide : wide + shape[3]], axis=3) == 7)
    return out


def assert_near(ours: np.ndarray, theirs: np.ndarray, most: float, terms: float = 0) -> None:
    """Hold `ours` to `most` of the output's scale, or of a twentieth of `terms`."""
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= most * max(np.abs(theirs).max(), 0.05 * terms)


def peer(x, k, bias, pads, strides=(1, 1), groups=1):
    theirs = onnx_peer.run(
        "Conv", x, k.transpose(3, 2, 0, 1), bias, pads=pads, strides=strides, group=groups
    )
    return np.maximum(theirs, 0)


@pytest.fixture(params=[False, True], ids=["one part", "many parts"])
def divided(request, monkeypatch):
    """The same with bands and parts that are as small as can be."""
    if request.param:
        for module, name, value in (
            (winograd, "TILES", 1), (winograd, "FEW", 2), (winograd, "SMALL", 30),
            (winograd, "WORK", 1), (parts, "WORK", 1), (im2col, "WORK", 1), (im2col, "BAND", 64),
            (im2col, "FEW", 16), (products, "DIRECT", 2000), (products, "ROWS", 4),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, value)


sizes, counts = pairs(1, 23), st.integers(1, 3)


@pytest.mark.usefixtures("divided")
@pytest.mark.parametrize(("name", "side"), [("winograd", 3), ("winograd", 5), ("im2col", 3)])
def test_small_kernels_match_onnxruntime(name, side):
    @many(60)
    @given(seeds, counts, sizes, pairs(1, 70), pairs(0, 2), pairs(0, 2), st.integers(0, 3))
    def check(seed, count, size, channels, begin, end, wide):
        size = tuple(max(n, side - a - b) for n, a, b in zip(size, begin, end, strict=True))
        x, k = values(seed, count, *size, channels[0]), values(seed + 1, side, side, *channels)
        bias = values(seed + 2, channels[1])
        padding = tuple(zip(begin, end, strict=True))
        ours = forced(name, x, k, bias=bias, act=relu, padding=padding, wide=wide)
        theirs = peer(x, k, bias, [*begin, *end])
        terms = np.abs(x).max() * np.abs(k).sum(axis=(0, 1, 2)).max()
        assert_near(ours, theirs, FAST if name == "winograd" else EXACT, terms)

    check()


@pytest.mark.usefixtures("divided")
def test_pointwise_kernels_match_onnxruntime():
    @many(60)
    @given(seeds, counts, sizes, pairs(1, 70), pairs(1, 3), st.integers(0, 3))
    def check(seed, count, size, channels, strides, wide):
        x, k = values(seed, count, *size, channels[0]), values(seed + 1, 1, 1, *channels)
        bias = values(seed + 2, channels[1])
        ours = forced("pointwise", x, k, bias=bias, act=relu, strides=strides, wide=wide)
        terms = np.abs(x).max() * np.abs(k).sum(axis=(0, 1, 2)).max()
        assert_near(ours, peer(x, k, bias, [0] * 4, strides), EXACT, terms)

    check()


@pytest.mark.usefixtures("divided")
def test_strides_and_groups_match_onnxruntime():
    @many(60)
    @given(
        seeds, counts, sizes, pairs(1, 20), pairs(1, 11), pairs(1, 4), st.integers(1, 3),
        st.integers(0, 3),
    )  # fmt: skip
    def check(seed, count, size, channels, kernel, strides, groups, wide):
        size = tuple(map(max, size, kernel))
        x = values(seed, count, *size, channels[0] * groups)
        k = values(seed + 1, *kernel, channels[0], channels[1] * groups)
        bias = values(seed + 2, k.shape[3])
        settings = {"strides": strides, "groups": groups}
        ours = forced("im2col", x, k, bias=bias, act=relu, wide=wide, padding=1, **settings)
        terms = np.abs(x).max() * np.abs(k).sum(axis=(0, 1, 2)).max()
        assert_near(ours, peer(x, k, bias, [1] * 4, **settings), EXACT, terms)

    check()


@pytest.mark.usefixtures("divided")
@pytest.mark.parametrize("border", ["edge", "reflect", "symmetric", "wrap", 7.5])
def test_winograd_reads_every_border_and_lines_that_lie_apart(border):
    x = values(3, 2, 2 * 17, 11, 10)[:, ::2, :, 1:7]
    k = values(4, 3, 3, 6, 36)
    mode = {"mode": border} if isinstance(border, str) else {"constant_values": border}
    padded = np.pad(x, ((0, 0), (2, 1), (0, 2), (0, 0)), **mode)
    theirs = [
        [signal.correlate(image, k[..., f], "valid", "direct")[..., 0] for f in range(36)]
        for image in padded.astype(float)
    ]
    ours = forced("winograd", x, k, padding=((2, 1), (0, 2)), border=border)
    assert_near(ours, np.moveaxis(theirs, 1, -1), FAST)


# Of VGG16, GoogLeNet and AlexNet, as deep and as wide; the rows are fewer. The kernel's side last.
@pytest.mark.parametrize(
    "shape",
    [
        (20, 112, 64, 128, 3), (14, 56, 256, 96, 3), (14, 28, 512, 64, 3), (14, 14, 512, 64, 3),
        (9, 27, 64, 192, 5),
    ],
)  # fmt: skip
def test_the_error_of_winograd_is_bounded(shape):
    height, width, channels, filters, side = shape
    rng = np.random.default_rng(5)
    x = np.maximum(rng.standard_normal((1, height, width, channels)), 0).astype(np.float32)
    k = rng.standard_normal((side, side, channels, filters)).astype(np.float32)
    exact = forced("im2col", x.astype(np.float64), k, padding=side // 2)
    error = np.abs(forced("winograd", x, k, padding=side // 2) - exact).max()
    assert error <= 5e-5 * exact.std()
    assert error > np.abs(forced("im2col", x, k, padding=side // 2) - exact).max()


def test_what_is_not_finite_stays_in_its_windows():
    x, k = np.ones((1, 30, 30, 32), np.float32), np.ones((3, 3, 32, 32), np.float32)
    for value in (np.nan, np.inf):
        x[0, 9, 13, 5] = value
        out = forced("winograd", x, k, padding=1)
        hit = np.zeros((30, 30), bool)
        hit[8:11, 12:15] = True
        np.testing.assert_array_equal(np.isfinite(out[0]).all(axis=-1), ~hit)


def test_results_are_the_same_bits_on_any_number_of_threads(monkeypatch):
    x, bias = values(6, 1, 56, 56, 64), values(8, 64)
    for name, k in (("winograd", 3), ("im2col", 3), ("pointwise", 1)):
        kernels = values(7, k, k, 64, 64)
        several = forced(name, x, kernels, bias=bias)
        with monkeypatch.context() as patch:
            patch.setattr("cnnviz.ops.threads.threads", lambda: 1)
            np.testing.assert_array_equal(forced(name, x, kernels, bias=bias), several)
    assert threads() >= 1


@pytest.mark.usefixtures("divided")
@pytest.mark.parametrize("side", [3, 5])
def test_groups_of_tiles_match_onnxruntime(side):
    for count, size, groups, each in ((1, 13, 2, 48), (3, 9, 3, 40), (1, 22, 2, 33)):
        x, k = values(11, count, size, size, 32 * groups), values(12, side, side, 32, each * groups)
        bias, begin = values(13, each * groups), side // 2
        ours = forced("winograd", x, k, bias=bias, act=relu, padding=begin, groups=groups, wide=1)
        assert_near(ours, peer(x, k, bias, [begin] * 4, groups=groups), FAST)
        x[0, 3, 4, 40] = np.inf  # in the second group
        spoilt = forced("winograd", x, k, bias=bias, padding=begin, groups=groups)
        whole = np.isfinite(spoilt).all(axis=(0, 1, 2))
        assert not whole[each : 2 * each].any()
        assert whole[:each].all()
        hit = np.zeros((size, size), bool)
        hit[3 - begin : 4 + begin, 4 - begin : 5 + begin] = True
        np.testing.assert_array_equal(np.isfinite(spoilt[0, ..., each : 2 * each]).all(-1), ~hit)


def chosen(x, k, precision="fast", images=None, **window) -> str:
    groups = x[2] // k[2]
    axes = Window.of(k[:2], **window).on(x[:2])
    job = Job(*axes, Padded.of(axes), groups)
    return planner.choose(np.ones(k, np.float32), job, precision, images)


def test_the_planner_chooses_by_shape():
    deep = (28, 28, 256), (3, 3, 256, 128)
    assert chosen(*deep, padding=1) == "winograd"
    assert chosen((27, 27, 64), (5, 5, 64, 192), padding=2) == "winograd"
    assert chosen(*deep, "exact", padding=1) == "im2col"
    assert chosen(*deep, padding=1, strides=2) == "im2col"
    assert chosen(*deep, padding=1, dilation_rate=2) == "im2col"
    assert chosen(*deep, images=1, padding=1) == "im2col"  # the transform is for one run
    assert chosen((64, 64, 256), deep[1], images=1, padding=1) == "winograd"
    assert chosen((28, 28, 512), deep[1], padding=1) == "winograd"  # in two groups
    assert chosen((28, 28, 512), (3, 3, 256, 60), padding=1) == "im2col"  # of 30 filters
    assert chosen((28, 28, 3), (3, 3, 3, 64), padding=1) == "im2col"
    assert chosen((28, 28, 192), (1, 1, 192, 64)) == "pointwise"
    assert chosen((28, 28, 192), (1, 1, 192, 64), padding=1) == "im2col"


def test_doubles_and_exact_singles_take_no_short_cut(monkeypatch):
    monkeypatch.setattr(winograd, "prepare", None)
    x, k = values(9, 1, 60, 60, 64), values(10, 3, 3, 64, 32)
    exact = conv2d(x.astype(np.float64), k, padding=1)
    assert_near(conv2d(x, k, padding=1, precision="exact"), exact, EXACT)
    with pytest.raises(TypeError):
        conv2d(x, k, padding=1)
