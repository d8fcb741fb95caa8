"""Nonlinearities that multiply a value with a gate between 0 and 1, and the gates themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.layers import checks
from cnnviz.layers.activation import _Elementwise

if TYPE_CHECKING:
    from cnnviz.contract import Array


@dataclass(frozen=True)
class GELU(_Elementwise):
    """Multiply by the normal distribution's `Φ(x)` (Hendrycks and Gimpel, 2016).

    `approximate` takes the form with tanh, as the first GPT and BERT did.
    """

    approximate: bool = False

    def __post_init__(self) -> None:
        checks.flag(self.approximate, "approximate")

    def _of(self, x: Array) -> Array:
        from cnnviz.ops.activations.gates import gelu

        return gelu(x, approximate=self.approximate)


@dataclass(frozen=True)
class SiLU(_Elementwise):
    """Multiply by the sigmoid; also called swish (Ramachandran et al., 2017)."""

    aliases = ("Swish", "Silu")

    def _of(self, x: Array) -> Array:
        from cnnviz.ops.activations.gates import silu

        return silu(x)


@dataclass(frozen=True)
class HardSwish(_Elementwise):
    """Multiply by `relu6(x + 3) / 6` (MobileNetV3, 2019)."""

    aliases = ("HardSilu", "HardSiLU", "Hardswish")

    def _of(self, x: Array) -> Array:
        from cnnviz.ops.activations.gates import hard_silu

        return hard_silu(x)


@dataclass(frozen=True)
class Sigmoid(_Elementwise):
    """Apply `1 / (1 + exp(-x))`."""

    def _of(self, x: Array) -> Array:
        from cnnviz.ops.activations.sigmoids import sigmoid

        return sigmoid(x)


@dataclass(frozen=True)
class Tanh(_Elementwise):
    """Apply the hyperbolic tangent."""

    def _of(self, x: Array) -> Array:
        from cnnviz.ops.activations.sigmoids import tanh

        return tanh(x)
