"""`cnnviz kernels`: the library, kernels by name, trained kernels out of a file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from PIL import Image
from safetensors.numpy import save_file

from cnnviz.kernels import entries, kernel

RNG = np.random.default_rng(2)
NET = {
    "conv1.weight": RNG.normal(size=(8, 3, 5, 5)).astype(np.float32),
    "conv1.bias": np.zeros(8, np.float32),
    "conv2.weight": RNG.normal(size=(70, 8, 3, 3)).astype(np.float32),
    "conv3.weight": RNG.normal(size=(12, 70, 1, 1)).astype(np.float32),
}


@pytest.fixture
def net(folder: Path) -> str:
    save_file(NET, folder / "net.safetensors", {"format": "pt"})
    return "net.safetensors"


class TestLibrary:
    def test_the_table_fits_80_columns_and_writes_nothing(self, cnnviz, folder):
        result = cnnviz("kernels")
        assert (result.code, result.err) == (0, "")
        assert files(folder) == set()
        lines = result.text.splitlines()
        assert all(len(line) <= 80 for line in lines)
        first = {line.split()[0] for line in lines if line.strip()}
        assert {entry.signature for entry in entries()} <= first
        assert "bank:kirsch" in result.text

    def test_search(self, cnnviz):
        names = [
            row["name"]
            for row in json.loads(cnnviz("kernels", "--search", "Lens", "--json").out)["kernels"]
        ]
        assert names == ["disk", "matlab:disk"]
        assert cnnviz("kernels", "--search", "qqq").fault(2).startswith("no kernel has 'qqq'")
        assert "--search" in cnnviz("kernels", "edge", "--search", "x").fault(2)

    def test_json(self, cnnviz):
        data = json.loads(cnnviz("kernels", "--json").out)
        rows = {row["name"]: row for row in data["kernels"]}
        assert rows["edge"]["shape"] == [3, 3]
        assert rows["pillow:emboss"]["offset"] == 128
        assert "bank:sobel" in data["banks"]

    @pytest.mark.parametrize("suffix", ["md", "csv", "txt", "json"])
    def test_files(self, cnnviz, folder, suffix):
        assert cnnviz("kernels", "-o", f"k.{suffix}", "-q").code == 0
        text = (folder / f"k.{suffix}").read_text()
        assert "gaussian[:SIZE[,SIGMA]]" in text.replace("\\", "")
        if suffix == "csv":
            rows = list(csv.DictReader(io.StringIO(text)))
            assert len(rows) == len(list(entries()))

    def test_no_picture_of_all(self, cnnviz):
        assert "no output format 'png'" in cnnviz("kernels", "-o", "k.png").fault(2)


class TestNames:
    def test_text(self, cnnviz, golden):
        result = cnnviz("kernels", "sobel-x")
        golden("kernels-sobel-x.txt", result.text)
        assert result.err == "wrote cnnviz-out/sobel-x-kernels.png\n"
        golden("kernels-pillow-smooth.txt", cnnviz("kernels", "pillow:smooth").text)

    def test_json_of_one_and_of_several(self, cnnviz):
        one = json.loads(cnnviz("kernels", "sobel-x", "--json").out)
        assert one["values"] == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
        assert (one["name"], one["sum"], one["rank"], one["separable"]) == ("sobel-x", 0, 1, True)
        assert one["factors"] == {"column": [1, 2, 1], "row": [-1, 0, 1], "denominator": 1}
        assert one["frequency_response"]["peak"] == {"gain": 8, "frequency": [0, 0.25]}
        assert one["outputs"] == ["cnnviz-out/sobel-x-kernels.png"]
        several = json.loads(cnnviz("kernels", "edge", "bank:sobel", "1 2; 3 4", "--json").out)
        names = [row["name"] for row in several["kernels"]]
        assert names == ["edge", "sobel-x", "sobel-y", "custom"]

    def test_the_same_run_replaces_its_picture_and_another_does_not(self, cnnviz, folder):
        for _ in range(2):
            assert cnnviz("kernels", "edge", "-q").code == 0
        assert files(folder) == {"cnnviz-out/edge-kernels.png"}
        assert cnnviz("kernels", "edge", "--theme", "dark", "-q").code == 0
        assert files(folder) == {f"cnnviz-out/edge-kernels{x}.png" for x in ("", "-dark")}

    def test_formats(self, cnnviz, folder):
        words = [
            w for s in ("png", "svg", "txt", "json", "npy", "npz", "csv") for w in ("-o", f"e.{s}")
        ]
        result = cnnviz("kernels", "emboss", *words)
        assert result.code == 0
        assert len(files(folder)) == 7
        for suffix in ("npy", "csv", "npz"):
            np.testing.assert_array_equal(kernel(f"e.{suffix}"), kernel("emboss"))
        assert (folder / "e.png").read_bytes().startswith(b"\x89PNG")
        assert json.loads((folder / "e.json").read_text())["name"] == "emboss"

    @pytest.mark.parametrize("columns", ["1", "2", "12", "999999"])
    def test_a_terminal_of_any_width(self, cnnviz, monkeypatch, columns):
        monkeypatch.setenv("COLUMNS", columns)
        assert "separable" in cnnviz("kernels", "line-v").text

    def test_what_is_written_can_be_read_again(self, cnnviz, folder):
        assert cnnviz("kernels", "bank:kirsch", "-o", "k.npz", "-q").code == 0
        data = json.loads(cnnviz("kernels", "k.npz", "--json").out)
        assert len(data["kernels"]) == 8
        assert "use .npz" in cnnviz("kernels", "bank:kirsch", "-o", "k.npy").fault(2)
        assert files(folder) == {"k.npz", "cnnviz-out/k-kernels.png"}

    def test_stdout_is_a_picture(self, cnnviz):
        assert cnnviz("kernels", "edge", "-o", "-").out.startswith(b"\x89PNG")
        assert cnnviz("kernels", "edge", "-o", "csv:-").out == b"-1,-1,-1\n-1,8,-1\n-1,-1,-1\n"
        assert "stdout" in cnnviz("kernels", "edge", "-o", "-", "--json").fault(2)

    def test_sizes_and_scales(self, cnnviz, folder):
        assert cnnviz("kernels", "edge", "-o", "a.png", "-q").code == 0
        assert cnnviz("kernels", "edge", "-o", "b.png", "--scale", "2", "-q").code == 0
        with Image.open("a.png") as one, Image.open("b.png") as two:
            assert two.size == (2 * one.width, 2 * one.height)

    @pytest.mark.parametrize(
        ("words", "code", "message"),
        [
            (["sobel"[:4]], 2, "no kernel or file named 'sobe'"),
            (["gaussian:4"], 2, "odd number"),
            (["edge", "--slice", "1"], 2, "--slice and --page are for the filters"),
            (["edge", "--page", "0"], 2, "--page: 0"),
            (["missing.npz"], 2, "missing.npz"),
            (["file:missing.npz"], 1, "missing.npz"),
        ],
    )
    def test_faults(self, cnnviz, folder, words, code, message):
        assert message in cnnviz("kernels", *words).fault(code)
        assert files(folder) == set()


class TestFiles:
    def test_a_file_of_several_is_listed_and_its_first_convolution_drawn(self, cnnviz, net):
        result = cnnviz("kernels", net)
        lines = result.text.splitlines()
        assert lines[0].split()[:2] == ["kernels", "shape"]
        assert [line.split()[0] for line in lines[2:5]] == [f"conv{i}.weight" for i in (1, 2, 3)]
        assert "Other arrays: conv1.bias." in result.text
        assert "conv1.weight  8 of 5x5x3" in result.text
        assert result.err == "wrote cnnviz-out/net-conv1-weight-kernels.png\n"

    def test_json(self, cnnviz, net):
        data = json.loads(cnnviz("kernels", net, "--json").out)
        rows = {row["name"]: row for row in data["tensors"]}
        conv2 = rows["conv2.weight"]
        assert (conv2["layout"], conv2["filters"], conv2["channels"]) == ("oihw", 70, 8)
        assert conv2["kernel_size"] == [3, 3]
        assert conv2["mean"] == pytest.approx(NET["conv2.weight"].mean(dtype=float))
        assert (data["name"], data["others"]) == ("conv1.weight", ["conv1.bias"])
        assert len(data["per_filter"]) == 8

    def test_a_layer_and_its_raw_values(self, cnnviz, net):
        assert cnnviz("kernels", f"{net}:conv2", "-o", "w.npy", "-o", "w.npz", "-q").code == 0
        expected = NET["conv2.weight"].transpose(2, 3, 1, 0)
        np.testing.assert_array_equal(np.load("w.npy"), expected)
        np.testing.assert_array_equal(np.load("w.npz")["conv2.weight"], expected)
        assert kernel("w.npy").shape == (3, 3, 8, 70)

    def test_samples_and_pages(self, cnnviz, net):
        data = json.loads(cnnviz("kernels", f"{net}:conv2", "--json").out)
        assert len(data["shown"]) == 64
        assert (data["shown"][0], data["shown"][-1]) == (0, 69)
        assert data["view"] == "average over 8 input channels"
        second = json.loads(cnnviz("kernels", f"{net}:conv2", "--page", 2, "--json").out)
        assert second["shown"] == list(range(64, 70))
        assert "page 3 is not one of 1 to 2" in cnnviz(
            "kernels", f"{net}:conv2", "--page", 3
        ).fault(2)
        one = json.loads(cnnviz("kernels", f"{net}:conv2", "--slice", 7, "--json").out)
        assert one["view"] == "input channel 7 of 8"
        assert "one of 0 to 7" in cnnviz("kernels", f"{net}:conv2", "--slice", 8).fault(2)

    def test_faults(self, cnnviz, net, folder):
        message = cnnviz("kernels", f"{net}:conv1.bias").fault(2)
        assert message.endswith("name one of: conv1.weight, conv2.weight, conv3.weight")
        np.save(folder / "line.npy", np.ones(4))
        assert "2 to 4 axes" in cnnviz("kernels", "line.npy").fault(1)
        (folder / "cut.safetensors").write_bytes((folder / net).read_bytes()[:-9])
        assert "corrupt .safetensors" in cnnviz("kernels", "cut.safetensors").fault(1)
        (folder / "junk.bin").write_bytes(b"\x00\x01\x02junk")
        cnnviz("kernels", "junk.bin").fault(1)
        assert "shown alone" in cnnviz("kernels", f"{net}:conv1", "edge").fault(2)
        assert not (folder / "cnnviz-out").exists()

    def test_the_file_itself_is_never_overwritten(self, cnnviz, net, folder):
        np.save(folder / "w.npy", RNG.normal(size=(3, 3, 3, 4)))
        assert "is an input" in cnnviz("kernels", "w.npy", "-o", "w.npy", "--overwrite").fault(4)

    def test_an_untold_layout(self, cnnviz, folder):
        save_file({"w": RNG.normal(size=(3, 3, 3, 3))}, folder / "w.safetensors")
        assert "--layout" in cnnviz("kernels", "w.safetensors").fault(2)
        data = json.loads(cnnviz("kernels", "w.safetensors", "--layout", "oihw", "--json").out)
        assert data["layout"] == "oihw"

    def test_values_that_are_not_finite_are_listed_but_not_drawn(self, cnnviz, folder):
        stored = {"a": np.ones((4, 3, 5, 5)), "b": np.full((4, 3, 5, 5), np.nan)}
        np.savez(folder / "n.npz", **stored)
        rows = json.loads(cnnviz("kernels", "n.npz", "--json").out)["tensors"]
        assert [row["max"] for row in rows] == [1, None]
        assert "not finite" in cnnviz("kernels", "n.npz:b").fault(1)

    def test_matrices_in_a_file_are_kernels_by_themselves(self, cnnviz, folder):
        (folder / "k.csv").write_text("1,2\n3,4\n")
        data = json.loads(cnnviz("kernels", "k.csv", "--json").out)
        assert (data["name"], data["rank"]) == ("k", 2)


class TestShow:
    @pytest.fixture
    def terminal(self, folder, monkeypatch):
        for name, value in {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "LINES": "30"}.items():
            monkeypatch.setenv(name, value)

    def test_a_kernel_and_its_response(self, cnnviz, terminal):
        text = cnnviz("kernels", "sobel-x", "--show").text
        assert "\u2580" in text
        assert "gain by frequency" in text
        assert "band-pass  most 8" in text

    def test_filters_and_1x1_kernels(self, cnnviz, net, terminal):
        text = cnnviz("kernels", f"{net}:conv1", "--show", "-q").text
        assert all(f"[{i}]" in text or f" {i} " in text for i in range(1, 8))
        assert "conv3.weight" in cnnviz("kernels", f"{net}:conv3", "--show", "-q").text

    def test_beside_data_it_goes_to_stderr(self, cnnviz, terminal):
        result = cnnviz("kernels", "edge", "--show", "--json")
        assert json.loads(result.out)["name"] == "edge"
        assert "\u2580" in result.err

    def test_no_terminal_and_no_kernel(self, cnnviz):
        result = cnnviz("kernels", "edge", "--show", "-q")
        assert (result.code, result.out) == (0, b"")
        assert "--show draws nothing" in result.err
        assert "none is named" in cnnviz("kernels", "--show").fault(2)
