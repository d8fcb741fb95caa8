"""The pieces that figures share: headings, tiles, cells with numbers, colour bars, kernels."""

from __future__ import annotations

import numpy as np

from cnnviz.geometry import Axis
from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures.labels import labels
from cnnviz.render.fonts import measure
from cnnviz.render.numbers import number
from cnnviz.render.scene import Anchor, Line, Picture, Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, ink

HEADING = 22  # height of a heading above a tile
BAR = 8  # height of a colour bar
LEAST_CELL, MOST_CELL = 18, 40  # px of a cell that may hold a number
FACTOR = 16  # height of the line below a kernel that holds its factor
ROOMY_BOX = 108  # px of a kernel's box below which its range finds room
MOST_CELLS = 24  # cells along an axis up to which an array is drawn as cells


def heading(
    scene: Scene, x: float, y: float, role: str, name: str, detail: str = "", *, room: float
) -> bool:
    """Write a block's name beside a mark in the colour of its role, and a detail if it fits.

    Returns whether the detail fitted.
    """
    scene.add(Rect(x, y + 4, 9, 9, fill=role))
    left = x + 9 + 6
    width = scene.text(left, y + 13, name, size=LABEL, face="bold", room=room - 15)
    rest = room - 15 - width - GAP
    if measure(detail, CAPTION) > rest:
        return False
    scene.text(left + width + GAP, y + 13, detail, colour=scene.theme.secondary)
    return True


def tile(
    scene: Scene, x: float, y: float, pixels: np.ndarray, width: int, height: int, title: str
) -> None:
    """Draw pixels in a thin frame."""
    scene.add(Rect(x - 1, y - 1, width + 2, height + 2, stroke=scene.theme.rule))
    scene.add(Picture(x, y, width, height, pixels, title))


def cell_size(shape: tuple[int, ...], box: tuple[int, int]) -> int:
    """Return the px of a cell if an array fits a box as cells with numbers, else 0."""
    if max(shape[:2]) > MOST_CELLS:
        return 0
    size = min(MOST_CELL, box[0] // shape[1], box[1] // shape[0])
    return size if size >= LEAST_CELL else 0


def cells(
    scene: Scene,
    x: float,
    y: float,
    values: np.ndarray,
    scale: Scale,
    size: int,
    title: str,
    *,
    digits: int = 4,
    largest: float | None = None,
    counted: np.ndarray | None = None,
) -> None:
    """Draw `(H, W)` values as cells of `size` px, each with its number where that is readable.

    The largest value (of these, or that of several arrays) has `digits` digits at most. Where not
    all are `counted`, `(H, W)` bool, the others have no number.
    """
    height, width = values.shape
    colours = scale.colours(values)
    scene.add(Picture(x, y, width * size, height * size, colours, title))
    grid(scene, x, y, width, height, size, scene.theme.rule)
    texts, font_size = labels(values, size, digits=digits, largest=largest)
    if not texts:
        return
    for i in range(height):
        for j in range(width):
            if counted is not None and not counted[i, j]:
                continue
            r, g, b = (int(c) for c in colours[i, j])
            scene.text(
                x + (j + 0.5) * size,
                y + (i + 0.5) * size + font_size * 0.36,
                texts[i][j],
                size=font_size,
                colour=ink((r, g, b)),
                face="mono",
                anchor="middle",
            )


def grid(
    scene: Scene, x: float, y: float, columns: int, rows: int, size: float, colour: str
) -> None:
    """Draw the lines of a grid of cells."""
    for i in range(rows + 1):
        scene.add(Line((x, y + i * size), (x + columns * size, y + i * size), colour))
    for j in range(columns + 1):
        scene.add(Line((x + j * size, y), (x + j * size, y + rows * size), colour))


def bar(scene: Scene, x: float, y: float, width: int, scale: Scale) -> None:
    """Draw a colour bar with its limits below (and 0 where the scale is signed)."""
    height = bar_alone(scene, x, y, width, scale)
    line, colour = y + height + 12, scene.theme.secondary
    quarters = (0.25, 0.75) if scale.signed else (0.5,)
    inner = [0.5] if scale.signed else []
    texts = {place: number(scale.at(place), 3 if 0 < place < 1 else 4) for place in (0, *inner, 1)}
    if scale.root and width >= 160:
        between = {place: number(scale.at(place), 3) for place in quarters}
        if _fit_side_by_side(texts | between, width):
            texts |= between
    for place, text in texts.items():
        anchor: Anchor = "start" if place == 0 else "end" if place == 1 else "middle"
        scene.text(x + place * width, line, text, colour=colour, anchor=anchor)
        if 0 < place < 1:
            scene.add(Rect(round(x + place * width), y + height - 2, 1, 3, fill=colour))


def bar_alone(scene: Scene, x: float, y: float, width: int, scale: Scale) -> int:
    """Draw the colours of a scale from left to right; return their height."""
    height = BAR if width >= 160 else BAR - 3
    entries = scale.table[1:] if scale.signed else scale.table
    scene.add(Rect(x - 1, y - 1, width + 2, height + 2, stroke=scene.theme.rule))
    columns = np.linspace(0, len(entries) - 1, width).round().astype(int)
    scene.add(Picture(x, y, width, height, entries[columns][None], "colour scale"))
    return height


def _fit_side_by_side(texts: dict[float, str], width: int) -> bool:
    """Tell whether labels at these places below a bar leave a gap between each other."""
    end = float("-inf")
    for place, text in sorted(texts.items()):
        length = measure(text, CAPTION)
        start = place * width - length * (0 if place == 0 else 1 if place == 1 else 0.5)
        if start < end + GAP / 2:
            return False
        end = start + length
    return True


def padding_frame(scene: Scene, x: float, y: float, size: float, rows: Axis, columns: Axis) -> None:
    """Hatch the padding cells around an input that is drawn at `size` px a cell."""
    top, left = rows.before * size, columns.before * size
    bottom, right = rows.after * size, columns.after * size
    width, height = columns.size * size, rows.size * size
    for box in (
        (x - left, y - top, left + width + right, top),
        (x - left, y + height, left + width + right, bottom),
        (x - left, y, left, height),
        (x + width, y, right, height),
    ):
        if box[2] > 0 and box[3] > 0:
            scene.add(Rect(*box, hatch=scene.theme.rule))
    outline = Rect(
        x - left, y - top, left + width + right, top + height + bottom, stroke=scene.theme.rule
    )
    scene.add(outline)


def dim_cells(scene: Scene, x: float, y: float, size: float, rows: Axis, columns: Axis) -> None:
    """Dim the cells at the end of an input that no window reads."""
    width, height = columns.size * size, rows.size * size
    bottom, right = rows.unread * size, columns.unread * size
    for box in (
        (x, y + height - bottom, width, bottom),
        (x + width - right, y, right, height - bottom),
    ):
        if box[2] > 0 and box[3] > 0:
            scene.add(Rect(*box, dim=scene.theme.background))


def kernel_scale(limit: float, signed: bool, theme: str) -> Scale:
    """Return the scale of a kernel's values up to `limit`, from zero or from its negative."""
    limit = limit or 1.0
    if signed:
        return display.choose(-limit, limit, display="signed", name="slate-orange", theme=theme)
    return display.choose(0.0, limit, display="minmax", name="orange", theme=theme)


def weights_in_colour(values: np.ndarray, limit: float) -> np.ndarray:
    """Return `(kh, kw, 3)` weights as a colour picture: gray is zero, `limit` is full colour."""
    scaled = 127.5 + 127.5 * values / (limit or 1.0)
    return np.rint(scaled).astype(np.uint8)


def kernel_picture(
    scene: Scene, x: float, y: float, values: np.ndarray, box: int, name: str
) -> tuple[int, int]:
    """Draw a kernel in a box, with its numbers if they can be read; return its size.

    A `(kh, kw, 3)` kernel is drawn in colour (gray is zero), another deep one as the mean over
    its channels. Where its numbers are long fractions of whole ones, these are written, above
    their factor; where there is no room for numbers their range.
    """
    title = f"kernel {name}"
    if values.ndim == 3 and values.shape[2] == 3:
        pixels = weights_in_colour(values, float(np.abs(values).max()))
        height, width = display.fit(values.shape, (box, box))
        tile(scene, x, y, pixels, width, height, title)
        limit = float(np.abs(values).max()) or 1.0
        return height + _below(scene, x, y + height, f"±{number(limit, 3)}", box), width
    flat = values if values.ndim == 2 else values.mean(axis=2)
    size = min(36, box // max(flat.shape)) if max(flat.shape) <= 7 else 0
    denominator = 1
    if size >= LEAST_CELL and not np.array_equal(flat, np.round(flat, 2)):
        from cnnviz.report.exact import whole

        flat, denominator = whole(flat) or (flat, 1)
    scale = kernel_scale(float(np.abs(flat).max()), bool(flat.min() < 0), scene.theme.name)
    if size >= LEAST_CELL:
        cells(scene, x, y, flat, scale, size, title, digits=3)
        height, width = flat.shape[0] * size, flat.shape[1] * size
        if denominator == 1:
            return height, width
        return height + _below(scene, x, y + height, f"1/{denominator} ×", ROOMY_BOX), width
    height, width = display.fit(flat.shape, (box, box))
    tile(scene, x, y, scale.colours(display.reduce(flat, height, width)), width, height, title)
    low, high = float(flat.min()), float(flat.max())
    limits = (number(low, 3), number(high, 3))
    text = f"all {limits[0]}" if low == high else " … ".join(limits)
    return height + _below(scene, x, y + height, text, box), width


def _below(scene: Scene, x: float, y: float, text: str, box: int) -> int:
    """Write what a kernel's colours stand for below it, in a box that has room; return its px."""
    if box < ROOMY_BOX:
        return 0
    scene.text(x, y + FACTOR - 2, text, colour=scene.theme.secondary)
    return FACTOR
