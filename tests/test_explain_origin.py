"""What `explain` says beyond a window: the region of the image, poolings of many cells, vectors."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from conftest import SAMPLES
from drawn import many, seeds
from hypothesis import given
from hypothesis import strategies as st
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz.images import load_image
from cnnviz.kernels import resolve
from cnnviz.model import load_model
from cnnviz.model.explain import layer_explanation
from cnnviz.render.figures import explanation, explanation_tiles
from cnnviz.render.look import Look
from cnnviz.render.scene import Picture, Rect
from cnnviz.render.theme import THEMES
from cnnviz.report.explained import kernel_explanation, pooling_explanation
from cnnviz.report.tiles import tiled

LAYERS = [
    "Conv2D(3, 3, padding='same')",
    "Conv2D(2, (1, 3), strides=2, padding='same')",
    "Conv2D(2, 3, dilation_rate=2, padding='same')",
    "AveragePooling2D(2)",
    "AveragePooling2D(3, strides=2, padding='same')",
    "DepthwiseConv2D(3, padding='same')",
]
DIGIT, CAT = SAMPLES / "digit.png", SAMPLES / "cat.png"


def array(values: np.ndarray):
    file = io.BytesIO()
    np.save(file, values)
    return load_image(file.getvalue())


@many(25)
@given(st.lists(st.sampled_from(LAYERS), min_size=2, max_size=4), seeds)
def test_the_region_is_what_the_value_depends_on(layers: list[str], seed: int) -> None:
    """Each pixel in turn is another one: the value changes for those of the region's hull."""
    model = load_model(" ".join(layers), input_shape=(16, 15, 1))
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(16, 15, 1)).astype(np.float32)
    name = model.graph.nodes[-1].name
    height, width, _ = model.graph.shapes()[name]
    at = int(rng.integers(height)), int(rng.integers(width))
    found = layer_explanation(model, array(base), name, [at], filter=0)
    assert found.origin is not None
    batch = np.repeat(base[None], 16 * 15, axis=0)
    pixels = np.arange(16 * 15)
    batch[pixels, pixels // 15, pixels % 15] += 100
    before = float(model.forward(base[None])[0, at[0], at[1], 0])
    changed = np.abs(model.forward(batch)[:, at[0], at[1], 0] - before) > 1e-5
    rows, columns = np.nonzero(changed.reshape(16, 15))
    (top, bottom), (left, right) = found.origin.inside(at)
    assert (rows.min(), rows.max() + 1) == (top, bottom)
    assert (columns.min(), columns.max() + 1) == (left, right)
    assert found.origin.share(at) == pytest.approx((bottom - top) * (right - left) / 240)


def test_the_region_is_outlined_on_the_image_to_the_pixel() -> None:
    found = layer_explanation(load_model("lenet5"), load_image(DIGIT), "c3", [(2, 3)], filter=0)
    scene = explanation.draw(found, Look())
    image, maps, _ = [i for i in scene.items if isinstance(i, Picture)][:3]
    accent = scene.theme.accent
    outlines = [i for i in scene.items if isinstance(i, Rect) and i.stroke == accent]
    size = image.width / 28
    # LeNet's c3: 5x5 of averages of 2x2 of a "same" 5x5: 14 pixels, 2 apart, from -2 on.
    first = outlines[0]
    assert (first.x - image.x, first.y - image.y) == (4 * size, 2 * size)
    assert (first.width, first.height) == (14 * size, 14 * size)
    window = outlines[1]
    assert window.x - maps.x == pytest.approx(3 * maps.width / 14)
    assert image.x < maps.x


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("layer", ["s2", "c3", "c5", "f6"])
def test_figures_of_layers(layer: str, theme: str) -> None:
    found = layer_explanation(load_model("lenet5"), load_image(DIGIT), layer)
    scene = explanation.draw(found, Look(theme=theme))
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    texts = [box[4] for box in boxes(scene)]
    assert any("the value sees" in text for text in texts)
    assert "digit.png" in texts


def test_the_first_layer_has_the_image_once() -> None:
    found = layer_explanation(load_model("lenet5"), load_image(DIGIT), "c1")
    assert found.origin is None
    titles = [i.title for i in explanation.draw(found, Look()).items if isinstance(i, Picture)]
    assert titles.count("image") == 1


def test_values_of_a_vector_are_in_rows() -> None:
    found = layer_explanation(load_model("lenet5"), load_image(DIGIT), "f6")
    assert found.seen == "c5, its values in rows"
    scene = explanation.draw(found, Look())
    (vector,) = [i for i in scene.items if isinstance(i, Picture) and i.title == "values"]
    assert vector.pixels.shape[:2] == (11, 11)  # of 120 values
    signs = np.sign(found.picture.ravel()[:11])
    reds = vector.pixels[0, :, 0].astype(int) - vector.pixels[0, :, 2]
    assert (np.sign(reds) == -signs).all()


def test_a_pooling_is_shown_on_the_map_that_it_pools() -> None:
    model, image = load_model("cifar-net"), load_image(CAT)
    found = layer_explanation(model, image, "pool4", filter=53)
    assert found.seen == "conv4_relu:53"
    made = model.trace(image, layers=["conv4_relu"])["conv4_relu"]
    assert np.array_equal(found.picture[..., 0], made[..., 53])
    assert next(found.lines()) == "image    cat.png  32x32x3"


def test_maps_of_layers_are_not_shown_as_pixels() -> None:
    """They go up to 3 or so, which would be black where 255 is white."""
    found = layer_explanation(load_model("cifar-net"), load_image(CAT), "pool5")
    scene = explanation.draw(found, Look())
    shown = {i.title.split()[0]: i.pixels for i in scene.items if isinstance(i, Picture)}
    assert len(np.unique(shown["patch"].reshape(-1, 3), axis=0)) > 9  # of 16 values
    assert shown["map"].max() < 255
    gray = [px for px in (shown["patch"], shown["map"]) if np.ptp(px.astype(int), axis=2).max() < 9]
    assert not gray


class TestPoolingsOfManyCells:
    def test_an_average_is_said_and_shown_by_its_sum(self) -> None:
        image = load_image(CAT).pixels
        found = pooling_explanation(image, "global-average", channel=1)
        lines = list(found.lines())
        total = int(image[..., 1].sum(dtype=np.int64))
        mean = total / image[..., 1].size
        (said,) = [line for line in lines if line.startswith("average")]
        assert f"sum of 135,300 values / 135,300 = {total} / 135300 = {mean:.9g}" in said
        assert not any("largest" in line and "terms" in line for line in lines)
        assert any("none: the sum is exact" in line for line in lines)
        scene = explanation.draw(found, Look())
        texts = [box[4] for box in boxes(scene)]
        low, high = int(image[..., 1].min()), int(image[..., 1].max())
        assert f"135\u2009300 values, from {low} to {high}" in texts
        level = round(mean)
        fill = f"#{level:02x}{level:02x}{level:02x}"
        assert any(isinstance(i, Rect) and i.fill == fill and i.width == 64 for i in scene.items)

    def test_padding_that_counts_is_said(self) -> None:
        how = {"pool_size": 2, "strides": 2, "padding": "same", "count_include_pad": True}
        found = pooling_explanation(np.ones((3, 3, 1), np.float32), "average", [(1, 1)], **how)
        assert any("sum of 1 value / 4, padding counted = 1" in line for line in found.lines())

    @pytest.mark.parametrize("theme", THEMES)
    def test_the_winner_of_a_large_window_is_marked(self, theme: str) -> None:
        image = load_image(CAT).pixels
        found = pooling_explanation(image, "max", [(3, 4)], channel=0, pool_size=16)
        scene = explanation.draw(found, Look(theme=theme))
        assert_texts_fit(scene)
        assert_pictures_fit(scene)
        (patch,) = [i for i in scene.items if isinstance(i, Picture) and i.title == "patch"]
        part = image[48:64, 64:80, 0]
        row, column = np.unravel_index(part.argmax(), part.shape)
        size = patch.width / 16
        marks = [i for i in scene.items if isinstance(i, Rect) and i.stroke == scene.theme.accent]
        centres = {(m.x + m.width / 2, m.y + m.height / 2) for m in marks}
        assert any(
            abs(x - patch.x - (column + 0.5) * size) < 1.5
            and abs(y - patch.y - (row + 0.5) * size) < 1.5
            for x, y in centres
        )


@pytest.mark.parametrize("theme", THEMES)
def test_tiles_have_the_kernel_between_patches_and_map(theme: str) -> None:
    values = np.arange(63, dtype=np.float32).reshape(7, 9)
    (kernel,) = resolve("1 -2 3; 0 5 -6")
    scene = explanation_tiles.draw(tiled(kernel_explanation(values, kernel)), Look(theme=theme))
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    titled = {i.title: i for i in scene.items if isinstance(i, Picture)}
    assert titled["kernel"].pixels.shape == (2, 3, 3)
    assert titled["kernel"].x + titled["kernel"].width < titled["map"].x
    pooled = explanation_tiles.draw(tiled(pooling_explanation(values, "max")), Look(theme=theme))
    assert_texts_fit(pooled)
    assert not [i for i in pooled.items if getattr(i, "title", "") == "kernel"]
    deep = layer_explanation(load_model("lenet5"), load_image(DIGIT), "c3")
    scene = explanation_tiles.draw(tiled(deep), Look(theme=theme))
    assert not [i for i in scene.items if getattr(i, "title", "") == "kernel"]


def test_tiles_say_what_follows_on_the_sum() -> None:
    values = np.arange(63, dtype=np.float32).reshape(7, 9)
    how = {"bias": -2.5, "activation": "relu"}
    found = tiled(kernel_explanation(values, resolve("edge")[0], **how))
    scene = explanation_tiles.draw(found, Look())
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    assert {"− 2.5", "relu"} <= {text for *_, text in boxes(scene)}
    assert scene.title.startswith("edge, bias −2.5, relu")


def test_text_and_json_say_what_is_seen(cnnviz) -> None:
    words = ("--model", "lenet5", "--layer", "c3", "--filter", "4", "--at", "0,0")
    result = cnnviz("explain", DIGIT, *words)
    assert "sees     rows 0 to 11, columns 0 to 11 of the image, 18.4% of it" in result.text
    (row,) = json.loads(cnnviz("explain", DIGIT, *words, "--json").out)["values"]
    assert row["receptive_field"] == {
        "rows": [-2, 12],
        "columns": [-2, 12],
        "image_shape": [28, 28],
        "image_share": 144 / 784,
    }
    (row,) = json.loads(cnnviz("explain", DIGIT, "--kernel", "edge", "--json").out)["values"]
    assert row["receptive_field"] is None
