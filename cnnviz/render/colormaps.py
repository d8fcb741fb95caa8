"""Colour maps as 256-entry tables, perceptually uniform by construction.

Each is a curve in OKLab, sampled at equal distances along the curve, so that equal steps of a value
look equally large.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from cnnviz.errors import SpecError

# Curves away from zero, as (lightness, chroma, hue in degrees) on a light background: from white
# through a clear colour to a deep one. On a dark one the lightness runs the other way.
_LIGHT = {
    "blue": ((0.74, 0.115, 248), (0.40, 0.150, 262)),
    "red": ((0.74, 0.115, 35), (0.40, 0.150, 27)),
    "orange": ((0.80, 0.115, 66), (0.55, 0.135, 50)),
    "green": ((0.77, 0.115, 152), (0.42, 0.110, 148)),
    "violet": ((0.74, 0.115, 300), (0.42, 0.160, 296)),
    "slate": ((0.76, 0.020, 255), (0.45, 0.030, 258)),
}
_DARK = {
    "blue": ((0.48, 0.125, 258), (0.86, 0.085, 240)),
    "red": ((0.48, 0.125, 28), (0.86, 0.085, 45)),
    "orange": ((0.48, 0.105, 55), (0.84, 0.120, 72)),
    "green": ((0.48, 0.105, 148), (0.88, 0.120, 150)),
    "violet": ((0.48, 0.140, 294), (0.86, 0.080, 305)),
    "slate": ((0.45, 0.020, 257), (0.82, 0.025, 255)),
}
_ZERO = {"light": 1.0, "dark": 0.205}  # lightness of zero: white, near-black
_DIVERGING = {"red-blue": ("red", "blue"), "slate-orange": ("slate", "orange")}
NAMES = ("gray", *_LIGHT, *_DIVERGING)


@cache
def colormap(name: str, theme: str = "light") -> np.ndarray:
    """Return the colour map as `(256, 3)` uint8, entry 0 for the smallest value.

    In a diverging map (`red-blue`, `slate-orange`) zero is entry 128 and entry 0 repeats entry 1.
    A name that is not ours is asked of the `cmap` package, where it is installed.
    """
    if name == "gray":
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    if name in _LIGHT:
        return _arm(name, theme, 256)
    if name in _DIVERGING:
        low, high = _DIVERGING[name]
        negative, positive = _arm(low, theme, 128), _arm(high, theme, 128)
        return np.concatenate([negative[-1:], negative[:0:-1], positive])
    return _foreign(name)


def is_diverging(name: str) -> bool:
    """Tell whether a colour map of ours has zero at its centre."""
    return name in _DIVERGING


def _arm(name: str, theme: str, count: int) -> np.ndarray:
    """Sample the curve from zero to the far end at `count` equally distant points."""
    from cnnviz.render.oklab import to_srgb

    middle, end = (_LIGHT if theme == "light" else _DARK)[name]
    points = np.array([_lab(_ZERO[theme], 0.0, middle[2]), _lab(*middle), _lab(*end)])
    t = np.linspace(0, 1, 257)[:, None]
    curve = (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    even = np.stack([np.interp(at, length, curve[:, i]) for i in range(3)], axis=1)
    return to_srgb(even)


def _lab(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    angle = np.deg2rad(hue)
    return lightness, float(chroma * np.cos(angle)), float(chroma * np.sin(angle))


def _foreign(name: str) -> np.ndarray:
    hint = f"use one of {', '.join(NAMES)}"
    try:
        from cmap import Colormap
    except ImportError:
        raise SpecError(
            f"no colormap named {name!r}",
            hint=f"{hint}, or install more with: pip install 'cnnviz[plot]'",
        ) from None
    try:
        rgba = Colormap(name)(np.linspace(0, 1, 256))
    except Exception:  # cmap raises what it likes for an unknown name
        raise SpecError(f"no colormap named {name!r}", hint=hint) from None
    return np.round(255 * np.asarray(rgba)[:, :3]).astype(np.uint8)
