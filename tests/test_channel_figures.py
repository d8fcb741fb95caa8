"""The figures of `channels` and of `--channels each`: readable, whole, and true in colour."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scenes import assert_pictures_fit, assert_texts_fit

from cnnviz.kernels import Kernel, resolve
from cnnviz.render import Look, render, show
from cnnviz.render.figures import channels as channels_figure
from cnnviz.render.figures import each as each_figure
from cnnviz.render.figures.chart import Curve, Frame, curves
from cnnviz.render.scene import Path, Picture, Rect, Scene, Text
from cnnviz.render.theme import contrast, rgb, theme
from cnnviz.report.channels import ChannelSet, channels
from cnnviz.report.convolution import convolve
from cnnviz.report.each import EachSet

RNG = np.random.default_rng(5)
PHOTO = RNG.integers(0, 256, (90, 140, 3)).astype(np.float32)
DEEP = RNG.normal(size=(20, 30, 6)).astype(np.float32)

SETS = {
    "photo": (PHOTO, {}),
    "tall": (PHOTO[:, :20], {"patch": (16, 3)}),
    "strip": (PHOTO[:3], {"patch": 16}),
    "one pixel": (PHOTO[:1, :1], {}),
    "flat": (np.full((40, 50, 3), 30, np.float32), {}),
    "five": (PHOTO[:5, :5], {"is_photo": False}),
    "transparent": (np.dstack([PHOTO, PHOTO[..., 0]]), {}),
    "gray and transparent": (PHOTO[..., :2], {}),
    "gray": (PHOTO[..., :1], {}),
    "matrix": (PHOTO[:5, :5, 0] > 99, {"is_photo": False}),
    "deep": (DEEP, {"is_photo": False}),
    "very deep": (RNG.normal(size=(9, 9, 70)), {"is_photo": False}),
    "long name": (PHOTO, {"name": "x" * 300}),
}
KERNELS = {
    "edge": (PHOTO, resolve("edge"), {}),
    "two": (PHOTO, resolve("bank:sobel"), {"strides": 2, "bias": -5.0, "activation": "relu"}),
    "deep": (PHOTO, [Kernel("k", RNG.normal(size=(5, 5, 3)), "drawn")], {"flip": True}),
    "padded cells": (PHOTO[:6, :5], resolve("9 9; 9 9"), {"padding": ((2, 0), (1, 3))}),
    "unread": (PHOTO, resolve("box:5"), {"strides": 4}),
    "one pixel": (PHOTO[:1, :1], resolve("1"), {}),
    "tall": (PHOTO[:, :15], resolve("sobel-x"), {}),
    "units": (PHOTO / 255, resolve("edge"), {"is_photo": False}),
    "long names": (PHOTO, [Kernel("a very long name " * 9, np.eye(3), "")] * 9, {}),
}


def of_channels(case: str) -> ChannelSet:
    image, settings = SETS[case]
    return channels(image.astype(np.float32), locality=True, **{"name": "a.png", **settings})


def of_each(case: str) -> EachSet:
    image, kernels, settings = KERNELS[case]
    result = convolve(image, kernels, channels="each", **{"name": "a.png", **settings})
    assert isinstance(result, EachSet)
    return result


@pytest.fixture(
    params=[*((s, t) for s in SETS for t in ("light", "dark")), *((k, "each") for k in KERNELS)],
    ids=str,
)
def figure(request: pytest.FixtureRequest) -> Scene:
    case, kind = request.param
    if kind == "each":
        return each_figure.draw(of_each(case), Look(peaks=2 * (case == "two")))
    return channels_figure.draw(of_channels(case), Look(theme=kind))


def test_texts_do_not_overlap_and_stay_inside(figure: Scene) -> None:
    assert_texts_fit(figure, peaks=True)


def test_pictures_do_not_overlap_and_keep_their_aspect(figure: Scene) -> None:
    assert_pictures_fit(figure)


def test_every_sign_has_a_glyph(figure: Scene) -> None:
    from cnnviz.render.fonts import font

    for item in figure.items:
        if isinstance(item, Text) and item.face == "mono":
            face = font("mono", 20)
            missing = face.getmask("\U000f0000").getbbox(), bytes(face.getmask("\U000f0000"))
            for sign in set(item.text):
                mask = face.getmask(sign)
                assert (mask.getbbox(), bytes(mask)) != missing, repr(sign)


def test_numbers_above_a_thousand_are_readable_in_cells() -> None:
    image = np.full((4, 4, 3), 250.0, np.float32)
    result = convolve(image, resolve("5"), channels="each")
    assert isinstance(result, EachSet)
    texts = [i.text for i in each_figure.draw(result, Look()).items if isinstance(i, Text)]
    assert texts.count("1250") == 3 * 16


def test_cells_show_whole_numbers_in_full_so_that_they_add_up() -> None:
    image = np.array([[[4149, 7326, 4401]]], np.float32)
    result = convolve(image, resolve("1"), channels="each", is_photo=False)
    assert isinstance(result, EachSet)
    texts = [i.text for i in each_figure.draw(result, Look()).items if isinstance(i, Text)]
    assert {"4149", "7326", "4401", "15876"} <= set(texts)


@pytest.mark.parametrize("case", KERNELS)
def test_the_terminal_shows_the_addends_and_the_sum(case: str) -> None:
    result = of_each(case)
    tiles = each_figure.tiles(result, Look())
    assert [tile.titles[-1] for tile in tiles] == [m.name for m in result.maps]
    text = show(result, colours="truecolor", columns=120, lines=40)
    assert ("sobel-x[R]" in text) == (result.maps[0].name == "sobel-x[R]")


def test_tinted_pictures_add_up_to_the_image() -> None:
    scene = channels_figure.draw(of_channels("photo"), Look())
    named = {i.title: i.pixels for i in scene.items if isinstance(i, Picture)}
    added = sum(named[c].astype(int) for c in "RGB")
    assert np.array_equal(named["R"][..., 0], PHOTO[..., 0].astype(np.uint8))
    assert np.array_equal(added, named["a.png"])


def test_hostile_names_are_text() -> None:
    name = '<script>alert(1)</script>"&\x1b[2J\u202e\ud800.png'
    for result in (channels(PHOTO, name=name), channels(PHOTO[..., 0], name=name)):
        data = render(result, "svg")
        ET.fromstring(data)
        assert b"<script>" not in data
        assert b"\x1b" not in data
        assert render(result, "png").startswith(b"\x89PNG")


def test_the_patch_is_outlined_where_it_is() -> None:
    result = channels(PHOTO, at=(40, 70), patch=16)
    scene = channels_figure.draw(result, Look())
    picture = next(i for i in scene.items if isinstance(i, Picture))
    accent = theme("light").accent
    outline = next(i for i in scene.items if isinstance(i, Rect) and i.stroke == accent)
    factor = picture.width / 140
    assert outline.x == pytest.approx(picture.x + 70 * factor)
    assert outline.y == pytest.approx(picture.y + 40 * factor)
    assert outline.width == pytest.approx(16 * factor)


def test_addends_share_their_limits_and_the_sum_has_its_own() -> None:
    result = of_each("edge")
    ((addends, total),) = each_figure._scales(result, result.bands, Look())
    largest = max(max(-m.min, m.max) for m in result.maps[:3])
    assert (addends.low, addends.high) == (-largest, largest)
    assert total.high == max(-result.maps[3].min, result.maps[3].max)
    ((one, other),) = each_figure._scales(result, result.bands, Look(range="shared"))
    assert one is other


def test_marks_are_seen_on_both_grounds() -> None:
    from cnnviz.render.figures.signs import MARKS

    for colour in MARKS.values():
        for name in ("light", "dark"):
            assert contrast(rgb(colour), rgb(theme(name).background)) >= 3


def test_a_curve_passes_through_its_values() -> None:
    scene = Scene(theme("light"))
    frame = Frame(10, 20, 100, 50, right=4, low=0, high=1)
    values = np.array([1, 0.5, np.nan, 0.25, 0.25])
    curves(scene, frame, [Curve("c", values, "#000000", 2)])
    first, second = (i for i in scene.items if isinstance(i, Path))  # a gap at the NaN
    assert first.points == pytest.approx(np.array([(10, 20), (35, 45)]))
    assert second.points == pytest.approx(np.array([(85, 57.5), (110, 57.5)]))


@pytest.mark.parametrize("case", SETS)
def test_pictures_and_terminal_tiles_are_made(case: str) -> None:
    result = of_channels(case)
    scene = channels_figure.draw(result, Look())
    image = Image.open(BytesIO(render(result, "png")))
    assert image.size == (round(scene.width), round(scene.height))
    assert render(result, "svg").startswith(b"<svg")
    text = show(result, colours="256", columns=80, lines=24)
    assert len(text.splitlines()) <= 24
    assert all(channel.title in text for channel in result.channels[:2])
