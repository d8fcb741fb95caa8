"""The figure of `kernels NAME`: numbers, factors and frequency response; a bank as a grid."""

from __future__ import annotations

from functools import partial
from math import floor, log10

import numpy as np

from cnnviz.render import display
from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, header, spectrum
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import number, times
from cnnviz.render.scene import Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, theme
from cnnviz.report.kernels import KernelFacts, KernelSet

MOST = 64  # kernels on a page
MOST_ROWS = 3  # kernels that get a row of their own
SIGN = 40  # px between blocks, which hold an operator
BOX, SMALL_BOX, MOST_CELL = 216, 112, 44
MOST_FACTOR = 9  # cells of a factor that is drawn
_COLUMNS = ((4, 2), (9, 3), (64, 4))  # of a grid, by the number of kernels


def draw(kernels: KernelSet, look: Look) -> Scene:
    """Return the figure: a row for each of a few kernels, else a grid of up to 64."""
    shown = _sample(kernels.facts)
    scene = Scene(theme(look.theme), title=_title(kernels), description=". ".join(kernels.lines()))
    lines = _lines(kernels, len(shown))
    top = MARGIN + header.height(lines)
    place = _rows if len(shown) <= MOST_ROWS else _grid
    right, bottom = place(scene, shown, look, top)
    scene.width, scene.height = max(480, right + MARGIN), bottom + MARGIN
    header.draw(scene, lines)
    return scene


def tiles(kernels: KernelSet, look: Look) -> list[Tile]:
    """Return each kernel and its response as tiles for the terminal."""
    found = []
    for one, scale in zip(kernels.facts, _scales(kernels.facts, look), strict=True):
        named = f"{one.name}  {times(one.values.shape)}".replace("×", "x"), one.name
        said = f"sum {one.sum:.4g}  rank {one.rank}", f"sum {one.sum:.4g}"
        found.append(Tile(named, said, one.values.shape, partial(_pixels, one.values, scale)))
        found.append(spectrum.tile(one.name, one.response, look))
    return found


def _pixels(values: np.ndarray, scale: Scale, height: int, width: int) -> np.ndarray:
    return scale.colours(display.reduce(values, height, width))


def _title(kernels: KernelSet) -> str:
    facts = kernels.facts
    if len(facts) > 1:
        names = [one.name for one in facts]
        listed = ", ".join(names) if len(names) < 4 else f"{names[0]} to {names[-1]}"
        return f"{len(facts)} kernels: {listed}"
    (one,) = facts
    words = [times(one.values.shape), "separable" if one.product else f"rank {one.rank}"]
    return f"{one.name}: {', '.join([*words, one.response.kind])}"


def _lines(kernels: KernelSet, shown: int) -> list[str]:
    if len(kernels.facts) == 1:
        (one,) = kernels.facts
        return [text for text in (one.summary, f"source: {one.kernel.source}") if text]
    if len(kernels.facts) <= MOST_ROWS:
        return []
    lines = ["beside each its gain for frequencies up to ±0.5 cycles per pixel, on its own scale"]
    if shown < len(kernels.facts):
        lines.append(f"{shown} of {len(kernels.facts)} kernels shown, evenly sampled")
    return lines


def _rows(
    scene: Scene, facts: tuple[KernelFacts, ...], look: Look, top: float
) -> tuple[float, float]:
    """Place a row for each kernel: its numbers = column x row, and its response."""
    scales = _scales(facts, look)
    scratch = Scene(scene.theme)
    widths = [_working(scratch, one, s, 0, 0)[0] for one, s in zip(facts, scales, strict=True)]
    left, y, right = MARGIN + max(widths) + MARGIN, top, 0.0
    for one, scale in zip(facts, scales, strict=True):
        spare = max(0, spectrum.SIDE - _size(one.values.shape, BOX)[1])
        _, bottom = _working(scene, one, scale, MARGIN, y + spare // 2)
        right, low = spectrum.draw(scene, left, y, one.values, one.response, look)
        y = max(bottom, low) + MARGIN
    return right, y - MARGIN


def _working(
    scene: Scene, one: KernelFacts, scale: Scale, x: float, y: float
) -> tuple[float, float]:
    """Draw a kernel and, if it is separable, its factors; return width and bottom."""
    matrix, denominator = one.whole or (one.values, 1)
    middle, left = y + HEADING, x
    if denominator != 1:
        left += _factor(scene, left, middle, matrix.shape, denominator)
    height, width = _cells(scene, left, middle, matrix, scale, denominator, BOX, one.name)
    detail = times(one.values.shape)
    named = 15 + measure(one.name, LABEL, "bold") + GAP + measure(detail, CAPTION)
    room = max(width, min(named, 2 * BOX))
    blocks.heading(scene, left, y, scene.theme.kernel, one.name, detail, room=room + 1)
    bottom = middle + height + 16
    right = left + room
    for text in (f"sum {number(one.sum)}   rank {one.rank}", *_tool_lines(one)):
        said = scene.text(left, bottom, text, colour=scene.theme.secondary)
        right, bottom = max(right, left + said), bottom + 14
    product = one.product
    if product is None or max(one.values.shape) > MOST_FACTOR or min(one.values.shape) == 1:
        return right - x, bottom
    right = _factors(scene, one, right, middle, height)
    return right - x, bottom


def _factors(scene: Scene, one: KernelFacts, x: float, y: float, height: int) -> float:
    """Draw `= column x row` beside a kernel of `height`; return the right end."""
    product = one.product
    assert product is not None
    centre = y + height / 2 + 6
    scene.text(x + SIGN / 2, centre, "=", size=18, anchor="middle")
    x += SIGN
    if product.denominator != 1:
        x += scene.text(x, centre, f"1/{product.denominator} ×", size=LABEL) + GAP
    cell, _, _ = _size(one.values.shape, BOX)
    limit = float(max(np.abs(product.column).max(), np.abs(product.row).max()))
    negative = bool(min(product.column.min(), product.row.min()) < 0)
    scale = _scale(limit, negative, scene.theme.name)
    blocks.cells(scene, x, y, rounded(product.column[:, None]), scale, cell, "column")
    blocks.heading(scene, x, y - HEADING, scene.theme.kernel, "column", room=80)
    x += max(cell, 64)
    scene.text(x + 8, centre, "×", size=18, anchor="middle")
    x += 28
    across = y + (height - cell) / 2
    blocks.cells(scene, x, across, rounded(product.row[None]), scale, cell, "row")
    blocks.heading(scene, x, across - HEADING, scene.theme.kernel, "row", room=80)
    return x + len(product.row) * cell


def _grid(
    scene: Scene, facts: tuple[KernelFacts, ...], look: Look, top: float
) -> tuple[float, float]:
    """Place each kernel with its numbers beside a small picture of its response."""
    columns = next(count for most, count in _COLUMNS if len(facts) <= most)
    step_x = SMALL_BOX + GAP + spectrum.SMALL + 2 * WIDE_GAP
    step_y = HEADING + SMALL_BOX + 16 + 14 + WIDE_GAP
    for i, (one, scale) in enumerate(zip(facts, _scales(facts, look), strict=True)):
        row, column = divmod(i, columns)
        x, y = MARGIN + column * step_x, top + row * step_y
        matrix, denominator = one.whole or (one.values, 1)
        blocks.heading(scene, x, y, scene.theme.kernel, one.name, room=step_x - WIDE_GAP)
        _cells(scene, x, y + HEADING, matrix, scale, denominator, SMALL_BOX, one.name)
        place = x + SMALL_BOX + GAP
        spectrum.thumbnail(scene, place, y + HEADING, one.values, one.name, look)
        below = f"1/{denominator} ×   " if denominator != 1 else ""
        words = f"{below}sum {number(one.sum)}   rank {one.rank}"
        line = y + HEADING + SMALL_BOX + 16
        scene.text(x, line, words, colour=scene.theme.secondary)
        scene.text(
            x + SMALL_BOX + GAP + spectrum.SMALL,
            line,
            one.response.kind,
            colour=scene.theme.secondary,
            anchor="end",
        )
        for text in _tool_lines(one)[-1:]:
            scene.text(x, line + 14, text, colour=scene.theme.secondary)
    rows = -(-len(facts) // columns)
    right = MARGIN + min(columns, len(facts)) * step_x - 2 * WIDE_GAP
    return right, top + rows * step_y - WIDE_GAP


def _cells(
    scene: Scene,
    x: float,
    y: float,
    matrix: np.ndarray,
    scale: Scale,
    denominator: int,
    box: int,
    name: str,
) -> tuple[int, int]:
    """Draw a kernel in a box, as numbers if they can be read; return its height and width."""
    scale = display.Scale(
        scale.low * denominator, scale.high * denominator, scale.table, scale.signed
    )
    size, height, width = _size(matrix.shape, box)
    if size:
        blocks.cells(scene, x, y, rounded(matrix), scale, size, f"kernel {name}")
        return height, width
    pixels = scale.colours(display.reduce(matrix.astype(np.float32), height, width))
    blocks.tile(scene, x, y, pixels, width, height, f"kernel {name}")
    return height, width


def rounded(matrix: np.ndarray, largest: float | None = None) -> np.ndarray:
    """Return values with the decimals that give the largest three digits."""
    largest = float(np.abs(matrix).max()) if largest is None else largest
    if largest == 0 or np.array_equal(matrix, np.rint(matrix)):
        return matrix
    return np.round(matrix, min(2 - floor(log10(largest)), 300))  # 10^300 is still a float


def _size(shape: tuple[int, ...], box: int) -> tuple[int, int, int]:
    """Return the px of a cell that may hold a number (else 0), and the height and width."""
    wide = 2 * box if shape[0] == 1 and box == BOX else box
    cell = min(MOST_CELL, box // shape[0], wide // shape[1])
    if cell < blocks.LEAST_CELL:
        return 0, *display.fit(shape, (box, box))
    return cell, shape[0] * cell, shape[1] * cell


def _factor(scene: Scene, x: float, y: float, shape: tuple[int, ...], denominator: int) -> float:
    """Write the factor before a matrix; return the px that it takes."""
    _, height, _ = _size(shape, BOX)
    return scene.text(x, y + height / 2 + 5, f"1/{denominator} ×", size=LABEL) + GAP


def _tool_lines(one: KernelFacts) -> list[str]:
    """Return what a tool does beside the kernel."""
    offset = one.kernel.offset
    return [f"{number(offset)} is added to each value"] if offset else []


def _scales(facts: tuple[KernelFacts, ...], look: Look) -> list[Scale]:
    """Return the scale of each kernel's values: its own, or with `range="shared"` one for all."""
    limits = [float(np.abs(one.values).max()) for one in facts]
    if look.range == "shared":
        limits = [max(limits)] * len(limits)
    negative = any(one.values.min() < 0 for one in facts)
    return [
        _scale(
            limit, negative if look.range == "shared" else bool(one.values.min() < 0), look.theme
        )
        for limit, one in zip(limits, facts, strict=True)
    ]


def _scale(limit: float, negative: bool, theme_name: str) -> Scale:
    limit = limit or 1.0
    if negative:
        return display.choose(
            -limit, limit, display="signed", name="slate-orange", theme=theme_name
        )
    return display.choose(0.0, limit, display="minmax", name="orange", theme=theme_name)


def _sample(facts: tuple[KernelFacts, ...]) -> tuple[KernelFacts, ...]:
    if len(facts) <= MOST:
        return facts
    chosen = np.linspace(0, len(facts) - 1, MOST).round().astype(int)
    return tuple(facts[i] for i in chosen)
