"""Lines in figures: their pixels against a formula, their ticks, and what keeps labels apart."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.render.backends import png, write
from cnnviz.render.figures import ticks
from cnnviz.render.figures.chart import Frame, thinned, trace
from cnnviz.render.scene import Path, Scene
from cnnviz.render.theme import theme

ZIGZAG = ((6.0, 30.0), (20.0, 8.0), (24.0, 34.0), (24.0, 12.0), (50.0, 12.5))


def distance(points, height: int, width: int, samples: int) -> np.ndarray:
    """Return the distance of `samples` places a px, each way, from the line through points."""
    ys, xs = (
        (np.arange(n * samples) + 0.5)[tuple(slice(None) if a == i else None for i in (0, 1))]
        / samples
        for a, n in enumerate((height, width))
    )
    least = np.full((height * samples, width * samples), np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        t = np.clip(((xs - x0) * dx + (ys - y0) * dy) / (dx * dx + dy * dy), 0, 1)
        least = np.minimum(least, np.hypot(xs - x0 - t * dx, ys - y0 - t * dy))
    return least


@pytest.mark.parametrize(("line", "scale"), [(1, 1), (2, 1), (1.5, 2), (7, 1), (2, 3)])
def test_a_path_covers_what_is_near_its_points(line: float, scale: int) -> None:
    scene = Scene(theme("light"), width=60, height=40, items=[Path(ZIGZAG, "#000000", line)])
    drawn = 1 - np.asarray(png.draw(scene, scale))[..., 0] / 255
    near = distance(np.multiply(ZIGZAG, scale), 40 * scale, 60 * scale, 8) <= line * scale / 2
    covered = near.reshape(40 * scale, 8, 60 * scale, 8).mean((1, 3))
    assert np.abs(drawn - covered).max() < 0.48  # where an edge is half a px off
    assert drawn.sum() == pytest.approx(covered.sum(), rel=0.055)


def test_a_path_may_leave_the_canvas() -> None:
    items = [Path(((-50, -50), (20, 20)), "#000000", 4), Path(((90, 90), (99, 99)), "#000000")]
    scene = Scene(theme("light"), width=30, height=30, items=items)
    drawn = np.asarray(png.draw(scene))[..., 0]
    assert drawn[10, 10] == 0
    assert drawn[25, 25] == 255


def test_a_path_in_svg_is_a_line_with_round_joints() -> None:
    scene = Scene(theme("light"), width=60, height=40, items=[Path(ZIGZAG, "#123456", 1.5)])
    root = ET.fromstring(write(scene, "svg"))
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    assert line.get("points") == "6,30 20,8 24,34 24,12 50,12.5"
    assert (line.get("stroke"), line.get("stroke-width")) == ("#123456", "1.5")
    assert line.get("stroke-linejoin") == line.get("stroke-linecap") == "round"
    assert line.get("fill") == "none"


def test_a_logarithmic_scale_has_equal_steps_for_equal_factors() -> None:
    frame = Frame(0, 0, 100, 90, right=30, low=0.01, high=10, left=20, log=True)
    found = [frame.point(x, y) for x, y in ((20, 10), (25, 1), (30, 0.01))]
    assert found == pytest.approx(np.array([(0, 0), (50, 30), (100, 90)]))


def test_a_trace_stays_in_its_chart_and_ends_at_what_is_missing() -> None:
    scene, frame = Scene(theme("light")), Frame(0, 0, 100, 50, right=4, low=0, high=1)
    trace(scene, frame, np.arange(5), np.array([3, 0.5, np.nan, -7, np.nan]), "#000000")
    line, dot = (item for item in scene.items if isinstance(item, Path))
    assert line.points == ((0, 0), (25, 25))
    assert np.mean(dot.points, axis=0) == pytest.approx((75, 50))


@many(40)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=3000), st.integers(1, 60))
def test_thinned_lines_reach_as_far_as_before(ys: list[float], width: int) -> None:
    points = [(width * i / len(ys), y) for i, y in enumerate(ys)]
    kept = thinned(points)
    assert len(kept) <= min(len(points), 4 * width)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert [p for p in points if p in set(kept)] == kept
    for px in range(width):
        before, after = ([y for x, y in some if int(x) == px] for some in (points, kept))
        assert min(before, default=0) == min(after, default=0)
        assert max(before, default=0) == max(after, default=0)


@many(60)
@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6), st.integers(2, 9))
def test_linear_ticks_are_few_round_and_inside(low: float, span: float, most: int) -> None:
    high = low + span
    if not high - low > 1e-9 * abs(low):
        return
    found = ticks.linear(low, high, most)
    assert len(found) <= most
    assert all(low - 1e-6 * span <= v <= high + 1e-6 * span for v in found)
    steps = np.diff(found)
    assert steps == pytest.approx(steps.mean() if len(steps) else steps, rel=1e-3)


@many(60)
@given(st.floats(1e-12, 1e6), st.floats(20, 1e9), st.integers(3, 8))
def test_logarithmic_ticks_are_few_and_inside(low: float, ratio: float, most: int) -> None:
    found = ticks.logarithmic(low, low * ratio, most)
    assert 1 <= len(found) <= most
    assert all(low * 0.999 <= v <= low * ratio * 1.001 for v in found)
    assert found == sorted(found)


@many(60)
@given(st.lists(st.floats(0, 300), max_size=12))
def test_labels_are_set_apart_in_order(wanted: list[float]) -> None:
    placed = ticks.apart(wanted, 20, 0, 300)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    ordered = [placed[i] for i in order]
    assert all(b - a >= 20 - 1e-6 for a, b in pairwise(ordered))
    assert all(0 <= y <= 300 for y in placed)
    if all(b - a >= 20 for a, b in pairwise(sorted(wanted))):
        assert placed == pytest.approx(wanted)
