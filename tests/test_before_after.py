"""A layer's maps before and after training: the same filters twice, plainly labelled."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz import conv2d
from cnnviz.errors import SpecError
from cnnviz.render import Look, render
from cnnviz.render.figures import before_after as figure
from cnnviz.render.scene import Picture, Scene
from cnnviz.report.before_after import BeforeAfter, Side, before_after
from cnnviz.report.layer_features import Seen

# Kernel, image, and what is done to the maps.
CASES = {
    "one": ((3, 3, 1, 1), (20, 30), np.copy),
    "lenet": ((5, 5, 1, 6), (28, 28), np.tanh),
    "colour net": ((5, 5, 3, 24), (32, 32), np.copy),
    "large": ((11, 11, 3, 96), (227, 227), np.copy),
    "tall": ((3, 3, 3, 8), (90, 12), np.copy),
    "flat": ((1, 7, 3, 16), (8, 120), np.copy),
    "deep": ((3, 3, 16, 10), (14, 14), np.abs),
    "one cell": ((4, 4, 3, 3), (4, 4), np.copy),
}


def made(case: str, name: str = "cat.png", model: str = "net") -> BeforeAfter:
    shape, size, after = CASES[case]
    rng = np.random.default_rng(1)
    image = rng.normal(size=(*size, shape[2])).astype(np.float32)
    sides = []
    for step in (0, 12_345):
        kernel = rng.normal(size=shape).astype(np.float32)
        sides.append(Side(kernel, after(conv2d(image, kernel)), step))
    return before_after(Seen(name, model, image), *sides, layer="conv1", data="photos")


def texts(scene: Scene) -> list[str]:
    return [box[4] for box in boxes(scene)]


@pytest.mark.parametrize("range", ["own", "shared"])
@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_nothing_overlaps_and_nothing_is_distorted(case: str, name: str, range: str) -> None:
    scene = figure.draw(made(case), Look(theme=name, range=range))
    assert_texts_fit(scene)
    assert_pictures_fit(scene)


def test_long_names_are_cut() -> None:
    scene = figure.draw(made("lenet", "x" * 300, "y" * 300), Look())
    assert_texts_fit(scene)
    assert scene.width < 1300
    assert render(made("lenet", "<b>\x1b"), "svg").count(b"<b>") == 0


def test_both_are_labelled_and_the_filters_are_the_same() -> None:
    scene = figure.draw(made("colour net"), Look())
    said = texts(scene)
    assert said.count("random") == said.count("trained") == 2
    assert {"step 0", "step 12\u2009345"} <= set(said)
    assert any("16 of 24 filters, evenly sampled" in text for text in said)
    titles = [item.title for item in scene.items if isinstance(item, Picture)]
    for index in made("colour net").shown:
        for stage in ("random", "trained"):
            assert f"map {index}, {stage}" in titles
            assert f"kernel {index}, {stage}" in titles


def test_zero_is_in_the_middle_of_every_signed_map() -> None:
    result = made("lenet")
    scene = figure.draw(result, Look())
    found = {p.title: p.pixels for p in scene.items if isinstance(p, Picture)}
    for side in result.sides:
        for index in result.shown:
            values, colours = side.maps[..., index], found[f"map {index}, {side.stage}"]
            red, blue = colours[..., 0].astype(int), colours[..., 2].astype(int)
            clear = np.abs(values) > 0.1 * np.abs(values).max()
            assert ((blue > red) == (values > 0))[clear].all()


def test_maps_without_negative_values_are_not_signed() -> None:
    said = texts(figure.draw(made("deep"), Look()))
    assert "its min" in said
    assert not any("zero in the middle" in text for text in said)
    assert any("average over 16 input channels" in text for text in said)


def test_rows_and_arrays_hold_both() -> None:
    result = made("lenet")
    rows = result.to_dicts()
    assert len(rows) == 6
    assert rows[2]["after"]["max"] == pytest.approx(float(result.after.maps[..., 2].max()))
    assert [name for name, _ in result.arrays()] == ["before", "after"]


def test_a_layer_that_is_no_convolution_is_refused() -> None:
    side = Side(np.ones((784, 10), np.float32), np.ones(10, np.float32), 0)
    seen = Seen("cat.png", "net", np.ones((28, 28, 1), np.float32))
    with pytest.raises(SpecError, match="fc: kernels 784x10 and an output of 10 are not"):
        before_after(seen, side, side, layer="fc", data="photos")
