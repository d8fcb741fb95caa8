"""The parts of an explained value: window on the image, arrays in numbers, place in the map.

They take a scene and a place, so that an animation may draw them a frame at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, sqrt

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import GAP
from cnnviz.report.explanation import Explanation
from cnnviz.report.origin import Origin
from cnnviz.report.terms import Terms

LEAST_MARK = 9  # px of a window on a picture


def image_scale(result: Explanation, theme: str) -> Scale:
    """Return the scale of the window's values: of pixels gray, of maps as maps have it."""
    return _source_scale(result, *result.arithmetic.limits, theme=theme)


def picture_scale(result: Explanation, theme: str) -> Scale | None:
    """Return the scale of the image that is shown, None for a photo's own colours."""
    values = result.picture
    if values.ndim == 3 and values.shape[2] == 3:
        return None
    plane = values if values.ndim == 2 else values.mean(axis=2)
    return _source_scale(result, float(plane.min()), float(plane.max()), theme=theme)


def _source_scale(result: Explanation, low: float, high: float, *, theme: str) -> Scale:
    if result.seen:
        return display.choose(low, high, theme=theme)
    return display.of_source(low, high, is_photo=result.is_photo, theme=theme)


def output_scale(result: Explanation, theme: str, values: np.ndarray | None = None) -> Scale:
    """Return the scale of the map, or of a part of its `values`.

    What is pooled from an image looks like the image, to be compared with it.
    """
    values = result.arithmetic.output if values is None else values
    low, high = float(values.min()), float(values.max())
    if result.arithmetic.pooling and not result.seen:
        if result.arithmetic.limits[0] < 0:
            return display.choose(low, high, display="signed", theme=theme)
        return display.of_source(low, high, is_photo=result.is_photo, theme=theme)
    crowded = display.is_crowded(values)
    return display.choose(low, high, theme=theme, crowded=crowded)


def picture(
    scene: Scene, x: float, y: float, result: Explanation, box: tuple[int, int]
) -> tuple[int, int]:
    """Draw the image with the window of each place in accent; return height and width."""
    values, scale = result.picture, picture_scale(result, scene.theme.name)
    height, width = display.fit(values.shape, box)
    if not _numbers(scene, x, y, values, scale, box, "image"):
        pixels = display.pixels(values, scale, height, width)
        blocks.tile(scene, x, y, pixels, width, height, "image")
    axes = result.arithmetic.axes
    scale_y, scale_x = height / axes[0].size, width / axes[1].size
    for one in result.values:
        top, tall = _inside(one.rows, axes[0], scale_y)
        left, wide = _inside(one.columns, axes[1], scale_x)
        mark(scene, x + left, y + top, wide, tall, (x, y, width, height))
    return height, width


def vector(
    scene: Scene, x: float, y: float, result: Explanation, box: tuple[int, int]
) -> tuple[int, int]:
    """Draw the values of a place without neighbours in rows, as a text is read; return the size."""
    values = np.asarray(result.picture, np.float32).ravel()
    columns = ceil(sqrt(values.size))
    rows = ceil(values.size / columns)
    laid = np.pad(values, (0, rows * columns - values.size)).reshape(rows, columns)
    height, width = display.fit(laid.shape, box)
    low, high = float(values.min()), float(values.max())
    scale = display.choose(low, high, theme=scene.theme.name)
    pixels = display.picture(laid, scale, height, width)
    blocks.tile(scene, x, y, pixels, width, height, "values")
    size, used = width / columns, values.size - (rows - 1) * columns
    left, bottom = x + used * size, y + height
    scene.add(
        Rect(left, bottom - size, x + width + 1 - left, size + 1, fill=scene.theme.background)
    )
    return height, width


def origin(
    scene: Scene, x: float, y: float, found: Origin, values: Sequence[Terms], box: tuple[int, int]
) -> tuple[int, int]:
    """Draw the image that a network takes, what the values see in accent; return its size."""
    image = found.picture
    photo = image.ndim == 3 and image.shape[2] == 3
    plane = image if photo or image.ndim == 2 else image.mean(axis=2)
    low, high = float(plane.min()), float(plane.max())
    scale = None if photo else display.choose(low, high, like_image=True, theme=scene.theme.name)
    height, width = display.fit(image.shape, box)
    blocks.tile(scene, x, y, display.pixels(image, scale, height, width), width, height, "image")
    down, across = height / found.space[0], width / found.space[1]
    for one in values:
        (top, bottom), (left, right) = found.inside(one.at)
        place = x + left * across, y + top * down
        size = max(0, right - left) * across, max(0, bottom - top) * down
        mark(scene, *place, *size, (x, y, width, height))
    return height, width


def mark(
    scene: Scene,
    x: float,
    y: float,
    width: float,
    height: float,
    bounds: tuple[float, float, float, float],
) -> None:
    """Outline a place in accent, at least so large that it is seen, within `bounds`."""
    wide, tall = max(width, LEAST_MARK), max(height, LEAST_MARK)
    left = min(max(x - (wide - width) / 2, bounds[0] - 1), bounds[0] + bounds[2] + 1 - wide)
    top = min(max(y - (tall - height) / 2, bounds[1] - 1), bounds[1] + bounds[3] + 1 - tall)
    scene.add(Rect(left, top, wide, tall, stroke=scene.theme.accent, line=2))


def _inside(cells: range, axis: Axis, scale: float) -> tuple[float, float]:
    """Return the part of an axis that a window spans, without padding, in px."""
    first, last = max(0, cells[0]), min(axis.size, cells[-1] + 1)
    first = min(first, axis.size)
    return first * scale, max(0, last - first) * scale


def array(
    scene: Scene,
    x: float,
    y: float,
    values: np.ndarray,
    scale: Scale,
    size: int,
    title: str,
    inside: np.ndarray | None = None,
    *,
    digits: int = 5,
    largest: float | None = None,
    skips: bool = False,
) -> None:
    """Draw an array as cells with numbers; cells outside the image are hatched at their edge.

    Where the value `skips` them they are hatched all over, and have no numbers.
    """
    counted = inside if skips else None
    blocks.cells(
        scene, x, y, values, scale, size, title, digits=digits, largest=largest, counted=counted
    )
    if inside is None:
        return
    if skips:
        hatch(scene, x, y, inside, (size, size))
        return
    strip = max(3, size // 8)
    for i, j in np.argwhere(~inside).tolist():
        left, top = x + j * size, y + i * size
        scene.add(Rect(left + 1, top + 1, size - 2, strip, hatch=scene.theme.warning))
        low = top + size - strip - 1
        scene.add(Rect(left + 1, low, size - 2, strip, hatch=scene.theme.warning))


def hatch(scene: Scene, x: float, y: float, inside: np.ndarray, cell: tuple[float, float]) -> None:
    """Hatch the cells of a window, each of `cell` px, that lie outside the image."""
    theme = scene.theme
    for i, j in np.argwhere(~inside).tolist():
        box = x + j * cell[1], y + i * cell[0], cell[1], cell[0]
        scene.add(Rect(*box, fill=theme.background))
        scene.add(Rect(*box, hatch=theme.warning))


def output(
    scene: Scene, x: float, y: float, result: Explanation, box: tuple[int, int]
) -> tuple[int, int]:
    """Draw the map with the explained places in accent; return height and width."""
    values, scale = result.arithmetic.output, output_scale(result, scene.theme.name)
    height, width = display.fit(values.shape, box)
    if not _numbers(scene, x, y, values, scale, box, "map"):
        pixels = display.picture(np.asarray(values, np.float32), scale, height, width)
        blocks.tile(scene, x, y, pixels, width, height, "map")
    down, across = height / values.shape[0], width / values.shape[1]
    for one in result.values:
        row, column = one.at
        mark(scene, x + column * across, y + row * down, across, down, (x, y, width, height))
    if width >= 60:
        blocks.bar(scene, x, y + height + GAP, width, scale)
    return height, width


def _numbers(
    scene: Scene,
    x: float,
    y: float,
    values: np.ndarray,
    scale: Scale | None,
    box: tuple[int, int],
    title: str,
) -> bool:
    """Draw one plane of values as cells with numbers, if that many can be read; say whether."""
    plane = values[..., 0] if values.shape[2:] == (1,) else values
    size = blocks.cell_size(plane.shape, box) if plane.ndim == 2 and scale is not None else 0
    if not size or scale is None or display.fit(plane.shape, box)[0] != size * len(plane):
        return False
    blocks.cells(scene, x, y, plane, scale, size, title)
    return True


def products_scale(several: Iterable[Terms], theme: str) -> Scale:
    """Return the scale of the products of some values: blue to red, or one colour."""
    ends = [(float(one.products.min()), float(one.products.max())) for one in several]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    limit = max(-low, high)
    if low < 0:
        return display.choose(-limit, limit, display="signed", theme=theme)
    return display.choose(0.0, limit or 1.0, theme=theme)
