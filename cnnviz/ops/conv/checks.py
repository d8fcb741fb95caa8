"""What a convolution asks of its kernels and its bias, in one dimension as in two."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cnnviz.errors import SpecError
from cnnviz.ops.checks import Array, check_finite, real_array

SPACE = {1: "k", 2: "kh, kw"}


def positive(value: int, name: str) -> int:
    """Return a positive integer, or raise `SpecError`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise SpecError(f"{name} {value!r} is not a positive integer")
    return int(value)


def ranked(kernels: ArrayLike, last: str, *, rank: int = 2) -> Array:
    """Return kernels of `rank` spatial axes and none, one (channels) or two more.

    `last` names those two in the message.

    Raises
    ------
    SpecError
        If they have other axes, are empty or not real numbers.
    """
    weights = real_array(kernels, "the kernel")
    if not rank <= weights.ndim <= rank + 2:
        space = SPACE[rank]
        plain = f"({space},)" if rank == 1 else f"({space})"
        raise SpecError(
            f"kernels have {weights.ndim} axes {weights.shape}",
            hint=f"give {plain}, ({space}, C) or ({space}, {last})",
        )
    if weights.size == 0:
        raise SpecError(f"the kernel is empty {weights.shape}")
    return weights


def filter_stack(kernels: ArrayLike, channels: int, groups: int, *, rank: int = 2) -> Array:
    """Return kernels as `(*space, C/groups, filters)`; one without channels as `(*space, 1, 1)`.

    Raises
    ------
    SpecError
        If they do not fit `channels` and `groups`.
    """
    groups = positive(groups, "groups")
    weights = ranked(kernels, "C/groups, filters", rank=rank)
    if groups > 1 and weights.ndim < rank + 2:
        raise SpecError(
            f"groups {groups} with kernels {weights.shape}",
            hint=f"give kernels ({SPACE[rank]}, C/groups, filters)",
        )
    if weights.ndim == rank:
        return weights[..., np.newaxis, np.newaxis]
    if weights.ndim == rank + 1:
        weights = weights[..., np.newaxis]
    filters, read = weights.shape[-1], weights.shape[-2] * groups
    if channels % groups or filters % groups:
        raise SpecError(
            f"groups {groups} does not divide {channels} channels and {filters} filters"
        )
    if read != channels:
        text = f" in {groups} groups" if groups > 1 else ""
        raise SpecError(
            f"kernels {weights.shape[:-1]} read {read} channels{text}, the input has {channels}"
        )
    return weights


def offsets(bias: ArrayLike | None, filters: int) -> Array | None:
    """Return a bias as an array of one number or one a filter, None for none.

    Raises
    ------
    SpecError, InputError
        If it does not fit `filters`, or is not finite.
    """
    if bias is None:
        return None
    values = real_array(bias, "the bias")
    if values.shape not in ((), (filters,)):
        raise SpecError(f"bias {values.shape} does not fit {filters} filters")
    check_finite(values, "bias")
    return values
