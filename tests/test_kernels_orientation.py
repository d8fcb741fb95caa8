"""Which way the named kernels point, and their parameters over many values."""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np
import pytest
from scipy import ndimage

from cnnviz import kernel

SIZES = (1, 3, 5, 7, 21)
BRIGHTER = {  # unit steps to the right and down towards the bright side
    "e": (1, 0),
    "ne": (1, -1),
    "n": (0, -1),
    "nw": (-1, -1),
    "w": (-1, 0),
    "sw": (-1, 1),
    "s": (0, 1),
    "se": (1, 1),
}
SLOPES = (
    *("difference", "farid", "gaussian", "gradient", "haar"),
    *("prewitt", "roberts", "scharr", "sobel"),
)
TURNING = ("kirsch", "compass", "compass-3", "compass-prewitt", "emboss")
MAGICK = ("compass", "kirsch", "prewitt", "roberts", "sobel")
SIDES = {"bottom": "s", "top": "n", "left": "w", "right": "e"}


def ramp(towards, size):
    """Return an image that grows brighter in a compass direction."""
    right, down = BRIGHTER[towards]
    y, x = np.mgrid[: size[0], : size[1]]
    return (right * x + down * y).astype(float)


def respond(values, image):
    """Return the correlation of one kernel with an image of its size."""
    return float((values * image).sum())


def same(actual, expected, **tolerance):
    np.testing.assert_allclose(actual, expected, **({"rtol": 1e-12, "atol": 1e-15} | tolerance))


class TestAgainstOpenCV:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("sigma", [None, 0.5, 2])
    def test_gaussian(self, size, sigma):
        # OpenCV has tables for small sizes without sigma; its documented rule is given instead.
        wide = 0.3 * ((size - 1) * 0.5 - 1) + 0.8 if sigma is None else sigma
        column = cv2.getGaussianKernel(size, wide, cv2.CV_64F)
        text = f"gaussian:{size}" if sigma is None else f"gaussian:{size},{sigma}"
        same(kernel(text), column @ column.T)

    @pytest.mark.parametrize("theta", [0, 22.5, 45, 90, 135, -30])
    @pytest.mark.parametrize("psi", [0, 90, 30])
    def test_gabor(self, theta, psi):
        # OpenCV turns clockwise as seen, and stores its kernel for true convolution.
        expected = cv2.getGaborKernel(
            (11, 11), 2.5, np.radians(-theta), 5, 0.7, np.radians(-psi), cv2.CV_64F
        )
        same(kernel(f"gabor:11,{theta},5,2.5,0.7,{psi}"), expected, atol=1e-12)

    @pytest.mark.parametrize("size", SIZES)
    def test_box(self, size):
        image = np.random.default_rng(size).random((30, 30))
        expected = cv2.blur(image, (size, size), borderType=cv2.BORDER_CONSTANT)
        ours = cv2.filter2D(image, cv2.CV_64F, kernel(f"box:{size}"), borderType=0)
        same(ours, expected, atol=1e-12)


class TestFormulas:
    def test_gabor_defaults(self):
        octave = sqrt(np.log(2) / 2) / np.pi * 3
        assert octave == pytest.approx(0.56, abs=0.005)
        same(kernel("gabor"), kernel("gabor:15,0,5,2.8,0.5,0"))
        same(kernel("gabor:21,30"), kernel("gabor:21,30,7,3.92,0.5,0"))

    def test_motion(self):
        same(kernel("motion:5"), np.pad(np.full((1, 5), 0.2), [(2, 2), (0, 0)]))
        for angle in (0, 20, 45, 70):
            values = kernel(f"motion:9,{angle}")
            same(kernel(f"motion:9,{angle + 90}"), np.rot90(values), atol=1e-12)
            same(kernel(f"motion:9,{-angle}"), values[::-1], atol=1e-12)
            same(kernel(f"motion:9,{angle + 180}"), values, atol=1e-12)
            y, x = np.mgrid[4:-5:-1, -4:5]
            along = np.abs(-x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle)))
            assert (values[along > 1] == 0).all()
            assert values[4, 4] == values.max()


class TestOrientation:
    @pytest.mark.parametrize(
        ("name", "towards"),
        [(f"{family}-{axis}", towards) for family in SLOPES for axis, towards in ("xe", "ys")]
        + [(f"{family}-{d}", d) for family in ("sobel", "prewitt") for d in ("ne", "se")]
        + [(f"{family}:{d}", d) for family in TURNING for d in BRIGHTER]
        + [("sobel-x:9", "e"), ("prewitt-y:9", "s"), ("emboss", "se"), ("pillow:emboss", "ne")]
        + [(f"scikit-image:{name}-v", "e") for name in ("farid", "prewitt", "scharr", "sobel")]
        + [(f"scikit-image:{name}-h", "s") for name in ("farid", "prewitt", "scharr", "sobel")]
        + [(f"imagemagick:{name}", "e") for name in MAGICK]
        + [(f"imagemagick:{name}:135", "sw") for name in MAGICK]
        + [(f"setosa:{side}-sobel", towards) for side, towards in SIDES.items()]
        + [("matlab:sobel", "n"), ("matlab:prewitt", "n")]
        + [("opencv:sobel", "e"), ("opencv:sobel:0,1", "s"), ("opencv:scharr:0,1", "s")],
    )
    def test_brighter_that_way_is_positive(self, name, towards):
        values = kernel(name)
        forward = respond(values, ramp(towards, values.shape))
        assert forward > 0
        if "emboss" not in name:  # the image itself is in it
            assert respond(values, ramp(towards, values.shape) + 9) == pytest.approx(forward)

    @pytest.mark.parametrize("family", ["sobel", "prewitt", "kirsch:"])
    def test_diagonals_answer_their_own_direction_most(self, family):
        for name in ("ne", "se"):
            values = kernel(f"{family}{name}" if ":" in family else f"{family}-{name}")
            steps = {d: respond(values, ramp(d, (3, 3)) > 0) for d in ("ne", "se", "nw", "sw")}
            assert max(steps, key=steps.get) == name

    def test_lines_answer_their_own_direction_only(self):
        lines = {
            "line-h": np.eye(3)[[1]].T @ np.ones((1, 3)),
            "line-v": np.ones((3, 1)) @ np.eye(3)[[1]],
            "line-45": np.eye(3)[::-1],
            "line-135": np.eye(3),
        }
        for name in lines:
            answers = {other: respond(kernel(name), image) for other, image in lines.items()}
            assert answers.pop(name) == 6
            assert set(answers.values()) == {0}

    def test_gabor_and_motion_turn_counter_clockwise(self):
        y, x = np.mgrid[7:-8:-1, -7:8]  # y grows upward, as seen
        for theta in (0, 30, 45, 90, 120):
            wave = {
                t: np.cos(2 * np.pi * (x * np.cos(np.radians(t)) + y * np.sin(np.radians(t))) / 5)
                for t in (0, 30, 45, 90, 120)
            }
            answers = {t: respond(kernel(f"gabor:15,{theta}"), image) for t, image in wave.items()}
            assert max(answers, key=answers.get) == theta
        rising = kernel("motion:9,45")
        assert rising[1, 7] > 0
        assert rising[7, 1] == pytest.approx(rising[1, 7])
        assert rising[1, 1] == rising[7, 7] == 0
        assert rising[0, 8] == 0  # farther than half the length from the middle

    def test_nevatia_babu_turns_counter_clockwise(self):
        y, x = np.mgrid[2:-3:-1, -2:3]  # y grows upward, as seen
        for angle in range(0, 360, 30):
            slope = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
            answers = {a: respond(kernel(f"nevatia-babu:{a}"), slope) for a in range(0, 360, 30)}
            assert max(answers, key=answers.get) == angle

    def test_step_edge_in_an_image(self):
        image = np.zeros((6, 6))
        image[:, 3:] = 255
        assert ndimage.correlate(image, kernel("sobel-x"))[3, 3] == 4 * 255
        assert ndimage.correlate(image, kernel("sobel-y"))[3, 3] == 0
        assert ndimage.correlate(image.T, kernel("sobel-y"))[3, 3] == 4 * 255
