"""Transposed windows: published sizes, and the cells they write counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import SpecError
from cnnviz.geometry import Window
from cnnviz.geometry.transposed import TransposedWindow

sizes = st.integers(1, 12)
small = st.integers(1, 4)


@many(400)
@given(sizes, small, small, st.integers(1, 3), st.tuples(st.integers(0, 3), st.integers(0, 3)),
       st.integers(0, 3))  # fmt: skip
def test_the_output_is_what_the_input_is_written_to(n, k, s, d, pads, more):
    more = min(more, s - 1)
    written = {i * s + j * d for i in range(n) for j in range(k)}
    expected = max(written) + 1 - sum(pads) + more
    window = TransposedWindow.of(
        k, strides=s, dilation_rate=d, padding=(pads,), output_padding=more, rank=1
    )
    if expected < 1:
        with pytest.raises(SpecError, match=r"leaves nothing of \d+ cells"):
            window.on((n,))
        return
    (axis,) = window.on((n,))
    assert axis.output == expected == eval(axis.working().split("=")[0])
    assert window.output_shape((n,)) == (expected,)


@many(400)
@given(sizes, small, small, st.integers(1, 3), st.sampled_from(["valid", "same", "full", "pad"]),
       st.integers(0, 3))  # fmt: skip
def test_the_convolution_leads_back_and_reads_what_was_written(n, k, s, d, padding, more):
    more = 0 if padding == "same" else min(more, s - 1)
    pads = 1 if padding == "pad" else padding
    window = TransposedWindow.of(
        k, strides=s, dilation_rate=d, padding=pads, output_padding=more, rank=1
    )
    try:
        (axis,) = window.on((n,))
    except SpecError:
        return
    if axis.output + axis.before + axis.after < axis.extent:
        return  # cropped to less than one window
    (back,) = Window.of(k, strides=s, dilation_rate=d, padding=pads, rank=1).on((axis.output,))
    assert back.output == n
    assert (back.before, back.after) == (axis.before, axis.after)
    assert axis.adjoint.cells(n - 1) == back.cells(n - 1)


@many(100)
@given(sizes, small, small, st.integers(1, 3))
def test_same_is_the_size_of_tensorflow(n, k, s, d):
    (axis,) = TransposedWindow.of(k, strides=s, dilation_rate=d, padding="same", rank=1).on((n,))
    assert axis.output == n * s
    assert 0 <= axis.after - axis.before <= 1
    assert axis.working() == f"{n}*{s} = {n * s}"


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "padding", "more", "output"),
    [
        (1, 4, 1, 0, 0, 4),  # DCGAN's generator, Radford et al. (2015): 1, 4, 8, 16, 32, 64
        (4, 4, 2, 1, 0, 8),
        (32, 4, 2, 1, 0, 64),
        (16, 64, 32, 0, 0, 544),  # FCN-32s, Long et al. (2015)
        (28, 2, 2, 0, 0, 56),  # U-Net's up-convolution, Ronneberger et al. (2015)
        (6, 3, 2, 1, 1, 12),  # the example of PyTorch's documentation
    ],
)
def test_published_sizes(n, kernel, stride, padding, more, output):
    window = TransposedWindow.of(kernel, strides=stride, padding=padding, output_padding=more)
    assert window.output_shape((n, n)) == (output, output)


def test_workings_are_the_formula_with_its_numbers():
    def working(**settings) -> str:
        return TransposedWindow.of(3, rank=1, **settings).on((7,))[0].working()

    assert working(strides=2, padding=1, output_padding=1) == "(7 - 1)*2 + 3 - 2*1 + 1 = 14"
    assert working(padding=(0, 2)) == "(7 - 1)*1 + 3 - 0 - 2 = 7"
    assert working(dilation_rate=2) == "(7 - 1)*1 + 2*(3 - 1) + 1 = 11"
    assert working(strides=2, padding="same") == "7*2 = 14"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strides": 2, "output_padding": 2}, "output_padding 2 is not below the stride, 2"),
        ({"output_padding": -1}, "output_padding -1 is not an integer that is not negative"),
        ({"strides": 2, "padding": "same", "output_padding": 1}, "which gives n * strides"),
        ({"padding": "some"}, "padding 'some' is not one of valid, same, full"),
    ],
)
def test_wrong_settings_name_themselves(settings, message):
    with pytest.raises(SpecError) as caught:
        TransposedWindow.of(3, **settings)
    assert message in str(caught.value)


def test_other_ranks_are_refused():
    with pytest.raises(SpecError, match="the window has 2 axes, not 1"):
        TransposedWindow.of(3).on((4,))
    with pytest.raises(SpecError, match="the input is empty"):
        TransposedWindow.of(3).on((4, 0))


@many(100)
@given(sizes, small, small, st.integers(1, 3))
def test_causal_windows_end_at_their_own_cell(n, k, s, d):
    (axis,) = Window.of(k, strides=s, dilation_rate=d, padding="causal", rank=1).on((n,))
    assert [axis.cells(o)[-1] for o in range(axis.output)] == list(np.arange(0, n, s))
    with pytest.raises(SpecError, match="'causal' is not one of"):
        Window.of(k, padding="causal")
