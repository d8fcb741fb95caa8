"""Pictures of results: the roofline, and how cost grows. In the project's own visual language."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from pathlib import Path

import numpy as np
from cases import ONNX, OPENCV, OURS, TORCH_LAST
from groups import layers, roofline
from measure import Result

from cnnviz.model import zoo
from cnnviz.render.backends import png
from cnnviz.render.figures import chart, ticks, title
from cnnviz.render.figures.chart import Frame
from cnnviz.render.numbers import THIN, number
from cnnviz.render.scene import Line, Scene
from cnnviz.render.theme import GAP, LABEL, LIGHT, MARGIN, WIDE_GAP, WIDTH

LEFT, BELOW, HEIGHT = 44, 44, 190  # px of a chart's numbers, of names, and of a small chart
LINE, DOT = 2.0, 4.0  # px
AIR = 1.15  # above the largest value and below the smallest
SCALE = 2
COLOURS = {
    OURS: LIGHT.map,
    f"{OURS}, rank 1": LIGHT.pool,
    OPENCV: LIGHT.kernel,
    TORCH_LAST: LIGHT.kernel,
    ONNX: LIGHT.dense,
}
# Of each chart what is held, and of its curves the group's name and the side that is drawn.
SIZE, RANK_1 = "kernel size, full rank", "kernel size, Gaussian"
GROWTH = {
    "megapixels": ("one 3×3 kernel, gray", {OURS: "pixels", OPENCV: "pixels"}),
    "kernels": ("3×3 on 512×512 RGB", dict.fromkeys((OURS, TORCH_LAST, ONNX), "kernels")),
    "channels": ("64 kernels on 56×56", dict.fromkeys((OURS, TORCH_LAST, ONNX), "channels")),
    "rows and columns of the kernel": (
        "one kernel, 1 MP gray",
        {OURS: SIZE, f"{OURS}, rank 1": RANK_1, OPENCV: SIZE},
    ),
}
# FLOPs a byte: up to the first are dense layers, from the second on there are many.
ALONE, CROWD = 1, 50
Curve = tuple[np.ndarray, np.ndarray]


def draw(results: Sequence[Result], folder: Path) -> None:
    """Write the pictures that there are results for."""
    folder.mkdir(exist_ok=True)
    scenes = {"roofline.png": roof(results), "growth.png": growth(results)}
    for name, scene in scenes.items():
        if scene is not None:
            (folder / name).write_bytes(png.write(scene, scale=SCALE))


def roof(results: Sequence[Result]) -> Scene | None:
    """Draw VGG16's layers below what the processor and the memory allow."""
    medians = {one["case"]: one["sides"][OURS]["median"] for one in results}
    points = {}
    for name, graph in layers.layers(zoo.build("vgg16")):
        took = medians.get(f"vgg16 {name}")
        if took is not None and (found := layers.work(graph))[0]:
            points[name] = found[0] / found[1], found[0] / took / 1e6
    if not points or roofline.PRODUCT not in medians:
        return None
    peak, slope = medians[roofline.PRODUCT], medians[roofline.READ]
    scene = Scene(LIGHT, "The roofline of VGG16", "GFLOP/s of each layer over its FLOPs a byte.")
    scene.width = WIDTH
    best = f"{max(rate for _, rate in points.values()) / peak:.0%}".replace("%", f"{THIN}%")
    says = f"convolutions reach {best} of what products of matrices do"
    detail = "GFLOP/s by the formula, of each layer alone, one image; Winograd does with fewer"
    top = title.draw(scene, "VGG16", says, detail)
    limits = (0.3, 900), (5, 3 * peak)
    frame = _frame(MARGIN + LEFT, top, WIDTH - 2 * MARGIN - LEFT, 400, *limits)
    _axes(scene, frame, "FLOPs for each byte of input, weights and output", most=10)
    end = frame.right - 7 * GAP / frame.width * (frame.right - frame.left)  # before the names
    xs = np.array([frame.left, log10(peak / slope), end])
    ys = np.array([slope * 10**frame.left, peak, peak])
    chart.trace(scene, frame, xs, ys, LIGHT.secondary, LINE)
    x, y = frame.point(log10(3), 3 * slope)
    scene.text(x - WIDE_GAP, y, f"memory: {slope:.0f} GB/s", colour=LIGHT.secondary, anchor="end")
    x, y = frame.point(log10(peak / slope), peak)
    scene.text(x, y - GAP, f"products of matrices: {peak:.0f} GFLOP/s", colour=LIGHT.secondary)
    _points(scene, frame, points)
    scene.height = frame.bottom + BELOW + MARGIN
    return scene


def _points(scene: Scene, frame: Frame, points: dict[str, tuple[float, float]]) -> None:
    """Draw layers, whose names stand in columns, but for those that are alone in the middle."""
    columns = {0: frame.point(log10(ALONE), 1)[0], CROWD: frame.x + frame.width - 5 * GAP}
    for least, most in ((0, ALONE), (ALONE, CROWD), (CROWD, float("inf"))):
        own = {name: at for name, at in points.items() if least < at[0] <= most}
        places = {name: frame.point(log10(at[0]), at[1]) for name, at in own.items()}
        wanted = [y for _, y in places.values()]
        heights = ticks.apart(wanted, 15, frame.y, frame.bottom)
        colour = LIGHT.dense if most == ALONE else LIGHT.map
        column = columns.get(least)
        for (name, (x, y)), height in zip(places.items(), heights, strict=True):
            left = column or x + GAP
            if column:
                scene.add(Line((x, y), (column - 4, height), LIGHT.rule))
            text = name.removeprefix("conv").replace("_", ".")
            scene.text(left, height + 4, text, colour=colour)
            chart.dot(scene, (x, y), DOT, colour)


def growth(results: Sequence[Result]) -> Scene | None:
    """Draw each curve in a chart of its own, both axes logarithmic."""
    found = {axis: _curves(results, wanted) for axis, (_, wanted) in GROWTH.items()}
    found = {axis: curves for axis, curves in found.items() if curves}
    if not found:
        return None
    scene = Scene(LIGHT, "How cost grows", "Milliseconds by what there is more of.")
    scene.width = WIDTH
    detail = "ms of one call, both cores; both axes logarithmic"
    y = title.draw(scene, "", "How cost grows", detail) + 40
    width = (WIDTH - 2 * MARGIN - 2 * LEFT - 2 * WIDE_GAP) / 2
    for at, (axis, curves) in enumerate(found.items()):
        x = MARGIN + LEFT + at % 2 * (width + LEFT + 2 * WIDE_GAP)
        place = x, y + at // 2 * (HEIGHT + 100), width, HEIGHT
        _chart(scene, place, axis, curves)
    scene.height = place[1] + HEIGHT + BELOW + MARGIN
    return scene


def _curves(results: Sequence[Result], wanted: dict[str, str]) -> dict[str, Curve]:
    """Return by name where each curve was measured, and the medians of its side."""
    found: dict[str, Curve] = {}
    for name, curve in wanted.items():
        side = name.partition(", rank")[0]
        own = [one for one in results if one["curve"] and one["curve"][0] == curve]
        points = [
            (one["curve"][1], one["sides"][side]["median"]) for one in own if side in one["sides"]
        ]
        if points:
            xs, ys = np.array(sorted(points)).T
            found[name] = xs, ys
    return found


def _chart(
    scene: Scene, place: tuple[float, float, float, float], axis: str, curves: dict[str, Curve]
) -> None:
    x, y, width, height = place
    scene.text(x, y - 18, GROWTH[axis][0], size=LABEL, face="bold")
    xs, ys = (np.concatenate([pair[at] for pair in curves.values()]) for at in (0, 1))
    limits = xs.min() / AIR, xs.max() * AIR
    frame = _frame(x, y, width, height, limits, (ys.min() / AIR**2, ys.max() * AIR**2))
    _axes(scene, frame, axis, most=6)
    right = x + width
    for name, (places, values) in reversed(curves.items()):
        colour = COLOURS[name]
        chart.trace(scene, frame, np.log10(places), values, colour, LINE)
        for at, value in zip(places, values, strict=True):
            chart.dot(scene, frame.point(log10(at), value), DOT / 2 + 0.5, colour)
        right -= (
            scene.text(right, y - 18, name, colour=colour, face="bold", anchor="end") + WIDE_GAP
        )


def _frame(
    x: float,
    y: float,
    width: float,
    height: float,
    across: tuple[float, float],
    down: tuple[float, float],
) -> Frame:
    """Return a chart whose axes are both logarithmic: places across are given as exponents."""
    left, right = (log10(value) for value in across)
    return Frame(x, y, width, height, right, *down, left=left, log=True)


def _axes(scene: Scene, frame: Frame, name: str, *, most: int) -> None:
    chart.levels(scene, frame, ticks.logarithmic(frame.low, frame.high, most))
    values = ticks.logarithmic(10**frame.left, 10**frame.right, most)
    chart.ticks(scene, frame, [log10(value) for value in values], [number(v) for v in values])
    middle = frame.x + frame.width / 2
    scene.text(middle, frame.bottom + 34, name, colour=LIGHT.secondary, anchor="middle")
