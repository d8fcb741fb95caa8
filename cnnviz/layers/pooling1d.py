"""Pooling of sequences, `(L, C)`: the two-dimensional layers on one axis."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)


@dataclass(frozen=True)
class MaxPooling1D(MaxPooling2D):
    """Keep the largest value of each window of a sequence.

    >>> MaxPooling1D(2).output_shape((9, 4))
    (4, 4)
    """

    aliases = ("MaxPool1D", "MaxPool1d")
    rank = 1


@dataclass(frozen=True)
class AveragePooling1D(AveragePooling2D):
    """Take the mean of each window of a sequence; padding as in `AveragePooling2D`."""

    aliases = ("AvgPool1D", "AvgPool1d", "AveragePool1D")
    rank = 1


@dataclass(frozen=True)
class GlobalMaxPooling1D(GlobalMaxPooling2D):
    """Keep the largest value of each channel of a sequence."""

    aliases = ("GlobalMaxPool1D",)
    rank = 1


@dataclass(frozen=True)
class GlobalAveragePooling1D(GlobalAveragePooling2D):
    """Take the mean of each channel of a sequence."""

    aliases = ("GlobalAvgPool1D", "GlobalAveragePool1D")
    rank = 1
