"""Terms add up to what the engine computed: of drawn settings, against sums written apart."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import assert_pictures_fit, assert_texts_fit, boxes
from scipy.signal import correlate2d

from cnnviz.errors import SpecError
from cnnviz.images import load_image
from cnnviz.kernels import Kernel, resolve
from cnnviz.model import load_model
from cnnviz.model.explain import layer_explanation
from cnnviz.render.figures import explanation, explanation_tiles
from cnnviz.render.look import Look
from cnnviz.render.scene import Picture, Text
from cnnviz.report.explained import kernel_explanation, pooling_explanation
from cnnviz.report.tiles import tiled

BORDERS = {"zero": "constant", "edge": "edge", "reflect": "reflect", "wrap": "wrap"}
SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))


def exact(one) -> float:
    """Return the sum of patch times kernel in fractions, rounded once."""
    pairs = zip(one.patch.ravel().tolist(), one.kernel.ravel().tolist(), strict=True)
    return float(sum(Fraction(a) * Fraction(b) for a, b in pairs))


def bound(one) -> float:
    """Return the most that float32 may round a sum of these products, and its bias."""
    scale = float(np.abs(one.products).sum()) + abs(one.before - one.total) + 1e-30
    return scale * (one.products.size + 2) * 2.0**-23


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_convolutions(data):
    size, stride, dilation = (data.draw(SIZES) for _ in range(3))
    padding = data.draw(st.sampled_from(["valid", "same", "full", 1]))
    border, flip = data.draw(st.sampled_from(sorted(BORDERS))), data.draw(st.booleans())
    channels = data.draw(st.integers(1, 4))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    image = random.normal(0, 9, (11, 12, channels)).astype(np.float32)
    shape = (*size, channels) if data.draw(st.booleans()) else size
    kernel = Kernel("drawn", random.normal(size=shape), "drawn", offset=0.5)
    how = {"strides": stride, "padding": padding, "dilation_rate": dilation, "border": border}
    found = kernel_explanation(image, kernel, **how, flip=flip, bias=0.25, activation="relu")
    rows, columns = found.arithmetic.axes
    at = random.integers(rows.output), random.integers(columns.output)
    one = found.arithmetic.terms((int(at[0]), int(at[1])))
    # The patch, cut out of NumPy's own padded image.
    pads = [(axis.before, axis.after) for axis in (rows, columns)]
    padded = np.pad(image, [*pads, (0, 0)], BORDERS[border])
    top, left = at[0] * stride[0], at[1] * stride[1]
    patch = padded[
        top : top + rows.extent : dilation[0], left : left + columns.extent : dilation[1]
    ]
    assert np.array_equal(one.patch, patch)
    weights = kernel.values.astype(np.float32)
    weights = weights[::-1, ::-1] if flip else weights
    deep = weights if weights.ndim == 3 else np.stack([weights] * channels, axis=2)
    assert np.array_equal(one.kernel, deep)
    assert one.total == exact(one)
    assert one.value == max(0.0, one.total + 0.75)
    assert sum(one.sums) == pytest.approx(one.total, abs=1e-9)
    assert abs(one.difference) <= bound(one)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["max", "min", "average", "lp:3"]),
    size=SIZES,
    stride=SIZES,
    padding=st.sampled_from(["valid", "same"]),
    ceil=st.booleans(),
    counted=st.booleans(),
    seed=st.integers(0, 99),
)
def test_poolings(kind, size, stride, padding, ceil, counted, seed):
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (9, 10, 2)).astype(np.float32)
    how = {"pool_size": size, "strides": stride, "padding": padding, "ceil_mode": ceil}
    found = pooling_explanation(image, kind, channel=1, **how, count_include_pad=counted)
    for row in range(found.arithmetic.output.shape[0]):
        one = found.arithmetic.terms((row, found.arithmetic.output.shape[1] - 1))
        read = one.patch[one.inside][:, 0]
        if kind == "max":
            assert one.value == read.max() == one.engine
        elif kind == "min":
            assert one.value == read.min() == one.engine
        elif kind == "average":
            assert one.value == float(Fraction(int(read.sum())) / one.divisor)
            assert counted or one.divisor == len(read)
        assert one.engine == pytest.approx(one.value, rel=1e-6)


@pytest.mark.parametrize("layer", ["c1", "s2", "c3", "s4", "c5", "f6", "output"])
def test_every_layer_of_a_trained_network(layer):
    model, image = load_model("lenet5"), load_image(SAMPLES / "digit.png")
    found = layer_explanation(model, image, layer)
    (one,) = found.values
    assert one.engine == pytest.approx(one.value, abs=2e-5, rel=2e-5)
    assert one.engine in model.trace(image, layers=[layer])[layer]
    if one.kernel is not None:
        assert one.total == exact(one)


def test_every_layer_of_the_colour_network():
    model, image = load_model("cifar-net"), load_image(SAMPLES / "cat.png")
    kinds = ("Conv2D", "Dense", "MaxPooling2D", "GlobalAveragePooling2D")
    names = [n.name for n in model.graph.nodes if type(n.layer).__name__ in kinds]
    assert len(names) > 3
    for name in names:
        (one,) = layer_explanation(model, image, name, filter=2).values
        assert one.engine == pytest.approx(one.value, abs=3e-4, rel=3e-4), name


@pytest.mark.parametrize(
    "spec",
    [
        "Conv2D(4, 3, groups=2, activation='tanh')",
        "Conv2D(4, 3, activation='softmax')",
        "DepthwiseConv2D(3, depth_multiplier=2, padding='same')",
        "Flatten() Dense(5, activation='softmax')",
        "AveragePooling2D(3, strides=2, padding='same')",
        "Conv2D(kernels=['sobel-x', 'edge'])",
    ],
)
def test_kinds_of_layers(spec):
    model = load_model(spec, input_shape=(8, 9, 4))
    values = np.random.default_rng(1).normal(size=(8, 9, 4)).astype(np.float32)
    image = load_array(values)
    name = model.graph.nodes[-1].name
    made = model.trace(image, layers=[name])[name]
    for f in range(made.shape[-1]):
        (one,) = layer_explanation(model, image, name, filter=f).values
        assert one.engine == pytest.approx(one.value, abs=1e-5)
        assert one.engine in made[..., f]


def load_array(values: np.ndarray):
    import io

    file = io.BytesIO()
    np.save(file, values)
    return load_image(file.getvalue())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), deep=st.booleans())
def test_what_is_printed_adds_up(seed, deep):
    random = np.random.default_rng(seed)
    image = random.normal(0, 30, (9, 9, 7 if deep else 2)).astype(np.float32)
    kernel = Kernel("drawn", random.normal(size=(3, 3)), "drawn")
    found = kernel_explanation(image, kernel)
    lines = list(found.lines(120))
    (one,) = found.values
    rounding = next(line for line in lines if line.startswith("rounding"))
    stated = float(re.search(r"within (\S+) of", rounding)[1])
    if deep:
        first = next(i for i, line in enumerate(lines) if line.startswith("terms"))
        last = next(i for i, line in enumerate(lines) if line.startswith("  the other"))
        printed = [line.split()[-1] for line in lines[first + 1 : last + 1]]
    else:
        at = [i for i, line in enumerate(lines) if "= products" in line]
        printed = [text for i in at for line in lines[i + 1 : i + 4] for text in line.split()[-3:]]
    assert len(printed) == (13 if deep else 18)
    total = sum(Fraction(text) for text in printed)
    assert abs(float(total) - one.total) <= stated
    assert rounding.isascii()


def test_the_same_kernel_at_two_places():
    image = load_image(SAMPLES / "cat.png").pixels
    (kernel,) = resolve("edge")
    found = kernel_explanation(image, kernel, [(0, 0), (7, 9)], padding="same")
    a, b = found.values
    assert np.array_equal(a.kernel, b.kernel)
    assert a.padded == 5
    assert not b.padded


def test_a_place_that_is_not_there():
    (kernel,) = resolve("edge")
    with pytest.raises(SpecError, match="8,0 is not in the output, 8x8"):
        kernel_explanation(np.zeros((10, 10)), kernel, [(8, 0)])


CASES = {
    "colour": ("edge", {"padding": "same", "at": [(0, 0), (5, 9)]}),
    "dilated": ("sobel-x", {"dilation_rate": 3, "strides": 2, "bias": 1.5, "activation": "relu"}),
    "large": ("gaussian:9", {"padding": "full"}),
    "row": ("1 2 3 2 1", {"channels": "gray"}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", [(12, 14), (200, 40)])
def test_figures(case, size):
    text, how = CASES[case]
    image = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.float32)
    found = kernel_explanation(image, resolve(text)[0], **how)
    for figure, result in ((explanation, found), (explanation_tiles, tiled(found))):
        scene = figure.draw(result, Look(theme="dark"))
        assert_texts_fit(scene)
        assert_pictures_fit(scene)


def test_the_largest_terms_share_their_decimals():
    image = load_image(SAMPLES / "digit.png")
    found = layer_explanation(load_model("lenet5"), image, "c3", [(2, 2)])
    scene = explanation.draw(found, Look())
    texts = [item for item in scene.items if isinstance(item, Text) and item.anchor == "end"]
    numbers = [item.text.replace("−", "-") for item in texts if "×" not in item.text]
    numbers = [text for text in numbers if "." in text]
    assert len(numbers) == 13
    assert {len(text.split(".")[1]) for text in numbers} == {6}
    total = float(found.values[0].products.sum())
    assert sum(map(float, numbers)) == pytest.approx(total, abs=6.5e-6)


@pytest.mark.parametrize("layer", ["", "c1", "c3"])
def test_two_places_fill_the_width_above_them(layer):
    places = [(2, 3), (7, 5)]
    if layer:
        image = load_image(SAMPLES / "digit.png")
        found = layer_explanation(load_model("lenet5"), image, layer, places)
    else:
        image = load_image(SAMPLES / "cat.png").pixels
        found = kernel_explanation(image, resolve("sobel-x")[0], places)
    scene = explanation.draw(found, Look())
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    pictures = [i for i in scene.items if isinstance(i, Picture)]
    shown = next(i for i in pictures if i.title == "map")
    if layer != "c3":  # of a long sum the places are below each other
        first, second = (left for left, *_, text in boxes(scene) if text.startswith("row "))
        assert shown.x == pytest.approx(second, abs=1)
        assert first < shown.x
    assert shown.width > scene.width / 5


def test_a_small_image_and_its_map_have_their_numbers():
    image = np.random.default_rng(0).integers(10, 90, (7, 9)).astype(np.float32)
    (kernel,) = resolve("1 1 2; 0 1 1; 2 1 1")
    scene = explanation.draw(kernel_explanation(image, kernel, [(1, 2)]), Look())
    assert_texts_fit(scene)
    written = Counter(text for *_, text in boxes(scene))
    made = correlate2d(image, kernel.values, "valid")
    assert Counter(f"{value:.0f}" for value in [*image.flat, *made.flat]) <= written
    large = explanation.draw(kernel_explanation(np.tile(image, (4, 4)), kernel, [(1, 2)]), Look())
    assert len(boxes(large)) < written.total()


def test_tiles_are_the_values_of_the_map():
    (kernel,) = resolve("edge")
    image = np.random.default_rng(0).integers(0, 256, (40, 30)).astype(np.float32)
    result = tiled(kernel_explanation(image, kernel, [(3, 27)]))
    rows, columns = result.part
    assert (rows, columns) == (range(8), range(20, 28))
    made = [[one.engine for one in line] for line in result.tiles]
    assert made == result.arithmetic.output[:8, 20:28].tolist()
