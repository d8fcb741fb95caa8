"""Multiply-adds counted by others: in a run over ones with weights of 1 each product adds 1."""

from __future__ import annotations

import numpy as np
import onnx_peer
from drawn import many, pairs
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import layers

small = st.integers(1, 3)


def padded(size, around) -> tuple[int, ...]:
    """Return a size with its padding, whose products count as any others do."""
    return tuple(n + a + b for n, (a, b) in zip(size, around, strict=True))


def counted(op: str, x: tuple[int, ...], w: tuple[int, ...], **attributes) -> int:
    return round(float(onnx_peer.run(op, np.ones((1, *x)), np.ones(w), **attributes).sum()))


@many(60)
@given(
    pairs(5, 9), st.tuples(pairs(0, 2), pairs(0, 2)), pairs(1, 3), pairs(1, 3), pairs(1, 2),
    small, small, small, st.sampled_from([1, 2]),
)  # fmt: skip
def test_convolutions(size, around, kernel, strides, dilation, groups, channels, filters, rank):
    around, size, kernel, strides, dilation = (
        each[:rank] for each in (around, size, kernel, strides, dilation)
    )
    layer = layers.find(f"Conv{rank}D")(
        filters * groups, kernel, strides, around, dilation_rate=dilation, groups=groups
    )
    theirs = counted(
        "Conv", (*padded(size, around), channels * groups), (filters * groups, channels, *kernel),
        strides=strides, dilations=dilation, group=groups,
    )  # fmt: skip
    assert layer.macs((*size, channels * groups)) == theirs


@many(40)
@given(
    pairs(5, 9), st.tuples(pairs(0, 2), pairs(0, 2)), pairs(1, 3), pairs(1, 3), small, small, small
)
def test_depthwise_and_separable(size, around, kernel, strides, channels, multiplier, filters):
    maps = channels * multiplier
    apart = counted(
        "Conv", (*padded(size, around), channels), (maps, 1, *kernel), strides=strides,
        group=channels,
    )  # fmt: skip
    settings = {"depth_multiplier": multiplier, "strides": strides, "padding": around}
    layer = layers.find("DepthwiseConv2D")(kernel, **settings)
    assert layer.macs((*size, channels)) == apart
    separable = layers.find("SeparableConv2D")(filters, kernel, **settings)
    places = layer.output_shape((*size, channels))[:-1]
    across = counted("Conv", (*places, maps), (filters, maps, 1, 1))
    assert separable.macs((*size, channels)) == apart + across


@many(40)
@given(pairs(1, 5), pairs(1, 4), pairs(1, 3), small, small, st.sampled_from(["valid", "same"]))
def test_transposed(size, kernel, strides, channels, filters, padding):
    layer = layers.find("Conv2DTranspose")(filters, kernel, strides, padding)
    # What "same" crops is written all the same.
    theirs = counted(
        "ConvTranspose", (*size, channels), (channels, filters, *kernel), strides=strides
    )
    assert layer.macs((*size, channels)) == theirs


@many(30)
@given(pairs(3, 7), pairs(1, 3), pairs(1, 3), small, small)
def test_local_connections_do_the_work_of_a_convolution(size, kernel, strides, channels, filters):
    theirs = counted("Conv", (*size, channels), (filters, channels, *kernel), strides=strides)
    layer = layers.find("LocallyConnected2D")(filters, kernel, strides)
    assert layer.macs((*size, channels)) == theirs
    theirs = counted(
        "Conv", (size[0], channels), (filters, channels, kernel[0]), strides=strides[:1]
    )
    layer = layers.find("LocallyConnected1D")(filters, kernel[:1], strides[0])
    assert layer.macs((size[0], channels)) == theirs


@many(20)
@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9))
def test_dense(places, read, units):
    theirs = onnx_peer.run("Gemm", np.ones((places, read)), np.ones((read, units))).sum()
    assert layers.find("Dense")(units).macs((places, read)) == theirs
