"""Kernels by name, as a matrix or from a file; one file of the package is one family.

Those of other tools are in `tools/`, one file a tool, and typed with its name before a colon.

>>> import cnnviz
>>> cnnviz.kernel("edge").tolist()
[[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]
"""

from __future__ import annotations

from cnnviz.kernels._entry import Entry
from cnnviz.kernels._grammar import Kernel, kernel, resolve
from cnnviz.kernels._library import bank, banks, describe, entries, kernel_names, namespaces

__all__ = [
    "Entry",
    "Kernel",
    "bank",
    "banks",
    "describe",
    "entries",
    "kernel",
    "kernel_names",
    "namespaces",
    "resolve",
]
