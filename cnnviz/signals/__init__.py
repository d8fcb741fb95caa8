"""Signals by name, as numbers or from a file; the named ones are in `named/`.

>>> import cnnviz
>>> cnnviz.signal("triangle:5").tolist()
[0.3333333333333333, 0.6666666666666666, 1.0, 0.6666666666666666, 0.3333333333333333]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz.signals._entry import Entry
from cnnviz.signals._grammar import Signal, Span, resolve, signal
from cnnviz.signals._library import entries, signal_names

if TYPE_CHECKING:
    from cnnviz.signals._wav import write_wav

__all__ = [
    "Entry",
    "Signal",
    "Span",
    "entries",
    "resolve",
    "signal",
    "signal_names",
    "write_wav",
]


def __getattr__(name: str) -> Any:
    """Import what only sounds need when it is asked for."""
    if name != "write_wav":
        raise AttributeError(f"module 'cnnviz.signals' has no attribute {name!r}")
    from cnnviz.signals import _wav

    return _wav.write_wav
