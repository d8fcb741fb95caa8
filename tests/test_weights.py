"""Trained kernels: the layout of weights, which arrays are kernels, and how one is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnnviz.errors import CnnvizError, InputError, SpecError
from cnnviz.kernels import kernel, locate, open_weights, resolve
from cnnviz.kernels._layout import as_weights, choose, of_file, of_metadata, of_shape

RNG = np.random.default_rng(5)

# As PyTorch stores them (filters, channels / groups, kh, kw).
TORCH = {
    "AlexNet": [(64, 3, 11, 11), (192, 64, 5, 5), (384, 192, 3, 3), (256, 384, 3, 3)],
    "VGG16": [(64, 3, 3, 3), (64, 64, 3, 3), (128, 64, 3, 3), (512, 512, 3, 3)],
    "ResNet": [(64, 3, 7, 7), (64, 64, 1, 1), (256, 64, 1, 1), (512, 512, 3, 3)],
    "MobileNet": [(32, 3, 3, 3), (32, 1, 3, 3), (16, 32, 1, 1), (960, 1, 3, 3)],
    "LeNet": [(6, 1, 5, 5), (16, 6, 5, 5), (120, 16, 5, 5)],
    "Inception": [(192, 128, 1, 7), (192, 192, 7, 1), (64, 64, 1, 7)],
    "ViT": [(768, 3, 16, 16), (1024, 3, 14, 14), (768, 3, 32, 32)],
    "gray": [(12, 1, 3, 3), (16, 1, 7, 7), (16, 16, 3, 3)],
}


@pytest.mark.parametrize("net", TORCH)
def test_shapes_tell_the_layout_of_known_networks(net: str) -> None:
    for o, i, h, w in TORCH[net]:
        assert of_shape((o, i, h, w)) == "oihw", (o, i, h, w)
        assert of_shape((h, w, i, o)) == "hwio", (h, w, i, o)


@pytest.mark.parametrize("shape", [(3, 3, 3, 3), (3, 3, 8, 8), (5, 5, 3, 3), (1, 1, 3, 3)])
def test_shapes_that_do_not_tell(shape: tuple[int, ...]) -> None:
    assert of_shape(shape) is None


def test_keras_depthwise_and_lenet() -> None:
    assert of_shape((3, 3, 32, 1)) == "hwio"
    assert of_shape((5, 5, 1, 6)) == "hwio"
    assert of_shape((6, 1, 5, 5)) == "oihw"


def test_files_agree_or_do_not() -> None:
    assert of_file({"a": (64, 3, 7, 7), "b": (3, 3, 3, 3), "c": (10,)}) == "oihw"
    assert of_file({"a": (64, 3, 7, 7), "b": (7, 7, 3, 64)}) is None
    assert of_file({"b": (3, 3, 3, 3)}) is None


@pytest.mark.parametrize(
    ("metadata", "axes"),
    [
        ({"format": "pt"}, "oihw"),
        ({"format": "tf"}, "hwio"),
        ({"format": "flax"}, "hwio"),
        ({"format": "mlx"}, "ohwi"),
        ({"format": "pt", "layout": "HWIO"}, "hwio"),
        ({"format": "np"}, None),
        ({}, None),
    ],
)
def test_metadata(metadata: dict[str, str], axes: str | None) -> None:
    told = of_metadata(metadata)
    assert (told.axes if told else None) == axes


@pytest.mark.parametrize(
    ("name", "shape", "axes"),
    [
        ("", (3, 3, 3, 3), "hwio"),
        ("conv.weight", (3, 3, 3, 3), "oihw"),
        ("conv/kernel:0", (3, 3, 3, 3), "hwio"),
        ("conv/kernel:0", (8, 3, 5, 5), "oihw"),  # the shape is surer than the name
        ("", (5, 5), "hw"),
        ("", (7, 7, 3), "hwi"),
        ("", (64, 3, 7), "oiw"),
        ("conv.weight", (4, 4, 3), "oiw"),
        ("conv1d/kernel:0", (3, 16, 8), "wio"),
    ],
)
def test_numpy_files(name: str, shape: tuple[int, ...], axes: str) -> None:
    told = choose(name, shape, stated=None, agreed=None, is_numpy=True)
    assert told is not None
    assert told.axes == axes


def test_as_weights_puts_every_value_in_its_place() -> None:
    hwio = RNG.normal(size=(2, 3, 4, 5))
    for axes, order in (("hwio", (0, 1, 2, 3)), ("oihw", (3, 2, 0, 1)), ("ohwi", (3, 0, 1, 2))):
        np.testing.assert_array_equal(as_weights(hwio.transpose(order), axes), hwio)
    assert as_weights(np.zeros((5, 4, 3)), "oiw").shape == (1, 3, 4, 5)
    assert as_weights(np.zeros((3, 4, 5)), "wio").shape == (1, 3, 4, 5)
    assert as_weights(np.zeros((2, 3, 4)), "hwi").shape == (2, 3, 4, 1)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


NET = {
    "features.0.weight": RNG.normal(size=(8, 3, 5, 5)).astype(np.float32),
    "features.0.bias": np.zeros(8, np.float32),
    "features.3.weight": RNG.normal(size=(8, 8, 3, 3)).astype(np.float32),
    "features.30.weight": RNG.normal(size=(6, 8, 1, 1)).astype(np.float32),
    "fc.weight": np.zeros((10, 6), np.float32),
}


@pytest.fixture(params=["npz", "safetensors"])
def net(request: pytest.FixtureRequest, here: Path) -> str:
    """A small network as PyTorch names and lays it out."""
    if request.param == "npz":
        np.savez(here / "net.npz", **NET)
    else:
        save_file(NET, here / "net.safetensors", {"format": "pt"})
    return f"net.{request.param}"


def test_kernels_of_a_file_and_the_rest(net: str) -> None:
    with open_weights(net) as file:
        names = {one.name: one.as_read for one in file.stored}
        assert names == {
            "features.0.weight": (5, 5, 3, 8),
            "features.3.weight": (3, 3, 8, 8),
            "features.30.weight": (1, 1, 8, 6),
        }
        assert set(file.others) == {"features.0.bias", "fc.weight"}


@pytest.mark.parametrize(
    "layer", ["features.0.weight", "features.0", "0", "*.0.*", "features.0.weigh?", "0.weight"]
)
def test_a_layer_by_name_glob_or_part(net: str, layer: str) -> None:
    filters = resolve(f"{net}:{layer}")
    called = "features.0.weight" if set("*?") & set(layer) else layer
    assert [one.name for one in filters][:2] == [f"net:{called}[{i}]" for i in (0, 1)]
    stored = NET["features.0.weight"]
    for i, one in enumerate(filters):
        np.testing.assert_array_equal(one.values, stored[i].transpose(1, 2, 0))
    assert kernel(f"file:{net}:{layer}").shape == (5, 5, 3, 8)


KNOWN = "name one of: features.0.weight, features.3.weight, features.30.weight"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("", f"holds 3 kernels; {KNOWN}"),
        (":fc.weight", f"'fc.weight' is no kernel; {KNOWN}"),
        (":features.0.bias", f"'features.0.bias' is no kernel; {KNOWN}"),
        (":conv1", f"holds no array 'conv1'; {KNOWN}"),
        (":features", f"'features' names 3 kernels; {KNOWN}"),
        (":*3*", "'*3*' names 2 kernels; name one of: features.3.weight, features.30.weight"),
    ],
)
def test_layers_that_are_none_or_many(net: str, layer: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(net + layer)
    assert str(caught.value) == f"{net}: {message}"


def test_an_untold_layout_needs_one(here: Path) -> None:
    stored = RNG.normal(size=(3, 3, 3, 3))
    save_file({"w": stored}, here / "w.safetensors")
    with pytest.raises(SpecError, match=r"^w.safetensors:w: the layout of 3x3x3x3 cannot be told"):
        resolve("w.safetensors")
    by_torch, by_keras = (resolve("w.safetensors", layout) for layout in ("oihw", "hwio"))
    np.testing.assert_array_equal(by_torch[1].values, stored[1].transpose(1, 2, 0))
    np.testing.assert_array_equal(by_keras[1].values, stored[..., 1])


def test_what_is_asked_for_wins(here: Path) -> None:
    save_file({"w": np.zeros((8, 3, 5, 5))}, here / "w.safetensors", {"format": "pt"})
    assert resolve("w.safetensors", "hwio")[0].values.shape == (8, 3, 5)


def test_keras_depthwise_weights_are_a_filter_a_channel(here: Path) -> None:
    stored = RNG.normal(size=(3, 3, 4, 2))
    np.savez(here / "k.npz", **{"dw/depthwise_kernel:0": stored, "dw/bias:0": np.zeros(8)})
    filters = resolve("k.npz")
    assert len(filters) == 8
    for i, one in enumerate(filters):  # output c * multiplier + m, as Keras numbers them
        np.testing.assert_array_equal(one.values[..., 0], stored[:, :, i // 2, i % 2])


def test_one_dimensional_weights(here: Path) -> None:
    stored = RNG.normal(size=(64, 3, 7))
    np.save(here / "w.npy", stored)
    filters = resolve("w.npy")
    assert len(filters) == 64
    np.testing.assert_array_equal(filters[2].values, stored[2].T[None])


def test_matrices_are_kernels_where_nothing_is_deeper(here: Path) -> None:
    np.savez(here / "k.npz", edge=np.ones((3, 3)), box=np.ones((5, 5)), large=np.ones((300, 64)))
    assert resolve("k.npz:box")[0].values.shape == (5, 5)
    with pytest.raises(SpecError, match="'large' is no kernel"):
        resolve("k.npz:large")


def test_files_without_kernels(here: Path) -> None:
    np.savez(here / "k.npz", a=np.ones(3), b=np.ones(4))
    with pytest.raises(InputError, match=r"^k.npz: none of its 2 arrays is a kernel$"):
        resolve("k.npz")
    save_file({"a": np.full((3, 3), np.nan)}, here / "nan.safetensors")
    with pytest.raises(InputError, match="9 of 9 values not finite"):
        resolve("nan.safetensors")


def test_hostile_names_stay_on_one_line(here: Path) -> None:
    save_file({"\x1b[2J\n": np.ones((3, 3)), "b": np.ones((3, 3))}, here / "w.safetensors")
    with pytest.raises(CnnvizError) as caught:
        resolve("w.safetensors")
    assert str(caught.value).isprintable()


def test_locate_follows_the_order_of_resolve(here: Path) -> None:
    for name in ("edge", "net.npz", "a:b"):
        (here / name).write_text("1")
    assert locate("edge") is None
    assert locate("./edge") == ("./edge", None)
    assert locate("file:edge") == ("edge", None)
    assert locate("net.npz:conv:0") == ("net.npz", "conv:0")
    assert locate("a:b:c") == ("a:b", "c")
    assert locate("1 0 -1") is None
    assert locate("nothing.npz") is None


def test_convolve_needs_channels_that_fit(cnnviz, photo: Path, folder: Path) -> None:
    np.save(folder / "deep.npy", RNG.normal(size=(3, 3, 8, 4)))
    message = cnnviz("convolve", photo, "--kernel", "deep.npy").fault(2)
    assert message == "deep[0] reads 8 channels, the image has 3"
    np.save(folder / "lenet.npy", RNG.normal(size=(5, 5, 1, 6)))
    assert "use --channels gray" in cnnviz("convolve", photo, "--kernel", "lenet.npy").fault(2)
    gray = cnnviz("convolve", photo, "--kernel", "lenet.npy", "--channels", "gray", "-q")
    assert gray.code == 0
    np.save(folder / "first.npy", RNG.normal(size=(4, 3, 3, 3)))
    result = cnnviz("convolve", photo, "--kernel", "first.npy", "-o", "maps.npz", "-q")
    assert result.code == 0
    with np.load(folder / "maps.npz") as maps:
        assert list(maps) == [f"first[{i}]" for i in range(4)]


def test_convolve_takes_a_layout(cnnviz, photo: Path, folder: Path) -> None:
    save_file({"w": RNG.normal(size=(3, 3, 3, 3))}, folder / "w.safetensors")
    words = ("convolve", photo, "--kernel", "w.safetensors", "-o", "maps.npy", "-q")
    assert "--layout" in cnnviz(*words).fault(2)
    assert cnnviz(*words, "--layout", "oihw").code == 0
