"""Boxes in layers: none overlap, lines go down and cross no box."""

from __future__ import annotations

import itertools

import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.render.figures.layered import Placed, place

Sizes = list[tuple[float, float]]
Edges = list[tuple[int, int]]


@st.composite
def networks(draw: st.DrawFn) -> tuple[Sizes, Edges]:
    """Boxes each of which takes one to three of those before it."""
    count = draw(st.integers(2, 24))
    size = st.tuples(st.integers(20, 200), st.integers(20, 60))
    sizes = [draw(size) for _ in range(count)]
    edges = []
    for box in range(1, count):
        taken = draw(st.sets(st.integers(max(0, box - 8), box - 1), min_size=1, max_size=3))
        edges += [(other, box) for other in sorted(taken)]
    return sizes, edges


def assert_clear(sizes: Sizes, edges: Edges, placed: Placed) -> None:
    """Hold boxes apart and inside, and every line off all boxes but its own two."""
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(placed.boxes, sizes, strict=True)]
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    for left, top, right, bottom in boxes:
        assert left >= -1e-6
        assert top >= 0
        assert right <= placed.width + 1e-6
        assert bottom <= placed.height + 1e-6
    for (first, second), line in zip(edges, placed.lines, strict=True):
        assert boxes[first][0] <= line[0][0] <= boxes[first][2]
        assert line[0][1] == pytest.approx(boxes[first][3])
        assert boxes[second][0] <= line[-1][0] <= boxes[second][2]
        assert line[-1][1] == pytest.approx(boxes[second][1])
        for one, other in itertools.pairwise(line):
            assert one[1] <= other[1] + 1e-6
        others = [box for i, box in enumerate(boxes) if i not in (first, second)]
        for x, y in (point for pair in itertools.pairwise(line) for point in along(*pair)):
            for left, top, right, bottom in others:
                assert not (left < x < right and top < y < bottom)


def along(one: tuple[float, float], other: tuple[float, float]) -> list[tuple[float, float]]:
    steps = [i / 6 for i in range(7)]
    return [(one[0] + t * (other[0] - one[0]), one[1] + t * (other[1] - one[1])) for t in steps]


@many(150)
@given(networks())
def test_nothing_overlaps(network: tuple[Sizes, Edges]) -> None:
    sizes, edges = network
    assert_clear(sizes, edges, place(sizes, edges))


def test_a_chain_is_straight() -> None:
    sizes: Sizes = [(80, 30), (140, 40), (60, 30)]
    placed = place(sizes, [(0, 1), (1, 2)])
    middles = {x + w / 2 for (x, _), (w, _) in zip(placed.boxes, sizes, strict=True)}
    assert len(middles) == 1
    assert all(len({x for x, _ in line}) == 1 for line in placed.lines)


def test_a_way_round_leaves_the_others_in_line() -> None:
    sizes: Sizes = [(100, 30)] * 5
    chain = [(i, i + 1) for i in range(4)]
    placed = place(sizes, [*chain, (0, 4), (1, 3)])
    assert len({x for x, _ in placed.boxes}) == 1
    assert all(len({x for x, _ in line}) == 1 for line in placed.lines[:4])
    assert placed.width < 200


def test_branches_of_different_length_end_in_one_box_in_the_middle() -> None:
    """An inception block."""
    sizes: Sizes = [(100, 30)] * 8
    edges = [(0, 1), (0, 2), (2, 3), (0, 4), (4, 5), (0, 6), (1, 7), (3, 7), (5, 7), (6, 7)]
    placed = place(sizes, edges)
    assert_clear(sizes, edges, placed)
    (first, *_, last) = placed.boxes
    assert first[0] == pytest.approx(last[0])
    assert placed.boxes[2][0] == pytest.approx(placed.boxes[3][0])
