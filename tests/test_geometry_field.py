"""Fields through what upsamples, where units take turns: against the cells counted one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import SpecError
from cnnviz.geometry import Window
from cnnviz.geometry.field import MAX_TURNS, Field, Sight
from cnnviz.geometry.transposed import TransposedWindow

small = st.integers(1, 4)
steps = st.tuples(st.booleans(), small, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))


@many(300)
@given(st.integers(1, 9), small, small, small, st.integers(0, 3))
def test_a_transposed_axis_reads_what_was_written_to_a_cell(n, k, s, d, before):
    window = TransposedWindow.of(k, strides=s, dilation_rate=d, padding=((before, 0),), rank=1)
    try:
        (axis,) = window.on((n,))
    except SpecError:
        return
    for output in range(axis.output):
        writers = [
            i for i in range(-30, n + 30) for j in range(k) if i * s + j * d - before == output
        ]
        assert list(axis.cells(output)) == sorted(writers)


@many(300)
@given(st.lists(steps, min_size=1, max_size=4))
def test_each_unit_sees_what_can_be_traced_back(windows):
    axes, n, field = [], 24, Field.of_input(1)
    for up, k, s, d, pad in windows:
        kind = TransposedWindow if up else Window
        try:
            (axis,) = kind.of(k, strides=s, dilation_rate=d, padding=pad, rank=1).on((n,))
        except SpecError:
            return
        axes.append(axis)
        n = axis.output
        behind = field.through((axis,))
        if behind is None:
            assert field.axes[0].turns * s * up > MAX_TURNS
            return
        field = behind
    (sight,) = field.axes
    sizes = []
    for unit in range(2 * sight.turns):
        cells = {unit}
        for axis in reversed(axes):
            cells = {cell for o in cells for cell in axis.cells(o)}
        first, end = sight.seen(range(unit, unit + 1))
        if cells:
            assert (first, end) == (min(cells), max(cells) + 1)
        else:
            assert first > end
        sizes.append(len(range(min(cells), max(cells) + 1)) if cells else 0)
    assert field.size == (max(sizes),)
    assert sight.seen(range(sight.turns)) == sight.whole(sight.turns).seen(range(1))


def up(size: int) -> Field:
    axes = TransposedWindow.of(size, strides=size, rank=1).on((8,))
    field = Field.of_input(1).through(axes)
    assert field is not None
    return field


def test_upsampling_divides_the_stride():
    for size, stride in ((1, 1), (2, 0.5), (4, 0.25), (3, pytest.approx(1 / 3))):
        assert (up(size).size, up(size).stride, up(size).start) == ((1,), (stride,), (0,))


def test_what_is_taken_up_and_down_again_is_where_it_was():
    (axis,) = Window.of(2, strides=2, rank=1).on((16,))
    assert up(2).through((axis,)) == Field.of_input(1)
    down = Field.of_input(1).through((axis,))
    assert down is not None
    back = down.through(TransposedWindow.of(2, strides=2, rank=1).on((8,)))
    assert back is not None
    assert (back.size, back.stride) == ((2,), (1,))
    merged = back.merge([Field.of_input(1)])
    assert merged is not None
    assert merged.aligned
    assert merged.axes[0].seen(range(1, 2)) == (0, 2)
    assert merged == back


def test_a_shift_between_turns_is_seen():
    shifted = replace(up(2), axes=(replace(up(2).axes[0], firsts=(1, 1), ends=(2, 2)),))
    merged = up(2).merge([shifted])
    assert merged is not None
    assert not merged.aligned
    assert up(2).merge([up(4)]) is None


def test_turns_are_limited():
    field = up(64)
    assert field.through(TransposedWindow.of(2, strides=2, rank=1).on((512,))) is None
    assert field.through(Window.of(3, rank=1).on((512,))) is not None


def test_units_that_see_the_whole_have_no_place():
    field = Field.of((3, 3), (1, 2), (-1, 0))
    whole = field.whole((4, None))
    assert (whole.size, whole.stride, whole.start) == ((6, 3), (0, 2), (-1, 0))
    assert whole.lines_up([replace(field.whole((9, None)))])


def test_a_branch_that_is_not_aligned_stays_so():
    one = Field.of((3,), (2,), (-1,))
    met = one.merge([Field.of((3,), (2,), (0,))])
    assert met is not None
    assert not met.aligned
    again = met.merge([met])
    assert again is not None
    assert not again.aligned


def test_centres_are_those_of_the_units_that_see_any():
    inf = float("inf")
    gaps = replace(up(2), axes=(Sight((0, inf), (1, -inf), 1),))  # unit 1 of 2 sees nothing
    full = replace(up(2), axes=(Sight((0, 0), (1, 1), 1),))
    assert gaps.lines_up([full])
    assert full.lines_up([gaps])
    assert not gaps.lines_up([replace(gaps, axes=(Sight((1, inf), (2, -inf), 1),))])
