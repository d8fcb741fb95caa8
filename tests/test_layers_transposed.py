"""Conv2DTranspose: Keras's sizes and PyTorch's, as ONNX Runtime computes them."""

from __future__ import annotations

import numpy as np
import onnx_peer
import pytest
from drawn import assert_close, dtypes, many, pairs, seeds, values
from hypothesis import assume, given
from hypothesis import strategies as st

from cnnviz import layers
from cnnviz.errors import SpecError

Conv2DTranspose = layers.find("Conv2DTranspose")


def keras(n: int, e: int, s: int, padding: str, added: int | None) -> tuple[int, int]:
    """Return the size that Keras 3 computes and the cells that it crops in front.

    `e` is the extent of the dilated kernel. Keras enlarges by a convolution over the input with
    zeros between its cells; `front` is how many it puts before the first.
    """
    if padding == "valid":
        return (n - 1) * s + (max(e, s) if added is None else e + added), 0
    size = n * s if added is None else (n - 1) * s + e % 2 + added
    zeros = s + e - 2 if added is None else e + e % 2 - 2 + added
    front = min(-(-zeros // 2), e - 1)
    return size, e - 1 - front


@many(200)
@given(
    seeds, st.integers(1, 3), pairs(1, 6), pairs(1, 5), pairs(1, 4), pairs(1, 3),
    st.sampled_from(["valid", "same"]), st.sampled_from([None, 0, 1]), dtypes,
)  # fmt: skip
def test_is_keras(seed, n, size, kernel, strides, dilation, padding, added, dtype):
    added = None if added is None else min(added, min(strides) - 1)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    axes = zip(size, extents, strides, strict=True)
    rows, columns = (keras(*axis, padding, added) for axis in axes)
    assume(rows[0] > 0 and columns[0] > 0)
    layer = Conv2DTranspose(
        3, kernel, strides, padding, output_padding=added, dilation_rate=dilation
    )
    x = values(seed, n, *size, 2, dtype=dtype)
    shape = (*kernel, 3, 2)
    assert layer.weight_shapes(x.shape[1:]) == {"kernel": shape, "bias": (3,)}
    w, bias = values(seed + 1, *shape), values(seed + 2, 3)
    whole = onnx_peer.run(
        "ConvTranspose", x, w.transpose(3, 2, 0, 1), bias, strides=strides, dilations=dilation
    )
    # What lies beyond the written cells holds the bias alone.
    theirs = np.full((n, rows[0] + rows[1] + 9, columns[0] + columns[1] + 9, 3), bias)
    seen = whole[:, : theirs.shape[1], : theirs.shape[2]]
    theirs[:, : seen.shape[1], : seen.shape[2]] = seen
    theirs = theirs[:, rows[1] : rows[1] + rows[0], columns[1] : columns[1] + columns[0]]
    assert layer.output_shape(x.shape[1:]) == theirs.shape[1:]
    ours, _ = layer.forward({"kernel": w, "bias": bias}, x)
    assert ours.dtype == dtype
    assert_close(ours, theirs, float(np.abs(x).max() * np.abs(w).sum()))


@many(100)
@given(seeds, pairs(2, 6), pairs(2, 5), pairs(1, 3), st.integers(0, 1), st.booleans())
def test_is_pytorch(seed, size, kernel, strides, pad, more):
    added = tuple(min(int(more), s - 1) for s in strides)
    layer = Conv2DTranspose(
        4, kernel, strides, pad, output_padding=added, use_bias=False, activation="relu"
    )
    x = values(seed, 2, *size, 3)
    w = values(seed + 1, *kernel, 4, 3)
    theirs = onnx_peer.run(
        "ConvTranspose", x, w.transpose(3, 2, 0, 1), strides=strides, pads=[pad] * 4,
        output_padding=added,
    )  # fmt: skip
    ours, _ = layer.forward({"kernel": w}, x)
    assert_close(ours, np.where(theirs > 0, theirs, 0), float(np.abs(x).max() * np.abs(w).sum()))


WRONG = [
    ({"output_padding": 2, "strides": 2}, "output_padding 2 is not below the stride, 2"),
    ({"output_padding": 2, "strides": 2, "padding": "same"}, "output_padding 2 is not below"),
    ({"output_padding": -1}, "output_padding -1 is not an integer"),
    ({"padding": "causal"}, "padding 'causal'"),
    ({"filters": 0}, "filters 0"),
    ({"activation": "rellu"}, "did you mean relu"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG)
def test_wrong_settings_name_the_value(settings, message):
    with pytest.raises(SpecError) as caught:
        Conv2DTranspose(**({"filters": 4, "kernel_size": 3} | settings))
    assert message in str(caught.value)


def test_padding_that_leaves_nothing():
    with pytest.raises(SpecError, match=r"padding 4\+4 leaves nothing of 3 cells"):
        Conv2DTranspose(4, 3, padding=4).output_shape((3, 3, 1))
