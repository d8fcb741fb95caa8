"""What is said of two signals: the formula, the terms of a value, noise; in plain ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.report.signal import Sliding

MOST_TERMS = 9  # written out
ROUNDING = 1e-12  # of what is added up


def formula(found: Sliding) -> str:
    """Return `y[n] = sum of x[n - i] h[i] over i = 0 to 4`."""
    last = len(found.kernel) - 1
    over = f"over i = 0 to {last}" if last else "for i = 0"
    outside = "; x is 0 outside" if found.axis.before + found.axis.after else ""
    return f"y[n] = sum of x[{index_words(found)}] h[i] {over}{outside}"


def index_words(found: Sliding) -> str:
    """Return which value of the signal meets `h[i]`: `n - i`, `2n + 3 - i`."""
    axis = found.axis
    shift = -axis.before if found.correlate else axis.extent - 1 - axis.before
    words = "n" if axis.stride == 1 else f"{axis.stride}n"
    if shift:
        words += f" {'-' if shift < 0 else '+'} {abs(shift)}"
    step = "i" if axis.dilation == 1 else f"{axis.dilation}i"
    return f"{words} {'+' if found.correlate else '-'} {step}"


def term_words(found: Sliding, n: int, width: int = 80) -> str:
    """Return `y[3] = 1*0.5 + 1*1 = 1.5`; of a long sum the largest terms."""
    terms = found.terms(n)
    value = f"{found.output[n]:.6g}"
    if not terms:
        return f"y[{n}] = 0: nothing of the kernel lies on the signal"
    shown = terms
    if len(terms) > MOST_TERMS:
        largest = sorted(terms, key=lambda t: -abs(t.product))[: MOST_TERMS - 1]
        shown = sorted(largest, key=lambda t: t.m)
    written = " + ".join(f"{_signed(t.x)}*{_signed(t.h)}" for t in shown)
    left = len(terms) - len(shown)
    if left:
        rest = sum(t.product for t in terms) - sum(t.product for t in shown)
        written += f" + {_signed(rest)} ({left} smaller terms)"
    return f"y[{n}] = {written} = {value}"


def total(values: np.ndarray) -> float:
    """Return the sum; 0 where the values cancel out but for rounding.

    >>> import numpy as np
    >>> total(np.array([0.1, 0.2, -0.3])), total(np.array([1e-30]))
    (0.0, 1e-30)
    """
    found = float(values.sum())
    return found if abs(found) > ROUNDING * float(abs(values).sum()) else 0.0


def sum_words(found: Sliding) -> str:
    """Return that sums multiply."""
    x, h, y = map(total, (found.signal.values, found.kernel.values, found.output))
    return f"sums multiply: {x:.6g} * {h:.6g} = {y:.6g}, the sum of the output"


def noise_words(before: float, after: float) -> str:
    """Return what smoothing has done to noise."""
    return f"distance from the clean signal (rms): {before:.3g} before, {after:.3g} after"


def _signed(value: float) -> str:
    text = f"{value:.6g}"
    return f"({text})" if value < 0 else text
