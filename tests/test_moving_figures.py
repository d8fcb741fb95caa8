"""Animations as pictures: frames decode again, the last one has the full map, numbers are right."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import islice

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scenes import assert_pictures_fit, assert_texts_fit
from scipy import signal

from cnnviz import render
from cnnviz.images import load_image
from cnnviz.kernels import Kernel, resolve
from cnnviz.model import load_model
from cnnviz.model.explain import layer_explanation
from cnnviz.model.stamps import layer_stamps
from cnnviz.render.backends.png import draw as drawn
from cnnviz.render.figures import sliding as figure
from cnnviz.render.figures import stamping
from cnnviz.render.giffile import UNSEEN
from cnnviz.render.look import Look
from cnnviz.render.numbers import number
from cnnviz.render.oklab import from_srgb
from cnnviz.render.scene import Picture, Scene, Text
from cnnviz.render.theme import theme
from cnnviz.report.explained import kernel_explanation, pooling_explanation
from cnnviz.report.moving import LEFT
from cnnviz.report.sliding import sliding


def frames(data: bytes) -> list[np.ndarray]:
    image = Image.open(BytesIO(data))
    found = []
    for i in range(image.n_frames):
        image.seek(i)
        found.append(np.asarray(image.convert("RGB")))
    return found


def seconds(data: bytes) -> float:
    image = Image.open(BytesIO(data))
    total = 0
    for i in range(image.n_frames):
        image.seek(i)
        total += image.info["duration"]
    return total / 1000


def picture(scene: Scene, title: str) -> Picture:
    return next(p for p in scene.items if isinstance(p, Picture) and p.title == title)


def texts(scene: Scene) -> list[str]:
    return [item.text for item in scene.items if isinstance(item, Text)]


def number_of(text: str) -> float:
    return float(text.replace("−", "-").replace("\u2009", ""))


def digit(**how):
    image = load_image(SAMPLES / "digit.png")
    return sliding([kernel_explanation(image.stored, resolve("sobel-x")[0], **how)], 40)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_last_frame_has_the_full_map(name):
    result = digit()
    data = render.animate(result, Look(theme=name))
    made = frames(data)
    assert len(made) == result.frames <= 40
    assert seconds(data) == pytest.approx(result.seconds)
    last = figure.draw(result, Look(theme=name))
    box = picture(last, "map")
    rows, columns = result.grid
    assert box.pixels.shape == (rows, columns, 3)
    cell = int(box.width) // columns
    top, left = int(box.y), int(box.x)
    tile = made[-1][top : top + rows * cell, left : left + columns * cell]
    # The middle of each cell is the colour of its value, but where the accent's frame is.
    cells = tile[cell // 2 :: cell, cell // 2 :: cell]
    errors = np.linalg.norm(from_srgb(cells) - from_srgb(box.pixels), axis=-1)
    assert np.quantile(errors, 0.99) < 2 * UNSEEN
    jump = np.linalg.norm(from_srgb(made[0]) - from_srgb(made[-1]), axis=-1)
    assert jump.max() <= 2 * UNSEEN
    whole = np.asarray(drawn(last))
    assert np.linalg.norm(from_srgb(made[-1]) - from_srgb(whole), axis=-1).mean() < UNSEEN


def test_the_map_fills_from_the_blank_to_the_whole():
    result = digit(padding="same")
    unknown = np.array([int(theme("light").unknown[i : i + 2], 16) for i in (1, 3, 5)])
    shares = []
    for scene, _ in figure.scenes(result, Look()):
        shares.append(float((picture(scene, "map").pixels == unknown).all(axis=-1).mean()))
    wiped, filling = shares[: 1 + len(LEFT)], shares[1 + len(LEFT) :]
    assert wiped == sorted(wiped)
    assert filling == sorted(filling, reverse=True)
    assert (shares[0], shares[-1], shares[-2]) == (0, 0, 0)
    assert filling[0] == pytest.approx(1 - 1 / 784)


def test_what_is_said_to_be_known_is_what_is_seen():
    result = digit()
    unknown = np.array([int(theme("light").unknown[i : i + 2], 16) for i in (1, 3, 5)])
    for scene, _ in figure.scenes(result, Look()):
        seen = int((picture(scene, "map").pixels != unknown).any(axis=-1).sum())
        assert f"{seen} of 676 values" in texts(scene)


def test_stamps_are_not_counted_while_the_map_is_wiped():
    model = load_model("Conv2DTranspose(1, 3, strides=2)", input_shape=(5, 5, 1))
    result = layer_stamps(model, load_image(SAMPLES / "matrix5x5.csv"), "transpose1", most=40)
    said = [
        next((text for text in texts(scene) if text.endswith(" stamps")), "")
        for scene, _ in stamping.scenes(result, Look())
    ]
    assert said[0] == said[-1] == "25 of 25 stamps"
    assert said[1 : 1 + len(LEFT)] == [""] * len(LEFT)
    assert said[1 + len(LEFT)] == "1 of 25 stamps"


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 999), padding=st.sampled_from(["valid", "same"]))
def test_numbers_are_those_of_scipy(seed, padding):
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (7, 6)).astype(np.float32)
    kernel = random.integers(-9, 10, (3, 3)).astype(float)
    result = sliding([kernel_explanation(image, Kernel("k", kernel, "k"), padding=padding)], 60)
    made = signal.correlate2d(image, kernel, padding)
    stops = islice(figure.scenes(result, Look()), 1 + len(LEFT), None)
    for (scene, _), step in zip(stops, result.steps, strict=False):
        found = [re.fullmatch(r"map\[(\d+), (\d+)\] = (.+)", text) for text in texts(scene)]
        (said,) = [match for match in found if match]
        place = int(said[1]), int(said[2])
        assert place == step.at
        assert number_of(said[3]) == made[place]
    last = texts(figure.draw(result, Look()))
    known = [number_of(text) for text in last if re.fullmatch(r"−?\d+", text)]
    assert all(value in known for value in made.ravel())


def test_values_are_the_engines_to_the_digit_shown():
    run = kernel_explanation(PHOTO, resolve("gaussian:5,1.3")[0], activation="sigmoid", bias=-300)
    logs = layer_explanation(load_model("lenet5"), load_image(SAMPLES / "digit.png"), "c3")
    for result in (sliding([run], 40), sliding([logs], 60)):
        made = result.runs[0].arithmetic.output
        for scene, _ in figure.scenes(result, Look()):
            found = [re.fullmatch(r"map\[(\d+), (\d+)\] = (.+)", text) for text in texts(scene)]
            (said,) = [match for match in found if match]
            engine = float(made[int(said[1]), int(said[2])])
            assert said[3] in [number(engine, digits) for digits in range(3, 8)]


CASES = {
    "matrix": lambda: [kernel_explanation(ARRAY, resolve("edge")[0], padding="same")],
    "dilated": lambda: [kernel_explanation(ARRAY, resolve("box")[0], padding=3, dilation_rate=2)],
    "colour": lambda: [kernel_explanation(PHOTO, resolve("edge")[0], strides=2)],
    "crop": lambda: [kernel_explanation(PHOTO[:9, :8], resolve("sobel-y")[0], padding="full")],
    "kernels": lambda: [
        kernel_explanation(PHOTO, resolve(name)[0], padding="same")
        for name in ("sobel-x", "gaussian:5", "sharpen")
    ],
    "two": lambda: [kernel_explanation(ARRAY, resolve(name)[0]) for name in ("sobel-x", "box")],
    "long": lambda: [kernel_explanation(PHOTO, resolve("gaussian:9")[0])],
    "max": lambda: [pooling_explanation(PHOTO[:12, :12], "max", pool_size=3, strides=2)],
    "average": lambda: [pooling_explanation(PHOTO, "average", padding="same", ceil_mode=True)],
    "one": lambda: [pooling_explanation(PHOTO, "global-average")],
    "layer": lambda: [
        layer_explanation(load_model("lenet5"), load_image(SAMPLES / "digit.png"), "c3")
    ],
    "dense": lambda: [
        layer_explanation(load_model("lenet5"), load_image(SAMPLES / "digit.png"), "f6")
    ],
}
ARRAY = np.random.default_rng(1).integers(0, 10, (6, 7)).astype(np.float32)
PHOTO = load_image(SAMPLES / "cat.png").pixels[60:180, 80:270]


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_frames_fit(case, name):
    result = sliding(CASES[case](), 14)
    sizes = set()
    for scene, _ in figure.scenes(result, Look(theme=name)):
        assert_texts_fit(scene)
        assert_pictures_fit(scene)
        sizes.add((scene.width, scene.height))
    assert len(sizes) == 1
    assert len(list(figure.scenes(result, Look()))) == result.frames


@pytest.mark.parametrize("spec", ["Conv2D(6, 3)", "Conv2D(2, 9, strides=3)", ""])
def test_frames_of_stamps_fit(spec):
    text = f"{spec} Conv2DTranspose(2, 3, strides=2, padding='same', activation='relu')"
    model = load_model(text, input_shape=(28, 28, 1))
    image = load_image(SAMPLES / "digit.png")
    result = layer_stamps(model, image, model.graph.nodes[-1].name, most=14)
    for scene, _ in stamping.scenes(result, Look(theme="dark")):
        assert_texts_fit(scene)
        assert_pictures_fit(scene)
    data = render.animate(result)
    assert len(frames(data)) == result.frames
    # The last picture has the colours of what the engine made.
    box, film = picture(scene, "output"), stamping._Film(result, Look(theme="dark"))
    rows, columns = result.output.shape
    assert np.array_equal(box.pixels, film.scale.colours(result.output.reshape(rows, columns)))
