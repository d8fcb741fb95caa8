"""`cnnviz weights`: what a file holds, said right, and converted so that it loads as before."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch_files import TORCH, program, tensor, zipped

from cnnviz.arrays import open_arrays
from cnnviz.kernels import resolve

RNG = np.random.default_rng(2)


@pytest.fixture
def net(folder: Path) -> Path:
    """A small network of PyTorch in the working folder, `net.pth`."""
    shutil.copy(TORCH / "net.pth", folder / "net.pth")
    return Path("net.pth")


@pytest.fixture
def expected() -> dict[str, np.ndarray]:
    """What torch reads of it."""
    with np.load(TORCH / "expected.npz") as stored:
        return {k.removeprefix("net.pth/"): stored[k] for k in stored if k.startswith("net.pth/")}


def report(cnnviz, *args: object) -> dict:
    result = cnnviz("weights", *args, "--json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def test_every_figure(cnnviz, net: Path, expected) -> None:
    data = report(cnnviz, net)
    assert (data["format"], data["convention"]) == ("torch", "torch")
    rows = {row["name"]: row for row in data["tensors"]}
    assert set(rows) == set(expected)
    for name, values in expected.items():
        row = rows[name]
        assert (row["shape"], row["dtype"]) == (list(values.shape), values.dtype.name)
        assert (row["values"], row["bytes"]) == (values.size, values.nbytes)
        for key in ("min", "max", "mean", "std"):
            exact = getattr(np, key)(values.astype(np.float64))
            assert row[key] == pytest.approx(exact, rel=1e-12), (name, key)
        assert row["not_finite"] == 0
    assert data["totals"]["values"] == sum(values.size for values in expected.values())
    assert data["totals"]["bytes"] == sum(values.nbytes for values in expected.values())


def test_what_each_looks_like(cnnviz, net: Path) -> None:
    rows = {row["name"]: row["looks_like"] for row in report(cnnviz, net)["tensors"]}
    assert rows == {
        "conv.weight": "conv 3x3, 3 -> 4",
        "conv.bias": "bias",
        "bn.weight": "scale",
        "bn.bias": "bias",
        "bn.running_mean": "running mean",
        "bn.running_var": "running variance",
        "bn.num_batches_tracked": "batches counted",
        "fc.weight": "dense 4 -> 2",
        "fc.bias": "bias",
    }
    np.savez("k.npz", **{"c/kernel:0": np.ones((5, 3, 2, 9)), "d/kernel:0": np.ones((7, 2))})
    found = report(cnnviz, "k.npz")
    assert found["convention"] == "keras"
    looks = [row["looks_like"] for row in found["tensors"]]
    assert looks == ["conv 5x3, 2 -> 9", "dense 7 -> 2"]
    mlx = {"c.weight": np.ones((8, 3, 3, 2), np.float32), "d.weight": np.ones((4, 7), np.float32)}
    save_file(mlx, "mlx.safetensors", {"format": "mlx"})
    found = report(cnnviz, "mlx.safetensors")
    assert found["convention"] == "mlx"
    looks = [row["looks_like"] for row in found["tensors"]]
    assert looks == ["conv 3x3, 2 -> 8", "dense 7 -> 4"]
    np.savez("m.npz", a=np.ones((3, 4)))
    assert report(cnnviz, "m.npz")["tensors"][0]["looks_like"] == "matrix"


def test_dead_filters_and_values_that_are_not_finite(cnnviz, folder: Path) -> None:
    conv = RNG.normal(size=(4, 3, 5, 5)).astype(np.float32)
    conv[1] = 0
    bias = np.array([np.nan, 1, np.inf, -3], np.float32)
    save_file({"c.weight": conv, "c.bias": bias}, "w.safetensors", {"format": "pt"})
    data = report(cnnviz, "w.safetensors")
    weight, other = sorted(data["tensors"], key=lambda row: -row["values"])
    assert weight["dead_filters"] == 1
    assert (other["not_finite"], other["min"], other["max"], other["mean"]) == (2, -3, 1, -1)
    assert other["std"] == 2
    assert set(data["warnings"]) == {
        "c.weight: 1 of its filters is zero everywhere",
        "c.bias: 2 of 4 values are NaN or infinite",
    }
    assert "warning: c.bias: 2 of 4" in cnnviz("weights", "w.safetensors").text


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_the_table_fits(cnnviz, net: Path, monkeypatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = cnnviz("weights", net).text.splitlines()
    assert max(map(len, lines)) <= columns
    assert any(line.startswith(" conv.weight") for line in lines)
    assert any("total" in line and "139" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "kind", "size"), [("complex", "complex64", 24), ("float8", "float8_e4m3fn", 3)]
)
def test_types_that_are_not_read_are_listed(cnnviz, folder: Path, name, kind, size) -> None:
    shutil.copy(TORCH / f"{name}.pth", "w.pth")
    unread, other = report(cnnviz, "w.pth")["tensors"]
    assert (unread["dtype"], unread["bytes"], unread["mean"]) == (kind, size, None)
    assert other["mean"] == pytest.approx(-4.875)


def test_without_statistics_no_values_are_read(cnnviz, net: Path, monkeypatch) -> None:
    monkeypatch.setattr("cnnviz.arrays._torch.archive.TorchArchive.stored", None)
    data = report(cnnviz, net, "--no-stats")
    assert data["tensors"][0]["mean"] is None
    assert data["tensors"][0]["looks_like"] == "conv 3x3, 3 -> 4"
    text = cnnviz("weights", net, "--no-stats").text
    assert "mean" not in text.splitlines()[0]


def test_every_format(cnnviz, net: Path, folder: Path) -> None:
    names = ["t.txt", "t.md", "t.csv", "t.json", "t.safetensors", "t.npz"]
    result = cnnviz("weights", net, *[word for name in names for word in ("-o", name)])
    assert set(result.err.splitlines()) == {f"wrote {name}" for name in names}
    assert files(folder) == {"net.pth", *names}
    rows = list(csv.DictReader(Path("t.csv").read_text().splitlines()))
    assert (rows[0]["name"], rows[0]["shape"]) == ("conv.weight", "4x3x3x3")
    assert json.loads(Path("t.json").read_text())["file"] == "net.pth"
    assert "| conv.weight | 4x3x3x3 |" in Path("t.md").read_text()


@pytest.mark.parametrize("name", ["net.pth", "legacy_net.pth"])
def test_conversions_hold_the_same(cnnviz, folder: Path, expected, name: str) -> None:
    shutil.copy(TORCH / name, folder / name)
    assert cnnviz("weights", name, "-o", "w.safetensors", "-o", "w.npz", "-q").out == b""
    with safe_open("w.safetensors", framework="np") as file:
        assert file.metadata() == {"format": "pt"}
    loaded = load_file("w.safetensors")
    with np.load("w.npz", allow_pickle=False) as npz:
        assert set(npz) == set(expected)
        for key, values in expected.items():
            for found in (npz[key], loaded[key]):
                assert (found.dtype, found.shape) == (values.dtype, values.shape)
                np.testing.assert_array_equal(found, values)
    with open_arrays("w.safetensors", name="w") as file, open_arrays(name, name=name) as source:
        assert list(file.tensors.items()) == list(source.tensors.items())
        assert file.convention == "torch"


def test_a_conversion_loads_as_the_original(cnnviz, net: Path) -> None:
    """Of 3x3 kernels of 3 channels only the file's own word tells the layout."""
    save_file({"w": RNG.normal(size=(3, 3, 3, 3))}, "a.safetensors", {"layout": "oihw"})
    np.savez("b.npz", w=RNG.normal(size=(3, 3, 3, 3)), other=np.ones((64, 3, 7, 7)))
    np.savez("c.npz", w=RNG.normal(size=(3, 3, 3, 3)))
    for source, layer in (
        ("net.pth", "conv"),
        ("a.safetensors", "w"),
        ("b.npz", "w"),
        ("c.npz", "w"),
    ):
        assert cnnviz("weights", source, "-o", "new.safetensors", "--overwrite", "-q").code == 0
        before, after = (resolve(f"{file}:{layer}") for file in (source, "new.safetensors"))
        assert len(before) == len(after) > 1
        for old, new in zip(before, after, strict=True):
            np.testing.assert_array_equal(old.values, new.values)


def test_bfloat16_is_kept_where_there_is_such_a_type(cnnviz, folder: Path) -> None:
    shutil.copy(TORCH / "types.pth", folder / "types.pth")
    assert cnnviz("weights", "types.pth", "-o", "w.safetensors", "-o", "w.npz", "-q").code == 0
    with np.load(TORCH / "expected.npz") as stored, np.load("w.npz") as npz:
        exact = stored["types.pth/bfloat16"]
        assert npz["bfloat16"].dtype == np.float32
        np.testing.assert_array_equal(npz["bfloat16"], exact)
        with open_arrays("w.safetensors", name="w") as file:
            assert file.tensors["bfloat16"].dtype == "bfloat16"
            np.testing.assert_array_equal(file.read("bfloat16"), exact)
            for key in file.tensors:
                if key != "bfloat16":
                    np.testing.assert_array_equal(file.read(key), stored[f"types.pth/{key}"])


def test_values_are_aligned_for_readers_that_map_the_file(cnnviz, folder: Path) -> None:
    np.savez("a.npz", a=np.ones(3, np.int8), b=np.ones(3), c=np.ones(3, np.float16))
    assert cnnviz("weights", "a.npz", "-o", "w.safetensors", "-q").code == 0
    data = Path("w.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    assert size % 8 == 0
    for key, width in (("a", 1), ("b", 8), ("c", 2)):
        assert header[key]["data_offsets"][0] % width == 0
    assert set(load_file("w.safetensors")) == {"a", "b", "c"}


def test_targets(cnnviz, net: Path, folder: Path) -> None:
    Path("w.npz").write_bytes(b"mine")
    assert cnnviz("weights", net, "-o", "w.npz").fault(4).startswith("w.npz exists")
    assert Path("w.npz").read_bytes() == b"mine"
    assert cnnviz("weights", net, "-o", "net.pth", "--overwrite").fault(2).startswith("no output")
    shutil.copy(TORCH / "expected.npz", "in.npz")
    assert "is an input" in cnnviz("weights", "in.npz", "-o", "in.npz", "--overwrite").fault(4)
    assert cnnviz("weights", net, "-o", "w.npz", "--overwrite", "-q").code == 0
    with np.load("w.npz") as npz:
        assert "conv.weight" in npz
    out = cnnviz("weights", net, "-o", "npz:-").out
    assert out == Path("w.npz").read_bytes()
    assert cnnviz("weights", net, "-o", "out/", "-q").code == 0
    assert "out/net-weights.txt" in files(folder)


@pytest.mark.parametrize("name", ["a\ud800", "a\0b", "a" * 20_000, "__metadata__"])
def test_names_that_a_format_has_not(cnnviz, folder: Path, name: str) -> None:
    Path("w.pth").write_bytes(zipped(program({name: tensor((6,), (1,))})))
    for target in ("w.npz", "w.safetensors"):
        assert "cannot be the name of a tensor" in cnnviz("weights", "w.pth", "-o", target).fault(1)
    assert files(folder) == {"w.pth"}
    assert cnnviz("weights", "w.pth", "-o", "t.csv", "-o", "t.md").code == 0
    assert len(report(cnnviz, "w.pth")["tensors"]) == 1


def test_names_out_of_a_file_stay_on_their_line(cnnviz, folder: Path) -> None:
    Path("w.pth").write_bytes(zipped(program({"\x1b[2J\n\u202e": tensor((6,), (1,))})))
    text = cnnviz("weights", "w.pth").text
    assert text.replace("\n", "").isprintable()
    assert r"\x1b[2J\n\u202e" in text


def test_a_fault_halfway_leaves_nothing(cnnviz, folder: Path) -> None:
    whole = bytearray((TORCH / "net.pth").read_bytes())
    bias = np.float32([-40, -39]).__truediv__(8).tobytes()
    at = whole.rindex(bias)
    whole[at] ^= 1
    Path("bad.pth").write_bytes(whole)
    for words in (("-o", "w.npz"), ("-o", "w.safetensors", "--no-stats"), ()):
        assert "another checksum" in cnnviz("weights", "bad.pth", *words).fault(1)
    assert files(folder) == {"bad.pth"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("no.pth",), 1, "no.pth: cannot be read: no such file"),
        (("net.pth", "--max-memory", "200"), 5, "net.pth:data.pkl needs"),
        (("complex.pth", "-o", "w.npz"), 1, "complex.pth:a holds complex64 values"),
        (("complex.pth", "-o", "w.safetensors", "--no-stats"), 1, "a: .safetensors has no type"),
        (("photo.png",), 1, "photo.png: "),
    ],
)
def test_faults(cnnviz, net: Path, photo: Path, folder: Path, words, code, message) -> None:
    shutil.copy(TORCH / "complex.pth", folder / "complex.pth")
    before = files(folder)
    assert cnnviz("weights", *words).fault(code).startswith(message)
    assert files(folder) == before


def test_kernels_of_pytorch_files(cnnviz, net: Path, photo: Path, expected) -> None:
    filters = resolve("net.pth:conv")
    for i, one in enumerate(filters):
        np.testing.assert_array_equal(one.values, expected["conv.weight"][i].transpose(1, 2, 0))
    assert "OIHW (as torch stores them)" in cnnviz("kernels", "net.pth", "-o", "k.png").text
    result = cnnviz("convolve", photo, "--kernel", "net.pth:conv", "-o", "maps.npy", "-q")
    assert result.code == 0
    assert np.load("maps.npy").shape == (10, 14, 4)
