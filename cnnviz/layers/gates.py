"""Nonlinearities that multiply a value with a gate between 0 and 1, and the gates themselves."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.layers import checks
from cnnviz.layers.activation import _Elementwise


@dataclass(frozen=True)
class GELU(_Elementwise):
    """Multiply by the normal distribution's `Φ(x)` (Hendrycks and Gimpel, 2016).

    `approximate` takes the form with tanh, as the first GPT and BERT did.
    """

    _op = "gates.gelu"

    approximate: bool = False

    def __post_init__(self) -> None:
        checks.flag(self.approximate, "approximate")


@dataclass(frozen=True)
class SiLU(_Elementwise):
    """Multiply by the sigmoid; also called swish (Ramachandran et al., 2017)."""

    aliases = ("Swish", "Silu")
    _op = "gates.silu"


@dataclass(frozen=True)
class HardSwish(_Elementwise):
    """Multiply by `relu6(x + 3) / 6` (MobileNetV3, 2019)."""

    aliases = ("HardSilu", "HardSiLU", "Hardswish")
    _op = "gates.hard_silu"


@dataclass(frozen=True)
class Sigmoid(_Elementwise):
    """Apply `1 / (1 + exp(-x))`."""

    _op = "sigmoids.sigmoid"


@dataclass(frozen=True)
class Tanh(_Elementwise):
    """Apply the hyperbolic tangent."""

    _op = "sigmoids.tanh"
