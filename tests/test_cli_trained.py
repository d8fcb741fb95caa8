"""The trained networks in the box, as every command shows and uses them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, files
from safetensors.numpy import load_file, save_file
from scipy.ndimage import correlate
from test_completion import suggested

from cnnviz import SpecError, kernels, read_image, trained

CAT, DIGIT = SAMPLES / "cat.png", SAMPLES / "digit.png"
SAID = "weights in the box: Fashion-MNIST, 91.2% of its test set"


@pytest.fixture
def empty(monkeypatch) -> None:
    monkeypatch.setattr(trained, "__path__", [])


def data(result) -> dict:
    assert result.code == 0, result.err
    return json.loads(result.out)


class TestNetworks:
    def test_predict(self, box, cnnviz) -> None:
        found = data(cnnviz("predict", DIGIT, "--model", "lenet5", "--json"))
        assert (found["weights"], found["notes"]) == ("in the box", [SAID])
        assert found["predictions"][0]["top"][0]["label"].startswith("cloth ")
        assert f" {SAID}" in cnnviz("predict", DIGIT, "--model", "lenet5").text.splitlines()

    def test_features(self, box, cnnviz, folder) -> None:
        words = ("features", DIGIT, "--model", "lenet5", "-o", "x.svg")
        result = cnnviz(*words)
        assert "weights  in the box: Fashion-MNIST, 91.2% of its test set\n" in result.text
        assert "random" not in result.text + Path("x.svg").read_text()
        found = data(cnnviz(*words, "--json", "--overwrite"))
        assert found["model"]["weights"] == "in the box"
        assert found["model"]["notes"] == [SAID]
        assert found["random_weights"] is False

    def test_random_ones_are_stamped(self, box, cnnviz, folder) -> None:
        words = ("--model", "lenet5", "--weights", "random")
        found = data(cnnviz("features", DIGIT, *words, "-o", "x.svg", "--json"))
        assert (found["model"]["weights"], found["random_weights"]) == (None, True)
        assert "random weights: He-initialised, seed 0, not trained" in Path("x.svg").read_text()
        assert "no weights; give --weights FILE" in cnnviz("predict", DIGIT, *words).fault(1)

    def test_a_file_is_named_as_it_was_given(self, box, cnnviz) -> None:
        path = box / "lenet5.safetensors"
        found = data(cnnviz("predict", DIGIT, "--model", "lenet5", "--weights", path, "--json"))
        assert found["weights"] == str(path)
        assert found["predictions"][0]["top"][0]["label"].startswith("cloth ")

    def test_a_labels_file_goes_first(self, box, cnnviz, folder) -> None:
        Path("l.txt").write_text("\n".join(f"digit {i}" for i in range(10)))
        words = ("predict", DIGIT, "--model", "lenet5", "--labels", "l.txt", "--json")
        assert data(cnnviz(*words))["predictions"][0]["top"][0]["label"].startswith("digit ")

    def test_shapes_read_no_weights(self, box, cnnviz, monkeypatch) -> None:
        monkeypatch.setattr("cnnviz.model.match.read_weights", None)
        assert cnnviz("shapes", "--model", "lenet5", "--compare", "cifar-net").code == 0
        assert suggested("features", "x.png", "--model", "lenet5", "--layer", "c")


class TestModels:
    def test_they_are_listed(self, box, cnnviz, folder) -> None:
        result = cnnviz("models", "-o", "m.csv", "-o", "m.json", "-o", "txt:-")
        assert "\n cifar-net: trained on CIFAR-10, 85.1% of its test set\n" in result.text
        rows = {row["name"]: row for row in json.loads(Path("m.json").read_text())["models"]}
        facts = {name: (row["trained_on"], row["accuracy"]) for name, row in rows.items()}
        assert facts["lenet5"] == ("Fashion-MNIST", 0.912)
        assert facts["vgg16"] == (None, None)
        table = list(csv.DictReader(Path("m.csv").read_text().splitlines()))
        assert {row["trained_on"] for row in table} == {"CIFAR-10", "Fashion-MNIST", ""}

    def test_a_spec_says_so_and_is_the_same_model(self, box, cnnviz, folder) -> None:
        text = cnnviz("models", "lenet5", "-o", "mine.toml", "-o", "-").text
        assert text.splitlines()[0] == (
            "# Trained weights in the box: Fashion-MNIST, 91.2% of its test set (--model lenet5)."
        )
        ours, theirs = (
            cnnviz("shapes", "--model", m, "--json").out for m in ("mine.toml", "lenet5")
        )
        assert ours == theirs
        assert cnnviz("models", "vgg11").text.startswith("name = ")


class TestKernels:
    def test_in_the_library(self, box) -> None:
        stored = load_file(box / "cifar-net.safetensors")
        found = kernels.resolve("trained:cifar")
        assert [one.name for one in found] == [f"cifar-net:conv1[{i}]" for i in range(24)]
        assert {one.source for one in found} == {"trained:cifar-net"}
        for i, one in enumerate(found):
            assert np.array_equal(one.values, stored["conv1.kernel"][..., i])
        for text in ("trained:cifar-net:conv1", " trained:cifar:conv1.kernel"):
            assert np.array_equal(kernels.kernel(text), stored["conv1.kernel"])
        assert kernels.kernel("trained:lenet5:c3").shape == (5, 5, 6, 16)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("trained", "unknown trained network ''; known: cifar-net, lenet5"),
            ("trained:", "unknown trained network ''; known: cifar-net, lenet5"),
            ("trained:cifer", "unknown trained network 'cifer'; did you mean cifar-net"),
            ("trained:\x1b[2J", r"unknown trained network '\\x1b\[2J'"),
            ("trained:lenet5:c9", "trained:lenet5: holds no array 'c9'; name one of: c1.kernel"),
            ("trained:lenet5:c5", "trained:lenet5: holds no array 'c5'"),
            ("trained:../../x", "unknown trained network '../../x'"),
        ],
    )
    def test_what_is_not_there(self, box, text, words) -> None:
        with pytest.raises(SpecError, match=words):
            kernels.resolve(text)

    def test_an_empty_box(self, empty, cnnviz) -> None:
        with pytest.raises(SpecError, match="unknown trained network 'cifar'; known: none"):
            kernels.resolve("trained:cifar")
        assert cnnviz("kernels", "trained").fault(2) == "there is no trained network in the box"
        assert "trained on" not in cnnviz("models").text
        assert "trained:" not in suggested("convolve", "--kernel", "")

    def test_convolve(self, box, cnnviz, folder) -> None:
        words = ("--kernel", "trained:cifar", "--region", "100,100,20,20")
        assert cnnviz("convolve", CAT, *words, "-o", "m.npy", "-q").code == 0
        maps, pixels = np.load("m.npy"), read_image(CAT)[100:120, 100:120]
        kernel = load_file(box / "cifar-net.safetensors")["conv1.kernel"][..., 7]
        by_scipy = correlate(pixels, kernel, mode="constant")[2:-2, 2:-2, 1]
        np.testing.assert_allclose(maps[..., 7], by_scipy, rtol=1e-4, atol=1e-2)
        fault = cnnviz("convolve", DIGIT, "--kernel", "trained:cifar").fault(2)
        assert fault == "cifar-net:conv1[0] reads 3 channels, the image has 1"
        fault = cnnviz("convolve", CAT, "--kernel", "trained:lenet5").fault(2)
        assert fault.endswith("; use --channels gray")

    def test_one_layer_is_shown(self, box, cnnviz, folder) -> None:
        result = cnnviz("kernels", "trained:cifar")
        assert "trained  on CIFAR-10, 85.1% of its test set\n" in result.text
        assert "by       cnnviz train c\n" in result.text
        assert files(folder) == {"cnnviz-out/trained-cifar-net-conv1-kernel-kernels.png"}
        found = data(cnnviz("kernels", "trained:lenet5:c3", "-o", "x.svg", "--json"))
        assert (found["file"], found["filters"]) == ("trained:lenet5", 16)
        assert found["about"]["accuracy"] == 0.912
        assert "trained on Fashion-MNIST, 91.2% of its test set" in Path("x.svg").read_text()

    def test_what_a_hostile_file_says_is_left_out(self, cnnviz, folder) -> None:
        said = {"data": "\x1b[2J", "command": "a\nb", "preprocess": '{"scale": NaN}', "seed": "7"}
        save_file({"a.kernel": np.ones((3, 3, 1, 2), np.float32)}, "w.safetensors", said)
        assert data(cnnviz("kernels", "w.safetensors", "--json"))["about"] == {"seed": 7}
        assert "trained " not in cnnviz("kernels", "w.safetensors").text

    def test_all_are_listed(self, box, cnnviz, folder) -> None:
        result = cnnviz("kernels", "trained", "-o", "k.csv", "-o", "txt:-")
        assert " cifar-net: CIFAR-10, 85.1% of its test set\n" in result.text
        assert "\n cifar-net: cnnviz train c\n" in result.text
        rows = list(csv.DictReader(Path("k.csv").read_text().splitlines()))
        assert [row["name"] for row in rows if row["filters"] == "24"] == ["trained:cifar:conv1"]
        for row in rows:
            assert str(kernels.kernel(row["name"]).shape[3]) == row["filters"]
        assert cnnviz("kernels", "trained:", "--search", "fashion").text.count("trained:") == 2
        assert "'qq'" in cnnviz("kernels", "trained", "--search", "qq").fault(2)
        assert "--show" in cnnviz("kernels", "trained", "--show").fault(2)
        assert "Learned ones: cnnviz kernels trained." in cnnviz("kernels").text

    def test_they_are_completed(self, box) -> None:
        assert "trained:" in suggested("convolve", "--kernel", "")
        assert suggested("kernels", "tra") == ["trained:"]
        names = ["trained:cifar-net", "trained:lenet5"]
        assert suggested("convolve", "--kernel", "trained:") == names
        layers = ["trained:lenet5:c1", "trained:lenet5:c3"]
        assert suggested("convolve", "--kernel", "trained:lenet5:") == layers
        assert suggested("convolve", "--kernel", "trained:nothing:") == []
        assert suggested("predict", "--weights", "ran") == ["random"]
