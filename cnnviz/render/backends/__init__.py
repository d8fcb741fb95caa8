"""What a Scene can be written as: one module a format, found by its name.

A module has `write(scene, *, scale) -> bytes`.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.render.scene import Scene


def formats() -> tuple[str, ...]:
    """Return the names of the formats, which are also their suffixes."""
    # Not by pkgutil, which takes longer to import than most of what a command needs.
    names = sorted(name for folder in __path__ for name in os.listdir(folder))
    return tuple(name[:-3] for name in names if name.endswith(".py") and name[0] != "_")


def write(scene: Scene, format: str, *, scale: int = 1) -> bytes:
    """Return a scene in a format, at `scale` pixels per px."""
    if not format.isidentifier() or find_spec(f"{__name__}.{format}") is None:
        raise SpecError(f"no picture format {format!r}", hint=f"use {', '.join(formats())}")
    data: bytes = import_module(f"{__name__}.{format}").write(scene, scale=scale)
    return data
