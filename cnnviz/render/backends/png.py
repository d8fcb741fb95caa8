"""Scenes as PNG, drawn by Pillow at a whole number of pixels per px."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from cnnviz.files import check_bytes
from cnnviz.render.fonts import font, measure
from cnnviz.render.pngfile import encode
from cnnviz.render.scene import DIMMED, Item, Line, Picture, Polygon, Rect, Scene, Text

_HINT = "use a smaller --scale, fewer maps or a higher --max-memory"
HATCH_STEP = 5  # px between hatch lines
SMOOTH = 4  # polygons are drawn this many times larger and averaged


def write(scene: Scene, *, scale: int = 1) -> bytes:
    """Return the scene as PNG bytes."""
    texts = {"Title": scene.title, "Description": scene.description, "Software": "cnnviz"}
    return encode(np.asarray(draw(scene, scale)), texts=texts)


def draw(scene: Scene, scale: int = 1) -> Image.Image:
    """Return the scene as an RGB image."""
    size = round(scene.width * scale), round(scene.height * scale)
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
            width = measure(item.text, item.size, item.face) * s
            shift = {"start": 0.0, "middle": width / 2, "end": width}[item.anchor]
            face = font(item.face, item.size * s)
            pen.text((item.x * s - shift, item.y * s), item.text, item.colour, face, anchor="ls")
        case Line():
            points = [(round(x * s), round(y * s)) for x, y in (item.start, item.end)]
            pen.line(points, item.colour, max(1, round(item.line * s)))
        case Polygon():
            _polygon(canvas, item, s)


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


def _polygon(canvas: Image.Image, item: Polygon, s: int) -> None:
    """Draw a polygon with smooth edges, which Pillow's own are not."""
    xs, ys = zip(*item.points, strict=True)
    left, top = int(min(xs) * s) - 1, int(min(ys) * s) - 1
    width, height = int(max(xs) * s) + 2 - left, int(max(ys) * s) + 2 - top
    mask = Image.new("L", (width * SMOOTH, height * SMOOTH))
    points = [((x * s - left) * SMOOTH, (y * s - top) * SMOOTH) for x, y in item.points]
    ImageDraw.Draw(mask).polygon(points, 255)
    canvas.paste(item.fill, (left, top), mask.resize((width, height), Image.Resampling.BOX))
