"""Range, mean and deviation of many values, a piece at a time."""

from __future__ import annotations

import numpy as np

from cnnviz.files import check_bytes

_CHUNK = 2**18  # values that are looked at at a time, as float64


def moments(
    values: np.ndarray,
) -> tuple[int, float | None, float | None, float | None, float | None]:
    """Return how many values are finite, and their minimum, maximum, mean and deviation.

    A figure that there is none of, or that float64 cannot hold, is None. Means of pieces are joined
    as in Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances" (1979): a plain sum of squares loses what is left of it.

    >>> moments(np.array([1.0, 3.0, np.nan]))
    (2, 1.0, 3.0, 2.0, 1.0)
    """
    check_bytes(values.nbytes + 32 * min(values.size, _CHUNK), f"{values.size} values")
    flat = values.reshape(-1)
    count, mean, squares, low, high = 0, 0.0, 0.0, np.inf, -np.inf
    for start in range(0, flat.size, _CHUNK):
        piece = flat[start : start + _CHUNK].astype(np.float64)
        finite = np.isfinite(piece)
        piece = piece if finite.all() else piece[finite]
        if not piece.size:
            continue
        with np.errstate(over="ignore", invalid="ignore"):  # of values near the end of float64
            shift, own = float(piece.mean()) - mean, float(piece.var()) * piece.size
            both = count + piece.size
            squares += own + shift * shift * count * piece.size / both
            mean += shift * piece.size / both
        low, high, count = min(low, float(piece.min())), max(high, float(piece.max())), both
    if not count:
        return 0, None, None, None, None
    std = float(np.sqrt(squares / count))
    mean_, std_ = (value if np.isfinite(value) else None for value in (mean, std))
    return count, low, high, mean_, std_
