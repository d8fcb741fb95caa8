"""The figures of `kernels`: nothing overlaps, nothing is cut, colours mean what they say."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz.kernels import Kernel, Layout, Stored, kernel_names
from cnnviz.render import Look, render
from cnnviz.render.figures import filters as filters_figure
from cnnviz.render.figures import kernels as kernels_figure
from cnnviz.render.scene import Path, Picture, Scene
from cnnviz.report.filters import FilterSet
from cnnviz.report.kernels import KernelFacts, KernelSet, look_up

RNG = np.random.default_rng(9)


def drawn(*arrays: np.ndarray, name: str = "k") -> KernelSet:
    return KernelSet(tuple(KernelFacts(Kernel(name, a.astype(float), "drawn")) for a in arrays))


def layer(*shape: int, name: str = "conv1.weight", **view: int) -> FilterSet:
    """Return filters as `(kh, kw, C, filters)`."""
    values = RNG.normal(size=shape)
    stored = Stored(name, shape, Layout("hwio", "by its shape"))
    return FilterSet("net.npz", stored, values, **view)


NAMED = {
    "one": ["sobel-x"],
    "decimals": ["gaussian:5"],
    "fractions": ["binomial:7"],
    "wide": ["1 2 3 4 5 6 7 8 9 10 11 12 13"],
    "tall": ["1;2;3"],
    "two and a tool": ["edge", "pillow:emboss"],
    "three": ["box:3", "gabor", "motion:9,30"],
    "bank": ["bank:kirsch"],
    "tool": ["pillow"],
    "all": [name for name in kernel_names() if name != "schmid"],
}
DRAWN = {
    "single": [np.ones((1, 1))],
    "zeros": [np.zeros((3, 3))],
    "large": [RNG.normal(size=(61, 61))],
    "line": [RNG.normal(size=(1, 300))],
    "tiny numbers": [RNG.normal(size=(5, 5)) * 1e-9],
    "large numbers": [RNG.normal(size=(5, 5)) * 1e9],
    "separable, negative": [np.outer([-1.5, 2.25, 0.1], [-3.25, 1, 0.7])],
}
FILTERS = {
    **{f"{n} in colour": layer(7, 7, 3, n) for n in (1, 2, 4, 5, 9, 16, 32, 64, 70)},
    **{f"{n} in one channel": layer(3, 3, 1, n) for n in (1, 6, 16, 33)},
    "deep": layer(3, 3, 16, 20),
    "a slice": layer(3, 3, 3, 20, channel=2),
    "a page": layer(3, 3, 16, 130, page=3),
    "1x1": layer(1, 1, 128, 200),
    "1x1, few": layer(1, 1, 2, 3),
    "one dimension": layer(1, 5, 8, 12),
    "large": layer(61, 61, 3, 8),
    "long name": layer(3, 3, 3, 4, name="model/block/" * 20 + "kernel:0"),
}


def figures() -> dict[str, tuple[object, Look]]:
    looks = {"light": Look(), "dark, shared": Look(theme="dark", range="shared")}
    return {
        f"{case}, {how}": (make, look)
        for case, make in {**NAMED, **DRAWN, **FILTERS}.items()
        for how, look in looks.items()
    }


@pytest.fixture(params=figures())
def figure(request: pytest.FixtureRequest) -> Scene:
    given, look = figures()[request.param]
    if isinstance(given, FilterSet):
        return filters_figure.draw(given, look)
    made = look_up(given) if isinstance(given[0], str) else drawn(*given)
    return kernels_figure.draw(made, look)


def test_texts_do_not_overlap_and_stay_inside(figure: Scene) -> None:
    assert_texts_fit(figure)


def test_pictures_do_not_overlap_and_keep_their_aspect(figure: Scene) -> None:
    assert_pictures_fit(figure)


def words(scene: Scene) -> list[str]:
    return [box[4] for box in boxes(scene)]


def tiles(scene: Scene, start: str) -> list[np.ndarray]:
    return [i.pixels for i in scene.items if isinstance(i, Picture) and i.title.startswith(start)]


def test_a_kernel_with_its_factors() -> None:
    scene = kernels_figure.draw(look_up(["binomial:3"]), Look())
    texts = words(scene)
    assert scene.title == "binomial:3: 3×3, separable, low-pass"
    assert texts.count("1/16 ×") == 2
    assert {"column", "row", "sum 1   rank 1", "0.5", "−0.5", "in both directions"} <= set(texts)
    assert "column" not in words(kernels_figure.draw(look_up(["edge"]), Look()))


@pytest.mark.parametrize("scale", [1, 2])
def test_the_response_has_zero_frequency_in_its_centre(scale: int) -> None:
    scene = kernels_figure.draw(look_up(["box:5"]), Look(scale=scale))
    (pixels,) = tiles(scene, "frequency response")
    middle = pixels.shape[0] // 2
    darkness = 765 - pixels.astype(int).sum(axis=2)
    assert darkness[middle, middle] == darkness.max()
    np.testing.assert_array_equal(pixels, pixels[::-1, ::-1])
    # The box of 5 lets nothing of a wave of 5 pixels through: u = 0.2, v = 0.
    zero = round(middle + 0.2 * (pixels.shape[0] - 1))
    assert darkness[middle, zero] <= 0.03 * darkness.max()


def test_the_response_of_a_horizontal_difference_changes_across() -> None:
    (pixels,) = tiles(kernels_figure.draw(look_up(["difference-x"]), Look()), "frequency response")
    assert (pixels == pixels[:1]).all()
    assert len(np.unique(pixels[0], axis=0)) > 50


def test_cuts_are_drawn_once_where_they_are_equal() -> None:
    def curves(name: str) -> int:
        scene = kernels_figure.draw(look_up([name]), Look())
        return sum(isinstance(item, Path) for item in scene.items)

    assert (curves("edge"), curves("sobel-x")) == (1, 2)


def test_colour_kernels_are_gray_at_zero() -> None:
    filters = layer(2, 2, 3, 1)
    filters.values[...] = 0
    filters.values[0, 0, 0], filters.values[1, 1, 2] = 0.5, -0.5
    (pixels,) = tiles(filters_figure.draw(filters, Look()), "filter")
    assert pixels[0, 1].tolist() == [128, 128, 128]
    assert pixels[0, 0].tolist() == [255, 128, 128]
    assert pixels[1, 1].tolist() == [128, 128, 0]


def test_shared_and_own_ranges() -> None:
    filters = layer(3, 3, 1, 2)
    filters.values[..., 0] = np.eye(3)[..., None]
    filters.values[..., 1] = 0.1 * np.eye(3)[..., None]
    own = tiles(filters_figure.draw(filters, Look()), "filter")
    np.testing.assert_array_equal(own[0], own[1])
    shared = tiles(filters_figure.draw(filters, Look(range="shared")), "filter")
    assert (shared[0] != shared[1]).any()


def test_the_figure_says_what_it_shows() -> None:
    deep = " ".join(words(filters_figure.draw(FILTERS["deep"], Look())))
    assert "average over 16 input channels" in deep
    assert "stored as 3×3×16×20 HWIO, by its shape" in deep
    assert "input channel 2 of 3" in " ".join(
        words(filters_figure.draw(FILTERS["a slice"], Look()))
    )
    page = words(filters_figure.draw(FILTERS["a page"], Look()))
    assert "filters 128 to 129 of 130, page 3 of 3" in page
    sample = words(filters_figure.draw(FILTERS["70 in colour"], Look()))
    assert "64 of 70 filters, evenly sampled" in sample
    many = words(kernels_figure.draw(look_up(NAMED["all"]), Look()))
    assert f"64 of {len(NAMED['all'])} kernels shown, evenly sampled" in many


def test_averages_and_slices_are_those_values() -> None:
    deep = FILTERS["deep"]
    np.testing.assert_allclose(deep.view, deep.values.sum(axis=2) / 16)
    assert layer(3, 3, 4, 2, channel=1).view.shape == (3, 3, 2)
    matrix = FILTERS["1x1"]
    np.testing.assert_array_equal(matrix.view[0], matrix.values[0, 0])


@pytest.mark.parametrize("format", ["png", "svg"])
def test_both_formats(format: str) -> None:
    for result in (look_up(["sobel-x"]), FILTERS["9 in colour"]):
        data = render(result, format)
        if format == "png":
            Image.open(BytesIO(data)).load()
        else:
            assert data.startswith(b"<svg")


def test_numbers_in_cells_have_no_sign_that_the_face_lacks() -> None:
    from cnnviz.render.fonts import font
    from cnnviz.render.scene import Text

    scene = kernels_figure.draw(look_up(["12345 -1234; 1e-9 0.5"]), Look())
    texts = [item.text for item in scene.items if isinstance(item, Text) and item.face == "mono"]
    assert len(texts) == 4
    missing = font("mono", 32).getmask("\ue000").getbbox()
    for sign in set("".join(texts)):
        assert font("mono", 32).getmask(sign).getbbox() != missing, sign


@pytest.mark.parametrize("size", [1, 1e-3, 1e-7])
def test_all_filters_of_a_page_have_their_range_or_none_has(size: float) -> None:
    filters = layer(3, 3, 16, 130)
    filters.values[...] *= size
    texts = words(filters_figure.draw(filters, Look()))
    assert sum(text.startswith("±") for text in texts) in (0, 64)
    assert size < 1e-3 or any(text.startswith("±") for text in texts)
