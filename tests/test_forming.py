"""The kernels as they form: what of them is shown, before and after, and the animation."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz.errors import SpecError
from cnnviz.render import Look, animate, render
from cnnviz.render.figures import forming as figure
from cnnviz.render.figures.kernel_grid import pixels
from cnnviz.render.numbers import THIN
from cnnviz.render.scene import Path, Picture, Scene
from cnnviz.render.theme import theme
from cnnviz.report.forming import Forming, Snapshot, forming

# Shape of the kernels and what a dense layer takes.
LAYERS = {
    "lenet": ((5, 5, 1, 6), None),
    "colour net": ((5, 5, 3, 24), None),
    "small": ((3, 3, 3, 64), None),
    "resnet": ((7, 7, 3, 64), None),
    "alexnet": ((11, 11, 3, 96), None),
    "wide": ((3, 9, 1, 4), None),
    "one": ((5, 5, 1, 1), None),
    "pointwise": ((1, 1, 3, 8), None),
    "deep": ((3, 3, 16, 32), None),
    "deeper": ((3, 3, 200, 2), None),
    "sequence": ((9, 1, 16), None),
    "sequences": ((7, 4, 12), None),
    "dense": ((784, 100), (28, 28, 1)),
    "dense colour": ((48, 5), (4, 4, 3)),
    "dense sequence": ((30, 5), (10, 3)),
}


def snapshots(shape: tuple[int, ...], count: int = 4) -> list[Snapshot]:
    rng = np.random.default_rng(3)
    first, last = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
    found = []
    for i in range(count):
        t = i / max(1, count - 1)
        figures = (2.3 - t, 0.1 + 0.8 * t) if i else (None, None)
        found.append(Snapshot(1000 * i**2, 1 + i // 2, *figures, (1 - t) * first + 3 * t * last))
    return found


def made(case: str, count: int = 4, **names: str) -> Forming:
    shape, taken = LAYERS[case]
    known = {"model": "net", "layer": "conv1", "data": "photos"} | names
    return forming(snapshots(shape, count), input_shape=taken, **known)


@pytest.fixture(params=[(c, t) for c in LAYERS for t in ("light", "dark")], ids=str)
def drawn(request: pytest.FixtureRequest) -> list[Scene]:
    case, name = request.param
    look = Look(theme=name)
    result = made(case)
    return [figure.draw(result, look), *(scene for scene, _ in figure.scenes(result, look))]


def test_nothing_overlaps_and_nothing_is_distorted(drawn: list[Scene]) -> None:
    for scene in drawn:
        assert_texts_fit(scene)
        assert_pictures_fit(scene)


def test_nothing_moves_between_frames(drawn: list[Scene]) -> None:
    frames = drawn[1:]
    assert len({(scene.width, scene.height) for scene in frames}) == 1
    places = [
        [(p.x, p.y, p.width, p.height) for p in scene.items if isinstance(p, Picture)]
        for scene in frames
    ]
    assert all(place == places[0] for place in places)
    # Numbers change in their places: what stands before each is where it was.
    for word in ("step", "epoch", "loss", "accuracy"):
        lefts = {box[:2] for scene in frames for box in boxes(scene) if box[4] == word}
        assert len(lefts) <= 2, word  # "step" and "loss" stand at the curve too


def test_cells_are_enlarged_by_whole_factors(drawn: list[Scene]) -> None:
    for scene in drawn:
        for p in scene.items:
            if isinstance(p, Picture) and p.title != "colour scale":
                height, width = p.pixels.shape[:2]
                assert p.width % width == p.height % height == 0


@pytest.mark.parametrize(
    "names", [{"layer": "l" * 300}, {"model": "m" * 200}, {"data": "\x1b[2J\u202e<b>" * 30}]
)
def test_long_and_hostile_names_are_cut(names: dict[str, str]) -> None:
    result = made("lenet", **names)
    for scene in (figure.draw(result, Look()), next(figure.scenes(result, Look()))[0]):
        assert_texts_fit(scene)
        assert scene.width < 1200
    assert b"\x1b" not in render(result, "svg")


def test_a_kernel_of_a_colour_image_is_one_picture_of_it() -> None:
    kernel = np.zeros((2, 2, 3, 1), np.float32)
    kernel[0, 0, 0] = 0.5
    kernel[1, 1] = -0.25
    result = forming([Snapshot(0, 1, None, None, kernel)], model="m", layer="l", data="d")
    (picture,) = result.pictures(kernel)
    found = pixels(picture, float(result.limits(kernel)[0]), theme("light"))
    assert found.tolist() == [
        [[255, 128, 128], [128, 128, 128]],
        [[128, 128, 128], [64, 64, 64]],
    ]


@many(40)
@given(
    side=st.integers(1, 5),
    channels=st.sampled_from([1, 2, 3, 5, 20]),
    filters=st.integers(1, 70),
    rank=st.sampled_from([2, 3, 4]),
)
def test_pictures_are_the_filters_that_they_say(
    side: int, channels: int, filters: int, rank: int
) -> None:
    one = (side, channels) if rank == 3 else (side, side + 1, channels)
    kernel = np.arange(np.prod(one) * filters, dtype=np.float32).reshape(*one, filters)
    stored = kernel.reshape(-1, filters) if rank == 2 else kernel
    result = forming(
        [Snapshot(0, 1, None, None, stored)], model="m", layer="l", data="d", input_shape=one
    )
    found = result.pictures(stored)
    for row, index in enumerate(result.shown):
        theirs = kernel[..., index]
        if rank == 3:
            assert np.array_equal(found[row], theirs.T)
        elif channels == 3:
            assert np.array_equal(found[row], theirs)
        else:
            shown = result.channels or (0,)
            for column, channel in enumerate(shown):
                assert np.array_equal(found[row * len(shown) + column], theirs[:, :, channel])
    assert ("evenly sampled" in result.page_words()) == (
        len(result.shown) < filters or (0 < len(result.channels) < channels)
    )


def test_each_kernel_reaches_its_own_limit_or_all_share_one() -> None:
    result = made("colour net")
    kernels = np.stack([frame.kernel for frame in result.frames])
    for frame, kernel in zip(result.frames, kernels, strict=True):
        assert np.allclose(result.limits(frame.kernel), np.abs(kernel).max(axis=(0, 1, 2)))
    for scene, _ in figure.scenes(result, Look()):
        for p in (item.pixels for item in scene.items if isinstance(item, Picture)):
            assert p.min() == 0 or p.max() == 255
    assert result.largest == pytest.approx(np.abs(kernels).max())
    shared = [scene for scene, _ in figure.scenes(result, Look(range="shared"))]
    assert not any(text.startswith("±") for scene in shared for text in texts(scene))
    assert any("one scale for all, up to ±" in text for text in texts(shared[0]))
    full = [any(p.pixels.max() == 255 for p in s.items if isinstance(p, Picture)) for s in shared]
    assert full == [False, False, False, True]


def test_a_deep_filter_has_one_limit_for_its_channels() -> None:
    result = made("deep")
    kernel = result.frames[0].kernel
    limits = result.limits(kernel).reshape(len(result.shown), -1)
    for row, index in zip(limits, result.shown, strict=True):
        assert row == pytest.approx(np.abs(kernel[..., index]).max())


def test_the_first_and_the_last_frame_say_what_they_are() -> None:
    result = made("lenet", count=5)
    found = list(figure.scenes(result, Look()))
    stages = [
        next(t for t in ("random", "in training", "trained") if t in texts(s)) for s, _ in found
    ]
    assert stages == ["random", "in training", "in training", "in training", "trained"]
    assert "0 of 16\u2009000" in texts(found[0][0])
    assert {"16\u2009000 of 16\u2009000", "1.300", f"90.0{THIN}%"} <= texts(found[-1][0])
    seconds = [time for _, time in found]
    assert seconds == [figure.FIRST, 0.1, 0.1, 0.1, figure.LAST]
    still = figure.draw(result, Look())
    assert {"random", "trained", "step 0", "step 16\u2009000"} <= texts(still)


def test_the_curve_grows() -> None:
    lengths = [
        sum(len(item.points) for item in scene.items if isinstance(item, Path))
        for scene, _ in figure.scenes(made("lenet", count=6), Look())
    ]
    assert lengths == [0, 0, 2, 3, 4, 5]


@pytest.mark.parametrize("figures", [(None, None), (None, 0.5), (float("nan"), None)])
def test_without_a_loss_there_is_progress(figures: tuple[float | None, float | None]) -> None:
    frames = [Snapshot(i, 1, *figures, np.full((3, 3, 1, 2), i, np.float32)) for i in range(3)]
    result = forming(frames, model="m", layer="l", data="d")
    for scene, _ in figure.scenes(result, Look()):
        assert_texts_fit(scene)
        assert "loss" not in texts(scene)


def test_weights_that_are_not_finite_are_magenta_and_said() -> None:
    frames = snapshots((3, 3, 3, 2))
    frames[-1].kernel[1, 2, 0, 1] = np.nan
    frames[-1].kernel[0, 0, 0, 0] = np.inf
    result = forming(frames, model="m", layer="conv1", data="d")
    assert np.isfinite(result.largest)
    assert result.warnings == ("conv1: 2 weights are not finite at the end",)
    *_, (scene, _) = figure.scenes(result, Look())
    kernels = [p.pixels for p in scene.items if isinstance(p, Picture)]
    assert kernels[1][1, 2].tolist() == [255, 0, 255]
    assert result.to_dicts()[-1]["largest"] is None


def test_rows_say_how_far_the_kernels_have_come() -> None:
    rows = made("lenet").to_dicts()
    assert [row["step"] for row in rows] == [0, 1000, 4000, 9000]
    changes = [row["change"] for row in rows]
    assert changes[0] == 0
    assert changes == sorted(changes)


def test_what_makes_no_pictures_is_refused() -> None:
    known = {"model": "m", "layer": "fc", "data": "d"}
    with pytest.raises(SpecError, match="fc: no snapshots"):
        forming([], **known)
    with pytest.raises(SpecError, match="fc: weights 40x10 of a dense layer make no pictures"):
        forming(snapshots((40, 10)), **known)
    with pytest.raises(SpecError, match="40x10"):
        forming(snapshots((40, 10)), input_shape=(5, 5, 1), **known)
    with pytest.raises(SpecError, match="fc: weights 2x3x4x5x6"):
        forming(snapshots((2, 3, 4, 5, 6)), **known)


def test_many_moments_are_sampled() -> None:
    result = made("one", count=300)
    steps = [scene for scene, _ in figure.scenes(result, Look())]
    assert len(steps) == figure.MOST_FRAMES
    assert "random" in texts(steps[0])
    assert "trained" in texts(steps[-1])


def test_the_animation_is_as_large_as_its_scenes_and_small_in_bytes() -> None:
    result = made("colour net", count=5)
    scene, _ = next(figure.scenes(result, Look()))
    data = animate(result, Look(scale=2))
    image = Image.open(BytesIO(data))
    assert image.size == (2 * scene.width, 2 * scene.height)
    assert image.n_frames == 5
    assert image.info["comment"].startswith(b"kernels  conv1 of net, 24 filters of 5x5x3")
    assert len(data) < 1_000_000


def texts(scene: Scene) -> set[str]:
    return {box[4] for box in boxes(scene)}
