"""The few colours that stand for many: what a GIF has for all of its frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnviz.render.oklab import from_srgb, to_srgb

EXACT, LEAST_SHARE = 64, 1e-3  # colours kept as they are, if they cover so much of the pixels
_ROUNDS = 3  # of moving each entry to the middle of what it stands for: more changes little
_CHUNK = 4096  # colours compared with the palette at a time


def unpacked(colours: np.ndarray) -> np.ndarray:
    """Return colours 0xRRGGBB `(n,)` as rows `(n, 3)` uint8.

    >>> unpacked(np.array([0x12A0FF])).tolist()
    [[18, 160, 255]]
    """
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8)


def choose(
    colours: np.ndarray, counts: np.ndarray, most: int, *, exact: Sequence[int] = ()
) -> np.ndarray:
    """Return at most `most` colours, `(n, 3)` uint8, that stand for all.

    Up to `most` colours are kept. Of more, those that cover much are kept as they are; the others
    are divided at the mean of their widest axis in OKLab, always
    where most would be gained (Wan, Prusinkiewicz and Wong, "Variance-based color image
    quantization for frame buffer display", 1990), and moved to the middle of what they stand for.

    Parameters
    ----------
    colours : ndarray of int, (n,)
        Different ones, as 0xRRGGBB.
    counts : ndarray of int, (n,)
        How many pixels have each.
    exact : sequence of int
        Those to be kept as they are however little they cover, at most half of `most`.
    """
    if len(colours) <= most:
        return unpacked(colours)
    order = np.argsort(-counts, kind="stable")[: min(EXACT, most // 2)]
    frequent = colours[order[counts[order] >= LEAST_SHARE * counts.sum()]]
    kept = np.unique(np.concatenate([np.array(exact, colours.dtype), frequent]))
    others = ~np.isin(colours, kept)
    # The root: a thin line that is seen needs a colour as well as a wide field.
    lab, weights = from_srgb(unpacked(colours[others])), np.sqrt(counts[others])
    fixed = from_srgb(unpacked(kept))
    entries = _divided(lab, weights, most - len(fixed))
    for _ in range(_ROUNDS):
        places = _nearest(lab, np.concatenate([fixed, entries])) - len(fixed)
        entries = _centred(entries, lab[places >= 0], weights[places >= 0], places[places >= 0])
    return np.concatenate([unpacked(kept), to_srgb(entries)])


def nearest(colours: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Return which entry of a palette `(n, 3)` looks nearest to each colour 0xRRGGBB `(m,)`."""
    return _nearest(from_srgb(unpacked(colours)), from_srgb(palette))


def _nearest(lab: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """Return the place of the entry nearest to each row, both in OKLab."""
    squares = np.square(entries).sum(axis=1)
    parts = range(0, len(lab), _CHUNK)
    found = [(squares - 2 * (lab[i : i + _CHUNK] @ entries.T)).argmin(axis=1) for i in parts]
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def _divided(lab: np.ndarray, weights: np.ndarray, most: int) -> np.ndarray:
    """Return the weighted means of at most `most` parts of the rows."""
    parts = [np.arange(len(lab))]
    spreads = [_spread(lab, weights)]
    while len(parts) < most:
        widest = max(range(len(parts)), key=lambda i: spreads[i].max())
        part, spread = parts[widest], spreads[widest]
        if spread.max() <= 0:
            break
        values = lab[part, spread.argmax()]
        low = values <= np.average(values, weights=weights[part])
        if low.all():  # values so close that their mean rounds to the largest
            spreads[widest] = np.zeros(3)
            continue
        for i, half in ((widest, part[low]), (len(parts), part[~low])):
            parts[i : i + 1] = [half]
            spreads[i : i + 1] = [_spread(lab[half], weights[half])]
    return np.array([np.average(lab[part], axis=0, weights=weights[part]) for part in parts])


def _spread(lab: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return along each axis the weighted sum of squared distances from the mean, `(3,)`."""
    mean = np.average(lab, axis=0, weights=weights)
    spread: np.ndarray = weights @ np.square(lab - mean)
    return spread


def _centred(
    entries: np.ndarray, lab: np.ndarray, weights: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Return entries moved to the weighted mean of the rows at their places, if there are any."""
    sums = np.bincount(places, weights, len(entries))
    moved = entries.copy()
    for axis in range(3):
        total = np.bincount(places, weights * lab[:, axis], len(entries))
        moved[sums > 0, axis] = total[sums > 0] / sums[sums > 0]
    return moved
