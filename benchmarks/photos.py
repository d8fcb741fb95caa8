"""Pictures that whole processes read, made once and kept where temporary files are."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CAT = ROOT / "sample_images" / "cat.png"
# Of the sensor: without it an enlarged picture would be decoded and encoded too easily.
NOISE = 4.0


def folder() -> Path:
    """Return where files of benchmarks are."""
    found = Path(tempfile.gettempdir()) / f"cnnviz-benchmarks-{os.getuid()}"
    found.mkdir(exist_ok=True)
    return found


def photo(height: int, width: int) -> Path:
    """Return the path of a colour JPEG of that size, an enlarged sample with noise."""
    from PIL import Image

    path = folder() / f"photo-{height}x{width}.jpg"
    if not path.exists():
        with Image.open(ROOT / "sample_images" / "coffee.jpg") as sample:
            large = sample.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
        noise = np.random.default_rng(0).normal(0, NOISE, (height, width, 3))
        pixels = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
        _into_place(path, lambda at: Image.fromarray(pixels).save(at, "JPEG", quality=90))
    return path


def bank(count: int) -> Path:
    """Return the path of a file of so many random kernels, 3x3 on three channels."""
    path = folder() / f"bank-{count}.npy"
    weights = np.random.default_rng(0).normal(0, 1, (3, 3, 3, count)).astype(np.float32)
    _into_place(path, lambda at: at.write_bytes(_npy(weights)))
    return path


def _npy(values: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, values)
    return held.getvalue()


def _into_place(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside a file and rename: sides make their files at the same time."""
    beside = path.with_suffix(f".{os.getpid()}")
    write(beside)
    beside.replace(path)
