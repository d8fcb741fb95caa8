"""The figures of `shapes`: nothing overlaps, every number is the report's, every bar its length."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import product

import pytest
from hostile_names import NAMES, spec
from scenes import assert_texts_fit

from cnnviz import load_model
from cnnviz.render import Look, render
from cnnviz.render.figures import butterfly, comparison
from cnnviz.render.figures import cost as figure
from cnnviz.render.numbers import THIN, count, percent
from cnnviz.render.scene import Rect, Scene, Text
from cnnviz.render.theme import THEMES, contrast, rgb
from cnnviz.report.compare import compare, costs
from cnnviz.report.cost import FIGURES, KINDS, Cost, cost
from cnnviz.report.report import Report

SMALL = {
    "one layer": ("Conv2D(16, 3)", (28, 28, 1)),
    "nothing": ("Flatten() Activation('relu')", (28, 28, 1)),
    "dense": ("Flatten() Dense(10) Dense(3)", (28, 28, 1)),
    "no dense": ("Conv2D(4, 3) BatchNormalization() Conv2D(4, 3)", (28, 28, 1)),
    "local": ("LocallyConnected2D(4, 3) Conv2D(4, 3) Dense(3)", (28, 28, 1)),
    "vectors": ("Dense(10)", (784,)),
    "long names": (f"Conv2D(4, 3, name='{'x' * 100}') Dense(2, name='{'卷' * 100}')", (9, 9, 1)),
    "huge": ("Dense(999999999) Dense(999999999)", (999_999_999,)),
    "vast": ("Flatten() Dense(999999999)", (2_000_000,) * 3),
    "100 layers": ("Conv2D(4, 1)" * 100, (28, 28, 1)),
}
ZOO = ("lenet5", "vgg16", "vgg19", "googlenet", "resnet50", "alexnet")


def unknown() -> Report:
    """Return a report in which one layer's work is not known, and another's parameters neither."""
    keys = ("name", "type", "inputs", "output_shape", "params", "macs")
    rows = [
        ("a", "Conv2D", ["input"], [8, 8, 4], 40, 2560),
        ("b", "Loop", ["a"], [8, 8, 4], 7, "unknown"),
        ("c", "Scan", ["b"], [8, 8, 4], "unknown", "unknown"),
    ]
    data = tuple(dict(zip(keys, row, strict=True)) | {"receptive_field": "unknown"} for row in rows)
    totals = dict.fromkeys((*FIGURES, "flops"), "unknown") | {"nodes": 3, "activation_bytes": 3072}
    return Report("net", {"input_shape": [8, 8, 1]}, data, totals, (), (), key="layers")


def report(case: str) -> Report:
    if case == "unknown":
        return unknown()
    text, shape = SMALL.get(case, (case, None))
    return load_model(text, input_shape=shape).shapes()


@pytest.fixture(params=[*ZOO, *SMALL, "unknown"], scope="module")
def found(request: pytest.FixtureRequest) -> Cost:
    return cost(report(request.param))


SETS = [
    ("vgg16", "googlenet"),
    ("lenet5", "vgg16", "resnet50", "one layer"),
    ("nothing", "dense"),
    ("unknown", "lenet5"),
    ("long names", "long names"),
    ("lenet5",),
    ("vectors", "vast"),
]


@pytest.fixture(params=SETS, ids=" ".join, scope="module")
def compared(request: pytest.FixtureRequest) -> Scene:
    return comparison.draw(costs(compare([report(name) for name in request.param])), Look())


@pytest.mark.parametrize("theme", THEMES)
def test_texts_of_one_network_fit(found: Cost, theme: str) -> None:
    scene = figure.draw(found, Look(theme=theme))
    assert_texts_fit(scene)
    assert_bars_are_clear(scene)


def test_texts_of_a_comparison_fit(compared: Scene) -> None:
    assert_texts_fit(compared)
    assert_bars_are_clear(compared)


def assert_bars_are_clear(scene: Scene) -> None:
    """Hold bars inside the scene, and texts off them unless they are written on one."""
    from scenes import boxes

    bars = [i for i in scene.items if isinstance(i, Rect) and i.fill]
    for bar in bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= scene.width - 23  # a pixel of a bar is the least of a part
    for left, top, right, bottom, text in boxes(scene):
        for bar in bars:
            apart = right <= bar.x or bar.x + bar.width <= left
            apart = apart or bottom <= bar.y or bar.y + bar.height <= top
            inside = bar.x <= left and right <= bar.x + bar.width
            inside = inside and bar.y <= top and bottom <= bar.y + bar.height
            assert apart or inside, (text, bar.__dict__)


def test_every_number_is_the_report_s(found: Cost) -> None:
    scene = figure.draw(found, Look())
    texts = [item.text for item in scene.items if isinstance(item, Text)]
    for bar, key in product((found.whole, *found.bars), FIGURES):
        text = count(bar.total(key))
        if bar.total(key) >= butterfly.MOST_EXACT:
            continue
        known = key not in bar.unknown
        assert (text if known else f"at least {text}" if bar.total(key) else "unknown") in texts
    amounts = {count(bar.total(key)) for bar in (found.whole, *found.bars) for key in FIGURES}
    drawn = {t.removeprefix("at least ") for t in texts if re.fullmatch(rf"[\d{THIN}]{{4,}}", t)}
    assert drawn <= amounts


@pytest.mark.parametrize("name", ZOO)
def test_bars_have_the_length_of_their_share(name: str) -> None:
    found = cost(report(name))
    scene = figure.draw(found, Look())
    thin = [i for i in scene.items if isinstance(i, Rect) and i.height == butterfly.THICK]
    rows = sorted({bar.y for bar in thin})
    assert len(rows) == len(found.bars)
    place = butterfly.wings([bar.name for bar in found.bars])
    lengths, shares = [], []
    for y, bar in zip(rows, found.bars, strict=True):
        for key in FIGURES:
            side = place.signs[key]
            parts = [i for i in thin if i.y == y and (i.x - place.middle) * side > 0]
            lengths.append(sum(i.width for i in parts))
            shares.append(bar.total(key) / found.whole.total(key))
    scale = max(lengths) / max(shares)
    for length, share in zip(lengths, shares, strict=True):
        assert length == pytest.approx(share * scale, abs=3)  # each part has a pixel at least
    assert max(lengths) > 200


def test_colours_are_those_of_the_roles() -> None:
    for theme in THEMES.values():
        assert butterfly.colour(theme, "convolution") == theme.map
        assert butterfly.colour(theme, "dense") == theme.dense
        assert len({butterfly.colour(theme, kind) for kind in KINDS}) == len(KINDS)
        for kind in KINDS:
            assert contrast(rgb(butterfly.colour(theme, kind)), rgb(theme.background)) >= 3


def test_the_picture_says_what_is_seen() -> None:
    titles = {
        name: figure.draw(cost(report(name)), Look()).title for name in ("vgg16", "googlenet")
    }
    assert titles["vgg16"] == (
        "vgg16: dense layers hold 89% of the parameters, convolutions do 99% of the work"
    )
    texts = [i.text for i in figure.draw(cost(report("googlenet")), Look()).items
             if isinstance(i, Text)]  # fmt: skip
    assert f"14.6{THIN}%" in texts
    assert any(text.startswith("dense layers") for text in texts)
    assert any("58 layers are gathered into 12 blocks" in text for text in texts)


def test_what_is_not_known_is_said() -> None:
    texts = [i.text for i in figure.draw(cost(unknown()), Look()).items if isinstance(i, Text)]
    assert {"unknown", "at least 47", f"at least 2{THIN}560"} <= set(texts)
    assert any("not known" in text for text in texts)


def test_shares_never_round_to_all_or_nothing() -> None:
    assert percent(0.99999) == f">99.9{THIN}%"
    assert percent(0.00001) == f"<0.1{THIN}%"
    assert percent(1.0) == f"100{THIN}%"
    assert percent(0.5) == f"50.0{THIN}%"


def test_svg_holds_hostile_names_as_text(tmp_path) -> None:
    path = tmp_path / "net.json"
    path.write_text(spec(NAMES[:20]), encoding="utf-8")
    made = load_model(path).shapes()
    for result in (cost(made), costs(compare([made, made]))):
        data = render(result, "svg").decode()
        ET.fromstring(data)
        assert "<script" not in data
        assert render(result, "png").startswith(b"\x89PNG")
