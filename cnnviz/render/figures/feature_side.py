"""The left column of a layer's figure: the input, what one value sees of it, the layer's facts."""

from __future__ import annotations

from collections.abc import Iterator

from cnnviz.render.display import Scale
from cnnviz.render.figures import blocks, feature_parts
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.look import Look
from cnnviz.render.numbers import MINUS, count, number, times
from cnnviz.render.scene import Rect, Scene
from cnnviz.render.theme import GAP, WIDE_GAP
from cnnviz.report.layer_features import LayerFeatures
from cnnviz.report.maps import share

WIDTH = 224
LINE = 18
_NAMES = 112  # px of the names of facts
_ROOM = WIDTH - _NAMES
_OUTLINE = 2


def draw_side(scene: Scene, x: float, y: float, layer: LayerFeatures, look: Look) -> float:
    """Draw the column; return its bottom."""
    size = feature_parts.input_size(layer.seen, (WIDTH, WIDTH))
    bottom = feature_parts.draw_input(scene, x, y, layer.seen, size, look, room=WIDTH)
    _outline(scene, x, y + HEADING, size, layer)
    bottom += WIDE_GAP
    role = feature_parts.role(scene.theme, layer)
    blocks.heading(scene, x, bottom, role, layer.name, room=WIDTH)
    line = bottom + HEADING + 10
    for name, text in _facts(layer):
        scene.text(x, line, name, colour=scene.theme.secondary, room=_NAMES - GAP)
        scene.text(x + _NAMES, line, text, room=_ROOM)
        line += LINE
    if layer.is_vector or layer.values.ndim == 2:
        return line
    scale = next(iter(feature_parts.scales(layer, layer.shown[:1], look)))
    return _legend(scene, x, line, scale, look)


def _facts(layer: LayerFeatures) -> Iterator[tuple[str, str]]:
    """Yield names and texts of what is known of the layer."""
    stats, noun = layer.stats, "units" if layer.is_vector else "maps"
    yield noun, count(stats.count)
    yield "min … max", feature_parts.range_words(layer.min, layer.max, room=_ROOM)
    yield "mean", number(layer.mean)
    yield "zeros", _percent(int(stats.zeros.sum()), layer.values.size)
    dead, constant = int(stats.dead.sum()), int(stats.constant.sum())
    if not layer.is_vector:
        yield "dead maps", f"{dead} of {stats.count}" if dead else "none"
    if constant:
        yield "constant maps", f"{constant} of {stats.count}"
    if stats.saturated is not None:
        low, high = layer.limits
        ends = " or ".join(number(end) for end in (low, high) if end is not None)
        part = _percent(int(stats.saturated.sum()), layer.values.size)
        yield "saturated", f"{part} at {ends}"
    if not layer.is_vector:
        yield "strongest, mean", " ".join(map(str, stats.strongest("mean")))
        yield "strongest, max", " ".join(map(str, stats.strongest("max")))
    field = layer.row["receptive_field"]
    if layer.field_words():
        yield "one value sees", _field(layer)
        if layer.values.ndim == layer.seen.pixels.ndim and all(field["stride"]):
            steps = list(dict.fromkeys(field["stride"]))
            yield "and the next one", f"{times(steps)} further"


def _field(layer: LayerFeatures) -> str:
    """Return the receptive field, and that it covers the input where it does."""
    sides = layer.row["receptive_field"]["size"]
    whole = all(n >= side for n, side in zip(sides, layer.seen.pixels.shape, strict=False))
    if layer.is_vector and whole:
        return "all of the input"
    return f"{times(sides)} pixels" + (", all of it" if whole else "")


def _percent(part: int, whole: int) -> str:
    return share(part, whole).replace("%", " %") if part else "none"


def _outline(scene: Scene, x: float, y: float, size: tuple[int, int], layer: LayerFeatures) -> None:
    """Outline on the input what the value in the middle of a map sees, if that is a part of it."""
    field, pixels = layer.row["receptive_field"], layer.seen.pixels
    if pixels.ndim != 3 or layer.values.ndim != 3 or not layer.field_words():
        return
    spans = []
    for axis in (0, 1):
        long, step, start = (field[key][axis] for key in ("size", "stride", "start"))
        first = start + (layer.shape[axis] // 2) * step
        low, high = max(0, first), min(pixels.shape[axis], first + long)
        spans.append((low, high))
    if all(span == (0, n) for span, n in zip(spans, pixels.shape, strict=False)):
        return
    sy, sx = size[0] / pixels.shape[0], size[1] / pixels.shape[1]
    (top, bottom), (left, right) = spans
    width, height = max(8.0, (right - left) * sx), max(8.0, (bottom - top) * sy)
    centre = x + (left + right) / 2 * sx, y + (top + bottom) / 2 * sy
    box = centre[0] - width / 2, centre[1] - height / 2, width, height
    ground = (box[0] - 1, box[1] - 1, width + 2, height + 2)
    scene.add(Rect(*ground, stroke=scene.theme.background))
    scene.add(Rect(*box, stroke=scene.theme.accent, line=_OUTLINE))


def _legend(scene: Scene, x: float, y: float, scale: Scale, look: Look) -> float:
    """Draw the colours of the maps with what their ends stand for; return the bottom."""
    y += GAP
    if look.range == "shared":
        blocks.bar(scene, x, y, WIDTH, scale)
        bottom = y + 22
    else:
        blocks.bar_alone(scene, x, y, WIDTH, scale)
        line, secondary = y + blocks.BAR + 12, scene.theme.secondary
        ends = (f"{MINUS}|largest|", "|largest|") if scale.signed else ("its min", "its max")
        scene.text(x, line, ends[0], colour=secondary)
        scene.text(x + WIDTH, line, ends[1], colour=secondary, anchor="end")
        if scale.signed:
            scene.text(x + WIDTH / 2, line, "0", colour=secondary, anchor="middle")
        bottom = line + 2
    if scale.root:
        scene.text(x, bottom + 14, "square-root scale", colour=scene.theme.secondary)
        bottom += 16
    return bottom
