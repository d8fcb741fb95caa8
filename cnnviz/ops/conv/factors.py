"""A kernel of rank 1 taken apart into a column and a row."""

from __future__ import annotations

import numpy as np

from cnnviz.ops.checks import Array


def factor(kernel: Array) -> tuple[Array, Array] | None:
    """Return `column` and `row` with `outer(column, row) == kernel`, None if its rank is not 1.

    Whole numbers are split into whole numbers, so that sums of whole pixels stay exact.

    >>> factor(np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    (array([1., 2., 1.]), array([-1.,  0.,  1.]))
    """
    values = kernel.astype(np.float64)
    i, j = np.unravel_index(np.argmax(np.abs(values)), values.shape)
    if values[i, j] == 0:
        return None
    whole = np.array_equal(values, np.rint(values)) and abs(values[i, j]) < 2**53
    divisor = np.gcd.reduce(values[i].astype(np.int64)) if whole else values[i, j]
    row = values[i] / divisor
    column = values[:, j] / row[j]
    error = np.abs(np.outer(column, row) - values).max()
    tolerance = 0.0 if whole else 2 * float(np.finfo(kernel.dtype).eps) * abs(values[i, j])
    return (column, row) if error <= tolerance else None
