"""The lines of a training run, on the scales that suit them: for every figure that draws some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.render.figures import chart, ticks
from cnnviz.render.figures.chart import Frame
from cnnviz.render.scene import Scene
from cnnviz.render.theme import Theme, mixed
from cnnviz.report.training_curves import Part

FAINT = 0.62  # of the background in the colour of single moments
STRONG, RAW = 2.25, 1  # px of lines
SPACE, DOT = 12, 3  # px between points from which on each is a dot, and its radius


def colours(tokens: Theme) -> dict[str, str]:
    """Return the colour of each part: what the weights follow in that of weights."""
    return {"train": tokens.kernel, "validation": tokens.map}


def scale(parts: Sequence[Part], name: str) -> tuple[float, float, bool]:
    """Return the limits of a figure's axis, and whether it is logarithmic.

    Single moments may lie outside of them, where few are far from the rest.
    """
    strong = np.concatenate([part.smooth(name) for part in parts])
    strong = strong[np.isfinite(strong)]
    if not strong.size:
        return 0.0, 1.0, False
    raw = [part.figures[name][np.isfinite(part.figures[name])] for part in parts]
    usual = [np.percentile(values, (1, 99)) for values in raw if values.size]
    both = np.concatenate([strong, *usual])
    low, high = float(both.min()), float(both.max())
    if name == "accuracy":
        air = max(0.04 * (high - low), 0.005)
        return max(0.0, low - air) if low > 0.25 * high else 0.0, min(1.0, high + air), False
    if low > 0 and float(strong.max()) >= ticks.LOG_FROM * float(strong.min()):
        return low / 1.15, high * 1.15, True
    air = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return 0.0 if 0 <= low < 0.35 * high else low - air, high + air, False


def lines(scene: Scene, frame: Frame, part: Part, name: str, colour: str, *, raw: bool) -> None:
    """Draw a figure's running mean, and its single moments faintly below it."""
    if raw and part.reach:
        faint = mixed(colour, scene.theme.background, FAINT)
        chart.trace(scene, frame, part.steps, part.figures[name], faint, RAW)
    values = part.smooth(name)
    chart.trace(scene, frame, part.steps, values, colour, STRONG)
    if len(part) * SPACE <= frame.width:
        for i in np.flatnonzero(np.isfinite(values)).tolist():
            chart.dot(scene, frame.point(float(part.steps[i]), float(values[i])), DOT, colour)
