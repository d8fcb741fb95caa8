"""The fully connected layer: one matrix product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.calls import Do, now
from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.ops.checks import Array, check_finite, real_array, result_type
from cnnviz.ops.threads import share

# A matrix of this many bytes is read by several threads, in as many parts.
LEAST = 2**20
PARTS = 4


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


@dataclass(eq=False, repr=False)
class Wired:
    """A dense layer of float32 lines that is run many times, its weights read by all cores.

    They are read where they are: of one line, memory is what takes the time, whether weights of a
    unit lie side by side or those of an input do (15.9 ms for AlexNet's three layers either way).
    """

    kernel: Array
    bias: Array | None
    activation: Callable[[Array, Do], object] | None
    nbytes: int  # beside the weights as they were given

    @classmethod
    def of(
        cls,
        kernel: Array,
        bias: ArrayLike | None,
        activation: Callable[[Array, Do], object] | None = None,
    ) -> Wired:
        """Check the weights; `activation` works in place on parts of the output.

        Raises
        ------
        SpecError, InputError
            As `dense`; weights that are not finite are told by the result alone.
        """
        added = None if bias is None else _bias(bias, kernel.shape[1]).astype(np.float32)
        laid = kernel.astype(np.float32, copy=False)
        return cls(laid, added, activation, 0 if laid is kernel else laid.nbytes)

    def tasks(self, x: Array, out: Array) -> list[Callable[[], None]]:
        """Return what fills `out`, `(..., units)`, from `x`, `(..., in)`, in any order."""
        lines = x.size // x.shape[-1]
        if lines == 1 and self.kernel.flags.c_contiguous:
            return [partial(self._sum, x, out.reshape(-1))]
        parts = divided(self.kernel.shape[1], self.kernel.nbytes)
        return [partial(self._product, x, out, units) for units in parts]

    def _product(self, x: Array, out: Array, units: slice) -> None:
        """Fill some units."""
        made = out[..., units]
        np.matmul(
            x.reshape(-1, x.shape[-1]), self.kernel[:, units], out=made.reshape(-1, made.shape[-1])
        )
        self._finish(made, units)

    def _sum(self, x: Array, out: Array) -> None:
        """Fill all units of one line, from sums over parts of the inputs."""
        line, units = x.reshape(-1), slice(None)
        parts = divided(len(line), self.kernel.nbytes)
        if len(parts) == 1:
            np.dot(line, self.kernel, out=out)
        else:
            sums = np.empty((len(parts), len(out)), np.float32)

            def add(place: int) -> None:
                np.dot(line[parts[place]], self.kernel[parts[place]], out=sums[place])

            share(add, range(len(parts)))
            np.sum(sums, axis=0, out=out)
        self._finish(out, units)

    def _finish(self, made: Array, units: slice) -> None:
        if self.bias is not None:
            made += self.bias[units]
        if self.activation is not None:
            self.activation(made, now)


def divided(count: int, nbytes: int) -> list[slice]:
    """Return slices of the rows or columns of a matrix of so many bytes, one where it is small."""
    parts = min(PARTS, count) if nbytes >= LEAST else 1
    edges = [count * part // parts for part in range(parts + 1)]
    return [slice(a, b) for a, b in pairwise(edges)]


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
