"""What every figure's test asks of a Scene: texts and pictures apart, inside and undistorted."""

from __future__ import annotations

import itertools

from cnnviz.render.fonts import measure
from cnnviz.render.scene import Picture, Scene, Text

Box = tuple[float, float, float, float, str]


def boxes(scene: Scene) -> list[Box]:
    """Return left, top, right, bottom and text of every text (digits have no descenders)."""
    result = []
    for item in scene.items:
        if isinstance(item, Text) and item.text.strip():
            width = measure(item.text, item.size, item.face)
            left = item.x - {"start": 0, "middle": width / 2, "end": width}[item.anchor]
            top = item.y - 0.72 * item.size
            result.append((left, top, left + width, item.y + 0.1 * item.size, item.text))
    return result


def assert_texts_fit(scene: Scene, *, peaks: bool = False) -> None:
    """Hold texts inside the scene and apart; the numbers of `peaks` lie on pictures."""
    texts = boxes(scene)
    _assert_inside(scene, texts)
    _assert_apart([box for box in texts if not (peaks and box[4].isdigit())])


def assert_pictures_fit(scene: Scene) -> None:
    """Hold pictures inside the scene and apart, and to the aspect ratio of their pixels."""
    pictures = [item for item in scene.items if isinstance(item, Picture)]
    found = [(p.x, p.y, p.x + p.width, p.y + p.height, p.title) for p in pictures]
    _assert_inside(scene, found)
    _assert_apart(found)
    for p in pictures:
        if p.title != "colour scale":
            height, width = p.pixels.shape[:2]
            # A side is rounded to a whole px, so it may be off by one px in the smaller side.
            slack = 1.01 / min(p.width, p.height)
            aspect = p.width / p.height
            assert width / height * (1 - slack) <= aspect <= width / height * (1 + slack), p.title


def _assert_inside(scene: Scene, found: list[Box]) -> None:
    for left, top, right, bottom, name in found:
        assert left >= 0, name
        assert top >= 0, name
        assert right <= scene.width, name
        assert bottom <= scene.height, name


def _assert_apart(found: list[Box]) -> None:
    for a, b in itertools.combinations(found, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, (a, b)
