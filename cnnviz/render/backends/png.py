"""Scenes as PNG, drawn by Pillow at a whole number of pixels per px."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from cnnviz.files import check_bytes
from cnnviz.render.fonts import font, measure, runs
from cnnviz.render.pngfile import encode
from cnnviz.render.scene import DIMMED, Item, Line, Path, Picture, Point, Polygon, Rect, Scene, Text

_HINT = "use a smaller --scale, fewer maps or a higher --max-memory"
HATCH_STEP = 5  # px between hatch lines
SMOOTH = 4  # polygons and paths are drawn this many times larger and averaged


def write(scene: Scene, *, scale: int = 1) -> bytes:
    """Return the scene as PNG bytes."""
    texts = {"Title": scene.title, "Description": scene.description, "Software": "cnnviz"}
    return encode(np.asarray(draw(scene, scale)), texts=texts)


def draw(scene: Scene, scale: int = 1) -> Image.Image:
    """Return the scene as an RGB image."""
    size = scene.size[0] * scale, scene.size[1] * scale
    # 4 bytes a pixel in Pillow, 3 each in NumPy, filtered, as bytes and (at most) compressed.
    check_bytes(16 * size[0] * size[1], f"a picture of {size[0]}x{size[1]}", hint=_HINT)
    canvas = Image.new("RGB", size, scene.theme.background)
    pen = ImageDraw.Draw(canvas)
    for item in scene.items:
        _draw(canvas, pen, item, scale)
    return canvas


def _draw(canvas: Image.Image, pen: ImageDraw.ImageDraw, item: Item, s: int) -> None:
    match item:
        case Picture():
            picture = Image.fromarray(item.pixels)
            size = round(item.width * s), round(item.height * s)
            if picture.size != size:
                picture = picture.resize(size, Image.Resampling.NEAREST)
            canvas.paste(picture, (round(item.x * s), round(item.y * s)))
        case Rect():
            _rect(canvas, pen, item, s)
        case Text():
            _text(pen, item, s)
        case Line():
            points = [(round(x * s), round(y * s)) for x, y in (item.start, item.end)]
            pen.line(points, item.colour, max(1, round(item.line * s)))
        case Polygon():
            _smooth(canvas, item.fill, item.points, s, 0, _filled)
        case Path():
            width = max(1, round(item.line * s * SMOOTH))
            _smooth(canvas, item.colour, item.points, s, width, _stroked)


def _text(pen: ImageDraw.ImageDraw, item: Text, s: int) -> None:
    width = measure(item.text, item.size, item.face) * s
    x = item.x * s - {"start": 0.0, "middle": width / 2, "end": width}[item.anchor]
    for part, face in runs(item.text, item.face):
        drawn = font(face, item.size * s)
        pen.text((x, item.y * s), part, item.colour, drawn, anchor="ls")
        x += drawn.getlength(part)


def _rect(canvas: Image.Image, pen: ImageDraw.ImageDraw, item: Rect, s: int) -> None:
    left, top = round(item.x * s), round(item.y * s)
    right = max(left, round((item.x + item.width) * s) - 1)
    bottom = max(top, round((item.y + item.height) * s) - 1)
    if item.fill:
        pen.rectangle((left, top, right, bottom), item.fill)
    if item.hatch:
        tile = Image.new("L", (right - left + 1, bottom - top + 1))
        lines, step = ImageDraw.Draw(tile), HATCH_STEP * s
        for at in range(-tile.height, tile.width, step):
            # Anchored to the canvas, so that the lines of neighbouring cells meet.
            x = at - (left + top + at) % step
            lines.line((x, tile.height, x + tile.height, 0), 255, max(1, s))
        canvas.paste(item.hatch, (left, top), tile)
    if item.dim:
        canvas.paste(
            item.dim,
            (left, top),
            Image.new("L", (right - left + 1, bottom - top + 1), round(255 * DIMMED)),
        )
    if item.stroke:
        pen.rectangle((left, top, right, bottom), None, item.stroke, max(1, round(item.line * s)))


Pixels = list[tuple[float, float]]


def _smooth(
    canvas: Image.Image,
    colour: str,
    points: Sequence[Point],
    s: int,
    line: int,
    draw: Callable[[ImageDraw.ImageDraw, Pixels, int], None],
) -> None:
    """Draw what reaches `line` beyond its points with smooth edges, which Pillow's own are not.

    What lies outside the canvas is left out.
    """
    xs, ys = zip(*points, strict=True)
    beyond = line / SMOOTH
    left, top = max(0, int(min(xs) * s - beyond) - 1), max(0, int(min(ys) * s - beyond) - 1)
    right = min(canvas.width, int(max(xs) * s + beyond) + 2)
    bottom = min(canvas.height, int(max(ys) * s + beyond) + 2)
    if left >= right or top >= bottom:
        return
    mask = Image.new("L", ((right - left) * SMOOTH, (bottom - top) * SMOOTH))
    drawn = [((x * s - left) * SMOOTH, (y * s - top) * SMOOTH) for x, y in points]
    draw(ImageDraw.Draw(mask), drawn, line)
    reduced = mask.resize((right - left, bottom - top), Image.Resampling.BOX)
    canvas.paste(colour, (left, top), reduced)


def _filled(pen: ImageDraw.ImageDraw, points: Pixels, line: int) -> None:
    pen.polygon(points, 255)


def _stroked(pen: ImageDraw.ImageDraw, points: Pixels, line: int) -> None:
    centres = [(x - 0.5, y - 0.5) for x, y in points]  # of pixels, which Pillow's places are
    pen.line(centres, 255, line)
    r = (line - 1) / 2
    for x, y in centres:  # joints and ends; Pillow's own joints leave notches in steep turns
        pen.ellipse((x - r, y - r, x + r, y + r), 255)
