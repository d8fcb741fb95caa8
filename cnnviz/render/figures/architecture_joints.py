"""What stands between two columns of a network: a sliding window, all to all, or an arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnviz.geometry import Window
from cnnviz.render.figures import volumes
from cnnviz.render.figures.volumes import Volume
from cnnviz.render.scene import Line, Path, Polygon, Scene
from cnnviz.render.theme import mixed
from cnnviz.report.architecture_groups import Group
from cnnviz.report.architecture_stages import Stage

AIR = 12.0  # px between two columns
SLICE = 6.0  # px between the volumes of a column
LEAST = 9.0  # px of an arrow, and of a window that can be seen
HEIGHT = 0.42  # where on a side a window lies, and where it writes, as a part of the height


@dataclass(eq=False, repr=False)
class Cell:
    """A column as it is drawn: its volumes and its lines of text; no group where some are hidden.

    Attributes
    ----------
    x, width : float
        Its place, with the air behind it.
    """

    group: Group | None
    solids: list[Volume]
    texts: list[str]
    width: float = 0.0
    x: float = 0.0

    @property
    def inner(self) -> float:
        """Px of its volumes."""
        fronts = sum(solid.depth for solid in self.solids) + SLICE * (len(self.solids) - 1)
        return fronts + max((solid.reach for solid in self.solids), default=0)

    @property
    def left(self) -> float:
        """The px at which its volumes begin: in its middle."""
        return self.x + (self.width - AIR - self.inner) / 2

    @property
    def last(self) -> float:
        """The px at which its last volume begins."""
        before = sum(solid.depth + SLICE for solid in self.solids[:-1])
        return self.left + before


def visible(pairs: Sequence[tuple[Cell, Cell]]) -> bool:
    """Tell whether at least half of the windows between these columns are large enough."""
    found = [(before.solids, _window(cell)) for before, cell in pairs]
    seen = [_is_large(solids[-1], part) for solids, part in found if solids and part is not None]
    return bool(seen) and 2 * sum(seen) >= len(seen)


def draw(scene: Scene, before: Cell, cell: Cell, middle: float, *, windows: bool) -> None:
    """Draw what stands between two columns.

    Parameters
    ----------
    windows : bool
        Whether windows are drawn in this figure, where they are large enough.
    """
    if before.group is None or cell.group is None:
        return
    last, first, theme = before.solids[-1], cell.solids[0], scene.theme
    start, end = before.last + last.depth, cell.left
    if cell.group.kind == "dense" and not last.reach:
        shade = mixed(theme.dense, theme.background, 0.4)
        for share in (-0.5, 0.5):
            heights = middle + share * last.height, middle + share * first.height
            scene.add(Path(((start + 2, heights[0]), (end - 2, heights[1])), shade, 1))
        return
    part = _window(cell)
    if windows and part is not None and _is_large(last, part):
        to = end, volumes.front(middle, first) + HEIGHT * first.height
        shade = theme.pool if cell.group.kind == "pooling" else theme.kernel
        volumes.window(scene, before.last, middle, last, part, HEIGHT, to, shade)
        return
    _arrow(scene, start + last.reach + 3, end - 3, middle)


def _window(cell: Cell) -> tuple[float, float] | None:
    """Return what part of the map before it the window of a column is; None without a window."""
    stage = cell.group.members[0] if cell.group is not None else None
    if not isinstance(stage, Stage) or stage.kind not in ("convolution", "local", "pooling"):
        return None
    taken = stage.taken[0]
    if stage.layer is None or len(taken) != 3 or len(stage.shape) != 3:
        return None
    window = stage.layer.window(taken)
    if not isinstance(window, Window):  # a transposed one is written, not read
        return None
    rows, columns = window.on(taken[:2])
    return rows.extent / taken[0], columns.extent / taken[1]


def _is_large(solid: Volume, part: tuple[float, float]) -> bool:
    """Tell whether a window on a volume can be seen, and is not all of its side."""
    if not solid.width or max(part) > 0.8:
        return False
    return min(part[0] * solid.height, part[1] * solid.width) >= LEAST


def _arrow(scene: Scene, start: float, end: float, y: float) -> None:
    if end - start < LEAST:
        return
    colour = scene.theme.secondary
    scene.add(Line((start, y), (end - 4, y), colour))
    scene.add(Polygon(((end, y), (end - 5, y - 3), (end - 5, y + 3)), colour))
