"""The figures of `features`: nothing overlaps, nothing is distorted, random weights are stamped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz import load_model
from cnnviz.graph import INPUT
from cnnviz.render import Look, render
from cnnviz.render.figures import features as grid
from cnnviz.render.figures import features_index as index
from cnnviz.render.figures.feature_parts import range_words
from cnnviz.render.fonts import measure
from cnnviz.render.listing import listing
from cnnviz.render.scene import Picture, Rect, Scene
from cnnviz.render.theme import CAPTION, theme
from cnnviz.report.features import FeatureSet, features
from cnnviz.report.layer_features import Seen

RNG = np.random.default_rng(5)
DEEP = " ".join(["Conv2D(8, 3, padding='same', activation='relu') BatchNormalization()"] * 15)
# Spec, input shape and other fields of what is seen.
NETS = {
    "one map": ("Conv2D(1, 3)", (12, 17, 3), {}),
    "three signed": ("Conv2D(kernels=['sobel-x', 'edge', 'box'])", (60, 90, 1), {}),
    "small": ("Conv2D(kernels=['sobel-x', 'sobel-y']) ReLU() MaxPool2D(2)", (60, 90, 1), {}),
    "counts": ("Conv2D(2, 3) Conv2D(9, 3) Conv2D(16, 3) Conv2D(36, 3)", (40, 40, 3), {}),
    "many": ("Conv2D(70, 3, activation='relu') MaxPool2D(2)", (30, 45, 3), {}),
    "tall": ("Conv2D(5, 3, activation='tanh') MaxPool2D(2)", (150, 30, 3), {}),
    "dense": ("Flatten() Dense(30, activation='relu') Dense(7)", (5, 6, 3), {}),
    "one unit": ("Flatten() Dense(1)", (4, 4, 1), {}),
    "wide": ("Flatten() Dense(1500)", (4, 4, 1), {}),
    "labels": ("Flatten() Dense(3)", (4, 4, 1), {"labels": ("cat", "dog " * 40, "x")}),
    "one cell": ("Conv2D(5, 4) GlobalAveragePooling2D()", (4, 4, 3), {}),
    "sequence": ("Conv1D(5, 3) MaxPooling1D(2)", (16, 3), {}),
    "long sequence": ("Conv1D(70, 3)", (3000, 2), {}),
    "deep": (DEEP, (9, 9, 3), {}),
    "names": ("Conv2D(2, 3)", (9, 9, 3), {"image": "x" * 300, "model": "y" * 100}),
    "huge values": ("Rescaling(-1e30) Conv2D(4, 3)", (9, 9, 3), {}),
}


def made(case: str, **settings) -> FeatureSet:
    spec, shape, facts = NETS[case]
    net = load_model(spec, input_shape=shape)
    image = RNG.integers(0, 256, shape).astype(np.float32)
    if case == "many":  # a map that is dead and one that is constant
        image[:] = 0
        image[3:9, 4:12] = 255
    names = [node.name for node in net.graph.nodes]
    trace = net.trace(image, layers=[INPUT, *names])
    if case == "many":
        trace["conv1"][..., 2], trace["conv1"][..., 5] = 0, 1.5
    known = {"image": "photo.png", "model": net.name, "weights": "He, seed 0", "is_random": True}
    seen = Seen(pixels=trace[INPUT], **known | facts)
    return features(net.graph, net.shapes().rows, trace, names, seen=seen, **settings)


def scenes(found: FeatureSet, look: Look) -> list[Scene]:
    return [index.draw(found, look), *(grid.draw(layer, look) for layer in found.layers)]


@pytest.fixture(params=[(c, t) for c in NETS for t in ("light", "dark")], ids=str)
def drawn(request: pytest.FixtureRequest) -> list[Scene]:
    case, name = request.param
    return scenes(made(case), Look(theme=name))


def test_nothing_overlaps_and_nothing_is_distorted(drawn: list[Scene]) -> None:
    for scene in drawn:
        assert_texts_fit(scene)
        assert_pictures_fit(scene)


def test_random_weights_are_stamped_on_every_picture(drawn: list[Scene]) -> None:
    for scene in drawn:
        stamps = [item for item in scene.items if "random weights" in getattr(item, "text", "")]
        assert [stamp.colour for stamp in stamps] == [scene.theme.warning]
        frames = [i for i in scene.items if isinstance(i, Rect) and i.stroke == stamps[0].colour]
        assert len(frames) == 1
        assert frames[0].x < stamps[0].x
        assert "random weights" in scene.description or scene is drawn[0]


@pytest.mark.parametrize("case", ["many", "dense", "sequence"])
def test_trained_weights_are_not(case: str) -> None:
    found = made(case)
    for layer in found.layers:
        layer.seen.is_random = False
    for scene in scenes(found, Look()):
        assert not any("random" in text for *_, text in boxes(scene))
        assert "random" not in scene.description
    assert found.warnings == ()


def test_every_map_has_its_number_and_range() -> None:
    (layer,) = made("three signed").layers
    texts = [text for *_, text in boxes(grid.draw(layer, Look()))]
    assert {"0 sobel-x", "1 edge", "2 box"} <= set(texts)
    ranges = [text for text in texts if "…" in text and text != "min … max"]
    assert len(ranges) == 4  # and one of the whole layer


def test_a_small_network_stands_in_one_row_and_a_filter_in_one_place() -> None:
    found = made("small")
    orders = [layer.stats.order("mean").tolist() for layer in found.layers]
    assert [1, 0] in orders  # as it would be by strength
    shown = [item for item in index.draw(found, Look()).items if isinstance(item, Picture)]
    assert len({picture.y for picture in shown}) == 1
    assert [picture.title for picture in shown[1:]] == ["map 0", "map 1"] * 3


def test_dead_and_constant_maps_have_a_word() -> None:
    layer = made("many").layers[0]
    texts = [text for *_, text in boxes(grid.draw(layer, Look()))]
    assert texts.count("dead") == sum(not layer.values[..., i].any() for i in layer.shown) >= 1
    assert "constant" in texts
    assert "all 1.5" in texts


def test_colours_are_centred_on_zero_or_shared() -> None:
    from cnnviz.render.figures.feature_parts import scales

    (layer,) = made("three signed").layers
    own = scales(layer, layer.shown, Look())
    assert all(scale.signed and scale.low == -scale.high for scale in own)
    assert [scale.high for scale in own] == pytest.approx(
        [float(np.abs(layer.values[..., i]).max()) for i in layer.shown]
    )
    shared = scales(layer, layer.shown, Look(range="shared"))
    assert {scale.high for scale in shared} == {float(np.abs(layer.values).max())}
    pool = made("many").layers[1]
    assert not any(scale.signed for scale in scales(pool, pool.shown, Look()))


def test_the_middle_value_sees_what_is_outlined() -> None:
    """A 3x3 window with padding: the value at row 4 of 9 sees rows 3 to 5."""
    layer = made("deep").layers[0]
    scene = grid.draw(layer, Look())
    (box,) = [i for i in scene.items if getattr(i, "stroke", "") == theme("light").accent]
    picture = next(i for i in scene.items if getattr(i, "title", "") == "photo.png")
    unit = picture.height / 9
    assert (box.y - picture.y) / unit == pytest.approx(3, abs=0.1)
    assert box.height / unit == pytest.approx(3, abs=0.1)


def test_svg_is_whole() -> None:
    found = made("dense")
    for result in (found, *found.layers):
        root = ET.fromstring(render(result, "svg", Look()))
        assert "random weights" in "".join(root.itertext())


class Page(HTMLParser):
    """The tags and links of a page."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(data.decode())

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_holds_hostile_names_as_text() -> None:
    name = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e'
    found = made("many")
    found.seen.image = name
    page = listing(found, "000-index.png", [("001-x'\"<>&%.png", found.layers[0])])
    read = Page(page)
    assert "script" not in {tag for tag, _ in read.tags}
    assert not [key for _, attrs in read.tags for key in attrs if key.startswith("on")]
    assert b"\x1b" not in page
    assert "\u202e".encode() not in page
    policy = next(a["content"] for t, a in read.tags if t == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert "script" not in policy
    images = [attrs for tag, attrs in read.tags if tag == "img"]
    assert len(images) == 2
    assert all(attrs["alt"] for attrs in images)
    assert all(re.fullmatch(r"\./[\w.%'-]+", attrs["src"]) for attrs in images)


def test_the_page_begins_with_the_input_and_lists_each_layer_once() -> None:
    found = made("deep")
    files = [(f"{i}.png", layer) for i, layer in enumerate(found.layers)]
    page = listing(found, "000-index.png", files).decode()
    head = page.split('<p class="head">')[1].split("</p>")[0]
    assert head == "<br>".join(found.head())
    assert len(re.findall(r"<li>", page)) == len(files) == 30


@pytest.mark.parametrize("size", [0.008766, 0.0001234, 98765.4, 1.5e-9])
def test_no_number_of_a_range_is_cut(size: float) -> None:
    """A number that is cut in its middle still looks like one."""
    text = range_words(-size, size / 3, room=112)
    low, high = (float(part.replace("−", "-").replace("\u2009", "")) for part in text.split(" … "))
    assert measure(text, CAPTION) <= 112
    assert low == pytest.approx(-size, rel=0.1)
    assert high == pytest.approx(size / 3, rel=0.1)


def test_titles_count_maps_and_values() -> None:
    titles = [grid.draw(layer, Look()).title for layer in made("three signed").layers]
    assert titles == ["conv1 of Conv2D: 3 maps of 58×88 from photo.png"]
