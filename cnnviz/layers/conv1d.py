"""Convolution over sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from cnnviz.geometry import Padding, Size
from cnnviz.layers import checks
from cnnviz.layers._activated import activated
from cnnviz.layers._sliding import _Convolution

if TYPE_CHECKING:
    from cnnviz.contract import Array, Backward, Weights


@dataclass(frozen=True)
class Conv1D(_Convolution):
    """Slide `filters` kernels over a sequence: `(L, C)` to `(L', filters)`.

    Parameters
    ----------
    filters : int
        Output channels.
    kernel_size, strides, dilation_rate : int
        Cells of the kernel, between two windows, and between two cells that a window reads.
    padding : str, int or pair
        `"valid"`, `"same"`, `"full"`, `"causal"` (nothing of the future is read), `n` or
        `(before, after)`.
    groups : int
        Each group of filters sees its own `C / groups` input channels.
    activation : str, optional
        Applied to the result.
    use_bias : bool
        Add one trained number a filter.

    Raises
    ------
    SpecError
        If a setting is out of range.

    >>> Conv1D(32, 9, strides=2, padding="causal").output_shape((1000, 1))
    (500, 32)
    """

    aliases = ("Convolution1D",)
    rank: ClassVar[int] = 1
    sliding: ClassVar[Mapping[str, int]] = {"kernel": 1}

    filters: int
    kernel_size: Size
    strides: Size = 1
    padding: Padding = "valid"
    # Keras has data_format here, so what follows is taken by keyword only.
    dilation_rate: Size = field(default=1, kw_only=True)
    groups: int = field(default=1, kw_only=True)
    activation: str | None = field(default=None, kw_only=True)
    use_bias: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        checks.count(self.filters, "filters")
        checks.groups(self.groups, self.filters)
        self._check()

    def forward(self, weights: Weights, *xs: Array) -> tuple[Array, Backward | None]:
        """Convolve."""
        from cnnviz.ops import conv1d

        (x,) = xs
        bias = weights["bias"] if self.use_bias else None
        y = conv1d(x, weights["kernel"], groups=self.groups, bias=bias, **self._slides)
        y, before = activated(y, self.activation)
        return y, self._backward(weights, x, before)
