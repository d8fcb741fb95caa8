"""What one layer must be on one input: asked of every layer by tests/test_layers.py."""

from __future__ import annotations

from dataclasses import dataclass, field

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A layer's settings, the shapes that it takes and makes, and its counts."""

    layer: str
    settings: dict = field(default_factory=dict)
    taken: tuple[Shape, ...] = ()
    made: Shape = ()
    params: int = 0
    macs: int = 0
    statistics: int = 0
