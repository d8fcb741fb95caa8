"""Draw the sample images that are not photos: `python sample_images/make.py [FOLDER]`.

Each drawing is a function of the plane, sampled on a finer grid and averaged, so that edges are
antialiased without any drawing library and every run gives the same pixels.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

BLACK, WHITE, PAPER = 16.0, 255.0, 244.0
MATRIX = "1,1,1,0,0\n0,1,1,1,0\n0,0,1,1,1\n0,0,1,1,0\n0,1,1,0,0\n"


def grid(size: int, fine: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the x and y of the sample points, in pixels, `fine` to a pixel and axis."""
    at = (np.arange(size * fine) + 0.5) / fine
    return np.meshgrid(at, at)


def averaged(values: np.ndarray, fine: int) -> np.ndarray:
    """Average the sample points of each pixel and round to 8 bits."""
    h, w = (n // fine for n in values.shape)
    mean = values.reshape(h, fine, w, fine).mean(axis=(1, 3))
    return np.floor(mean + 0.5).astype(np.uint8)


def checkerboard(cells: int = 8, cell: int = 16) -> np.ndarray:
    """Return `cells` x `cells` squares, the first one white."""
    row, column = np.indices((cells * cell, cells * cell)) // cell
    return np.where((row + column) % 2 == 0, 255, 0).astype(np.uint8)


def digit(fine: int = 8) -> np.ndarray:
    """Return a handwritten 3, 28x28, white on black, within the middle 20x20 as in MNIST."""
    upper = [(8.6, 8.6), (10.6, 5.9), (14.6, 5.0), (18.2, 6.6), (18.3, 10.2), (15.4, 12.7)]
    waist = [(12.2, 13.6)]
    lower = [(15.8, 13.7), (19.0, 15.8), (19.4, 19.3), (16.8, 22.3), (12.6, 23.0), (8.2, 21.0)]
    points = np.concatenate([spline(upper + waist), spline(waist + lower)])
    along = np.linspace(0, 1, len(points))
    radius = 1.15 + 0.45 * np.sin(np.pi * along) + 0.15 * np.sin(6 * np.pi * along)  # pen pressure
    x, y = grid(28, fine)
    edge = np.full(x.shape, np.inf)
    for (px, py), r in zip(points, radius, strict=True):
        edge = np.minimum(edge, np.hypot(x - px, y - py) - r)
    return averaged(255 * np.clip(0.5 - edge / 1.2, 0, 1), fine)


def spline(knots: Sequence[tuple[float, float]], steps: int = 16) -> np.ndarray:
    """Return points on the Catmull-Rom spline through `knots`."""
    p = np.array(knots)
    ends = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps)[:, None]
    pieces = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        cubic = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
        pieces.append((cubic + (3 * b - a - 3 * c + d) * t**3) / 2)
    return np.concatenate(pieces)


def chart(fine: int = 4) -> np.ndarray:
    """Return edges in every direction, at every scale and contrast, 512x512."""
    x, y = grid(512, fine)
    image = np.full(x.shape, PAPER)
    siemens_star(image, x - 136, y - 136, radius=112)
    rings(image, x - 376, y - 136, radius=112)
    for i in range(8):
        half_disc(image, x - 48 - 176 / 3 * (i % 4), y - 296 - 64 * (i // 4), 24, np.pi * i / 8)
    fan(image, x - 264, 384 - y, radius=112)
    bars(image, x - 392, y - 272)
    ramps(image, x - 24, y - 408)
    return averaged(image, fine)


def siemens_star(image: np.ndarray, x: np.ndarray, y: np.ndarray, radius: float) -> None:
    """Paint 24 black sectors: an edge every 7.5 degrees, finer towards the centre."""
    r, angle = np.hypot(x, y), np.arctan2(y, x)
    inside = r <= radius
    image[inside] = np.where(np.sin(24 * angle[inside]) > 0, BLACK, WHITE)


def rings(image: np.ndarray, x: np.ndarray, y: np.ndarray, radius: float) -> None:
    """Paint a zone plate: soft rings whose period falls to 4 pixels at the rim."""
    r2 = x**2 + y**2
    inside = r2 <= radius**2
    wave = np.cos(np.pi * r2[inside] / (4 * radius))
    image[inside] = (WHITE + BLACK) / 2 + (WHITE - BLACK) / 2 * wave


def half_disc(image: np.ndarray, x: np.ndarray, y: np.ndarray, radius: float, angle: float) -> None:
    """Paint a disc that one step edge at `angle` divides into dark and light."""
    inside = np.hypot(x, y) <= radius
    side = x[inside] * np.sin(angle) + y[inside] * np.cos(angle)
    image[inside] = np.where(side > 0, 56.0, 190.0)


def fan(image: np.ndarray, x: np.ndarray, y: np.ndarray, radius: float) -> None:
    """Paint thin lines from a corner, every 7.5 degrees, 1 to 2 pixels wide."""
    r = np.hypot(x, y)
    for i, angle in enumerate(np.radians(np.arange(0, 90.1, 7.5))):
        across = np.abs(x * np.sin(angle) - y * np.cos(angle))
        along = x * np.cos(angle) + y * np.sin(angle)
        image[(across <= (1.0 if i % 2 == 0 else 0.5)) & (along > 24) & (r <= radius)] = BLACK


def bars(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Paint upright bars above lying ones, 8 to 1 pixels wide."""
    widths = (8, 6, 4, 3, 2, 1)
    stripes(image, x, (x < 96) & (y >= 0) & (y < 52), np.repeat(widths, 2))
    stripes(image, y - 60, (x >= 0) & (x < 96), widths)


def stripes(
    image: np.ndarray, across: np.ndarray, inside: np.ndarray, widths: Iterable[int]
) -> None:
    """Paint stripes of `widths`, each followed by a gap of its width."""
    at = 0
    for width in widths:
        image[inside & (across >= at) & (across < at + width)] = BLACK
        at += 2 * width


def ramps(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Paint a continuous gray ramp above one of 15 steps."""
    across = (x >= 0) & (x < 464)
    top, bottom = across & (y >= 0) & (y < 40), across & (y >= 40) & (y < 80)
    image[top] = 255 * x[top] / 464
    image[bottom] = 255 * np.floor(x[bottom] / 464 * 15) / 14


def main(folder: Path) -> None:
    """Write the drawings and the matrix."""
    drawings = {"checkerboard": checkerboard, "digit": digit, "test-chart": chart}
    for name, draw in drawings.items():
        Image.fromarray(draw()).save(folder / f"{name}.png", optimize=True)
    (folder / "matrix5x5.csv").write_bytes(MATRIX.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
