"""How alike two pixels are by their distance: why a small receptive field is enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnviz.files import check_bytes

REACH = 64  # pixels
MOST_SHUFFLED = 1024  # pixels along a side
_PRINTED = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
_STEP = 64  # lengths of transforms are multiples of it: no large prime factor


@dataclass(eq=False, repr=False)
class Locality:
    """Pearson correlations of the pixels at every distance from 0 on.

    Each curve has a value a distance, NaN where there are no such pairs or one side of them does
    not vary. `plane` is `(2 my + 1, 2 mx + 1)`, the correlation by rows and columns between the
    two pixels, no distance in its middle.
    """

    horizontal: np.ndarray
    vertical: np.ndarray
    both: np.ndarray
    shuffled: np.ndarray
    plane: np.ndarray

    @property
    def half(self) -> int | None:
        """The first distance at which the correlation of both directions is below one half."""
        return _first_below(self.both, 0.5)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each distance, None for what is not defined."""
        names = ("horizontal", "vertical", "both", "shuffled")
        curves = [getattr(self, name).tolist() for name in names]
        return [
            {"distance": d} | {n: v if v == v else None for n, v in zip(names, row, strict=True)}
            for d, row in enumerate(zip(*curves, strict=True))
        ]

    def lines(self) -> Iterator[str]:
        """Yield the curves as a table, and the distance at which they reach one half."""
        yield ""
        yield "distance  horizontal  vertical      both  shuffled"
        for row in self.to_dicts():
            distance, *values = row.values()
            if distance in _PRINTED and any(value is not None for value in values):
                a, b, c, d = ("-" if v is None else f"{round(v, 3) + 0.0:.3f}" for v in values)
                yield f"{distance:8}  {a:>10}  {b:>8}  {c:>8}  {d:>8}"
        half = self.half
        yield "half     not reached" if half is None else f"half     below 0.5 from {half} px on"


def locality(values: np.ndarray, reach: int = REACH) -> Locality:
    """Measure how the correlation of two pixels falls with their distance.

    Parameters
    ----------
    values : ndarray, (H, W)
        A gray image.
    reach : int
        The largest distance in pixels; half a side where that is less, since far pairs are few.

    Returns
    -------
    Locality
        Along rows, along columns, over the pairs of both, and over both once the same pixels are
        shuffled (seed 0; of a large image a million of them), which leaves their values and takes
        their places away.

    Notes
    -----
    Exact, over all pairs: the sums of products are an autocorrelation, the inverse transform of
    `|rfft2(x)|^2` of the image with zeros around it (Wiener-Khinchin); the other sums come from
    integral images.

    >>> ramp = np.tile(np.arange(8.0), (4, 1))
    >>> locality(ramp, 2).horizontal.round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    moments = _moments(values, reach)
    shuffled = _moments(_shuffled(values), reach)
    spread = float(np.square(values - values.mean(dtype=np.float64)).mean(dtype=np.float64))
    return Locality(
        _pearson(_axis(moments, 1, reach), spread),
        _pearson(_axis(moments, 0, reach), spread),
        _pearson(_both(moments, reach), spread),
        _pearson(_both(shuffled, reach), spread),
        _pearson(moments, spread),
    )


def _shuffled(values: np.ndarray) -> np.ndarray:
    """Return the pixels at random places; of many a square of some, drawn at random."""
    rng = np.random.default_rng(0)
    if values.size <= MOST_SHUFFLED**2:
        return rng.permutation(values.ravel()).reshape(values.shape)
    drawn: np.ndarray = values.ravel()[rng.integers(0, values.size, (MOST_SHUFFLED,) * 2)]
    return drawn


def _moments(values: np.ndarray, reach: int) -> np.ndarray:
    """Return `(6, 2 my + 1, 2 mx + 1)`: n, Σx, Σy, Σx², Σy², Σxy over the pairs by their distance.

    The pair of `(dy, dx)` is `x = v[r, c]` and `y = v[r + dy, c + dx]`.
    """
    height, width = values.shape
    most = min(reach, height // 2, height - 1), min(reach, width // 2, width - 1)
    size = [-(-(side + m) // _STEP) * _STEP for side, m in zip((height, width), most, strict=True)]
    check_bytes(40 * size[0] * size[1], "the correlation of the pixels")
    v = values - values.mean(dtype=np.float64)  # float64, and no digits lost to a large mean
    spectrum = np.fft.rfft2(v, size)
    power = spectrum.real**2 + spectrum.imag**2
    dy, dx = (np.arange(-m, m + 1) for m in most)
    # Of the distances along columns only the near ones go on to the second transform.
    near = np.fft.ifft(power, axis=0)[dy]
    products = np.fft.irfft(near, size[1], axis=1)[:, dx]
    rows = [np.maximum(0, -dy), height - np.maximum(0, dy)]
    columns = [np.maximum(0, -dx), width - np.maximum(0, dx)]
    count = np.outer(rows[1] - rows[0], columns[1] - columns[0])
    sums, squares = (_sums(w, rows, columns) for w in (v, v * v))
    # The second pixel of a distance is the first one of the opposite distance.
    flip = np.s_[::-1, ::-1]
    return np.stack([count, sums, sums[flip], squares, squares[flip], products])


def _sums(v: np.ndarray, rows: list[np.ndarray], columns: list[np.ndarray]) -> np.ndarray:
    """Return the sums of `v` over all boxes of the row spans and column spans."""
    integral = np.zeros((v.shape[0] + 1, v.shape[1] + 1))
    np.cumsum(v, axis=0, out=integral[1:, 1:])
    np.cumsum(integral[1:, 1:], axis=1, out=integral[1:, 1:])
    (top, bottom), (left, right) = rows, columns
    whole = integral[np.ix_(bottom, right)] - integral[np.ix_(top, right)]
    result: np.ndarray = whole - integral[np.ix_(bottom, left)] + integral[np.ix_(top, left)]
    return result


def _axis(moments: np.ndarray, axis: int, reach: int) -> np.ndarray:
    """Return the moments `(6, reach + 1)` along one axis, 0 where the image is too small."""
    middle = moments.shape[1] // 2, moments.shape[2] // 2
    line = moments[:, middle[0], middle[1] :] if axis else moments[:, middle[0] :, middle[1]]
    result = np.zeros((6, reach + 1))
    result[:, : line.shape[1]] = line
    return result


def _both(moments: np.ndarray, reach: int) -> np.ndarray:
    """Return the moments of both axes up to where both have pairs; of one if the other is short.

    One axis alone beyond the other's end would make a jump in the curve.
    """
    horizontal, vertical = _axis(moments, 1, reach), _axis(moments, 0, reach)
    lengths = np.count_nonzero(horizontal[0]), np.count_nonzero(vertical[0])
    if min(lengths) == 1:
        return horizontal if lengths[0] > 1 else vertical
    mixed: np.ndarray = horizontal + vertical
    mixed[:, min(lengths) :] = 0
    return mixed


def _pearson(moments: np.ndarray, spread: float) -> np.ndarray:
    """Return the correlations, NaN where a side varies by nothing but rounding."""
    n, x, y, xx, yy, xy = moments
    n = np.maximum(n, 1)
    one, other = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
    varies = np.minimum(one, other) > 1e-10 * spread
    product = np.where(varies, one * other, np.nan)
    return np.asarray(np.clip((xy / n - x * y / n**2) / np.sqrt(product), -1, 1))


def _first_below(curve: np.ndarray, level: float) -> int | None:
    below = np.flatnonzero(curve < level)
    return int(below[0]) if below.size else None
