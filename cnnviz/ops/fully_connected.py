"""The fully connected layer: one matrix product."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.ops.checks import Array, check_finite, real_array, result_type


def dense(x: ArrayLike, kernel: ArrayLike, *, bias: ArrayLike | None = None) -> Array:
    """Return `x @ kernel + bias`: every input wired to every unit.

    Parameters
    ----------
    x : array_like
        `(in,)`, `(N, in)` or more axes; the last one is wired, as in Keras.
    kernel : array_like
        `(in, units)`.
    bias : float or (units,), optional
        Added to each unit.

    Returns
    -------
    ndarray
        The shape of `x` with `units` last; float64 if `x` is, otherwise float32.

    Raises
    ------
    SpecError
        If the shapes do not fit each other.
    InputError
        If the kernel or the bias holds NaN or infinity.
    RefusedError
        If the result is over the byte budget.

    Notes
    -----
    `y[..., u] = bias[u] + Σ x[..., i] · kernel[i, u]`, chapter 6 of Goodfellow, Bengio and
    Courville, "Deep Learning" (2016), before the nonlinearity.

    Examples
    --------
    >>> dense([1, 2], [[1, 0, 3], [0, 1, 4]], bias=0.5).tolist()
    [1.5, 2.5, 11.5]
    """
    values, weights = real_array(x, "the input"), real_array(kernel, "the kernel")
    if weights.ndim != 2 or weights.size == 0:
        raise SpecError(f"a dense kernel has shape {weights.shape}", hint="give (in, units)")
    if values.ndim < 1 or values.size == 0:
        raise SpecError(
            f"the input is empty {values.shape}" if values.ndim else "the input is a number"
        )
    if values.shape[-1] != len(weights):
        raise SpecError(
            f"the kernel {weights.shape} reads {len(weights)} values, "
            f"the last axis of {values.shape} has {values.shape[-1]}"
        )
    dtype = result_type(values)
    units = weights.shape[1]
    check_bytes(np.dtype(dtype).itemsize * values.size // len(weights) * units, "the result")
    with np.errstate(all="ignore"):
        flat = values.reshape(-1, len(weights)).astype(dtype, copy=False)
        out: Array = flat @ weights.astype(dtype, copy=False)
        if bias is not None:
            out += _bias(bias, units).astype(dtype)
    # A weight that is not finite leaves no unit finite that it goes to: a quick look at the result
    # spares most runs a pass over the weights.
    if not np.isfinite(out).all():
        check_finite(weights, "kernel")
    return out.reshape(*values.shape[:-1], units)


def dense_gradients(
    x: Array, gradient: Array, kernel: Array, *, of_inputs: bool = True
) -> tuple[tuple[Array, ...], Array]:
    """Return the gradients of the input, `()` without `of_inputs`, and of the kernel of `dense`.

    `x` is `(..., in)`, `gradient` that of the output `(..., units)`, `kernel` `(in, units)`.

    >>> (of_x,), of_kernel = dense_gradients(np.ones((1, 2)), np.full((1, 1), 3.0), np.eye(2, 1))
    >>> of_x.tolist(), of_kernel.tolist()
    ([[3.0, 0.0]], [[3.0], [3.0]])
    """
    lines = gradient.reshape(-1, gradient.shape[-1])
    flat = x.reshape(-1, x.shape[-1]).astype(lines.dtype, copy=False)
    of_kernel: Array = flat.T @ lines
    if not of_inputs:
        return (), of_kernel
    return ((lines @ kernel.T.astype(lines.dtype, copy=False)).reshape(x.shape),), of_kernel


def _bias(bias: ArrayLike, units: int) -> Array:
    values = real_array(bias, "the bias")
    if values.shape not in ((), (units,)):
        raise SpecError(f"bias {values.shape} does not fit {units} units")
    check_finite(values, "bias")
    return values
