"""Kernels by name, as a matrix or from a file; one file of the package is one family.

Those of other tools are in `tools/`, one file a tool, and typed with its name before a colon.

>>> import cnnviz
>>> cnnviz.kernel("edge").tolist()
[[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cnnviz.kernels._entry import Entry, Number
from cnnviz.kernels._grammar import Kernel, kernel, locate, resolve
from cnnviz.kernels._library import bank, banks, describe, entries, kernel_names, namespaces

if TYPE_CHECKING:
    from cnnviz.kernels._layout import Layout
    from cnnviz.kernels._weights import Stored, WeightFile, open_weights

# Readers of weight files, which most runs do not need.
_LATER = {
    "Layout": "_layout",
    "Stored": "_weights",
    "WeightFile": "_weights",
    "open_weights": "_weights",
}
__all__ = [
    "Entry",
    "Kernel",
    "Layout",
    "Number",
    "Stored",
    "WeightFile",
    "bank",
    "banks",
    "describe",
    "entries",
    "kernel",
    "kernel_names",
    "locate",
    "namespaces",
    "open_weights",
    "resolve",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'cnnviz.kernels' has no attribute {name!r}")
    return getattr(import_module(f"cnnviz.kernels.{_LATER[name]}"), name)
