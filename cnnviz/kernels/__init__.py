"""Kernels by name, as a matrix or from a file; one file of the package is one family.

>>> import cnnviz
>>> cnnviz.kernel("edge").tolist()
[[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]]
"""

from __future__ import annotations

from cnnviz.kernels._grammar import Kernel, kernel, locate, resolve
from cnnviz.kernels._library import banks, describe, kernel_names

__all__ = ["Kernel", "banks", "describe", "kernel", "kernel_names", "locate", "resolve"]
