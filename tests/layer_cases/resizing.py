"""Layers that put something around an image, cut it off, or enlarge the image."""

from __future__ import annotations

from layer_cases.case import Case

CASES = [
    Case("ZeroPadding1D", {}, ((4, 2),), (6, 2)),
    Case("ZeroPadding1D", {"padding": (0, 3)}, ((4, 2),), (7, 2)),
    Case("ZeroPadding2D", {}, ((4, 4, 2),), (6, 6, 2)),
    Case("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, ((4, 4, 2),), (5, 9, 2)),
    Case("Cropping1D", {}, ((4, 2),), (2, 2)),
    Case("Cropping1D", {"cropping": (3, 0)}, ((4, 2),), (1, 2)),
    Case("Cropping2D", {}, ((4, 6, 2),), (4, 6, 2)),
    Case("Cropping2D", {"cropping": ((1, 0), (2, 3))}, ((4, 6, 2),), (3, 1, 2)),
    Case("Cropping2D", {"cropping": (1, 2)}, ((4, 6, 2),), (2, 2, 2)),
    Case("UpSampling1D", {}, ((4, 2),), (8, 2)),
    Case("UpSampling1D", {"size": 3}, ((4, 2),), (12, 2)),
    Case("UpSampling2D", {"size": (1, 3)}, ((4, 5, 2),), (4, 15, 2)),
    Case("UpSampling2D", {"interpolation": "bilinear"}, ((4, 5, 2),), (8, 10, 2)),
    Case("UpSampling2D", {"size": 3, "interpolation": "bilinear"}, ((4, 5, 2),), (12, 15, 2)),
]
