"""From values to colours: zero, limits, clipping and reduction are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter
from test_figures import PHOTO, RNG, boxes, made

from cnnviz.kernels import kernel_names, resolve
from cnnviz.render import Look
from cnnviz.render.display import choose, is_crowded, picture
from cnnviz.render.figures import maps
from cnnviz.render.scene import Picture
from cnnviz.report.convolution import convolve
from cnnviz.report.maps import KEPT, MapSet


def test_signed_maps_are_white_at_zero_and_symmetric() -> None:
    scale = choose(-3.0, 12.0)
    assert (scale.low, scale.high) == (-12.0, 12.0)
    row = scale.colours(np.array([[-12.0, 0.0, 12.0]], np.float32))[0]
    assert row[1].tolist() == [255, 255, 255]
    assert row[0][0] > row[0][2]  # negative is red
    assert row[2][2] > row[2][0]  # positive is blue
    dark = choose(-3.0, 12.0, theme="dark").colours(np.zeros((1, 1), np.float32))
    assert dark.max() < 32


def test_scales_of_the_displays() -> None:
    values = np.array([[-10.0, 0.0, 300.0]], np.float32)
    assert choose(-10, 300, display="minmax").levels(values).tolist() == [[0, 8, 255]]
    assert choose(-10, 300, display="clip").levels(values).tolist() == [[0, 0, 255]]
    assert "clipped" in choose(-10, 300, display="clip").note
    assert choose(-10, 300, display="abs").levels(values)[0, 0] > 0
    nan = choose(0, 1).colours(np.array([[np.nan]], np.float32))
    assert nan.tolist() == [[[255, 0, 255]]]


@pytest.mark.parametrize(("value", "limits"), [(0, (0, 1)), (2728, (0, 2728)), (-3, (-3, 0))])
def test_a_single_value_is_shown_on_a_scale_from_zero(value: float, limits: tuple) -> None:
    scale = choose(value, value, display="minmax")
    assert (scale.low, scale.high) == limits


def test_a_reduced_map_keeps_the_edges_of_both_signs() -> None:
    stripes = np.where(np.arange(400) % 2, 9.0, -9.0)
    values = np.where(np.arange(400)[:, None] < 200, stripes, 0).astype(np.float32)
    shown = picture(values, choose(-9.0, 9.0), 100, 100)
    assert shown.shape == (100, 100, 3)
    assert (shown[:50] < 200).any(axis=2).all()  # the average of the stripes is zero, white
    assert (shown[50:] == 255).all()


def test_an_overlay_shows_the_responses_of_most_of_a_photo() -> None:
    photo = np.full((200, 300, 3), 90, np.float32)
    photo[::8] = 110
    photo[100, 150] = 255  # an extreme beside which the lines are weak
    mapset = convolve(photo, resolve("edge"), name="photo.png")
    pixels = _overlaid(mapset).astype(int)
    spread = np.ptp(pixels, axis=2)
    assert (spread > 40).mean() > 0.2  # coloured
    assert (spread == 0).mean() > 0.3  # the photo in gray


def _overlaid(mapset: MapSet) -> np.ndarray:
    scene = maps.draw(mapset, Look(overlay=True))
    (shown,) = (i for i in scene.items if isinstance(i, Picture) and i.title == "edge")
    return shown.pixels


def test_a_root_scale_says_so_and_keeps_its_limits() -> None:
    values = RNG.normal(size=(64, 64)).astype(np.float32)
    values[0, 0] = 100
    mapset = MapSet("convolve", "x", values, (_map(values),))
    assert is_crowded(values)
    scale = choose(float(values.min()), 100.0, crowded=True)
    assert scale.root
    row = scale.levels(np.array([[-100.0, -25.0, 0.0, 25.0, 100.0]], np.float32))
    assert row.tolist() == [[1, 64, 128, 192, 255]]
    assert scale.at(0.75) == 25.0
    texts = " ".join(box[4] for box in boxes(maps.draw(mapset, Look())))
    assert "square-root scale" in texts
    assert not choose(-100, 100, display="signed", crowded=True).root


def test_evenly_spread_values_keep_a_linear_scale() -> None:
    assert not is_crowded(RNG.uniform(-1, 1, (64, 64)).astype(np.float32))
    assert not is_crowded(np.array([[0.0, 0.0, 100.0]], np.float32))


def _map(values: np.ndarray):
    from cnnviz.geometry import Window
    from cnnviz.report.maps import FeatureMap

    return FeatureMap("m", values, Window.of(1).on(values.shape))


@pytest.mark.parametrize(
    ("kernel", "gray"),
    [("gaussian", True), ("box", True), ("identity", True), ("edge", False), ("sharpen", False)],
)
def test_what_is_still_a_photo_is_shown_in_gray_unless_it_is_signed(
    kernel: str, gray: bool
) -> None:
    scene = maps.draw(convolve(PHOTO, resolve(kernel), name="photo.png"), Look())
    (shown,) = (i for i in scene.items if isinstance(i, Picture) and i.title == kernel)
    assert (np.ptp(shown.pixels, axis=-1) == 0).all() == gray


def test_every_kernel_of_the_library_keeps_a_photo_or_does_not() -> None:
    """The ratio that tells them apart has no kernel near it."""
    names = [name for name in kernel_names() if name != "schmid"]
    for kernel in (k for name in names for k in resolve(name)):
        ratio = kernel.values.sum() / np.abs(kernel.values).sum()
        assert ratio > 1.1 * KEPT or ratio < KEPT / 2, kernel.name


def test_a_tools_picture_is_shown_as_the_tool_shows_it_when_clipped() -> None:
    mapset = convolve(PHOTO[:, :, 0], resolve("pillow:contour"), name="photo.png")
    scene = maps.draw(mapset, Look(display="clip"))
    (shown,) = (i for i in scene.items if isinstance(i, Picture) and i.title == "pillow:contour")
    tool = Image.fromarray(PHOTO[:, :, 0].astype(np.uint8)).filter(ImageFilter.CONTOUR)
    inner = np.asarray(tool)[1:-1, 1:-1]
    factor = shown.pixels.shape[0] // inner.shape[0] or 1
    assert np.array_equal(shown.pixels[::factor, ::factor, 0], inner)
    texts = [box[4] for box in boxes(scene)]
    assert any("shown clipped to 0–255" in text for text in texts)


def test_all_that_is_pooled_from_a_signed_array_is_signed() -> None:
    scene = maps.draw(made("pool maps"), Look())
    texts = [box[4] for box in boxes(scene)]
    assert texts.count("0") == 6  # the middle of each colour bar
