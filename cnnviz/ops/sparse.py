"""Products of a sparse matrix with cells that are many channels wide, in one pass over them.

NumPy goes over the cells once for each that a sum is of, or once for each axis. SciPy's compiled
product reads what a row names, adds it up in the row's place, and lets other threads run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz.ops.checks import Array


class Rows(NamedTuple):
    """The rows of a matrix: row `i` has `values[ends[i]:ends[i + 1]]` in the columns `cells`."""

    ends: NDArray[np.int32]
    cells: NDArray[np.int32]
    values: Array


def multiply(rows: Rows, x: Array, out: Array) -> None:
    """Write the product of a matrix and `x`, `(cells, channels)`, to `out`, `(rows, channels)`.

    All of one type and contiguous. What a row does not name takes no part, whatever it is.
    """
    product = compiled()
    assert product is not None
    out.fill(0)
    product(*out.shape[:1], *x.shape, *rows, x.reshape(-1), out.reshape(-1))


@cache
def compiled() -> Callable[..., None] | None:
    """Return SciPy's product, or None where its compiled module is not found.

    By itself: the package around it takes a tenth of a second to import, and its arrays make room
    for each result anew.
    """
    found = find_spec("scipy")
    places = found.submodule_search_locations if found is not None else None
    spec = PathFinder.find_spec("_sparsetools", [str(Path(at, "sparse")) for at in places or ()])
    if spec is None or spec.loader is None:
        return None
    try:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError:
        return None
    product: Callable[..., None] | None = getattr(module, "csr_matvecs", None)
    return product
