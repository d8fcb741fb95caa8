"""What the machine can do at best: products of matrices, and memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from cases import OURS, THREADS, Call, Case, Reading

from cnnviz.ops.threads import share

TITLE = "The roof: what the machine gives"
PRODUCT = "matrix product, float32"
READ = "reading memory, a matrix of 256 MB by a vector"
COPY = "copying 256 MB"


def cases(quick: bool) -> list[Case]:
    """Return the peak of NumPy's BLAS on all threads, and bytes a second of two uses of memory."""
    side = 64 if quick else 2048
    cells = 2**12 if quick else 2**26
    return [
        Case(PRODUCT, {OURS: lambda: product(side)}, unit="GFLOP/s"),
        Case(READ, {OURS: lambda: read(cells)}, unit="GB/s"),
        Case(COPY, {OURS: lambda: copy(cells)}, unit="GB/s"),
    ]


def product(side: int) -> Call:
    """Square matrices, rows in parts that the cache holds."""
    a, b = (np.random.default_rng(n).random((side, side), np.float32) for n in (0, 1))
    out = np.empty_like(a)
    return _rate(lambda rows: np.matmul(a[rows], b, out[rows]), side, 2e-9 * side**3)


def read(cells: int) -> Call:
    """Every value is read once and used once, as by a dense layer of one image."""
    matrix = np.ones((cells // 4096, 4096), np.float32)
    vector, out = np.ones(4096, np.float32), np.empty(len(matrix), np.float32)
    work = lambda rows: np.matmul(matrix[rows], vector, out[rows])  # noqa: E731
    return _rate(work, len(matrix), 4e-9 * cells)


def copy(cells: int) -> Call:
    """Both what is read and what is written count."""
    source, target = np.ones(cells, np.float32), np.empty(cells, np.float32)
    return _rate(lambda part: np.copyto(target[part], source[part]), cells, 8e-9 * cells)


def _rate(work: Callable[[slice], object], length: int, amount: float) -> Call:
    """Return a call that does work in a part for each thread, and reads how much a second."""
    step = -(-length // THREADS)
    parts = [slice(at, at + step) for at in range(0, length, step)]

    def run() -> Reading:
        start = time.perf_counter()
        share(work, parts)
        return Reading(amount / (time.perf_counter() - start))

    return run
