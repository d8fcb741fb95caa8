"""The figure of `convolve` and `pool`: nothing overlaps, nothing is distorted, colours are true."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz.kernels import Kernel, resolve
from cnnviz.render import Look, formats, render
from cnnviz.render.display import choose, fit
from cnnviz.render.figures import blocks, maps
from cnnviz.render.scene import Picture, Scene, Text
from cnnviz.render.theme import theme
from cnnviz.report.convolution import convolve
from cnnviz.report.maps import MapSet
from cnnviz.report.pooling import pool

RNG = np.random.default_rng(7)
PHOTO = RNG.integers(0, 256, (90, 140, 3)).astype(np.float32)
TALL = RNG.integers(0, 256, (200, 60, 1)).astype(np.float32)
MATRIX = np.arange(64, dtype=np.float32).reshape(8, 8)


def bank(count: int, size: int = 5) -> list[Kernel]:
    return [
        Kernel(f"conv1[{i}]", RNG.normal(size=(size, size)), source="drawn") for i in range(count)
    ]


CASES = {
    **{f"{n} maps": (convolve, PHOTO, bank(n), {}) for n in (1, 2, 3, 4, 9, 16, 36, 64, 70)},
    "long names": (
        convolve,
        PHOTO,
        [Kernel("a very long name " * 9, np.eye(3), source="")] * 5,
        {"name": "x" * 300},
    ),
    "matrix": (convolve, MATRIX, resolve("sobel-x"), {"padding": "same", "is_photo": False}),
    "matrix, uneven": (
        convolve,
        MATRIX,
        resolve("edge"),
        {"padding": ((0, 3), (2, 1)), "strides": (3, 2), "is_photo": False},
    ),
    "tall": (convolve, TALL, resolve("sobel-x") + resolve("gaussian:7,2"), {"strides": 2}),
    "one pixel": (convolve, MATRIX[:3, :3], resolve("edge"), {"is_photo": False}),
    "magnitude": (
        convolve,
        PHOTO,
        [*resolve("sobel-x"), *resolve("sobel-y")],
        {"combine": "magnitude"},
    ),
    "a tool": (convolve, PHOTO, resolve("bank:pillow"), {}),
    "another tool": (convolve, PHOTO, resolve("bank:imagemagick"), {"padding": "same"}),
    "factors": (convolve, PHOTO, resolve("binomial") + resolve("pillow:detail"), {}),
    "pool three": (pool, PHOTO, ("max", "average", "lp:3"), {"pool_size": 3, "strides": 2}),
    "pool winners": (pool, TALL, ("max",), {"pool_size": 2, "winners": True}),
    "pool global": (pool, PHOTO, ("global-max", "global-average"), {}),
    "pool maps": (pool, RNG.normal(size=(20, 30, 6)).astype("f4"), ("max",), {"is_photo": False}),
}


def made(case: str) -> MapSet:
    make, image, what, settings = CASES[case]
    return make(image, what, **{"name": "photo.png", **settings})


@pytest.fixture(params=[(case, theme) for case in CASES for theme in ("light", "dark")], ids=str)
def figure(request: pytest.FixtureRequest) -> Scene:
    case, theme = request.param
    return maps.draw(made(case), Look(theme=theme, peaks=2 if "maps" in case else 0))


def test_texts_do_not_overlap_and_stay_inside(figure: Scene) -> None:
    assert_texts_fit(figure, peaks=True)


def test_pictures_do_not_overlap_and_keep_their_aspect(figure: Scene) -> None:
    assert_pictures_fit(figure)


@pytest.mark.parametrize("scale", [1, 2])
def test_png_has_the_size_of_the_scene(scale: int) -> None:
    mapset = made("2 maps")
    look = Look(scale=scale)
    scene = maps.draw(mapset, look)
    image = Image.open(BytesIO(render(mapset, "png", look)))
    assert image.size == (round(scene.width * scale), round(scene.height * scale))
    assert image.text["Title"] == scene.title


def test_svg_is_whole_selectable_and_needs_nothing_else() -> None:
    mapset = made("matrix, uneven")
    data = render(mapset, "svg")
    root = ET.fromstring(data)
    space = "{http://www.w3.org/2000/svg}"
    texts = ["".join(node.itertext()) for node in root.iter(f"{space}text")]
    assert "edge" in texts
    assert root.find(f"{space}title").text.startswith("edge, stride 3x2")
    hrefs = [node.get("href") for node in root.iter(f"{space}image")]
    assert hrefs
    assert all(href.startswith("data:image/png;base64,") for href in hrefs)
    assert b"http" not in data.replace(b"http://www.w3.org/2000/svg", b"")


def test_hostile_names_are_text_in_svg() -> None:
    name = '<script>alert(1)</script>"&\x1b[2J\u202e\ud800.png'
    mapset = convolve(PHOTO, resolve("edge"), name=name)
    data = render(mapset, "svg")
    ET.fromstring(data)
    assert b"<script>" not in data
    assert b"\x1b" not in data
    assert "\u202e".encode() not in data


def test_shared_range_gives_every_map_the_same_limits() -> None:
    mapset = made("2 maps")
    texts = [box[4] for box in boxes(maps.draw(mapset, Look(range="shared")))]
    own = [box[4] for box in boxes(maps.draw(mapset, Look()))]
    assert texts != own


def test_more_than_64_maps_are_sampled_and_it_is_said() -> None:
    scene = maps.draw(made("70 maps"), Look())
    assert any("64 of 70 maps shown" in box[4] for box in boxes(scene))


def test_patches_of_many_peaks_wrap_and_no_map_is_left_out() -> None:
    one = maps.draw(convolve(PHOTO, resolve("edge")), Look(peaks=30))
    assert one.width < 1300
    assert {"1", "10", "30"} <= {box[4] for box in boxes(one)}
    nine = maps.draw(made("9 maps"), Look(peaks=3))
    texts = [box[4] for box in boxes(nine)]
    assert texts.count("strongest, at row, column") == 9
    many = [box[4] for box in boxes(maps.draw(made("64 maps"), Look(peaks=1)))]
    assert "those of the first 16 of 64 maps" in many


def test_patches_of_an_array_have_its_colours_and_numbers() -> None:
    mapset = convolve(MATRIX, resolve("edge"), padding=1, is_photo=False)
    scene = maps.draw(mapset, Look(peaks=1))
    by_title = {i.title: i.pixels for i in scene.items if isinstance(i, Picture)}
    (peak,) = maps._peaks(mapset.maps[0], 1)
    (top, bottom), (left, right) = peak.rows, peak.columns
    seen = by_title["image"][max(0, top) : bottom, max(0, left) : right]
    assert np.array_equal(by_title["patch 1"], seen)


def test_many_maps_of_one_shape_say_it_once_and_go_without_their_layer() -> None:
    texts = [box[4] for box in boxes(maps.draw(made("64 maps"), Look()))]
    assert {"[0]", "[63]"} <= set(texts)
    assert "86×136" not in texts
    assert any(text.endswith("64 maps of 86×136") for text in texts)


def test_fit_enlarges_by_whole_factors_and_keeps_the_aspect() -> None:
    assert fit((8, 8), (100, 70)) == (64, 64)
    assert fit((3000, 4000), (480, 440)) == (360, 480)
    assert fit((1, 10000), (480, 440)) == (1, 480)


def test_plain_is_the_map_pixel_by_pixel() -> None:
    mapset = convolve(PHOTO, resolve("sobel-x"), padding="same")
    image = Image.open(BytesIO(render(mapset, "png", Look(plain=True, display="signed"))))
    assert image.size == (140, 90)
    assert image.mode == "P"
    values = mapset.maps[0].values
    limit = np.abs(values).max()
    levels = np.asarray(image).astype(int)
    assert np.abs(levels - (128 + 127 * values / limit)).max() <= 0.51
    blurred = convolve(PHOTO, resolve("gaussian:5"))
    assert Image.open(BytesIO(render(blurred, "png", Look(plain=True)))).mode == "L"


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (7, 1, 3), (40, 70, 3), (700, 900, 3)])
def test_png_encoder_agrees_with_pillow(shape: tuple[int, ...]) -> None:
    from cnnviz.render.pngfile import encode

    pixels = RNG.integers(0, 256, shape).astype(np.uint8)
    image = Image.open(BytesIO(encode(pixels, texts={"Title": "×−"})))
    image.load()
    assert np.array_equal(np.asarray(image), pixels)
    assert image.text["Title"] == "×−"


def test_plain_lays_several_maps_as_bare_tiles() -> None:
    image = Image.open(BytesIO(render(made("4 maps"), "png", Look(plain=True))))
    assert image.size == (2 * 136 + 2, 2 * 86 + 2)


def test_overlay_covers_the_photo_where_windows_are_centred() -> None:
    from cnnviz.geometry import Window
    from cnnviz.render.overlay import footprint

    valid, same = Window.of(3).on((10, 10))[0], Window.of(3, padding="same").on((10, 10))[0]
    assert footprint(valid) == (1.0, 9.0)
    assert footprint(same) == (0.0, 10.0)
    strided = Window.of(2, strides=2).on((10, 10))[0]
    assert footprint(strided) == (0.0, 10.0)
    assert render(made("2 maps"), "png", Look(overlay=True)).startswith(b"\x89PNG")


def test_formats_are_the_modules_of_backends() -> None:
    assert formats() == ("png", "svg")


def test_names_in_a_grid_go_without_their_tool() -> None:
    scene = maps.draw(made("a tool"), Look())
    texts = [box[4] for box in boxes(scene)]
    assert scene.title.startswith("10 kernels of pillow, offset 255 of pillow:contour")
    assert {"blur", "find-edges", "smooth-more"} <= set(texts)


def test_long_fractions_are_whole_numbers_with_a_factor() -> None:
    texts = [box[4] for box in boxes(maps.draw(made("factors"), Look()))]
    assert {"1/16 ×", "1/6 ×", "4", "10"} <= set(texts)
    typed = convolve(MATRIX, resolve("0.25 0.5 0.25"), is_photo=False)
    texts = [box[4] for box in boxes(maps.draw(typed, Look()))]
    assert {"0.25", "0.5"} <= set(texts)  # as they were typed


def test_labels_of_a_colour_bar_leave_a_gap() -> None:
    scale = choose(-2439.0, 2439.0, crowded=True)
    narrow, wide = Scene(theme("light")), Scene(theme("light"))
    blocks.bar(narrow, 0, 0, 186, scale)
    blocks.bar(wide, 0, 0, 300, scale)
    limits = ["−2\u2009439", "0", "2\u2009439"]
    assert [i.text for i in narrow.items if isinstance(i, Text)] == limits
    assert [i.text for i in wide.items if isinstance(i, Text)] == [*limits, "−610", "610"]


@pytest.mark.parametrize(
    ("kernel", "said"), [("box:9", "all 0.0123"), ("motion:9,90", "0 … 0.111"), ("edge", None)]
)
def test_a_kernel_without_numbers_has_its_range_below(kernel: str, said: str | None) -> None:
    texts = [box[4] for box in boxes(maps.draw(convolve(PHOTO, resolve(kernel)), Look()))]
    assert said is None or said in texts
    assert said or not any("…" in text for text in texts)


def test_cells_of_an_svg_are_crisp_where_a_viewer_knows_no_style() -> None:
    import base64

    root = ET.fromstring(render(made("matrix"), "svg"))
    images = list(root.iter("{http://www.w3.org/2000/svg}image"))
    (kernel,) = (n for n in images if n[0].text == "kernel 3×3")
    data = base64.b64decode(kernel.get("href").partition(",")[2])
    size = Image.open(BytesIO(data)).size
    assert size == (int(kernel.get("width")), int(kernel.get("height")))
    assert kernel.get("image-rendering") == "optimizeSpeed"


def test_narrow_maps_have_their_remarks_in_the_head() -> None:
    clipped = [box[4] for box in boxes(maps.draw(made("a tool"), Look(display="clip")))]
    assert any(text.startswith("shown clipped to 0–255: all maps") for text in clipped)
    wide = [box[4] for box in boxes(maps.draw(made("2 maps"), Look(display="clip")))]
    assert not any("all maps" in text for text in wide)
