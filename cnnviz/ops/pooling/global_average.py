"""Global mean pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.ops.checks import Array, as_batch, result_type
from cnnviz.ops.pooling import Pooling
from cnnviz.ops.windows import like


def global_average_pool2d(x: ArrayLike, *, keepdims: bool = False) -> Array:
    """Return the mean of each channel.

    Parameters
    ----------
    x : array_like
        `(H, W)`, `(H, W, C)` or `(N, H, W, C)`.
    keepdims : bool
        Keep one row and one column, so that the result has the rank of `x`.

    Returns
    -------
    ndarray
        `()`, `(C,)` or `(N, C)` as in Keras; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If `x` is empty or has another rank.

    >>> global_average_pool2d([[[1], [2]], [[3], [4]]]).tolist()
    [2.5]
    """
    batch = as_batch(x)
    result = np.asarray(
        batch.mean(axis=(1, 2), dtype=np.float64, keepdims=True), result_type(batch)
    )
    pooled = like(result, x)
    return pooled if keepdims else np.squeeze(pooled, axis=(1, 2) if pooled.ndim == 4 else (0, 1))


def _apply(x: ArrayLike, **ignored: Any) -> Array:
    return global_average_pool2d(x, keepdims=True)


POOLING = Pooling("global-average", "global-average", True, _apply)
