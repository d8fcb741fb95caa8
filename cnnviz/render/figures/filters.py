"""The figure of `kernels FILE`: the filters of one layer as a grid, up to 64 on a page."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnviz.render import display
from cnnviz.render.figures import blocks, header
from cnnviz.render.figures.kernel_grid import KernelGrid
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, number, times
from cnnviz.render.scene import Scene
from cnnviz.render.sheet import Tile
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, WIDE_GAP, theme
from cnnviz.report.filters import FilterSet

_MATRIX = (720, 560)  # px that a matrix of filters by channels may take
_BAR = 200
_LEAST_CELL = 34  # px that hold any number of two digits


def draw(filters: FilterSet, look: Look) -> Scene:
    """Return the figure of a layer's filters, signed and with zero in the middle of the scale."""
    scene = Scene(theme(look.theme), title=_title(filters), description=". ".join(filters.lines()))
    lines = [line for line in (*_about(filters), *_words(filters, look)) if line]
    place = _matrix if filters.is_matrix else _grid
    right, bottom = place(scene, filters, look, MARGIN + header.height(lines))
    wide = max(measure(line, LABEL) for line in lines)
    scene.width, scene.height = max(480, right + MARGIN, wide + 2 * MARGIN), bottom + MARGIN
    header.draw(scene, lines)
    return scene


def tiles(filters: FilterSet, look: Look) -> list[Tile]:
    """Return each filter that is shown as a tile for the terminal; 1x1 kernels as one matrix."""
    largest = float(np.abs(filters.view).max())
    if filters.is_matrix:
        matrix = filters.view[0][:, list(filters.shown)].T
        draw = partial(_pixels, matrix, largest, look.theme)
        return [Tile((filters.name,), (filters.view_words(), ""), matrix.shape, draw)]
    found = []
    for index in filters.shown:
        values = filters.view[..., index]
        limit = largest if look.range == "shared" else float(np.abs(values).max())
        draw = partial(_pixels, values, limit, look.theme)
        titles = f"{filters.name}[{index}]", str(index)
        peak = float(np.abs(values).max())
        said = f"{values.min():.3g} to {values.max():.3g}", f"+-{peak:.2g}", f"{peak:.1g}"
        found.append(Tile(titles, said, values.shape[:2], draw))
    return found


def _pixels(
    values: np.ndarray, limit: float, theme_name: str, height: int, width: int
) -> np.ndarray:
    if values.ndim == 3:
        return display.reduce(blocks.weights_in_colour(values, limit), height, width)
    return display.pixels(values, blocks.kernel_scale(limit, True, theme_name), height, width)


def _grid(scene: Scene, filters: FilterSet, look: Look, top: float) -> tuple[float, float]:
    """Place a tile for each filter; return right and bottom."""
    shown = filters.shown
    tiles = [filters.view[..., i] for i in shown]
    limits = [float(np.abs(tile).max()) for tile in tiles]
    largest = float(np.abs(filters.view).max())
    if look.range == "shared":  # by the whole layer, so that its pages can be compared
        limits = [largest] * len(tiles)
    grid = KernelGrid.of(len(shown), tiles[0].shape)
    for i, (index, tile, limit) in enumerate(zip(shown, tiles, limits, strict=True)):
        x, y = grid.place(i)
        place = MARGIN + x, top + y
        _tile(scene, *place, tile, (limit, largest), grid.size, f"filter {index}")
    said = limits if look.range == "own" else []
    grid.captions(scene, MARGIN, top, [str(index) for index in shown], said)
    right, bottom = MARGIN + grid.width, top + grid.height
    if look.range == "own" and len(shown) > 1:
        return right, bottom
    return max(right, MARGIN + _BAR + 14), _legend(scene, filters, bottom + WIDE_GAP, limits[0])


def _matrix(scene: Scene, filters: FilterSet, look: Look, top: float) -> tuple[float, float]:
    """Place 1x1 kernels as a matrix; return right and bottom."""
    matrix = filters.view[0][:, list(filters.shown)].T
    limit = float(np.abs(filters.view).max())
    height, width = display.fit(matrix.shape, _MATRIX)
    density = look.scale
    scale = blocks.kernel_scale(limit, True, scene.theme.name)
    pixels = scale.colours(display.reduce(matrix, height * density, width * density))
    left = MARGIN + 32
    blocks.tile(scene, left, top, pixels, width, height, "filters by input channels")
    secondary = scene.theme.secondary
    first, last = filters.shown[0], filters.shown[-1]
    scene.text(left - 6, top + 10, str(first), colour=secondary, anchor="end")
    if last > first and height > 24:
        scene.text(left - 6, top + height, str(last), colour=secondary, anchor="end")
    line = top + height + 14
    end = f"input channel {matrix.shape[1] - 1}"
    start = scene.text(left, line, "0", colour=secondary)
    right = left + max(width, start + 2 * WIDE_GAP + measure(end, CAPTION))
    scene.text(right, line, end, colour=secondary, anchor="end")
    return max(right, MARGIN + _BAR), _legend(scene, filters, line + GAP, limit)


def _about(filters: FilterSet) -> list[str]:
    layout = filters.stored.layout
    words = f" {layout.axes.upper()}, {layout.why}" if layout else ""
    words += "; turned for true convolution" if filters.about.is_turned else ""
    data = str(filters.about)
    return [f"trained on {data}" if data else "", f"stored as {times(filters.stored.shape)}{words}"]


def _title(filters: FilterSet) -> str:
    kh, kw, channels, count = filters.values.shape
    noun = "filter" if count == 1 else "filters"
    return f"{filters.name}: {count} {noun} of {times((kh, kw, channels))}"


def _words(filters: FilterSet, look: Look) -> list[str]:
    shared = look.range == "shared" or filters.is_matrix
    scale = "one scale for the layer" if shared else "each on its own scale"
    return [f"{filters.view_words().replace('1x1', '1×1')}; {scale}", filters.page_words()]


def _tile(
    scene: Scene,
    x: float,
    y: float,
    values: np.ndarray,
    limits: tuple[float, float],
    size: tuple[int, int],
    title: str,
) -> None:
    """Draw one filter; its limits are that of the colours, and the layer's for the decimals."""
    (height, width), (limit, largest) = size, limits
    scale = blocks.kernel_scale(limit, True, scene.theme.name)
    if values.ndim == 3:
        pixels = blocks.weights_in_colour(values, limit)
        blocks.tile(scene, x, y, pixels, width, height, title)
    elif (cell := height // values.shape[0]) >= _LEAST_CELL and values.shape[0] * values.shape[
        1
    ] > 1:
        blocks.cells(scene, x, y, values, scale, cell, title, digits=3, largest=largest)
    else:
        blocks.tile(scene, x, y, scale.colours(values), width, height, title)


def _legend(scene: Scene, filters: FilterSet, y: float, limit: float) -> float:
    """Draw the scale that all share; return the bottom."""
    if not filters.in_colour:
        blocks.bar(scene, MARGIN, y, _BAR, blocks.kernel_scale(limit, True, scene.theme.name))
        return y + 22
    ramp, left = np.linspace(-limit, limit, _BAR), MARGIN + 14
    for i, name in enumerate("RGB"):
        strip = np.zeros((1, _BAR, 3))
        strip[0, :, i] = ramp
        place = y + 14 * i
        scene.text(MARGIN, place + 8, name, colour=scene.theme.secondary)
        blocks.tile(
            scene, left, place, blocks.weights_in_colour(strip, limit), _BAR, 8, "colour scale"
        )
    line, secondary = y + 14 * 3 + 8, scene.theme.secondary
    scene.text(left, line, f"{MINUS}{number(limit)}", colour=secondary)
    scene.text(left + _BAR / 2, line, "0", colour=secondary, anchor="middle")
    scene.text(left + _BAR, line, number(limit), colour=secondary, anchor="end")
    return line + 2
