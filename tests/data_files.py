"""Data sets for tests, small and written byte by byte."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def png(value: int, size: tuple[int, int] = (5, 6)) -> bytes:
    """Return a gray picture of one value, `size` rows and columns."""
    file = io.BytesIO()
    Image.fromarray(np.full(size, value, np.uint8)).save(file, "PNG")
    return file.getvalue()


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """Write a zip file with these members, and return its path."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def unzipped(path: Path, files: dict[str, bytes]) -> Path:
    """Write a folder with these files; a name that ends in `/` is an empty folder."""
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        target = path / name
        if name.endswith("/"):
            target.mkdir(parents=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return path


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    """Return an array as an IDX file, as the format's description has it."""
    dtype = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4"}[kind]
    head = bytes([0, 0, kind, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return head + values.astype(dtype).tobytes()


def pair(count: int = 12, classes: int = 3, part: str = "train") -> dict[str, bytes]:
    """Return the two IDX files of a part; picture n has the value n."""
    x = np.broadcast_to(np.arange(count)[:, None, None], (count, 5, 6))
    y = np.arange(count) % classes
    return {f"{part}-images-idx3-ubyte": idx(x), f"{part}-labels-idx1-ubyte": idx(y)}


def table(header: str, rows: np.ndarray) -> bytes:
    """Return rows as CSV."""
    file = io.BytesIO()
    np.savetxt(file, rows, "%g", ",", header=header, comments="")
    return file.getvalue() if header else file.getvalue().lstrip(b"\n")
