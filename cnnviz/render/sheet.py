"""Labelled tiles side by side in a terminal: as large as its columns and lines allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.geometry import Shape
from cnnviz.render import display
from cnnviz.render.halfblocks import RESET, half_blocks
from cnnviz.render.terminal import Colours, escape

GAP = 2  # columns between tiles
LABELS = 2  # lines of a tile that are text: its title and its caption
LABEL = 24  # columns that a title may take of its box where the tile is narrower
LEGIBLE = 18  # px of the longer side, below which fewer tiles are shown
MOST_FACTOR = 8  # times that a small array is enlarged
MOST = 25  # tiles
Draw = Callable[[int, int], np.ndarray]
BOLD, DIM = "\x1b[1m", "\x1b[2m"


@dataclass(eq=False, repr=False)
class Tile:
    """One picture of a sheet.

    Attributes
    ----------
    titles, captions : tuple of str
        What to write above and below it, the fullest first; the first one that fits is taken.
    shape : tuple of int
        Height and width of what it shows.
    draw : callable
        `draw(height, width)` returns its pixels, `(H, W, 3)` uint8, of that size or, where it is
        enlarged by a whole factor, a factor smaller.
    """

    titles: tuple[str, ...]
    captions: tuple[str, ...]
    shape: Shape
    draw: Draw


def sheet(tiles: Sequence[Tile], colours: Colours, *, columns: int, lines: int) -> str:
    """Return tiles as text of at most `columns` and `lines`, drawn in half blocks.

    Small arrays are enlarged by a whole factor, others reduced, all of them so that they look
    largest together. Where they would be too small to be read, the first ones are shown, and a last
    line counts them.
    """
    count = min(len(tiles), MOST)
    per_row, box = _grid(tiles[:count], columns, lines - (count < len(tiles)))
    while count > 2 and not all(_legible(tile, box) for tile in tiles[:count]):
        count -= 1
        per_row, box = _grid(tiles[:count], columns, lines - 1)
    rows = [tiles[i : min(i + per_row, count)] for i in range(0, count, per_row)]
    text = "\n\n".join(_row(row, box, colours) for row in rows)
    if count == len(tiles):
        return text
    left = f"{count} of {len(tiles)} shown"
    return f"{text}\n{DIM}{left[:columns]}{RESET}"


def _grid(tiles: Sequence[Tile], columns: int, lines: int) -> tuple[int, tuple[int, int]]:
    """Return how many stand in a row, and the px of each: the ones that give the largest tiles."""
    best = 0, 1, (max(1, columns), 2)
    for per_row in range(1, len(tiles) + 1):
        rows = -(-len(tiles) // per_row)
        width = (columns - GAP * (per_row - 1)) // per_row
        height = 2 * ((lines - (rows - 1)) // rows - LABELS)
        if width < 1 or height < 1:
            continue
        box = width, height
        area = sum(h * w for h, w in (_fit(tile.shape, box) for tile in tiles))
        best = max(best, (area, per_row, box))
    return best[1:]


def _fit(shape: Shape, box: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a tile in px, of which a character is one wide and two high."""
    height, width = shape[:2]
    most = min(box[0], width * MOST_FACTOR), min(box[1], height * MOST_FACTOR)
    return display.fit(shape, most)


def _legible(tile: Tile, box: tuple[int, int]) -> bool:
    fitted = _fit(tile.shape, box)
    return max(fitted) >= LEGIBLE or fitted[1] >= tile.shape[1]


def _row(tiles: Sequence[Tile], box: tuple[int, int], colours: Colours) -> str:
    """Return the lines of tiles that stand side by side, their titles in one line."""
    blocks = [_block(tile, box, colours) for tile in tiles]
    height = max(len(block) for block, _ in blocks)
    lines = [""] * height
    for number, (block, width) in enumerate(blocks):
        last = number == len(blocks) - 1
        for y in range(height):
            text, used = block[y] if y < len(block) else ("", 0)
            lines[y] += text + ("" if last else " " * (width - used + GAP))
    return "\n".join(line.rstrip() for line in lines)


def _block(tile: Tile, box: tuple[int, int], colours: Colours) -> tuple[list[tuple[str, int]], int]:
    """Return the lines of one tile, each with the columns that it takes, and the width of all."""
    height, width = _fit(tile.shape, box)
    room = max(width, min(box[0], LABEL))
    title, caption = _fitting(tile.titles, room), _fitting(tile.captions, room)
    pixels = tile.draw(height, width)
    factor = height // pixels.shape[0]
    # Dots would only disturb the flat cells of an enlarged array.
    drawn = half_blocks(pixels.repeat(factor, 0).repeat(factor, 1), colours, dither=factor == 1)
    lines = [_styled(BOLD, title), *((line, width) for line in drawn), _styled(DIM, caption)]
    return lines, max(used for _, used in lines)


def _styled(style: str, text: str) -> tuple[str, int]:
    from rich.cells import cell_len

    return f"{style}{text}{RESET}", cell_len(text)


def _fitting(texts: tuple[str, ...], room: int) -> str:
    """Return the first text that fits, or the last one cut at its end."""
    from rich.cells import cell_len, set_cell_size

    safe = [escape(text) for text in texts]
    for text in safe:
        if cell_len(text) <= room:
            return text
    return set_cell_size(safe[-1], max(0, room - 1)).rstrip() + "\u2026"
