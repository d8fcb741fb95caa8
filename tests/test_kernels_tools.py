"""The kernels of other tools do what the tool does, with its offset and orientation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from kernels_expected_tools import EXPECTED, IMAGEMAGICK, MATLAB, PILLOW, recorded
from PIL import Image
from skimage import filters

from cnnviz import SpecError, conv2d, kernel
from cnnviz.kernels import describe, resolve
from cnnviz.report.convolution import convolve

OCTAVE = recorded("octave.txt")
IMAGE = np.random.default_rng(7).integers(0, 256, (40, 50)).astype(np.float64)


@pytest.mark.parametrize("text", EXPECTED)
def test_coefficients(text: str) -> None:
    expected = EXPECTED[text]()
    atol = 5.1e-5 if text in MATLAB else 1e-11 * max(1, np.abs(expected).max())
    assert kernel(text).shape == expected.shape
    np.testing.assert_allclose(kernel(text), expected, rtol=1e-9, atol=atol)


@pytest.mark.parametrize("text", PILLOW)
def test_pillow_itself(text: str) -> None:
    """Rounded and clipped as there; halfway between two whole numbers may go either way."""
    (found,) = resolve(text)
    image = Image.fromarray(IMAGE.astype(np.uint8))
    expected = np.asarray(image.filter(PILLOW[text]), np.float64)
    exact = convolve(IMAGE, [found]).maps[0].values
    half = found.values.shape[0] // 2
    clear = np.abs(exact % 1 - 0.5) > 1e-3
    assert clear.mean() > 0.4
    rounded = np.clip(np.floor(exact + 0.5), 0, 255)
    inside = expected[half:-half, half:-half]
    np.testing.assert_array_equal(rounded[clear], inside[clear])
    assert np.abs(np.clip(exact, 0, 255) - inside).max() <= 0.5 + 1e-3


def test_pillow_scales_and_offsets() -> None:
    found = {each.name: each for each in resolve("bank:pillow")}
    assert list(found) == list(PILLOW)
    for name, filter_ in PILLOW.items():
        size, scale, offset, weights = filter_.filterargs
        assert (found[name].scale, found[name].offset) == (scale, offset)
        assert found[name].values.shape == size
        rows = np.array(weights, float).reshape(size)
        np.testing.assert_array_equal(found[name].values, rows[::-1] / scale)


@pytest.mark.parametrize(
    ("text", "filtering"),
    [
        ("scikit-image:sobel-h", filters.sobel_h),
        ("scikit-image:farid-v", filters.farid_v),
        ("scikit-image:laplace", filters.laplace),
        ("scikit-image:gaussian", filters.gaussian),
        ("opencv:sobel:1,1,5", lambda image: cv2.Sobel(image, cv2.CV_64F, 1, 1, ksize=5)),
        ("opencv:gaussian:7", lambda image: cv2.GaussianBlur(image, (7, 7), 0)),
        ("opencv:laplacian:5", lambda image: cv2.Laplacian(image, cv2.CV_64F, ksize=5)),
    ],
)
def test_a_whole_image(text: str, filtering) -> None:
    values = kernel(text)
    half = values.shape[0] // 2
    expected = filtering(IMAGE)[half:-half, half:-half]
    np.testing.assert_allclose(conv2d(IMAGE, values), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", OCTAVE)
def test_matlab_as_octave_has_it(name: str) -> None:
    np.testing.assert_allclose(kernel(f"matlab:{name}"), OCTAVE[name], rtol=1e-11, atol=1e-13)


def test_matlab_disk_is_the_area_within_each_cell() -> None:
    steps = (np.arange(400) + 0.5) / 400 - 0.5
    for radius in (1, 2.3, 5):
        values = kernel(f"matlab:disk:{radius}")
        half = len(values) // 2
        assert half == np.ceil(radius - 0.5)
        cells = (np.arange(-half, half + 1)[:, None] + steps).ravel()
        inside = cells[:, None] ** 2 + cells**2 <= radius**2
        area = inside.reshape(len(values), 400, len(values), 400).mean(axis=(1, 3))
        np.testing.assert_allclose(values, area / area.sum(), atol=2e-5)
        assert (values[area == 0] == 0).all()


@pytest.mark.parametrize("angle", [0, 20, 45, 77, 90, 100, 135, 160])
@pytest.mark.parametrize("length", [1, 2, 5, 9, 9.5, 21])
def test_matlab_motion_rises_counter_clockwise(length: float, angle: float) -> None:
    values = kernel(f"matlab:motion:{length},{angle}")
    np.testing.assert_allclose(values, values[::-1, ::-1], atol=1e-15)
    y, x = (np.arange(-(n // 2), n // 2 + 1) for n in values.shape)
    twist = (values * -y[:, None] * x).sum()  # positive where it rises to the right
    if length > 2:
        assert np.sign(np.round(twist, 9)) == np.sign(np.round(np.sin(np.radians(2 * angle)), 9))
    across = -y[:, None] * np.cos(np.radians(angle)) - x * np.sin(np.radians(angle))
    assert (values[np.abs(across) > 1.000001] == 0).all()


@pytest.mark.parametrize("sigma", ["1e-300", "2.2e-311", "1e-3"])
def test_opencv_without_any_width(sigma: str) -> None:
    expected = np.outer([0, 1, 0], [0, 1, 0])
    np.testing.assert_array_equal(kernel(f"opencv:gaussian:3,{sigma}"), expected)


def test_imagemagick_convolves() -> None:
    """What it printed is turned: its own answer to one bright cell is the printed table."""
    printed = {name: IMAGEMAGICK[name]()[::-1, ::-1] for name in IMAGEMAGICK}
    assert printed["imagemagick:sobel:90"].tolist() == [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
    cell = np.zeros((7, 7))
    cell[3, 3] = 1
    answer = conv2d(cell, kernel("imagemagick:sobel:90"), padding="same")
    np.testing.assert_array_equal(answer[2:5, 2:5], printed["imagemagick:sobel:90"])
    tail = conv2d(cell, kernel("imagemagick:comet:3,2"), padding="same")[3]
    np.testing.assert_allclose(tail[3:6], [0.428302, 0.34909, 0.222608], atol=1e-6)
    assert not tail[:3].any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("opencv:sobel:0,0", "kernel 'opencv:sobel': dx and dy are both 0"),
        ("opencv:sobel:3,0,3", "ksize 3 is too small for dx 3, dy 0"),
        ("opencv:sobel:1,0,33", "ksize '33' is not an odd number from 1 to 31"),
        ("opencv:sobel:1.5", "dx '1.5' is not a whole number from 0 to 30"),
        ("opencv:scharr:1,1", "dx 1 and dy 1 do not sum to 1"),
        ("imagemagick:sobel:30", "angle '30' is not one of 0, 45, 90"),
        (
            "imagemagick:frei-chen",
            "no kernel named 'frei-chen'; nearest: frei-chen",
        ),
        ("scikit-image:difference-of-gaussians:2,1", "high 1 is smaller than low 2"),
        ("matlab:disk:0", "radius '0' is not a number from 1 to 511"),
        ("pillow:emboss:1", "kernel 'pillow:emboss' takes no parameters"),
    ],
)
def test_faults(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(text)
    assert message in str(caught.value)


def test_an_offset_is_added_before_the_activation_and_said() -> None:
    emboss, edge = resolve("pillow:emboss")[0], resolve("edge")[0]
    plain = conv2d(IMAGE, emboss.values)
    result = convolve(IMAGE, [emboss], bias=-100, activation="relu")
    np.testing.assert_allclose(result.maps[0].values, np.maximum(plain + 28, 0))
    assert "offset 128" in result.settings
    both = convolve(IMAGE, [emboss, edge])
    assert both.settings == ("offset 128 of pillow:emboss",)
    np.testing.assert_array_equal(both.maps[1].values, conv2d(IMAGE, edge.values))
    assert convolve(IMAGE, [edge]).settings == ()
    np.testing.assert_array_equal(kernel("pillow:emboss"), emboss.values)


def test_what_is_said_of_them() -> None:
    entry = describe("pillow:smooth")
    assert (entry.family, entry.scale, entry.offset) == ("pillow", 13, 0)
    assert describe("matlab:gaussian:3,0.5").signature == "matlab:gaussian[:HSIZE[,SIGMA]]"
