"""The figure of `explain`: window, patch x kernel = products, their sum, its place in the map."""

from __future__ import annotations

import re

import numpy as np

from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, explanation_pooled, header
from cnnviz.render.figures import explanation_parts as parts
from cnnviz.render.fonts import measure
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, THIN, count, number, spaced, times, typeset
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, MARGIN, TITLE, WIDE_GAP, Theme, theme
from cnnviz.report.explanation import Explanation
from cnnviz.report.explanation_text import LARGEST, others, places, pooled_words, shared_decimals
from cnnviz.report.result import Result
from cnnviz.report.shares import tenths
from cnnviz.report.terms import Terms

BOX = 280, 280  # px of the image and of the map
WIDE_BOX = 560, 360  # at most, above two places beside each other
BETWEEN = 2 * MARGIN  # px between these
SIGN = 32  # px between arrays
CELL, LEAST = 48, 26  # px of a cell
ROOM = 216  # px of an array
HEADING = blocks.HEADING
LINE = 18


def draw(result: Explanation, look: Look) -> Scene:
    """Return the figure: the image and the map, and a row for each explained value."""
    scene = Scene(theme(look.theme), title=title(result), description=". ".join(result.lines()))
    lines = about(result)
    right, y = _top(scene, result, MARGIN + header.height(lines), *_box(result, scene.theme))
    beside = 1 if result.is_long else 2
    for first in range(0, len(result.values), beside):
        x, top = float(MARGIN), y + WIDE_GAP
        for one in result.values[first : first + beside]:
            wide, bottom = value(scene, result, one, x, top)
            right, y = max(right, wide), max(y, bottom)
            x = wide + BETWEEN
    scene.width, scene.height = width(scene, lines, right), y + MARGIN
    header.draw(scene, lines)
    return scene


def title(result: Explanation) -> str:
    """Return what is seen: `edge, stride 2: one value of 150×226, term by term`."""
    shape = times(result.arithmetic.output.shape)
    several = len(result.values)
    what = "one value" if several == 1 else f"the same window at {several} places"
    return f"{heading(result)}: {what} of {shape}, term by term"


def heading(result: Result) -> str:
    """Return what is explained, with the minus of print."""
    return result.heading.replace(" -", f" {MINUS}")


def about(result: Explanation) -> list[str]:
    """Return the size formulas, why this place is shown, and what else is to be known."""
    rows, columns = result.arithmetic.axes
    lines = [f"rows  {typeset(rows.working())}     columns  {typeset(columns.working())}"]
    lines += [f"shown: {result.chosen}"] if result.chosen else []
    return [signs(line) for line in (*lines, *result.notes)]


def signs(line: str) -> str:
    """Return a line with the sign of print between the sides of a shape."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", line)


def width(scene: Scene, lines: list[str], right: float) -> float:
    """Return the width of a figure whose content ends at `right` and whose head fits."""
    widest = max(measure(scene.title, TITLE, "bold"), *(measure(line, LABEL) for line in lines))
    return max(640, right + MARGIN, min(widest + 2 * MARGIN + 2, 1280))


def _box(result: Explanation, theme: Theme) -> tuple[tuple[int, int], float]:
    """Return the px of the image and of the map, and of the column that each is in.

    Above two places beside each other there is one above each.
    """
    if result.is_long or len(result.values) == 1:
        return BOX, BOX[0]
    scratch, right = Scene(theme), float(MARGIN)
    for one in result.values[:2]:
        left = right
        right = value(scratch, result, one, left, 0)[0] + BETWEEN
    room = left - MARGIN - SIGN
    if result.origin is not None:  # three of them
        room = (right - BETWEEN - MARGIN - 2 * SIGN) / 3
    if room <= BOX[0]:
        return BOX, BOX[0]
    return (min(int(room), WIDE_BOX[0]), WIDE_BOX[1]), room


def _top(
    scene: Scene, result: Explanation, y: float, box: tuple[int, int], column: float
) -> tuple[float, float]:
    """Draw the image with its windows, and the map with their places; return right and bottom.

    Inside a network the image is before them, with what of it the values see.
    """
    x, below = float(MARGIN), 0
    if result.origin is not None:
        shape = times(result.origin.picture.shape)
        blocks.heading(scene, x, y, scene.theme.input, result.image, shape, room=box[0])
        below, wide = parts.origin(scene, x, y + HEADING, result.origin, result.values, box)
        x += max(wide, column) + SIGN
    shape = times(result.picture.shape)
    blocks.heading(scene, x, y, scene.theme.input, result.seen or result.image, shape, room=box[0])
    draw = parts.vector if result.seen and result.picture.shape[:2] == (1, 1) else parts.picture
    tall, wide = draw(scene, x, y + HEADING, result, box)
    x += max(wide, column) + SIGN
    role = scene.theme.pool if result.arithmetic.pooling else scene.theme.map
    shape = times(result.arithmetic.output.shape)
    blocks.heading(scene, x, y, role, "map", shape, room=box[0])
    height, wide = parts.output(scene, x, y + HEADING, result, box)
    bottom = y + HEADING + max(tall, below, height + 3 * GAP + 10)
    return x + max(wide, box[0]), bottom


def value(
    scene: Scene,
    result: Explanation,
    one: Terms,
    left: float,
    y: float,
    products: Scale | None = None,
) -> tuple[float, float]:
    """Draw one value's terms, by default on a scale of its own; return right and bottom."""
    row, column = one.at
    said = scene.text(
        left, y + 14, f"row {row}, column {column}", size=LABEL + 1, face="bold",
        colour=scene.theme.accent,
    )  # fmt: skip
    window = f"the window reads {places(one)}".replace("-", MINUS)
    is_seen = not result.is_long or one.kernel is None
    rest = f"{window}; {one.padded} padding cells{', hatched' * is_seen}" if one.padded else window
    if result.origin is not None:
        share = result.origin.share(one.at)
        part = "all" if share == 1 else tenths(share).replace("%", f"{THIN}%")
        rest += f"; the value sees {part} of the image"
    said += scene.text(left + said + GAP, y + 14, rest, colour=scene.theme.secondary)
    y += 14 + GAP
    if result.is_long:
        right, y = _largest(scene, result, one, left, y, steady=products is not None)
    else:
        products = products or parts.products_scale([one], scene.theme.name)
        right, y = _all(scene, result, one, left, y, products)
    wide, bottom = ending(scene, result, one, left, y)
    return max(right, wide, left + said + GAP), bottom


def ending(
    scene: Scene, result: Explanation, one: Terms, left: float, y: float
) -> tuple[float, float]:
    """Write the sum, what follows on it, and the value in accent; return right and bottom."""
    right = left
    for text in sums(result, one):
        y += LINE
        right = max(right, left + scene.text(left, y, text, size=LABEL))
    y += LINE + 6
    row, column = one.at
    text = f"map[{row}, {column}] = {agreed(one)}"
    width = measure(text, LABEL, "bold") + 2 * GAP
    scene.add(Rect(left, y - 16, width, 24, stroke=scene.theme.accent, line=2))
    scene.text(left + GAP, y, text, size=LABEL, face="bold")
    return max(right, left + width), y + 8


def agreed(one: Terms) -> str:
    """Return a value to as many digits, 7 at most, as the terms and the engine agree on.

    Where they agree on none, it is the engine's: what is below float32's range is 0 in the map.
    """
    pairs = [(number(one.value, n), number(one.engine, n)) for n in range(7, 0, -1)]
    return next((text for text, made in pairs if text == made), pairs[0][1])


def _all(
    scene: Scene, result: Explanation, one: Terms, left: float, y: float, products: Scale
) -> tuple[float, float]:
    """Draw patch, kernel and products of each channel in a row; return right and bottom."""
    theme, kernel = scene.theme, one.kernel
    rows, columns = one.inside.shape
    size = max(LEAST, min(CELL, ROOM // max(rows, columns)))
    scale = parts.image_scale(result, theme.name)
    width, right = max(columns * size, 88), 0.0
    for c, name in enumerate(result.channels):
        x = left
        middle = y + HEADING + rows * size / 2 + 6
        many = len(result.channels) > 1
        blocks.heading(scene, x, y, theme.input, f"patch {name}" if many else "patch", room=width)
        parts.array(
            scene, x, y + HEADING, one.patch[..., c], scale, size, f"patch {name}", one.inside,
            skips=result.arithmetic.skips_padding,
        )  # fmt: skip
        if one.winner is not None:
            i, j = one.winner
            box = x + j * size, y + HEADING + i * size
            scene.add(Rect(*box, size, size, stroke=theme.accent, line=2))
        x += width
        if kernel is not None:
            limit, negative = float(np.abs(kernel).max()), bool(kernel.min() < 0)
            weights = blocks.kernel_scale(limit, negative, theme.name)
            scene.text(x + SIGN / 2, middle, "×", size=18, anchor="middle")
            x += SIGN
            blocks.heading(scene, x, y, theme.kernel, "kernel", room=width)
            parts.array(
                scene, x, y + HEADING, kernel[..., c], weights, size, f"kernel {name}", digits=4
            )
            x += width
            scene.text(x + SIGN / 2, middle, "=", size=18, anchor="middle")
            x += SIGN
            blocks.heading(scene, x, y, theme.map, "products", room=width)
            parts.array(
                scene, x, y + HEADING, one.products[..., c], products, size, f"products {name}"
            )
            x += width
            scene.text(x + SIGN / 2, middle, "Σ", size=18, anchor="middle")
            text = number(one.sums[c], 7)
            x += SIGN + scene.text(x + SIGN, middle - 1, text, size=LABEL, face="bold")
        right = max(right, x)
        y += HEADING + rows * size + GAP
    return right, y


def _largest(
    scene: Scene, result: Explanation, one: Terms, x: float, y: float, *, steady: bool
) -> tuple[float, float]:
    """Draw the largest terms of a long sum as bars, or all values of a pooling; return the ends.

    Bars of one sign take all the room, but where zero is to be `steady` from frame to frame.
    """
    theme = scene.theme
    if one.kernel is None:
        return explanation_pooled.draw(scene, result, one, x, y)
    shown = one.largest(LARGEST)
    size = one.products.size
    scene.text(
        x, y + 14, f"the {len(shown)} largest of {count(size)} terms", colour=theme.secondary
    )
    y += 20
    decimals = shared_decimals(one)
    limit = abs(float(one.products[shown[0]])) or 1.0
    alike = not steady and all(one.products[cell] >= 0 for cell in shown)
    middle, reach, end = (x + 290, 260, x + 650) if alike else (x + 420, 130, x + 650)
    for i, j, c in shown:
        value = float(one.products[i, j, c])
        where = f"{result.channels[c]}[{one.rows[i]}, {one.columns[j]}]".replace("-", MINUS)
        where += "" if one.inside[i, j] else " padding"
        scene.text(x, y + 13, where, size=CAPTION, room=150)
        working = f"{number(one.patch[i, j, c], 5)} × {number(one.kernel[i, j, c], 5)}"
        scene.text(x + 270, y + 13, working, face="mono", anchor="end")
        length = abs(value) / limit * reach
        left = middle - length if value < 0 else middle
        fill = theme.kernel if value < 0 else theme.map
        scene.add(Rect(left, y + 3, max(1, length), 12, fill=fill))
        scene.text(end, y + 13, _aligned(value, decimals), face="mono", anchor="end")
        y += LINE
    if size > len(shown):
        rest = others(one, shown)
        scene.text(x, y + 13, f"the other {count(size - len(shown))}", size=CAPTION)
        scene.text(end, y + 13, _aligned(rest, decimals), face="mono", anchor="end")
        y += LINE
    return end, y


def _aligned(value: float, decimals: int) -> str:
    """Return a number to stand below others with as many decimals."""
    if decimals < 0:
        return number(value, 6)
    return spaced(f"{round(value, decimals) + 0.0:,.{decimals}f}").replace("-", MINUS)


def sums(result: Explanation, one: Terms) -> list[str]:
    """Return the lines from the products to the value."""
    a = result.arithmetic
    if one.kernel is None:
        text = f"{a.pooling}  {pooled_words(result, one, shared_decimals(one))}"
        return [spaced(text).replace("-", MINUS)]
    text = f"sum = {number(one.total, 7)}"
    if len(result.channels) > 1 and not result.is_long:
        added = " + ".join(_bracketed(value) for value in one.sums)
        text = f"{' + '.join(result.channels)} = {added} = {number(one.total, 7)}"
    lines = [text]
    if a.bias:
        sign = "+" if a.bias > 0 else MINUS
        working = f"{number(one.total, 7)} {sign} {number(abs(a.bias), 7)}"
        lines.append(f"with bias: {working} = {number(one.before, 7)}")
    if result.act:
        lines.append(f"{result.act}({number(one.before, 7)}) = {number(one.value, 7)}")
    return lines


def _bracketed(value: float) -> str:
    text = number(value, 7)
    return f"({text})" if value < 0 else text
