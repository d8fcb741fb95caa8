"""The figure of `draw`: nothing overlaps or is cut, volumes are to scale, names are inert."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from hostile_names import NAMES, spec
from networks_drawn import NETWORKS, conv, graph, layer
from scenes import assert_texts_fit, boxes

from cnnviz.model import zoo
from cnnviz.model.load import load_graph
from cnnviz.render import Look, render
from cnnviz.render.figures import architecture as figure
from cnnviz.render.figures import architecture_strip as strip
from cnnviz.render.figures.architecture_look import KINDS, colour, typeset
from cnnviz.render.figures.volumes import LEAST, TALLEST, volume
from cnnviz.render.scene import Line, Polygon, Rect, Scene, Text
from cnnviz.render.scene import Path as Stroke
from cnnviz.render.theme import THEMES, contrast, mixed, rgb
from cnnviz.report.architecture import Architecture, architecture
from cnnviz.report.architecture_scales import scales_of

SPECS = {
    "one layer": ("Conv2D(16, 3)", (28, 28, 1)),
    "dense": ("Dense(10)", (784,)),
    "sequence": ("Conv1D(4, 3) MaxPooling1D(2) Flatten() Dense(3)", (40, 2)),
    "huge": ("Dense(999999999) Dense(999999999)", (999_999_999,)),
    "vast": ("Flatten() Dense(999999999)", (2_000_000,) * 3),
    "flat": ("Conv2D(4, (1, 3)) Conv2D(9000, 1)", (1, 2000, 3)),
    "odd": ("Flatten() Dense(123456789)", (2_345_678, 3_456_789, 30_123)),
    "one by one": ("Conv2D(4, 1) Flatten() Dense(1)", (1, 1, 1)),
    "many": ("Conv2D(4, 3, padding='same') MaxPool2D(2, 1)" * 70, (90, 90, 1)),
    "long words": (
        "Conv2D(8, 3, groups=4, dilation_rate=2, activation='hard_sigmoid') "
        "BatchNormalization() LocalResponseNormalization() Dropout(0.123) PReLU()",
        (28, 28, 4),
    ),
}

WINDOW, POOLED = THEMES["light"].kernel, THEMES["light"].pool


def found(case: str, folder: Path) -> Architecture:
    if case in NETWORKS:
        return architecture(graph(NETWORKS[case], folder))
    if case == "hostile":
        (folder / "net.json").write_text(spec(NAMES[:24]), encoding="utf-8")
        return architecture(load_graph(folder / "net.json"))
    text, shape = SPECS.get(case, (case, None))
    return architecture(load_graph(text, input_shape=shape))


@pytest.fixture(params=[*zoo.names(), *SPECS, *NETWORKS, "hostile"], scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory) -> Architecture:
    return found(request.param, tmp_path_factory.mktemp("net"))


@pytest.fixture(scope="module")
def scene(made: Architecture) -> Scene:
    return figure.draw(made, Look())


def test_texts_fit(scene: Scene) -> None:
    assert_texts_fit(scene)


def corners(item: object) -> list[tuple[float, float]]:
    match item:
        case Rect():
            return [(item.x, item.y), (item.x + item.width, item.y + item.height)]
        case Line():
            return [item.start, item.end]
        case Polygon() | Stroke():
            return list(item.points)
    return []


def test_everything_is_inside(scene: Scene) -> None:
    for item in scene.items:
        for x, y in corners(item):
            assert 20 <= x <= scene.width - 20, item.__dict__
            assert 20 <= y <= scene.height - 10, item.__dict__
    assert scene.width < 2500


def test_texts_are_on_no_line(scene: Scene) -> None:
    """Letters on volumes apart, no text is crossed by a line or the edge of a shape."""
    strokes = [item for item in scene.items if isinstance(item, Line | Stroke)]
    texts = [box for box in boxes(scene) if len(box[4]) > 2]
    for stroke in strokes:
        points = corners(stroke)
        for (x1, y1), (x2, y2) in pairwise(points):
            for step in range(9):
                x, y = x1 + (x2 - x1) * step / 8, y1 + (y2 - y1) * step / 8
                for left, top, right, bottom, text in texts:
                    assert not (left < x < right and top < y < bottom), text


def test_shapes_and_parameters_are_the_report_s(made: Architecture, scene: Scene) -> None:
    texts = [item.text for item in scene.items if isinstance(item, Text)]
    for place, column in enumerate(made.columns):
        if place not in made.hidden:
            assert "×".join(map(str, column.shape)) in texts
            params = column.total("params")
            exact = f"{params:,}".replace(",", "\u2009")
            rounded = [float(text) for text in texts if re.fullmatch(r"[\d.]+e\d+", text)]
            assert not params or exact in texts or pytest.approx(params, rel=1e-3) in rounded
    for kind in made.kinds:
        if kind.boxes is not None:
            assert any(
                text.startswith(typeset(f"{kind.letter}: {kind.nature[:20]}")) for text in texts
            )


@pytest.mark.parametrize("theme", THEMES)
def test_colours_can_be_told_from_the_background(theme: str) -> None:
    for kind in KINDS:
        shade = rgb(colour(THEMES[theme], kind))
        assert contrast(shade, rgb(THEMES[theme].background)) >= 3


def test_volumes_are_to_scale() -> None:
    shapes = [(28, 28, 1), (14, 14, 6), (7, 14, 12), (30,), (10,)]
    scales = scales_of(shapes)
    one, half, flat, thirty, ten = (volume(shape, scales, 48) for shape in shapes)
    assert (one.height, one.width, one.depth) == (TALLEST, TALLEST, 48 / 12)
    assert (half.height, half.width, half.depth) == (TALLEST / 2, TALLEST / 2, 24)
    assert (flat.height, flat.width, flat.depth) == (TALLEST / 4, TALLEST / 2, 48)
    assert (half.sheets, ten.sheets) == (6, 10)
    assert (thirty.height, ten.height) == (TALLEST, pytest.approx(TALLEST / 3))


@pytest.mark.parametrize(
    ("layer", "reach"),
    [
        ("Conv2D(3, 3, dilation_rate=3)", 7),
        ("MaxPooling2D((5, 5))", 5),
        ("Conv2DTranspose(3, 7)", None),  # which writes a window, and reads none
    ],
)
def test_a_window_is_what_the_layer_reads(layer: str, reach: int | None) -> None:
    scene = figure.draw(architecture(load_graph(layer, input_shape=(20, 20, 3))), Look())
    texts = [item.text for item in scene.items if isinstance(item, Text)]
    assert ("a kernel's window" in texts) == layer.startswith("Conv2D(")
    fills = {mixed(shade, scene.theme.background, 0.35) for shade in (WINDOW, POOLED)}
    windows = [item for item in scene.items if isinstance(item, Polygon) and item.fill in fills]
    if reach is None:
        assert not windows
    else:
        (window,) = windows
        (_, top), _, _, (_, bottom) = window.points
        assert bottom - top == pytest.approx(TALLEST * reach / 20)


def test_volumes_of_vgg16_keep_their_order() -> None:
    columns = architecture(load_graph("vgg16")).columns
    scales = scales_of([column.shape for column in columns])
    solids = [volume(column.shape, scales, 30) for column in columns if len(column.shape) == 3]
    heights = [solid.height for solid in solids]
    assert heights == sorted(heights, reverse=True)
    assert min(heights) > 4 * LEAST
    # By square root: a quarter of the side is half as high.
    first, third = (next(s for s, c in zip(solids, columns, strict=False) if c.name == name)
                    for name in ("input", "pool2"))  # fmt: skip
    assert third.height == pytest.approx(first.height / 2)


def test_every_member_of_a_column_is_drawn_up_to_five() -> None:
    plan = strip.plan(architecture(load_graph("googlenet")))
    (row,) = plan.rows
    counts = {cell.group.name: len(cell.solids) for cell in row}
    assert counts["inception_3a–b"] == 2
    assert counts["inception_4a–e"] == 5
    alike = strip.plan(architecture(load_graph("Conv2D(4, 1)" * 9, input_shape=(8, 8, 1))))
    assert [len(cell.solids) for cell in alike.rows[0]] == [1, 5]


def test_brackets_are_above_their_columns() -> None:
    made = architecture(load_graph("lenet5"))
    scene = figure.draw(made, Look())
    theme = scene.theme
    texts = {item.text: item for item in scene.items if isinstance(item, Text)}
    for name, shade, inside, outside in (
        ("feature extraction", theme.map, ("c1", "s4"), ("input", "flatten")),
        ("classification", theme.dense, ("flatten", "f6"), ("s4",)),
    ):
        bracket = next(i for i in scene.items
                       if isinstance(i, Stroke) and len(i.points) == 4 and i.colour == shade
                       and i.points[0][1] < texts["c1"].y - 100)  # fmt: skip
        left, right = bracket.points[0][0], bracket.points[-1][0]
        assert left < texts[name].x < right
        assert all(left < texts[layer].x < right for layer in inside)
        assert not any(left < texts[layer].x < right for layer in outside)


@pytest.mark.parametrize("theme", THEMES)
def test_hostile_names_are_text(theme: str, tmp_path) -> None:
    made = found("hostile", tmp_path)
    data = render(made, "svg", Look(theme=theme)).decode()
    root = ET.fromstring(data)
    tags = {node.tag.rpartition("}")[2] for node in root.iter()}
    drawn = {"svg", "title", "desc", "style", "rect", "text", "line", "polygon", "polyline"}
    assert tags <= drawn
    assert "<script" not in data
    assert not any(key.startswith("on") for node in root.iter() for key in node.attrib)
    assert render(made, "png", Look(theme=theme)).startswith(b"\x89PNG")


def test_long_and_foreign_names_are_shortened_or_kept(tmp_path) -> None:
    names = ["합성곱 층", "שכבה", "x" * 100, "卷积 é", "a" * 60 + "…"]
    layers = [conv(name, above, 2) for name, above in zip(names, ["input", *names], strict=False)]
    layers.append(layer("Add", "合 & <i>", names[-1], names[0]))
    scene = figure.draw(architecture(graph(layers, tmp_path, name="망" * 100)), Look())
    assert_texts_fit(scene)
    texts = [item.text for item in scene.items if isinstance(item, Text)]
    assert "합성곱 층" in texts
    assert not any("x" * 60 in text for text in texts)


def test_a_percent_stays_at_its_number() -> None:
    scene = figure.draw(architecture(zoo.build("lenet5")), Look())
    percents = [item.text for item in scene.items if isinstance(item, Text) and "%" in item.text]
    assert len(percents) > 2
    assert not any(" %" in text for text in percents)
    assert figure.wrapped("and 95.8\u2009% of", 13, 40) == ["and", "95.8\u2009%", "of"]
