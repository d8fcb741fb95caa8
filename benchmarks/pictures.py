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
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, LIGHT, MARGIN, WIDE_GAP, WIDTH

LEFT, BELOW = 44, 44  # px of a chart's numbers and names
LINE, DOT = 2.0, 4.0  # px
AIR = 1.15  # above the largest value and below the smallest
SCALE = 2
COLOURS = {
    OURS: LIGHT.map,
    OPENCV: LIGHT.kernel,
    TORCH_LAST: LIGHT.kernel,
    ONNX: LIGHT.dense,
}
# Each curve's names of the axis, and what is held.
GROWTH = {
    "pixels": ("megapixels", "one 3×3 kernel, gray"),
    "kernels": ("kernels", "3×3 on 512×512 RGB"),
    "channels": ("channels", "64 kernels 3×3 on 56×56"),
    "kernel size, full rank": ("rows and columns of the kernel", "one kernel, 1 MP gray"),
    "kernel size, Gaussian": ("rows and columns of the kernel", "one kernel of rank 1, 1 MP gray"),
}
Curve = tuple[np.ndarray, np.ndarray]


def draw(results: Sequence[Result], folder: Path) -> None:
    """Write the pictures that there are results for."""
    scenes = {"performance-roofline.png": roof(results), "performance-growth.png": growth(results)}
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
    top = title.draw(scene, "VGG16", says, "each layer alone, one image, float32, both cores")
    frame = _frame(MARGIN + LEFT, top, WIDTH - 2 * MARGIN - LEFT, 400, (0.3, 300), (5, 2 * peak))
    _axes(scene, frame, "FLOPs for each byte of input, weights and output", most=9)
    xs = np.array([frame.left, log10(peak / slope), frame.right])
    ys = np.array([slope * 10**frame.left, peak, peak])
    chart.trace(scene, frame, xs, ys, LIGHT.secondary, LINE)
    _roof_names(scene, frame, peak, slope)
    for name, point in points.items():
        _point(scene, frame, name, *point)
    scene.height = frame.bottom + BELOW + MARGIN
    return scene


def _roof_names(scene: Scene, frame: Frame, peak: float, slope: float) -> None:
    secondary = LIGHT.secondary
    x, y = frame.point(log10(peak / slope), peak)
    text = f"products of matrices: {peak:.0f} GFLOP/s"
    scene.text(frame.x + frame.width, y - GAP, text, colour=secondary, anchor="end")
    x, y = frame.point(log10(0.45), 0.45 * slope)
    scene.text(x + 3 * GAP, y + GAP, f"memory: {slope:.0f} GB/s", colour=secondary)


def _point(scene: Scene, frame: Frame, name: str, intensity: float, rate: float) -> None:
    dense = name.startswith("fc")
    colour = LIGHT.dense if dense else LIGHT.map
    x, y = frame.point(log10(intensity), rate)
    chart.dot(scene, (x, y), DOT, colour)
    scene.text(x + GAP, y + 4, name.removeprefix("conv").replace("_", "."), colour=colour)


def growth(results: Sequence[Result]) -> Scene | None:
    """Draw each curve in a chart of its own, both axes logarithmic."""
    found = {name: _curves(results, name) for name in GROWTH}
    found = {name: curves for name, curves in found.items() if curves}
    if not found:
        return None
    scene = Scene(LIGHT, "How cost grows", "Milliseconds by what there is more of.")
    scene.width = WIDTH
    detail = "ms of one call, both cores; both axes logarithmic"
    top = title.draw(scene, "", "How cost grows", detail)
    columns = 2
    width = (WIDTH - 2 * MARGIN) / columns - LEFT - WIDE_GAP
    height, step = 190, 290
    bottom = top
    for at, (name, curves) in enumerate(found.items()):
        x = MARGIN + LEFT + at % columns * (width + LEFT + 2 * WIDE_GAP)
        y = top + 40 + at // columns * step
        _chart(scene, (x, y, width, height), name, curves)
        bottom = y + height + BELOW
    scene.height = bottom + MARGIN
    return scene


def _curves(results: Sequence[Result], name: str) -> dict[str, Curve]:
    """Return by side where on the axis it was measured, and its medians."""
    own = [one for one in results if one["curve"] and one["curve"][0] == name]
    found: dict[str, Curve] = {}
    for side in dict.fromkeys(side for one in own for side in one["sides"]):
        points = [(one["curve"][1], one["sides"][side]["median"]) for one in own]
        xs, ys = np.array(sorted(points)).T
        found[side] = xs, ys
    return found


def _chart(
    scene: Scene, place: tuple[float, float, float, float], name: str, curves: dict[str, Curve]
) -> None:
    axis, held = GROWTH[name]
    x, y, width, height = place
    scene.text(x, y - 18, held, size=LABEL, face="bold")
    xs, ys = (np.concatenate([pair[at] for pair in curves.values()]) for at in (0, 1))
    limits = xs.min() / AIR, xs.max() * AIR
    frame = _frame(x, y, width, height, limits, (ys.min() / AIR**2, ys.max() * AIR**2))
    _axes(scene, frame, axis, most=6)
    for side, (places, values) in curves.items():
        chart.trace(scene, frame, np.log10(places), values, COLOURS[side], LINE)
        for at, value in zip(places, values, strict=True):
            chart.dot(scene, frame.point(log10(at), value), DOT / 2 + 0.5, COLOURS[side])
    line = y + GAP
    for side in curves:
        scene.text(x + WIDE_GAP, line + 4, side, colour=COLOURS[side], face="bold", size=CAPTION)
        line += 16


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
