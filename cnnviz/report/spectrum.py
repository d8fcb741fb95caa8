"""What a kernel does to frequencies: the magnitude of its transfer function, and that in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_LITTLE = 0.05  # of the largest gain: nothing to speak of
SAMPLES = 192  # along an axis, at least
_NOTHING = 1e-9  # of the largest gain: what rounding leaves of zero


@dataclass(eq=False, repr=False)
class Response:
    """The gain |H(u, v)| of a kernel for waves of every frequency.

    Attributes
    ----------
    gains : ndarray, (n + 1, n + 1)
        Rows for frequencies v down, columns for u across, both from -0.5 to 0.5 cycles per pixel;
        zero frequency is in the middle.
    kind : str
        `low-pass`, `high-pass`, `band-pass`, `high-boost`, `band-boost`, `all-pass` or `nothing`.
    """

    gains: np.ndarray
    kind: str

    @property
    def zero(self) -> float:
        """Gain for what does not change at all: |sum|."""
        middle = self.gains.shape[0] // 2
        return float(self.gains[middle, middle])

    @property
    def nyquist(self) -> tuple[float, float, float]:
        """Gains for stripes of one pixel across, for such stripes down, and for a chessboard."""
        middle = self.gains.shape[0] // 2
        ends = self.gains[middle, -1], self.gains[-1, middle], self.gains[-1, -1]
        return float(ends[0]), float(ends[1]), float(ends[2])

    @property
    def peak(self) -> tuple[float, tuple[float, float]]:
        """The largest gain, and (v, u) where it is: of equal places the one nearest to zero."""
        top = float(self.gains.max())
        rows, columns = np.nonzero(self.gains >= top * (1 - _NOTHING))
        count = self.gains.shape[0] - 1
        pairs = zip(rows.tolist(), columns.tolist(), strict=True)
        places = [(r / count - 0.5, c / count - 0.5) for r, c in pairs]
        # Every place has a twin at (-v, -u): the one to the right, else the lower one.
        right = [(v, u) for v, u in places if u > 0 or (u == 0 and v >= 0)]
        return top, min(right, key=lambda at: (at[0] ** 2 + at[1] ** 2, -at[1], -at[0]))

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain data; frequencies are [down, across]."""
        gain, place = self.peak
        across, down, diagonal = self.nyquist
        return {
            "kind": self.kind,
            "zero": self.zero,
            "nyquist": {"across": across, "down": down, "diagonal": diagonal},
            "peak": {"gain": gain, "frequency": list(place)},
        }


def response(values: np.ndarray) -> Response:
    """Return the frequency response of a kernel `(kh, kw)`.

    >>> found = response(np.array([[1.0, 0.0, -1.0]]))
    >>> found.kind, found.zero, found.peak
    ('band-pass', 0.0, (2.0, (0.0, 0.25)))
    """
    found = gains(values)
    return Response(found, _kind(found))


def gains(values: np.ndarray, samples: int = SAMPLES) -> np.ndarray:
    """Return |H(u, v)| at an odd number of frequencies an axis, from -0.5 to 0.5."""
    count = samples
    while count < max(values.shape):
        count *= 2
    found = np.fft.fftshift(np.abs(np.fft.fft2(values, (count, count))))
    found = np.pad(found, ((0, 1), (0, 1)), mode="wrap")  # 0.5 is the same wave as -0.5
    found[found < _NOTHING * found.max()] = 0.0
    return found


def _kind(gains: np.ndarray) -> str:
    top, middle = float(gains.max()), gains.shape[0] // 2
    if top == 0:
        return "nothing"
    if gains.min() >= 0.999 * top:
        return "all-pass"
    zero = float(gains[middle, middle]) / top
    edge = float(max(gains[middle, -1], gains[-1, middle], gains[-1, -1])) / top
    if zero >= 0.99:
        return "low-pass"
    if zero <= _LITTLE:
        return "high-pass" if edge >= 0.5 else "band-pass"
    return "high-boost" if edge >= 0.99 else "band-boost"
