"""One shift: the kernel laid on the signal, the products filled, their sum beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnnviz.render.figures import signal_parts as parts
from cnnviz.render.numbers import THIN, count, number
from cnnviz.render.scene import Scene
from cnnviz.render.theme import CAPTION, GAP, LABEL, WIDE_GAP
from cnnviz.report.signal import Sliding, Term

NEAR = 40  # px of a window, below which a shift shows its surroundings only
AROUND = 5  # windows on each side of it there
ASIDE = 3  # px between the stem of the signal and that of the kernel
TEXT = 190  # px beside the chart
MOST_LINES = 3  # of products


@dataclass(frozen=True, eq=False, repr=False)
class Scales:
    """How signal, kernel and products are drawn on one axis.

    Attributes
    ----------
    kernel, product : float
        How many times larger than the signal they are drawn.
    low, high : float
        Limits of all that is drawn.
    """

    kernel: float
    product: float
    low: float
    high: float

    @classmethod
    def of(cls, result: Sliding, places: Sequence[int]) -> Scales:
        """Return the scales that suit some output values."""
        x, h = result.signal.values, result.kernel.values
        products = [products_at(result, n)[1] for n in places]
        p = np.concatenate([np.zeros(1), *products])
        top = _largest(x) or 1.0
        of_h, of_p = _factor(top, _largest(h)), _factor(top, _largest(p))
        both = x * 1.0, h * of_h, p * of_p
        low = min(0.0, *(float(values.min()) for values in both))
        high = max(0.0, *(float(values.max()) for values in both))
        return cls(of_h, of_p, low, high)

    def words(self) -> str:
        """Return what is not drawn on the scale of the signal."""
        named = (("kernel", self.kernel), ("products", self.product))
        said = [f"{name} ×{THIN}{number(factor, 2)}" for name, factor in named if factor != 1]
        return f"drawn {' and '.join(said)}, to be seen beside x" if said else ""


def products_at(result: Sliding, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells of the signal that an output value reads, and the products there."""
    cells = np.array(result.axis.cells(n))
    inside = (cells >= 0) & (cells < len(result.signal))
    return cells[inside], result.signal.values[cells[inside]] * result.laid[inside]


def shift(
    scene: Scene,
    result: Sliding,
    n: int,
    scales: Scales,
    box: tuple[float, float, float, float],
    *,
    numbers: bool = False,
    still: bool | None = None,
) -> float:
    """Draw the signal and the kernel at output value `n`; return the bottom.

    `still` is for before the kernel slides: it stands at 0, turned around if true.
    """
    tokens, axis = scene.theme, result.axis
    span, near = _view(result, n if still is None else None, box[2])
    frame = parts.panel(box, span, (scales.low, scales.high))
    parts.outside(scene, frame, len(result.signal))
    first = axis.start(n) if still is None else (1 - axis.extent) * still
    last = first + axis.extent - 1
    laid = result.kernel.values if still is False else result.laid
    if still is None:
        cells, products = products_at(result, n)
        at = float(cells[0]) if len(cells) else 0.0
        drawn = products * scales.product
        parts.area(scene, frame, at, drawn, tokens.map, step=axis.dilation)
    parts.zero(scene, frame)
    aside = ASIDE if parts.is_short(frame) else 0
    x, h = result.signal.values, laid * scales.kernel
    parts.signal(scene, frame, 0, x, tokens.input, shift=-aside, pen=1.5)
    parts.signal(scene, frame, first, h, tokens.kernel, step=axis.dilation, shift=aside)
    right = frame.x + frame.width + WIDE_GAP
    if still is None:
        parts.window(scene, frame, first, last)
        _said(scene, result, n, right, frame.y)
    else:
        named = [(tokens.input, "signal x"), (tokens.kernel, "kernel h")]
        parts.legend(scene, right, frame.y + 14, named, TEXT)
    if not (numbers or near):
        return frame.bottom
    parts.numbered(scene, frame, span, letter="m")
    return frame.bottom + 20


def _view(result: Sliding, n: int | None, width: float) -> tuple[tuple[int, int], bool]:
    """Return the cells that are seen: all, or those around a window that is small among them."""
    first, last = result.span()
    extent = result.axis.extent
    if extent / (last - first + 1) * width >= NEAR or last - first < 4 * parts.STEM:
        return (first, last), False
    start = result.axis.start(n) if n is not None else 1 - extent
    reach = AROUND * max(extent, 4)
    return (start - reach, start + extent - 1 + reach), True


def _said(scene: Scene, result: Sliding, n: int, x: float, y: float) -> None:
    """Write the sum beside a shift, with its terms where there are few."""
    terms = result.terms(n) if result.axis.kernel_size <= 16 else []
    value = number(float(result.output[n]))
    scene.text(x, y + 14, f"n = {count(n)}", size=LABEL, face="bold")
    lines = _wrapped(terms)
    if not lines or len(lines) > MOST_LINES:
        cells, _ = products_at(result, n)
        lines = [f"the sum of {count(len(cells))} products"]
    for i, line in enumerate(lines):
        scene.text(x, y + 31 + 15 * i, line, size=CAPTION, room=TEXT)
    accent = scene.theme.accent
    end = y + 33 + 15 * len(lines)
    scene.text(x, end, f"y[{count(n)}] = {value}", size=LABEL, face="bold", colour=accent)


def _wrapped(terms: Sequence[Term]) -> list[str]:
    """Return `1 · 0.5 + 1 · 1` in lines that fit beside the chart."""
    from cnnviz.render.fonts import measure

    lines: list[str] = []
    for place, term in enumerate(terms):
        text = f"{_bracketed(term.x)}{THIN}·{THIN}{_bracketed(term.h)}"
        text = f"+ {text}" if place else text
        if lines and measure(f"{lines[-1]} {text}", CAPTION) <= TEXT - GAP:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return lines


def _bracketed(value: float) -> str:
    text = number(value)
    return f"({text})" if value < 0 else text


def _largest(values: np.ndarray) -> float:
    return max(abs(float(values.min())), abs(float(values.max())))


def _factor(top: float, largest: float) -> float:
    """Return how many times larger something is drawn: 1 where it is seen well as it is."""
    if largest == 0 or 0.3 * top <= largest <= 1.25 * top:
        return 1.0
    return float(f"{top / largest:.1e}")
