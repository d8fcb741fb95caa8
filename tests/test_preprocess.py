"""Preprocessing: sizes, crops and filters as Pillow and torchvision have them, and what it says."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviz import InputError, SpecError, load_model, read_image
from cnnviz.graph import sequential
from cnnviz.images import load_image
from cnnviz.layers import find
from cnnviz.model.preprocess import Preprocess, preprocess_for
from cnnviz.model.resample import resampled

CAT = SAMPLES / "cat.png"
RANDOM = np.random.default_rng(0)
PILLOW = {
    name: Image.Resampling[name.upper()] for name in ("nearest", "bilinear", "bicubic", "lanczos")
}


def made(table: dict | None, shape=(224, 224, 3), **settings) -> Preprocess:
    graph = sequential("m", shape, {"flatten": find("Flatten")()}, preprocess=table)
    return preprocess_for(graph, **settings)


def by_pillow(path, short: int, crop: int, filter: str) -> np.ndarray:
    """Resize the shorter side and crop the centre, with Pillow's own calls."""
    image = Image.open(path).convert("RGB")
    w, h = image.size
    size = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
    image = image.resize(size, PILLOW[filter])
    left, top = round((size[0] - crop) / 2), round((size[1] - crop) / 2)
    return np.asarray(image.crop((left, top, left + crop, top + crop)), np.float32)


@pytest.mark.parametrize("filter", PILLOW)
def test_a_photo_is_resized_and_cropped_as_pillow_does_it(filter):
    own = made({"resize": 256, "crop": 224, "filter": filter})
    np.testing.assert_array_equal(own.apply(read_image(CAT)), by_pillow(CAT, 256, 224, filter))


def test_imagenet():
    x = (by_pillow(CAT, 256, 224, "bilinear") / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(made(None, preset="imagenet").apply(read_image(CAT)), x, atol=1e-6)


def test_caffe():
    x = by_pillow(CAT, 256, 224, "bilinear")[..., ::-1] - [103.939, 116.779, 123.68]
    np.testing.assert_allclose(made(None, preset="caffe").apply(read_image(CAT)), x, atol=1e-4)


def test_tf():
    x = by_pillow(CAT, 256, 224, "bilinear") / 127.5 - 1
    np.testing.assert_allclose(made(None, preset="tf").apply(read_image(CAT)), x, atol=1e-6)


def test_none_and_no_table_cover_the_input_and_keep_values_or_divide_them():
    x = by_pillow(CAT, 224, 224, "bilinear")
    np.testing.assert_array_equal(made(None, preset="none").apply(read_image(CAT)), x)
    np.testing.assert_allclose(made(None).apply(read_image(CAT)), x / 255, atol=1e-6)


@pytest.mark.parametrize(("side", "short"), [(32, 37), (227, 259), (448, 512), (299, 342)])
def test_presets_keep_their_proportions_at_other_inputs(side, short):
    own = made(None, (side, side, 3), preset="tf")
    x = by_pillow(CAT, short, side, "bilinear") / 127.5 - 1
    np.testing.assert_allclose(own.apply(read_image(CAT)), x, atol=1e-6)


def test_a_table_keeps_its_proportions_at_another_input(tmp_path):
    own = load_model("vgg16", input_shape=(112, 112, 3)).preprocess
    assert (own.resize, own.crop, own.input_shape) == (128, None, (112, 112, 3))
    text = "[preprocess]\nresize = [40, 48]\ncrop = [32, 32]\n[[layers]]\ntype = 'Flatten'\n"
    (tmp_path / "m.toml").write_text("input_shape = [32, 32, 3]\n" + text)
    own = load_model(tmp_path / "m.toml", input_shape=(64, 16, 3)).preprocess
    assert (own.resize, own.crop) == ((80, 24), (64, 16))
    (tmp_path / "m.toml").write_text(text)  # without a shape of its own, sizes are for the given
    assert load_model(tmp_path / "m.toml", input_shape=(32, 32, 3)).preprocess.resize == (40, 48)


def test_an_oblong_input_is_covered():
    own = made(None, (100, 300, 3))
    assert own.describe((300, 451, 3))[0] == "resize 300x451 to 199x300, bilinear, antialiased"
    assert own.apply(read_image(CAT)).shape == (100, 300, 3)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(list(PILLOW)),
)
@settings(max_examples=60, deadline=None)
def test_floats_are_resized_by_pillow_in_floats(size, new, filter):
    values = RANDOM.normal(size=(*size, 1)).astype(np.float32) * 300
    own = resampled(values, new, filter)[..., 0]
    if size == new:
        np.testing.assert_array_equal(own, values[..., 0])
        return
    theirs = np.asarray(Image.fromarray(values[..., 0]).resize(new[::-1], PILLOW[filter]))
    np.testing.assert_array_equal(own, theirs)


def test_without_antialiasing_each_pixel_comes_from_its_neighbours():
    ramp = np.arange(12.0).reshape(1, 12, 1).repeat(2, axis=0)
    own = resampled(ramp, (2, 3), "bilinear", antialias=False)[0, :, 0]
    np.testing.assert_allclose(own, [1.5, 5.5, 9.5])
    own = resampled(ramp, (2, 3), "nearest", antialias=False)[0, :, 0]
    np.testing.assert_array_equal(own, [0, 4, 8])
    own = resampled(ramp, (2, 3), "bicubic", antialias=False)[0, 1, 0]
    assert own == pytest.approx(5.5, abs=1e-5)  # cubic convolution reproduces a line


def test_a_small_image_is_padded_with_zeros_around_its_centre():
    own = made({"crop": 5}, (5, 5, 1)).apply(np.ones((2, 3, 1)))
    expected = np.zeros((5, 5, 1))
    expected[1:3, 1:4] = 1  # one row above, two below: the odd one at the end
    np.testing.assert_array_equal(own, expected)


@pytest.mark.parametrize(
    ("have", "want", "first"), [(5, 2, 2), (7, 4, 2), (6, 3, 2), (8, 3, 2), (9, 4, 2)]
)
def test_a_crop_rounds_half_to_even(have, want, first):
    own = made({"crop": want}, (want, want, 1))
    image = np.arange(have * have, dtype=float).reshape(have, have, 1)
    assert own.apply(image)[0, 0, 0] == first * have + first


def test_colour_becomes_luma_and_gray_is_repeated():
    colour = np.full((4, 4, 3), (100.0, 50.0, 10.0))
    gray = made({}, (4, 4, 1)).apply(colour)
    np.testing.assert_allclose(gray, 0.299 * 100 + 0.587 * 50 + 0.114 * 10, rtol=1e-6)
    assert made({}, (4, 4, 3)).apply(gray).shape == (4, 4, 3)
    assert made({}, (4, 4, 1)).apply(colour[..., 0]).shape == (4, 4, 1)


def test_the_order_of_the_steps():
    table = {"channels": "bgr", "invert": True, "scale": "1/255", "mean": (0.5, 0, 0), "std": 2.0}
    own = made(table, (1, 1, 3)).apply(np.array([[[0.0, 51.0, 255.0]]]))
    np.testing.assert_allclose(own[0, 0], [-0.25, 0.4, 0.5], atol=1e-7)


def test_invert_turns_over_what_the_table_says():
    assert not made({"invert": True}, (1, 1, 1), invert=True).invert
    assert made(None, (1, 1, 1), invert=True).invert


def test_an_array_file_of_the_input_shape_is_not_resized(tmp_path):
    values = RANDOM.integers(0, 255, (32, 32, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    own = made(None, (32, 32, 3), preset="tf")
    np.testing.assert_allclose(
        own.apply(load_image(tmp_path / "x.npy")), values / 127.5 - 1, atol=1e-6
    )
    assert np.abs(own.apply(values) - (values / 127.5 - 1)).max() > 0.1  # a picture is
    assert own.describe((32, 32, 3), is_array=True)[0] == "RGB"


@pytest.mark.parametrize(
    ("shape", "input_shape", "words"),
    [
        ((4, 4, 4), (4, 4, 3), "the image has 4 channels, the model takes 3; use --alpha white"),
        ((4, 4, 2), (4, 4, 1), "the image has 2 channels, the model takes 1; use --alpha"),
        ((4, 4, 5), (4, 4, 3), "the image has 5 channels, the model takes 3"),
        ((4, 4, 3), (48,), "the model takes 48, not an image 4x4x3"),
        ((4, 4, 3), (9, 3), "the model takes 9x3, not an image 4x4x3"),
        ((2, 4, 4, 3), (4, 4, 3), "an image is (H, W, C), not 2x4x4x3"),
    ],
)
def test_images_that_do_not_go_in(shape, input_shape, words):
    own = made(None, input_shape)
    with pytest.raises(InputError) as caught:
        own.apply(np.zeros(shape))
    assert str(caught.value).startswith(words)


def test_sequences_and_rows_go_in_as_they_are():
    assert made(None, (9, 3)).apply(np.ones((9, 3))).shape == (9, 3)
    assert made(None, (48,)).apply(np.ones(48)).shape == (48,)


def test_every_built_in_model_takes_a_photo():
    from cnnviz.model import zoo

    for name in zoo.names():
        model = load_model(name)
        x = model.preprocess.apply(read_image(CAT))
        assert x.shape == model.graph.input_shape
        assert np.isfinite(x).all()


def test_what_was_done_is_said():
    assert made(None, preset="imagenet").describe((300, 451, 3)) == [
        "resize 300x451 to 256x384, bilinear, antialiased",
        "crop 224x224",
        "RGB",
        "scale 1/255",
        "mean 0.485, 0.456, 0.406",
        "std 0.229, 0.224, 0.225",
    ]
    assert made({"filter": "nearest", "resize": 224}).describe((300, 451)) == [
        "gray repeated 3 times",
        "resize 300x451 to 224x336, nearest",
        "crop 224x224",
        "RGB",
    ]
    assert made(None, (4, 4, 1), preset="none").describe((4, 4, 1)) == ["as it is"]
    small = made({"crop": 5, "scale": 2}, (5, 5, 1))
    assert small.describe((2, 9, 1)) == ["crop 5x5, zeros around", "scale 2"]
    assert made({"scale": -0.5}, (5, 5, 1)).describe((5, 5)) == ["scale -0.5"]


@pytest.mark.parametrize("shape", [(5,), (9, 3), (4, 4, 2), (4, 4, 4)])
def test_only_colour_has_an_order_of_channels(shape):
    with pytest.raises(SpecError, match="preprocess: channels bgr: an input"):
        made({"channels": "bgr"}, shape)
    gray = made({"channels": "bgr"}, (1, 1, 1))
    assert gray.apply(np.full((1, 1, 1), 7.0)) == 7


def test_what_was_applied_can_be_undone_to_be_looked_at():
    table = {"channels": "bgr", "scale": "1/255", "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.5)}
    own, image = made(table, (6, 5, 3)), np.round(RANDOM.uniform(0, 255, (6, 5, 3)))
    np.testing.assert_allclose(own.undo(own.apply(image)), image, atol=2e-3)


def test_a_matrix_is_taken_as_it_is_where_nothing_is_said():
    matrix = load_image(SAMPLES / "matrix5x5.csv")
    own = made(None, (5, 5, 1))
    np.testing.assert_array_equal(own.apply(matrix)[..., 0], matrix.pixels)
    assert own.describe((5, 5), is_array=True) == ["as it is"]
    np.testing.assert_array_equal(own.undo(own.apply(matrix), is_array=True), own.apply(matrix))
    said = made({"scale": 0.5}, (5, 5, 1))
    np.testing.assert_array_equal(said.apply(matrix)[..., 0], matrix.pixels / 2)
