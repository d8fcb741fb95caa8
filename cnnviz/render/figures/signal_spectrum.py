"""Convolution multiplies spectra: |X| and |H| above their product, which is |Y|."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnnviz.render.figures import chart, ticks, title
from cnnviz.render.figures import signal_parts as parts
from cnnviz.render.figures.chart import Frame
from cnnviz.render.look import Look
from cnnviz.render.numbers import number
from cnnviz.render.scene import Polygon, Scene
from cnnviz.render.theme import GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, mixed, theme
from cnnviz.report.signal_spectrum import Spectra

LEFT, RIGHT, HEIGHT, HEADING = 56, 190, 116, 22  # px beside a chart, and of it
FAINT = 0.45
FILL = 0.75


def draw(result: Spectra, look: Look) -> Scene:
    """Return the figure."""
    scene = Scene(theme(look.theme), width=WIDTH)
    tokens, sliding = scene.theme, result.sliding
    operation = "Correlation" if sliding.correlate else "Convolution"
    sentence = f"{operation.lower()} multiplies spectra, |X| · |H| = |Y|"
    sign = "with" if sliding.correlate else "*"
    name = f"{sliding.signal.name} {sign} {sliding.kernel.name}"
    scene.title = f"{name}: {sentence}"
    scene.description = ". ".join(result.lines())
    far = number(result.difference, 2)
    detail = f"the product and the output's own spectrum differ by {far} of the largest value"
    y = title.draw(scene, name, sentence, f"{detail}: rounding")
    x, h = f"signal x: {sliding.signal.name}", f"kernel h: {sliding.kernel.name}"
    _chart(scene, result, y, f"|X|, {x}", [(tokens.input, result.signal)], ["|X|"])
    y += HEADING + HEIGHT + WIDE_GAP
    frame = _chart(scene, result, y, f"|H|, {h}", [(tokens.kernel, result.kernel)], ["|H|"])
    if (half := result.half()) is not None:
        at = frame.point(half, 0)[0], frame.point(0, float(result.kernel[0]) / 2)[1]
        chart.dot(scene, at, 4.5, tokens.accent)
        said = f"half at {number(half, 3)} {_short(result)}"
        line = frame.y + 14 + 18
        parts.legend(scene, _right(frame), line, [(tokens.accent, said)], RIGHT - WIDE_GAP)
    y += HEADING + HEIGHT + WIDE_GAP
    faint = mixed(tokens.input, tokens.background, FAINT)
    scaled = result.signal * _same(result)
    drawn = [(faint, scaled), (tokens.map, result.output)]
    before = "|X| before" if _same(result) == 1 else f"|X| before, × {number(_same(result), 3)}"
    frame = _chart(
        scene, result, y, "|Y|, output y", drawn, [before, "|Y| = |X| · |H|"], filled=True
    )
    values = ticks.linear(0, float(result.frequencies[-1]), 11)
    chart.ticks(scene, frame, values)
    line = frame.bottom + 34
    unit = f"frequency in {result.unit}, to half the sample rate"
    middle = frame.x + frame.width / 2
    scene.text(middle, line, unit, colour=tokens.secondary, anchor="middle")
    scene.height = line + GAP + MARGIN
    return scene


def _short(result: Spectra) -> str:
    return "Hz" if result.unit == "Hz" else "cycles/sample"


def _same(result: Spectra) -> float:
    """Return what |X| is multiplied with to stand beside |Y|: the gain at frequency 0 of a kernel

    that lets no other through better, else that of the best.
    """
    gain = float(result.kernel.max())
    return float(f"{gain:.6g}") if gain else 1.0


def _chart(
    scene: Scene,
    result: Spectra,
    y: float,
    heading: str,
    drawn: list[tuple[str, np.ndarray]],
    names: list[str],
    *,
    filled: bool = False,
) -> Frame:
    """Draw magnitudes over frequencies."""
    box = MARGIN + LEFT, y + HEADING, WIDTH - 2 * MARGIN - LEFT - RIGHT, HEIGHT
    top = max(float(values.max()) for _, values in drawn) or 1.0
    frame = Frame(*box, float(result.frequencies[-1]), 0.0, 1.06 * top)
    scene.text(frame.x, y + 12, heading, size=LABEL, face="bold", colour=drawn[-1][0], room=box[2])
    form: Callable[[float], str] = number
    points = [parts.envelope(result.frequencies, values, frame) for _, values in drawn]
    if filled:
        xs, ys = points[-1]
        edge = [frame.point(a, b) for a, b in zip(xs.tolist(), ys.tolist(), strict=True)]
        ends = (edge[-1][0], frame.bottom), (edge[0][0], frame.bottom)
        fill = mixed(drawn[-1][0], scene.theme.background, FILL)
        scene.add(Polygon((*edge, *ends), fill))
    chart.levels(scene, frame, ticks.linear(0, frame.high, 4), form)
    for (colour, _), (xs, ys) in zip(drawn, points, strict=True):
        chart.trace(scene, frame, xs, ys, colour, 1.75)
    named = list(zip([colour for colour, _ in drawn], names, strict=True))
    parts.legend(scene, _right(frame), frame.y + 14, named, RIGHT - WIDE_GAP)
    return frame


def _right(frame: Frame) -> float:
    return frame.x + frame.width + WIDE_GAP
