"""Channels, grays, patches and the correlation of pixels, against other people's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnviz.errors import SpecError
from cnnviz.kernels import Kernel, resolve
from cnnviz.ops import conv2d
from cnnviz.report.channels import channels
from cnnviz.report.convolution import convolve
from cnnviz.report.each import EachSet
from cnnviz.report.locality import locality

RNG = np.random.default_rng(11)
PHOTO = RNG.integers(0, 256, (24, 37, 3)).astype(np.float32)


def gray(name: str) -> np.ndarray:
    return dict(channels(PHOTO).arrays())[f"gray-{name}"]


class TestGrays:
    def test_average_is_the_mean(self) -> None:
        np.testing.assert_allclose(gray("average"), PHOTO.mean(axis=2), rtol=1e-6)

    def test_luma601_is_pillows(self) -> None:
        pillow = np.asarray(Image.fromarray(PHOTO.astype(np.uint8)).convert("L"), np.float32)
        assert np.abs(gray("luma601") - pillow).max() < 0.51  # which rounds

    def test_luma709_is_that_of_scikit_image(self) -> None:
        color = pytest.importorskip("skimage.color")
        # Its weights are 0.2125, 0.7154, 0.0721: those of BT.709 derived with fewer digits.
        np.testing.assert_allclose(gray("luma709"), color.rgb2gray(PHOTO), atol=0.06)

    def test_linear_is_expanded_weighed_and_compressed(self) -> None:
        def light(code: float) -> float:
            v = code / 255
            return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

        for pixel, value in zip(PHOTO[3], gray("linear")[3], strict=True):
            r, g, b = map(light, pixel.tolist())
            y = 0.2126 * r + 0.7152 * g + 0.0722 * b
            code = 12.92 * y if y <= 0.0031308 else 1.055 * y ** (1 / 2.4) - 0.055
            assert value == pytest.approx(255 * code, abs=1e-3)

    def test_a_gray_pixel_is_the_same_by_all(self) -> None:
        result = channels(np.full((2, 2, 3), 77, np.float32))
        assert [g.mean for g in result.grays] == pytest.approx([77] * 4, abs=1e-3)
        assert result.disputed is None

    def test_the_most_disputed_pixel_is_found(self) -> None:
        image = np.full((5, 6, 3), 90, np.float32)
        image[3, 4] = (200, 0, 0)
        result = channels(image)
        assert result.disputed == (3, 4)
        text = " ".join(result.lines())
        assert "R 200 G 0 B 0 at row 3, column 4: 66.7 average, 59.8 Rec. 601 luma" in text


class TestChannels:
    def test_they_are_the_image(self) -> None:
        result = channels(PHOTO)
        assert [c.name for c in result.channels] == ["R", "G", "B"]
        assert np.array_equal(np.stack([c.values for c in result.channels], axis=-1), PHOTO)
        assert result.shape == (24, 37, 3)

    @pytest.mark.parametrize(
        ("shape", "is_photo", "names"),
        [
            ((4, 5), False, ["gray"]),
            ((4, 5, 1), True, ["gray"]),
            ((4, 5, 2), True, ["gray", "A"]),
            ((4, 5, 4), True, ["R", "G", "B", "A"]),
            ((4, 5, 4), False, ["0", "1", "2", "3"]),
        ],
    )
    def test_names(self, shape: tuple[int, ...], is_photo: bool, names: list[str]) -> None:
        result = channels(np.full(shape, 9, np.float32), is_photo=is_photo)
        assert result.names == names
        assert bool(result.grays) == (names[0] == "R")

    def test_values_off_the_scale_have_no_gray(self) -> None:
        assert not channels(PHOTO - 1000, is_photo=False).grays
        assert not channels(PHOTO / 255, is_photo=False).grays

    def test_locality_leaves_transparency_out(self) -> None:
        noise = RNG.normal(size=(40, 40))
        ramp = np.tile(np.arange(40.0), (40, 1))
        image = np.stack([noise, ramp * 1000], axis=-1).astype(np.float32)
        found = channels(image, locality=True).locality
        assert found is not None
        np.testing.assert_allclose(
            found.both, locality(image[..., 0]).both, atol=1e-6, equal_nan=True
        )


class TestPatch:
    def test_it_is_a_slice(self) -> None:
        patch = channels(PHOTO, at=(3, 30), patch=(4, 9)).patch
        assert patch.slices == "[3:7, 30:37]"  # cut at the edge
        assert np.array_equal(patch.of(PHOTO), PHOTO[3:7, 30:39])

    def test_it_lies_where_colours_vary(self) -> None:
        image = np.full((32, 32, 3), 50, np.float32)
        image[8:16, 24:32] = RNG.integers(0, 256, (8, 8, 1))  # contrast, no colour
        image[16:24, 8:16] = RNG.integers(0, 50, (8, 8, 3))
        assert channels(image).patch.slices == "[16:24, 8:16]"
        assert channels(image[..., 0]).patch.slices == "[8:16, 24:32]"

    @pytest.mark.parametrize(("at", "size"), [((24, 0), 8), ((0, 37), 8), ((0, 0), 17)])
    def test_outside_or_too_large(self, at: tuple[int, int], size: int) -> None:
        with pytest.raises(SpecError):
            channels(PHOTO, at=at, patch=size)


class TestLocality:
    @given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
    def test_it_is_that_of_numpy(self, height: int, width: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        image = np.cumsum(rng.normal(size=(height, width)), axis=1) * 10 + 200
        found = locality(image, 12)
        for d in range(13):
            across = image[:, : width - d], image[:, d:]
            along = image[: height - d], image[d:]
            if d <= width // 2 and (d < width - 1 or height > 1) and width > 1:
                expected = np.corrcoef(across[0].ravel(), across[1].ravel())[0, 1]
                assert found.horizontal[d] == pytest.approx(expected, abs=1e-9)
            if d <= min(width, height) // 2 and min(width, height) > 2:
                pairs = [
                    np.concatenate([a.ravel(), b.ravel()])
                    for a, b in zip(across, along, strict=True)
                ]
                assert found.both[d] == pytest.approx(np.corrcoef(*pairs)[0, 1], abs=1e-9)
                middle = found.plane.shape[0] // 2, found.plane.shape[1] // 2
                x, y = image[d:, : width - d].ravel(), image[: height - d, d:].ravel()
                expected = np.corrcoef(x, y)[0, 1]
                assert found.plane[middle[0] - d, middle[1] + d] == pytest.approx(
                    expected, abs=1e-9
                )

    def test_vertical_is_horizontal_of_the_transposed(self) -> None:
        image = PHOTO[..., 0]
        np.testing.assert_allclose(
            locality(image).vertical, locality(image.T).horizontal, equal_nan=True, atol=1e-12
        )

    def test_shuffling_takes_it_away(self) -> None:
        ramp = np.add.outer(np.arange(200.0), np.arange(300.0))
        found = locality(ramp)
        assert found.both[:65].min() > 0.5
        assert np.abs(found.shuffled[1:]).max() < 0.02
        assert found.half is None

    def test_half(self) -> None:
        stripes = np.tile(np.repeat([0.0, 1.0], 10), (8, 20))
        found = locality(stripes, 20)
        assert int(np.flatnonzero(found.horizontal < 0.5)[0]) == 3  # 1 - 2 d / 10
        assert found.horizontal[10] == pytest.approx(-1)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (6, 6)])
    def test_what_is_not_defined_is_none(self, shape: tuple[int, int]) -> None:
        rows = locality(np.full(shape, 0.1)).to_dicts()
        assert len(rows) == 65
        assert all(row["both"] is None for row in rows)


SETTINGS = st.fixed_dictionaries(
    {
        "strides": st.integers(1, 3),
        "padding": st.sampled_from(["valid", "same", "full", ((1, 0), (2, 1))]),
        "dilation_rate": st.integers(1, 2),
        "border": st.sampled_from(["zero", "edge", "reflect", "wrap", 7.0]),
        "flip": st.booleans(),
    }
)


class TestEach:
    @given(SETTINGS, st.booleans())
    def test_addends_make_the_ordinary_map(self, settings: dict, is_deep: bool) -> None:
        shape = (3, 2, 3) if is_deep else (3, 2)
        weights = np.random.default_rng(3).normal(size=shape)
        kernel = Kernel("k", weights, "drawn")
        result = convolve(PHOTO, [kernel], channels="each", **settings)
        assert isinstance(result, EachSet)
        *addends, total = (m.values for m in result.maps)
        expected = conv2d(PHOTO, weights, **settings)
        assert np.array_equal(total, expected[..., 0])
        np.testing.assert_allclose(np.sum(addends, axis=0), total, rtol=1e-4, atol=1e-2)
        for i, addend in enumerate(addends):
            alone = weights[..., i] if is_deep else weights
            np.testing.assert_allclose(
                addend, conv2d(PHOTO[..., i], alone, **settings), rtol=1e-5, atol=1e-3
            )

    def test_bias_and_activation_are_the_sums_alone(self) -> None:
        result = convolve(PHOTO, resolve("sobel-x"), channels="each", bias=-5.0, activation="relu")
        *addends, total = (m.values for m in result.maps)
        expected = np.maximum(np.sum(addends, axis=0) - 5, 0)
        np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-2)
        assert min(a.min() for a in addends) < 0
        assert "relu(sobel-x[R] + sobel-x[G] + sobel-x[B] - 5)" in " ".join(result.lines())

    def test_names(self) -> None:
        result = convolve(PHOTO, resolve("edge") + resolve("edge"), channels="each")
        names = [m.name for m in result.maps]
        assert names == [
            *("edge[R]", "edge[G]", "edge[B]", "edge"),
            *("edge-2[R]", "edge-2[G]", "edge-2[B]", "edge-2"),
        ]

    @pytest.mark.parametrize(
        ("image", "settings"),
        [
            (PHOTO[..., :1], {}),
            (PHOTO[..., 0], {}),
            (np.zeros((9, 9, 4), np.float32), {}),
            (PHOTO, {"groups": 3}),
            (PHOTO, {"combine": "magnitude"}),
        ],
    )
    def test_refused(self, image: np.ndarray, settings: dict) -> None:
        kernels = resolve("sobel-x") + resolve("sobel-y")
        with pytest.raises(SpecError, match="channels each"):
            convolve(image, kernels, channels="each", **settings)


def test_each_adds_a_kernels_own_offset_to_the_sum_only():
    image = np.random.default_rng(5).uniform(0, 255, (8, 9, 3)).astype(np.float32)
    apart = convolve(image, resolve("pillow:emboss"), channels="each")
    *addends, total = apart.maps
    np.testing.assert_allclose(sum(m.values for m in addends) + 128, total.values, atol=1e-3)
    assert apart.formula(total).endswith("+ pillow:emboss[B] + 128")
    assert apart.has_more(total)
