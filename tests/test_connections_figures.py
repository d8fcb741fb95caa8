"""The figures of `connections`: nothing overlaps, a colour is a weight and can be told apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scenes import assert_pictures_fit, assert_texts_fit

from cnnviz.render import Look
from cnnviz.render.figures import connections as figure
from cnnviz.render.figures import connections_chain as chain
from cnnviz.render.figures import connections_grids as grids
from cnnviz.render.figures import connections_hues as hues
from cnnviz.render.figures import connections_nodes as nodes
from cnnviz.render.figures import connections_planes as planes
from cnnviz.render.figures.connections_panel import Panel
from cnnviz.render.oklab import from_srgb
from cnnviz.render.scene import Path, Picture, Polygon, Rect, Scene, Text
from cnnviz.render.theme import THEMES, contrast, rgb
from cnnviz.report.connections import KINDS, connections
from cnnviz.report.connections_chain import dense_part

CASES = {
    "the chapter's": {"inputs": 4, "units": 2},
    "all": {"inputs": 4, "units": 2, "kinds": KINDS},
    "numbers": {"inputs": 5, "units": 3, "kinds": KINDS, "values": True},
    "one": {"inputs": 1, "kernel_size": 1},
    "same": {"inputs": 9, "kernel_size": 3, "padding": "same", "strides": 2},
    "full": {"inputs": 6, "kernel_size": 3, "padding": "full", "use_bias": False},
    "only padding": {"inputs": 2, "kernel_size": 1, "padding": 2},
    "dilation": {"inputs": 7, "units": 3, "dilation_rate": 2, "kinds": ["conv"]},
    "many weights": {"inputs": 12, "kernel_size": 10},
    "unread": {"inputs": 12, "kernel_size": 2, "strides": 5, "values": True},
    "most": {"inputs": 32, "kernel_size": 3},
    "most outputs": {
        "inputs": 32,
        "units": 32,
        "kernel_size": 3,
        "kinds": ["dense"],
        "values": True,
    },
    "grid": {"inputs": (4, 4), "kernel_size": 3},
    "grid of numbers": {"inputs": (4, 4), "kernel_size": 3, "kinds": KINDS, "values": True},
    "padded grid": {"inputs": (3, 5), "kernel_size": 3, "padding": "same", "kinds": KINDS},
    "row of units": {"inputs": (3, 3), "units": 7, "kinds": ["dense", "covering"]},
    "column": {"inputs": (8, 1), "kernel_size": (3, 1)},
    "most of a grid": {"inputs": (8, 8), "kernel_size": 1},
    "dilated grid": {"inputs": (5, 5), "kernel_size": 2, "dilation_rate": 3, "padding": 1},
}
PARTS = {
    "row": ((8,), (4, 3), False),
    "lenet5": ((5, 5, 16), (120, 84, 10), True),
    "vgg16": ((7, 7, 512), (4096, 4096, 1000), True),
    "image": ((28, 28), (10,), True),
    "one": ((1,), (1, 1), False),
    "deep": ((3, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4), True),
    "huge": ((999_999_999,), (999_999_999, 999_999_999, 5), True),
    "flat maps": ((1, 200, 3), (2,), False),
    "vast": ((2**31 - 1,) * 3, (2**31 - 1,), True),
}
# Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color
# vision deficiency": linear sRGB as seen without long-, middle- and short-wave cones.
SEEN = {
    "normally": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.fixture(params=CASES, scope="module")
def scene(request: pytest.FixtureRequest) -> Scene:
    return figure.draw(connections(**CASES[request.param]), Look())


def assert_shapes_fit(scene: Scene) -> None:
    for item in scene.items:
        match item:
            case Path() | Polygon():
                corners = list(item.points)
            case Rect():
                corners = [(item.x, item.y), (item.x + item.width, item.y + item.height)]
            case _:
                continue
        assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in corners)


def test_nothing_overlaps_or_is_cut(scene: Scene) -> None:
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    assert_shapes_fit(scene)
    assert all(
        "…" not in item.text
        for item in scene.items
        if isinstance(item, Text) and item.face == "bold"
    )


@pytest.mark.parametrize("case", PARTS)
def test_dense_layers_in_a_row(case: str) -> None:
    shape, units, softmax = PARTS[case]
    for theme in THEMES:
        scene = chain.draw(dense_part(shape, units, softmax=softmax), Look(theme=theme))
        assert_texts_fit(scene)
        assert_shapes_fit(scene)


def test_each_wire_is_drawn_once_in_the_colour_of_its_weight() -> None:
    (one,) = connections(6, kinds=["conv"]).wirings
    panel = Panel(one, THEMES["light"], False)
    scene = Scene(THEMES["light"])
    nodes.draw(scene, panel, 0, 0)
    wires = [item for item in scene.items if isinstance(item, Path)]
    assert [wire.colour for wire in wires] == [panel.colours[edge.weight] for edge in one.edges]
    assert len({wire.colour for wire in wires}) == 3
    assert len({wire.points for wire in wires}) == len(one.edges)


def test_planes_have_each_wire_once_in_the_colour_of_its_weight() -> None:
    for one in connections((4, 4), kernel_size=3).wirings:
        panel = Panel(one, THEMES["dark"], False)
        scene = Scene(THEMES["dark"])
        planes.draw(scene, panel, 0, 0)
        wires = [item for item in scene.items if isinstance(item, Path) and len(item.points) == 2]
        assert [wire.colour for wire in wires] == [panel.colours[edge.weight] for edge in one.edges]
        assert len({wire.points for wire in wires}) == len(one.edges)
        assert len({wire.points[1] for wire in wires}) == 4


def test_grids_colour_what_is_read() -> None:
    conv = connections((3, 4), kinds=["conv"], kernel_size=2, padding=1).wirings[0]
    panel = Panel(conv, THEMES["light"], False)
    scene = Scene(THEMES["light"])
    grids.draw(scene, panel, 0, 0)
    pictures = [item for item in scene.items if isinstance(item, Picture)]
    hatched = [item for item in scene.items if isinstance(item, Rect) and item.hatch]
    assert (len(pictures), len(hatched)) == (4 * 5, len(conv.padding))
    a, b, c, d = (rgb(colour) for colour in panel.colours)
    inner = pictures[6].pixels  # of row 1, column 1, without padding
    assert [tuple(inner[i, j]) for i, j in ((1, 1), (1, 2), (2, 1), (2, 2))] == [a, b, c, d]
    coloured = (inner[..., None, :] == np.array([a, b, c, d])).all(axis=-1).any(axis=-1)
    assert coloured.sum() == 4


def test_the_matrix_has_the_colours_of_the_weights() -> None:
    (one,) = connections(5, kinds=["conv"]).wirings
    scene = figure.draw(connections(5, kinds=["conv"]), Look())
    (picture,) = [item for item in scene.items if isinstance(item, Picture)]
    colours = [rgb(colour) for colour in hues.shared(3, THEMES["light"])]
    white = (255, 255, 255)
    toeplitz = [[white] * i + colours + [white] * (2 - i) for i in range(3)]
    assert np.array_equal(picture.pixels, np.array(toeplitz))
    assert one.outputs == (3,)


def test_names_stand_on_their_wires_alone() -> None:
    for case in ("the chapter's", "all", "same", "dilation"):
        for one in connections(**CASES[case]).wirings:
            panel = Panel(one, THEMES["light"], False)
            laid = nodes.layout(panel, 0, 0)
            found = nodes.labels(panel, laid)
            assert found or len(one.edges) > 40, one.kind
            lines = [nodes._ends(laid, edge) for edge in one.edges]
            for place, box in found.items():
                on = [n for n, line in enumerate(lines) if nodes.crosses(line, box)]
                assert on == [place]


def test_wires_without_room_have_no_names() -> None:
    (one,) = connections(9, kinds=["dense"]).wirings
    panel = Panel(one, THEMES["light"], False)
    assert nodes.labels(panel, nodes.layout(panel, 0, 0)) == {}


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_nine_shared_weights_can_be_told_apart_by_everyone(theme) -> None:
    colours = hues.shared(9, theme)
    values = np.array([rgb(colour) for colour in colours]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    for name, seen in SEEN.items():
        light = np.clip(linear @ np.array(seen).T, 0, 1)
        again = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        lab = from_srgb(np.rint(255 * again).astype(np.uint8))
        least = min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2))
        assert least > 0.08, name  # 0.02 is what can just be seen
    assert all(contrast(rgb(c), rgb(theme.background)) >= 3 for c in colours)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_text_in_the_colours_of_weights_can_be_read(theme) -> None:
    for colour in (*hues.shared(9, theme), *hues.shared(14, theme), *hues.own(40, theme)):
        found = hues.legible(colour, theme)
        assert contrast(rgb(found), rgb(theme.background)) >= 4.5


@pytest.mark.parametrize("count", [1, 9, 10, 25])
def test_different_weights_have_different_colours(count: int) -> None:
    for theme in THEMES.values():
        assert len(set(hues.shared(count, theme))) == count
        assert len(set(hues.own(count, theme))) == count


def test_wires_that_are_too_many_are_counted_instead():
    scene = figure.draw(connections((8, 8)), Look())
    texts = [item.text for item in scene.items if isinstance(item, Text)]
    assert sum(text.endswith("wires: too many to be drawn") for text in texts) == 1
    assert any(text.startswith("2\u2009304 wires") for text in texts)
