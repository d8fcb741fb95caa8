"""Windows and receptive fields: published figures, and counting by hand over drawn settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Window
from cnnviz.geometry.field import Field

DRAWN = settings(deadline=None, derandomize=True, max_examples=400)
sizes = st.integers(1, 24)
small = st.integers(1, 5)
pads = st.tuples(st.integers(0, 4), st.integers(0, 4))


def counted(n: int, k: int, s: int, d: int, before: int, after: int) -> int:
    """Count the windows that fit by sliding one, without a formula."""
    count, at = 0, -before
    while at + d * (k - 1) <= n - 1 + after:
        count, at = count + 1, at + s
    return count


@DRAWN
@given(sizes, small, small, st.integers(1, 3), pads)
def test_as_many_windows_as_can_be_counted(n, k, s, d, pad):
    expected = counted(n, k, s, d, *pad)
    window = Window.of(k, strides=s, dilation_rate=d, padding=(pad,), rank=1)
    if not expected:
        with pytest.raises(SpecError, match="does not fit"):
            window.on((n,))
        return
    (axis,) = window.on((n,))
    assert axis.output == expected
    read = {cell for o in range(axis.output) for cell in axis.cells(o)}
    assert axis.unread == max(0, n - 1 - max(read))
    assert min(read) == -pad[0]
    assert eval(axis.working().split("=")[0].replace("floor", "int").replace("/", "//")) == expected


@DRAWN
@given(sizes, small, small, st.integers(1, 3))
def test_same_is_the_output_size_of_tensorflow(n, k, s, d):
    (axis,) = Window.of(k, strides=s, dilation_rate=d, padding="same", rank=1).on((n,))
    assert axis.output == int(np.ceil(n / s))
    assert 0 <= axis.after - axis.before <= 1  # the odd cell stands at the end
    assert axis.cells(axis.output - 1)[-1] < n + axis.after  # the last window ends in the padding


@DRAWN
@given(sizes, small, small, st.integers(1, 3))
def test_full_is_every_window_that_touches_the_input(n, k, s, d):
    (axis,) = Window.of(k, strides=s, dilation_rate=d, padding="full", rank=1).on((n,))
    touching = list(range(-d * (k - 1), n, s))
    assert axis.output == len(touching)
    assert [axis.start(o) for o in range(axis.output)] == touching


@DRAWN
@given(sizes, small, small, st.integers(0, 2))
def test_ceil_mode_adds_the_last_window_that_starts_before_the_end_padding(n, k, s, pad):
    assume(2 * pad <= k)
    assume(n + 2 * pad >= k)
    window = Window.of(k, strides=s, padding=pad, ceil_mode=True, rank=1)
    (axis,) = window.on((n,))
    starts = [o * s - pad for o in range(n + 9)]
    fit = [at for at in starts if at + k <= n + pad]
    hanging = [at for at in starts if at + k > n + pad and at < n]
    # PyTorch: one window more where something is left over and it starts inside the input.
    more = bool(hanging) and (n + 2 * pad - k) % s != 0
    assert axis.output == len(fit) + more


def chain(n: int, *windows: tuple[int, int, int]) -> Field:
    field = Field.of_input(1)
    for k, s, pad in windows:
        axes = Window.of(k, strides=s, padding=pad, rank=1).on((n,))
        behind, n = field.through(axes), axes[0].output
        assert behind is not None
        field = behind
    return field


CONV, POOL = (3, 1, 1), (2, 2, 0)
VGG16 = (*[CONV] * 2, POOL, *[CONV] * 2, POOL, *([*[CONV] * 3, POOL] * 3))
ALEXNET = ((11, 4, 2), (3, 2, 0), (5, 1, 2), (3, 2, 0), *[CONV] * 3, (3, 2, 0))


@pytest.mark.parametrize(
    ("windows", "size", "stride", "padding"),
    [(VGG16, 212, 32, 90), (ALEXNET, 195, 32, 66), (((11, 4, 0), *ALEXNET[1:]), 195, 32, 64)],
    ids=["vgg16", "alexnet-torchvision", "alexnet_v2"],
)
def test_published_receptive_fields(windows, size, stride, padding):
    field = chain(224, *windows)
    assert (field.size, field.stride, field.start) == ((size,), (stride,), (-padding,))


@DRAWN
@given(st.lists(st.tuples(small, st.integers(1, 3), st.integers(0, 2)), min_size=1, max_size=4))
def test_a_field_is_what_can_be_traced_back(windows):
    cells, n, axes = None, 40, []
    for k, s, pad in windows:
        assume(n + 2 * pad >= k)
        axes += Window.of(k, strides=s, padding=pad, rank=1).on((n,))
        n = axes[-1].output
    for unit in (0, n - 1):
        cells = {unit}
        for axis in reversed(axes):
            cells = {cell for o in cells for cell in axis.cells(o)}
        field = Field.of_input(1)
        for axis in axes:
            field = field.through((axis,))
        assert min(cells) == field.start[0] + unit * field.stride[0]
        assert max(cells) - min(cells) + 1 == field.size[0]


def test_branches_merge_to_their_hull_and_tell_whether_they_agree():
    one = Field.of((1,), (2,), (0,))
    centred, shifted = Field.of((3,), (2,), (-1,)), Field.of((3,), (2,), (0,))
    assert one.merge([centred]) == centred
    assert one.merge([shifted]) == replace(shifted, aligned=False)
    assert one.merge([shifted]).merge([centred]).aligned is False
    assert one.merge([Field.of((1,), (4,), (0,))]) is None
    assert one.merge([]) == one


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"kernel_size": 0}, "kernel_size 0 is not a positive integer"),
        ({"kernel_size": 3, "strides": (1, 0)}, "strides"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size"),
        ({"kernel_size": 2.5}, "kernel_size 2.5"),
        ({"kernel_size": True}, "kernel_size True"),
        ({"kernel_size": 3, "padding": "some"}, "padding 'some' is not one of valid, same, full"),
        ({"kernel_size": 3, "padding": -1}, "padding -1"),
        ({"kernel_size": 3, "padding": ((1, 1),)}, "does not have 2 pairs"),
        ({"kernel_size": 3, "dilation_rate": 0}, "dilation_rate"),
    ],
)
def test_wrong_settings_name_themselves(settings_, message):
    with pytest.raises(SpecError, match=message.replace("(", "\\(")):
        Window.of(**settings_)


def test_what_does_not_fit_says_what_would():
    with pytest.raises(SpecError) as caught:
        Window.of(7).on((4, 4))
    expected = 'kernel_size 7 does not fit in 4x4; use padding "same" or a smaller kernel'
    assert str(caught.value) == expected
    with pytest.raises(SpecError, match="3x2 with dilation 4x1 does not fit in 5x5"):
        Window.of((3, 2), dilation_rate=(4, 1)).on((5, 5))
    with pytest.raises(SpecError, match="the input is empty"):
        Window.of(1).on((0, 5))


def test_workings_are_the_formula_of_the_textbook():
    assert Axis(224, 7, 2, 1, 3, 3, 112, "floor").working() == "floor((224 + 2*3 - 7)/2) + 1 = 112"
    assert Window.of(3, padding="same", strides=2).on((5, 5))[0].working() == "ceil(5/2) = 3"
