"""What units see, as data and drawn: to the pixel, also where it hangs over into the padding."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SAMPLES
from drawn import many
from hypothesis import given
from hypothesis import strategies as st
from scenes import assert_pictures_fit, assert_texts_fit

from cnnviz import load_model
from cnnviz.errors import SpecError
from cnnviz.images import load_image
from cnnviz.model.receptive import receptive_fields
from cnnviz.render.backends import png
from cnnviz.render.figures import receptive
from cnnviz.render.figures.receptive_canvas import OUTLINE
from cnnviz.render.figures.receptive_growth import HEIGHT
from cnnviz.render.look import Look
from cnnviz.render.scene import Picture, Rect, Scene, Text
from cnnviz.render.theme import rgb, theme
from cnnviz.report.receptive_choice import chosen_units, grown, usual_layers
from cnnviz.report.receptive_unit import Effective

ACCENT = theme("light").accent


def seen(spec: str, layers=(), at=(), *, photo="digit.png", effective=False, **how):
    model = load_model(spec, **how)
    units = chosen_units(model.graph, layers or usual_layers(model.graph), at)
    image = load_image(SAMPLES / photo)
    return receptive_fields(model, image, units, effective=effective, is_chosen=bool(layers))


def walked(graph, name: str, at: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the first and last cells that a unit of a chain sees, a window after another back."""
    shapes, nodes = graph.shapes(), {node.name: node for node in graph.nodes}
    spans = [(n, n) for n in at]
    while name != "input":
        (above,) = nodes[name].inputs
        window = nodes[name].layer.window(shapes[above])
        if window is not None:
            axes = window.on(shapes[above][:2])
            spans = [
                (axis.cells(a)[0], axis.cells(b)[-1])
                for axis, (a, b) in zip(axes, spans, strict=True)
            ]
        name = above
    return spans


def outlines(scene: Scene) -> list[Rect]:
    """Return the outlines around regions, on the images and around what is enlarged below."""
    return [i for i in scene.items if isinstance(i, Rect) and i.stroke == ACCENT]


def tile(scene: Scene) -> Picture:
    """Return the first picture, which is the image."""
    return next(item for item in scene.items if isinstance(item, Picture))


VGG = load_model("vgg16").graph
PLACES = st.sampled_from([0.0, 0.2, 0.5, 1.0])


@many(40)
@given(st.sampled_from(["conv1_2", "pool2", "conv3_3", "conv4_1", "pool5"]), PLACES, PLACES)
def test_the_region_is_what_its_windows_reach(name, down, across):
    rows, columns, _ = VGG.shapes()[name]
    at = round(down * (rows - 1)), round(across * (columns - 1))
    (unit,) = chosen_units(VGG, [name], [at])
    spans = walked(VGG, name, at)
    assert [(first, end - 1) for first, end in unit.region] == spans
    cells = [range(max(0, a), min(224, b + 1)) for a, b in spans]
    assert unit.share == pytest.approx(len(cells[0]) * len(cells[1]) / 224**2)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize(
    ("spec", "name", "at"),
    [
        ("lenet5", "c1", (14, 14)), ("lenet5", "c1", (0, 27)), ("lenet5", "s4", (0, 0)),
        ("lenet5", "s4", (4, 2)), ("vgg16", "conv1_1", (0, 0)), ("vgg16", "conv1_2", (223, 100)),
        ("vgg16", "pool3", (0, 27)), ("vgg16", "pool5", (0, 6)),
    ],
)  # fmt: skip
def test_the_drawn_rectangle_is_the_computed_one(spec, name, at, scale):
    result = seen(spec, [name], [at])
    (unit,), graph = result.units, load_model(spec).graph
    scene = receptive.draw(result, Look(scale=scale))
    image, box = tile(scene), outlines(scene)[0]
    factor = image.width / unit.space[1]
    assert factor == int(factor)
    (top, bottom), (left, right) = walked(graph, name, at)
    expected = (
        image.x + left * factor, image.y + top * factor,
        (right + 1 - left) * factor, (bottom + 1 - top) * factor,
    )  # fmt: skip
    inner = (box.x + OUTLINE, box.y + OUTLINE, box.width - 2 * OUTLINE, box.height - 2 * OUTLINE)
    assert inner == expected
    assert box.line == OUTLINE
    # And on the pixels: the accent encloses exactly these, and covers none of them.
    pixels = np.asarray(png.draw(scene, scale))
    edge = [round(scale * n) for n in (box.y, box.y + box.height, box.x, box.x + box.width)]
    found = (pixels == rgb(ACCENT)).all(axis=-1)
    around = np.zeros_like(found)
    around[edge[0] : edge[1], edge[2] : edge[3]] = True
    x, y, width, height = (round(scale * n) for n in expected)
    around[y : y + height, x : x + width] = False
    slack = 4 * scale  # besides there are the title's line above and the enlarged part below
    near = np.s_[edge[0] - slack : edge[1] + slack, edge[2] - slack : edge[3] + slack]
    np.testing.assert_array_equal(found[near], around[near])


def test_what_is_padding_is_hatched_and_the_image_is_not():
    result = seen("vgg16", ["pool5"], [(0, 0)])
    scene = receptive.draw(result, Look())
    hatched = next(i for i in scene.items if isinstance(i, Rect) and i.hatch)
    image = tile(scene)
    assert (hatched.x, hatched.y) == (image.x - 90, image.y - 90)
    assert (hatched.width, hatched.height) == (212, 212)
    assert scene.items.index(hatched) < scene.items.index(image)  # which covers it
    words = [item.text for item in scene.items if isinstance(item, Text)]
    assert "rows −90 to 121" in words


def test_a_region_far_beyond_the_image_is_open_and_says_so():
    result = seen("googlenet", ["pool5"], photo="cat.png")
    scene = receptive.draw(result, Look())
    assert not outlines(scene)
    assert any("arrows: it goes on" in i.text for i in scene.items if isinstance(i, Text))
    assert scene.width < 1000


CHAIN = "Conv2D(1, 3) MaxPool2D(2) Conv2D(1, 3)"


def test_the_same_kernel_sees_more_behind_a_pooling():
    result = seen(CHAIN, ["conv1", "conv2"], photo="cat.png", input_shape=(60, 90, 3))
    assert [unit.size for unit in result.units] == [(3, 3), (8, 8)]
    assert result.units[1].share == pytest.approx(64 / 5400)
    assert list(result.lines())[-2:] == [
        "unit     conv1, 29,44 of 58x88: 3x3, 0.2% of the image",
        "unit     conv2, 13,21 of 27x42: 8x8, 1.2% of the image",
    ]
    assert [unit.name for unit in result.growth] == ["conv1", "pool1", "conv2"]


def test_fields_that_exceed_the_image_are_flagged():
    flagged = [unit.name for unit in grown(load_model("googlenet").graph) if unit.too_large]
    assert flagged[0] == "inception_4b/5x5"
    scene = receptive.draw(seen("googlenet", photo="cat.png"), Look())
    words = [i for i in scene.items if isinstance(i, Text) and i.text == "larger than the image"]
    assert len(words) == 4  # three panels, and once in the chart
    assert {word.colour for word in words} == {theme("light").warning}


def test_bars_are_as_tall_as_fields_and_the_line_is_the_image():
    result = seen("vgg16", photo="cat.png")
    scene = receptive.draw(result, Look())
    roles = {theme("light").map, theme("light").pool}
    bars = [i for i in scene.items if isinstance(i, Rect) and i.fill in roles and i.height > 9]
    sizes = [unit.field.size[0] for unit in result.growth]
    pixel = HEIGHT / (224 * 1.04)
    assert [bar.height for bar in bars] == pytest.approx(
        [size * pixel for size in sizes if size * pixel > 9]
    )


@pytest.mark.parametrize(
    ("spec", "layers", "shape"),
    [
        ("Permute((2, 1, 3)) Conv2D(1, 3)", ["conv1"], (9, 8, 1)),
        ("Reshape((12, 6, 1))", ["reshape1"], (9, 8, 1)),
    ],
)
def test_behind_a_reshaping_it_is_unknown(spec, layers, shape):
    result = seen(spec, layers, input_shape=shape)
    (row,) = result.to_dicts()
    assert row["receptive_field"] == row["region"] == row["share"] == "unknown"
    assert "field unknown" in "".join(result.lines())
    scene = receptive.draw(result, Look())
    assert not outlines(scene)
    assert_texts_fit(scene)


def test_a_dense_layer_sees_all_of_it():
    result = seen("Conv2D(2, 3) Flatten() Dense(4)", ["dense1"], input_shape=(9, 9, 1))
    (unit,) = result.units
    assert unit.at == ()
    assert unit.share == 1
    assert not unit.too_large


def test_a_unit_between_what_is_written_sees_nothing():
    spec = "Conv2DTranspose(1, 2, strides=4)"
    result = seen(spec, ["transpose1"], [(2, 2), (4, 4)], input_shape=(5, 5, 1))
    assert [unit.inside for unit in result.units] == [((0, 0), (0, 0)), ((1, 2), (1, 2))]
    assert result.units[0].share == 0
    assert_texts_fit(receptive.draw(result, Look()))


@pytest.mark.parametrize(
    ("layers", "at", "part"),
    [
        (["s4"], [(5, 0)], "--at 5,0 is not in s4, 5x5"),
        (["f6"], [(0, 0)], "the units of f6 have no place"),
        (["c1", "s2"] * 7, [], "14 units are more than the 12"),
    ],
)
def test_wrong_units(layers, at, part):
    with pytest.raises(SpecError, match=part):
        chosen_units(load_model("lenet5").graph, layers, at)


def test_a_network_without_images():
    with pytest.raises(SpecError, match="no image"):
        chosen_units(load_model("Dense(3)", input_shape=(7,)).graph, ["dense1"])


@many(60)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4), st.floats(0.01, 1))
def test_the_fewest_cells_that_hold_a_share(values, share):
    heat = np.array(values, float).reshape(2, 2)
    count = Effective(0, 1.0, heat).holding(share)
    ordered = sorted(values, reverse=True)
    enough = [n for n in range(5) if sum(ordered[:n]) >= share * sum(values) - 1e-9]
    assert count == enough[0]


@pytest.mark.parametrize("look", [Look(), Look(theme="dark", scale=2)], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("spec", "layers", "at", "photo", "shape"),
    [
        ("lenet5", [], [], "digit.png", None),
        ("lenet5", ["c1"], [], "digit.png", None),
        ("vgg16", ["conv1_1", "pool4"], [(0, 0), (3, 13)], "cat.png", (224, 224, 3)),
        (CHAIN, [], [], "matrix5x5.csv", (8, 8, 1)),
        ("Conv2D(4, 2147483647, padding='same') MaxPool2D(2)", [], [], "coffee.jpg", (30, 90, 3)),
        ("resnet18", [], [], "cat.png", (64, 64, 3)),
    ],
)
def test_figures_fit(spec, layers, at, photo, shape, look):
    slow = spec in ("vgg16", "resnet18") or "2147" in spec
    how = {} if shape is None else {"input_shape": shape}
    result = seen(spec, layers, at, photo=photo, effective=not slow, **how)
    scene = receptive.draw(result, look)
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    for rect in outlines(scene):
        assert rect.x >= 0
        assert rect.x + rect.width <= scene.width
    assert len(receptive.tiles(result, look)) == len(result.units)
    for one in receptive.tiles(result, look):
        height, width = (min(40, n) for n in one.shape)
        assert one.draw(height, width).shape[2] == 3
