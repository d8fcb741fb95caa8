"""Scenes as SVG 1.1: selectable text, no external resource."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Iterable

from cnnviz.render.fonts import Face, measure
from cnnviz.render.pngfile import encode
from cnnviz.render.scene import DIMMED, Item, Line, Path, Picture, Point, Polygon, Rect, Scene, Text
from cnnviz.render.terminal import escape

_KOREAN = "'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic'"
_SANS = f"'IBM Plex Sans', system-ui, 'Segoe UI', 'Helvetica Neue', Arial, {_KOREAN}, sans-serif"
_FAMILIES: dict[Face, str] = {
    "regular": _SANS,
    "bold": _SANS,
    "mono": f"'IBM Plex Mono', ui-monospace, Menlo, Consolas, {_KOREAN}, monospace",
}


def write(scene: Scene, *, scale: int = 1) -> bytes:
    """Return the scene as SVG bytes; pictures are embedded with `scale` pixels per px."""
    size = scene.size
    hatches = sorted({i.hatch for i in scene.items if isinstance(i, Rect) and i.hatch})
    styles = "".join(
        f".{face}{{font-family:{family};font-weight:{600 if face == 'bold' else 400}}}"
        for face, family in _FAMILIES.items()
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}" role="img" aria-labelledby="title desc" '
        'xml:space="preserve">',
        f'<title id="title">{_text(scene.title)}</title>',
        f'<desc id="desc">{_text(scene.description)}</desc>',
        f"<style>{styles}text{{white-space:pre;font-variant-numeric:tabular-nums}}</style>",
        f"<defs>{''.join(_hatch(colour) for colour in hatches)}</defs>" if hatches else "",
        f'<rect width="100%" height="100%" fill="{scene.theme.background}"/>',
        *(_item(item, scale) for item in scene.items),
        "</svg>\n",
    ]
    return "\n".join(filter(None, parts)).encode("utf-8")


def _item(item: Item, scale: int) -> str:
    match item:
        case Rect():
            return _rect(item)
        case Text():
            return _text_item(item)
        case Picture():
            return _picture(item, scale)
        case Line():
            (x1, y1), (x2, y2) = item.start, item.end
            return (
                f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" '
                f'stroke="{item.colour}" stroke-width="{_n(item.line)}"/>'
            )
        case Polygon():
            return f'<polygon points="{_points(item.points)}" fill="{item.fill}"/>'
        case Path():
            return (
                f'<polyline points="{_points(item.points)}" fill="none" stroke="{item.colour}" '
                f'stroke-width="{_n(item.line)}" stroke-linejoin="round" stroke-linecap="round"/>'
            )


def _rect(item: Rect) -> str:
    box = (item.x, item.y, item.width, item.height)
    parts = []
    for fill in filter(None, (item.fill, item.hatch and f"url(#{_hatch_id(item.hatch)})")):
        x, y, width, height = map(_n, box)
        parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>')
    if item.dim:
        x, y, width, height = map(_n, box)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{item.dim}" '
            f'opacity="{DIMMED}"/>'
        )
    if item.stroke:
        inset = item.line / 2  # outlines lie inside the edges
        x, y = _n(box[0] + inset), _n(box[1] + inset)
        width, height = _n(max(0, box[2] - item.line)), _n(max(0, box[3] - item.line))
        parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" '
            f'stroke="{item.stroke}" stroke-width="{_n(item.line)}"/>'
        )
    return "".join(parts)


def _text_item(item: Text) -> str:
    # The width measured in our own font holds in any other: nothing can overlap.
    width = measure(item.text, item.size, item.face)
    length = f' textLength="{_n(width)}" lengthAdjust="spacingAndGlyphs"' if width else ""
    return (
        f'<text class="{item.face}" x="{_n(item.x)}" y="{_n(item.y)}" '
        f'font-size="{_n(item.size)}" fill="{item.colour}" text-anchor="{item.anchor}"{length}>'
        f"{_text(item.text)}</text>"
    )


def _picture(item: Picture, scale: int) -> str:
    # Fewer pixels than px means an enlarged array, whose cells keep crisp edges: in browsers by
    # the style, elsewhere by the attribute, and in slides by enlarging the pixels themselves.
    factor = max(1, int(item.width * scale / item.pixels.shape[1]))
    crisp = item.pixels.shape[1] < item.width * scale
    hint = ' image-rendering="optimizeSpeed" style="image-rendering:pixelated"' if crisp else ""
    pixels = item.pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    return (
        f'<image x="{_n(item.x)}" y="{_n(item.y)}" width="{_n(item.width)}" '
        f'height="{_n(item.height)}" preserveAspectRatio="none"{hint} '
        f'href="data:image/png;base64,{b64encode(encode(pixels)).decode()}">'
        f"<title>{_text(item.title)}</title></image>"
    )


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _hatch_id(colour: str) -> str:
    return f"hatch-{colour.lstrip('#')}"


def _hatch(colour: str) -> str:
    return (
        f'<pattern id="{_hatch_id(colour)}" width="5" height="5" patternUnits="userSpaceOnUse">'
        f'<path d="M-1,1 l2,-2 M0,5 l5,-5 M4,6 l2,-2" stroke="{colour}"/></pattern>'
    )


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    # U+FFFE and U+FFFF are not characters in XML.
    return html.escape(escape(text).translate({0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}))
