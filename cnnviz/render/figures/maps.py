"""The grid of `convolve` and `pool`: input, kernels with their numbers, every map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.render.figures import header, marks, signs
from cnnviz.render.figures.blocks import HEADING
from cnnviz.render.figures.panels import InputPanel, MapPanel, kernel_row, map_scales
from cnnviz.render.look import Look
from cnnviz.render.scene import Scene
from cnnviz.render.theme import GAP, MARGIN, WIDE_GAP, theme
from cnnviz.report.maps import FeatureMap, MapSet
from cnnviz.report.sample import sample

if TYPE_CHECKING:
    from cnnviz.render.sheet import Tile
    from cnnviz.report.peaks import Peak

MOST_MAPS = 64
SIGN = 56  # px between blocks, which hold an operator
CARD_FOOT = 20  # px of the caption below a pooling window
LEAST_WIDTH = 560
LEAST_TILE = 136  # px, so that the range fits below a tile
# Maps up to a count: their boxes, and columns (0: a row for each, beside its kernel).
_LAYOUTS = (
    (1, (480, 440), 0),
    (2, (400, 320), 0),
    (3, (400, 260), 0),
    (4, (280, 280), 2),
    (9, (224, 224), 3),
    (16, (184, 184), 4),
    (36, (144, 144), 6),
    (64, (136, 136), 8),
)
_KERNEL_BOX = {2: 126, 3: 108, 4: 72}  # by columns; denser grids have it in the heading


def draw(mapset: MapSet, look: Look) -> Scene:
    """Return the figure of all maps of one image (64 at most; of more, an even sample)."""
    maps = sample(mapset.maps, MOST_MAPS)
    scene = Scene(
        theme(look.theme), title=header.title(mapset), description=". ".join(mapset.lines())
    )
    lines = header.formulas(mapset, len(maps))
    layout = _Layout(scene, mapset, maps, look)
    lines += layout.remarks()
    place = layout.grid if layout.columns else layout.rows
    right, bottom = place(MARGIN + header.height(lines))
    right, bottom = layout.below(right, bottom)
    scene.width, scene.height = max(LEAST_WIDTH, right + MARGIN), bottom + MARGIN
    header.draw(scene, lines)
    return scene


def tiles(mapset: MapSet, look: Look) -> list[Tile]:
    """Return the input and the maps as tiles for the terminal."""
    from cnnviz.render.preview import map_tiles

    return map_tiles(mapset, look)


class _Layout:
    """Where the blocks of one figure stand; each placing method returns right and bottom."""

    def __init__(
        self, scene: Scene, mapset: MapSet, maps: tuple[FeatureMap, ...], look: Look
    ) -> None:
        self.scene, self.mapset, self.maps = scene, mapset, maps
        _, box, self.columns = next(row for row in _LAYOUTS if len(maps) <= row[0])
        scales = map_scales(mapset, maps, look)
        self.panels = [
            MapPanel(mapset, m, scale, look, box) for m, scale in zip(maps, scales, strict=True)
        ]
        self.input = InputPanel(mapset, look, (320, 320) if self.columns else (480, 440))
        self.peaks = [_peaks(m, look.peaks) for m in maps]

    def remarks(self) -> list[str]:
        """Return the lines that say what the captions of narrow panels have no room for."""
        told: dict[str, list[str]] = {}
        for panel in self.panels:
            for remark in [] if panel.is_roomy else panel.remarks:
                told.setdefault(remark, []).append(panel.name)
        return [
            f"{remark}: {'all maps' if len(names) == len(self.panels) else ', '.join(names)}"
            for remark, names in told.items()
        ]

    def rows(self, top: float) -> tuple[float, float]:
        """Place the input and for each map a row: operator, kernel, arrow, map."""
        scene, box = self.scene, 252 if len(self.maps) == 1 else 224
        scratch = Scene(scene.theme)  # the sizes first: a row is as high as its largest block
        sizes = [self._operator(scratch, 0, 0, m, box) for m in self.maps]
        bodies = [max(p.tile[0], h) for p, (h, _) in zip(self.panels, sizes, strict=True)]
        cards = [h / 2 + CARD_FOOT * (self.mapset.command == "pool") for h, _ in sizes]
        feet = [
            max(panel.tile[0] / 2 + panel.foot, card) - body / 2
            for panel, card, body in zip(self.panels, cards, bodies, strict=True)
        ]
        total = (
            sum(HEADING + b + f + WIDE_GAP for b, f in zip(bodies, feet, strict=True)) - WIDE_GAP
        )
        spare = (total - feet[-1] + 20 - self.input.height) / 2  # input and rows share their middle
        input_top = round(top + max(0, spare))
        # On the input the peaks of one map: two marks of the same number would tell nothing.
        found = list(zip(self.maps, self.peaks, strict=True)) if len(self.maps) == 1 else []
        self.input.draw(scene, MARGIN, input_top, found)
        left = MARGIN + self.input.width + SIGN
        column = max(width for _, width in sizes)
        map_left = left + column + SIGN
        y = top + max(0, -spare)
        for i, (panel, body, foot, (height, width)) in enumerate(
            zip(self.panels, bodies, feet, sizes, strict=True)
        ):
            middle = round(y + HEADING + body / 2)
            self._sign(left - SIGN / 2, middle)
            x = round(left + (column - width) / 2)
            self._operator(scene, x, round(middle - height / 2) - HEADING, panel.map, box)
            signs.arrow(scene, map_left - SIGN / 2 - 12, middle, 24)
            map_top = round(middle - panel.tile[0] / 2) - HEADING
            room = max(panel.width, 200)
            panel.draw(scene, map_left, map_top, room=room, mini=False, peaks=self.peaks[i])
            y += HEADING + body + foot + WIDE_GAP
        right = map_left + max(max(panel.width, 200) for panel in self.panels)
        return right, max(y - WIDE_GAP, input_top + self.input.height)

    def grid(self, top: float) -> tuple[float, float]:
        """Place the input and beside it a grid of maps, each with its kernel."""
        self.input.draw(self.scene, MARGIN, top, ())
        left = MARGIN + self.input.width + 2 * MARGIN
        box = _KERNEL_BOX.get(self.columns, 0) if self.mapset.command == "convolve" else 0
        kernel = box + GAP if box else 0
        room = max(LEAST_TILE, *(panel.width for panel in self.panels))
        step_x = kernel + room + WIDE_GAP
        foot = max(panel.foot for panel in self.panels) + 14  # and a shape that found no room
        step_y = HEADING + max(p.tile[0] for p in self.panels) + foot + GAP
        for i, panel in enumerate(self.panels):
            row, column = divmod(i, self.columns)
            x, y = left + column * step_x, top + row * step_y
            if box:
                kernel_row(self.scene, x, y, panel.map, box, named=False)
            panel.draw(self.scene, x + kernel, y, room=room, mini=not box, peaks=self.peaks[i])
        right = left + min(self.columns, len(self.maps)) * step_x - WIDE_GAP
        rows = -(-len(self.maps) // self.columns)
        return right, max(top + self.input.height, top + rows * step_y - GAP)

    def below(self, right: float, bottom: float) -> tuple[float, float]:
        """Place what stands below the maps: patches of the peaks, the winners of a pooling."""
        found = [(m, p) for m, p in zip(self.maps, self.peaks, strict=True) if p]
        if found:
            from cnnviz.render.figures import strips

            room = right - MARGIN
            x, bottom = strips.draw(self.scene, self.mapset, found, bottom + WIDE_GAP, room)
            right = max(right, x)
        if self.maps[0].winners is not None and not self.input.cell:
            x, bottom = marks.winner_panels(self.scene, self.mapset, self.maps, bottom + WIDE_GAP)
            right = max(right, x)
        return right, bottom

    def _operator(
        self, scene: Scene, x: float, y: float, m: FeatureMap, box: int
    ) -> tuple[int, int]:
        """Draw what makes a map; return the height and width of its picture."""
        if self.mapset.command == "pool":
            return marks.pool_card(scene, x, y, m)
        return kernel_row(scene, x, y, m, box, named=True)

    def _sign(self, x: float, y: float) -> None:
        """Draw the operator between input and kernel, centred."""
        if self.mapset.command == "pool":
            signs.arrow(self.scene, x - 12, y, 24)
        elif self.mapset.is_flipped:
            signs.asterisk(self.scene, x, y)
        else:
            signs.star(self.scene, x, y)


def _peaks(m: FeatureMap, count: int) -> list[Peak]:
    if not count:
        return []
    from cnnviz.report.peaks import peaks

    return peaks(m, count)
