"""Convolution multiplies spectra: |X| and |H| above their product, which is |Y|."""

from __future__ import annotations

import numpy as np

from cnnviz.render.figures import chart, ticks, title
from cnnviz.render.figures import signal_parts as parts
from cnnviz.render.figures.chart import Frame
from cnnviz.render.look import Look
from cnnviz.render.numbers import number
from cnnviz.render.scene import Scene
from cnnviz.render.theme import GAP, LABEL, MARGIN, WIDE_GAP, WIDTH, mixed, theme
from cnnviz.report.signal_spectrum import Spectra

LEFT, RIGHT, HEIGHT, HEADING = 56, 190, 116, 22  # px beside a chart, and of it
FAINT = 0.45
FILL = 0.75
DECADES = 10**5  # from the largest to the least on a logarithmic scale


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
        at = frame.point(half, float(result.kernel[0]) / 2)
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
    """Return what |X| is multiplied with to stand beside |Y|: the largest gain of the kernel."""
    return float(f"{float(result.kernel.max()):.6g}") or 1.0


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
    high, log = (top * 2, True) if result.is_wide else (1.06 * top, False)
    low = top / DECADES if log else 0.0
    frame = Frame(*box, float(result.frequencies[-1]), low, high, log=log)
    colour = drawn[-1][0]
    wide = scene.text(frame.x, y + 12, heading, size=LABEL, face="bold", colour=colour)
    if log:
        x = frame.x + wide + WIDE_GAP
        scene.text(x, y + 12, "logarithmic scale", colour=scene.theme.secondary)
    step = float(result.frequencies[1])
    if filled:
        colour, values = drawn[-1]
        parts.area(scene, frame, 0, values, colour, step=step, share=FILL, line=True)
    places = ticks.logarithmic(low, high, 4) if log else ticks.linear(0, high, 4)
    chart.levels(scene, frame, places, lambda value: number(value, 3))
    for colour, values in drawn:
        parts.signal(scene, frame, 0, values, colour, step=step, pen=1.75, line=True)
    named = list(zip([colour for colour, _ in drawn], names, strict=True))
    parts.legend(scene, _right(frame), frame.y + 14, named, RIGHT - WIDE_GAP)
    return frame


def _right(frame: Frame) -> float:
    return frame.x + frame.width + WIDE_GAP
