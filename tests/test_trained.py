"""Trained networks in the box: found by name, used at once, and never trusted blindly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from cnnviz import InputError, SpecError, load_model, trained
from cnnviz.model import Model, zoo
from cnnviz.model.initial import wanted_shapes
from cnnviz.model.load import load_graph
from cnnviz.trained.about import About

GRAY = np.tile(np.arange(28.0), (28, 1))
DENSE = "Flatten() Dense(3, name='d')"
ALL = About(
    data="Clothes",
    accuracy=0.5,
    seed=0,
    command="cnnviz train x",
    license="MIT",
    labels=("a", "ü"),
    preprocess={"scale": "1/255", "mean": [0.5]},
    is_turned=True,
)


def test_what_is_in_the_box() -> None:
    """Each file of the package fits its model as it is, and says where it is from."""
    for name in trained.names():
        graph, about = zoo.build(name), trained.origin(name)
        stored = {key: values.shape for key, values in load_file(trained.path(name)).items()}
        wanted = wanted_shapes(graph)
        assert stored == {f"{n}.{w}": s for n, own in wanted.items() for w, s in own.items()}
        assert all((about.data, about.command, about.license))
        assert about.accuracy > 0.7
        assert about.seed is not None
        assert len(graph.labels or about.labels) == 10
        assert Path(trained.path(name)).stat().st_size < 3_000_000
        assert not load_model(name).is_random


class TestBox:
    def test_a_built_in_model_has_them(self, box) -> None:
        model = load_model("lenet5")
        assert not model.is_random
        assert model.source == "in the box"
        assert model.notes == ("weights in the box: Fashion-MNIST, 91.2% of its test set",)
        assert model.graph.labels == tuple(f"cloth {i}" for i in range(10))
        stored = load_file(box / "lenet5.safetensors")
        assert np.array_equal(model.weights["c1"]["kernel"], stored["c1.kernel"])
        assert model.predict(GRAY).shape == (10,)
        own = load_model("cifar-net")
        assert own.graph.labels[3] == "cat"
        assert own.notes[0] == "weights in the box: CIFAR-10, 85.1% of its test set"

    def test_random_ones_are_asked_for(self, box, monkeypatch) -> None:
        model = load_model("lenet5", weights="random")
        assert model.is_random
        assert (model.source, model.notes, model.graph.labels) == (None, (), ())
        monkeypatch.setattr(trained, "__path__", [])
        empty = load_model("lenet5")
        assert empty.is_random
        assert empty.graph == model.graph

    @pytest.mark.parametrize(
        "changed",
        [
            {"settings": ["c1.activation='relu'"]},
            {"settings": ["c1.filters=7"]},
            {"input_shape": (32, 32, 1)},
        ],
    )
    def test_a_changed_model_has_none(self, box, changed) -> None:
        assert load_model("lenet5", **changed).is_random

    def test_no_change_is_none(self, box) -> None:
        same = {"settings": ["c1.filters=6"], "input_shape": (28, 28, 1)}
        assert not load_model("lenet5", **same).is_random

    def test_a_file_of_the_same_name_is_another_model(self, box, folder) -> None:
        Path("lenet5.toml").write_text(load_model("lenet5", weights="random").to_toml())
        assert load_model("lenet5.toml").is_random
        assert load_model(Path("lenet5.toml")).is_random

    def test_own_weights_go_before_them(self, box, folder) -> None:
        graph = load_graph("lenet5")
        made = {n: {w: np.ones(s) for w, s in o.items()} for n, o in wanted_shapes(graph).items()}
        Model(graph, made).save("w.safetensors")
        model = load_model("lenet5", weights="w.safetensors")
        assert model.weights["c1"]["kernel"].min() == 1
        assert (model.source, model.graph.labels) == ("w.safetensors", ())

    def test_names(self, box) -> None:
        assert trained.names() == ["cifar-net", "lenet5"]
        assert [trained.find(name) for name in ("cifar", "cifar-net")] == ["cifar-net"] * 2
        with pytest.raises(SpecError, match="unknown trained network 'lenet'; did you mean lenet5"):
            trained.find("lenet")
        assert trained.layers("cifar-net") == [f"conv{i}" for i in range(1, 6)]
        path = trained.path("lenet5")
        assert trained.called(path) == "trained:lenet5"
        assert trained.called("lenet5.safetensors") == "lenet5.safetensors"

    def test_a_file_that_is_dropped_in_is_there(self, box, tmp_path, monkeypatch) -> None:
        shutil.copy(box / "lenet5.safetensors", tmp_path / "tiny-vgg.safetensors")
        monkeypatch.setattr(trained, "__path__", [*trained.__path__, str(tmp_path)])
        assert trained.names() == ["cifar-net", "lenet5", "tiny-vgg"]
        with pytest.raises(InputError, match="the weights in the box of tiny-vgg are broken"):
            load_model("tiny-vgg")  # whose weights they are not

    def test_half_precision_is_read_as_single(self, box, tmp_path, monkeypatch) -> None:
        path = box / "lenet5.safetensors"
        halves = {key: values.astype(np.float16) for key, values in load_file(path).items()}
        save_file(halves, tmp_path / "lenet5.safetensors", {"data": "halves"})
        monkeypatch.setattr(trained, "__path__", [str(tmp_path)])
        model = load_model("lenet5")
        kernel = model.weights["c1"]["kernel"]
        assert kernel.dtype == np.float32
        assert np.array_equal(kernel, halves["c1.kernel"])
        assert model.notes == ("weights in the box: halves",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        b"\xff" * 200,
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        (9).to_bytes(8, "little") + b'{"a": [1]',
        (16).to_bytes(8, "little") + b'{"a":{"shape":2}}',
        (900_000).to_bytes(8, "little") + b"[" * 900_000,
        (30).to_bytes(8, "little") + b'{"__metadata__":{"data":[2,3]}}',
    ],
)
def test_a_broken_file_of_the_package_is_an_error(content, tmp_path, monkeypatch, cnnviz) -> None:
    (tmp_path / "lenet5.safetensors").write_bytes(content)
    monkeypatch.setattr(trained, "__path__", [str(tmp_path)])
    fault = cnnviz("features", "x.png", "--model", "lenet5").fault(1)
    assert fault.startswith("the weights in the box of lenet5 are broken: ")
    assert fault.endswith("; install cnnviz again, or use --weights random")
    assert cnnviz("models").code == 0
    assert cnnviz("models", "lenet5").code == 0
    assert cnnviz("kernels").code == 0
    assert cnnviz("shapes", "--model", "lenet5").code == 0
    for words in (("kernels", "trained"), ("kernels", "trained:lenet5")):
        result = cnnviz(*words)
        assert result.code in (1, 2)
        assert "bug" not in result.err


class TestAbout:
    def test_there_and_back(self) -> None:
        metadata = ALL.to_metadata("m")
        assert About.of(metadata) == ALL
        assert list(metadata) == [
            *("format", "layout", "model", "data", "accuracy", "seed", "command", "license"),
            *("labels", "preprocess", "orientation"),
        ]
        assert all(isinstance(text, str) for text in metadata.values())
        assert json.loads(metadata["labels"]) == ["a", "ü"]
        assert About().to_metadata("m") == {"format": "cnnviz", "layout": "hwio", "model": "m"}

    def test_in_words(self) -> None:
        assert str(ALL) == "Clothes, 50.0% of its test set"
        assert str(About(accuracy=1)) == "100.0% of its test set"
        assert str(About(data="x")) == "x"
        assert str(About()) == ""

    @pytest.mark.parametrize(
        "metadata",
        [
            {"data": "\x1b[2J"},
            {"data": "x" * 81},
            {"command": "a\nb"},
            {"license": "\u202etxt.exe"},
            {"accuracy": "1.01"},
            {"accuracy": "-0.1"},
            {"accuracy": "NaN"},
            {"accuracy": "1e999"},
            {"accuracy": "true"},
            {"accuracy": '"0.5"'},
            {"seed": "1.5"},
            {"seed": "9" * 5000},
            {"labels": "a, b"},
            {"labels": '{"a": 1}'},
            {"labels": '["a", 1]'},
            {"labels": '["a", ""]'},
            {"labels": '["a\\u0007"]'},
            {"labels": '["\\ud800"]'},
            {"labels": json.dumps(["x" * 201])},
            {"labels": json.dumps(["x" * 99] * 100_000)},
            {"labels": "[" * 500_000},
            {"preprocess": "[1]"},
            {"preprocess": '{"scale": NaN}'},
            {"preprocess": '{"scale": 1e999}'},
            {"preprocess": '{"scale": 1'},
        ],
        ids=lambda metadata: str(metadata)[:30],
    )
    def test_what_is_wrong_counts_as_not_there(self, metadata) -> None:
        assert About.of(metadata) == About()

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(st.dictionaries(st.sampled_from(sorted(ALL.to_metadata("m"))), st.text(max_size=40)))
    def test_any_metadata_are_read_and_can_be_printed(self, metadata) -> None:
        about = About.of(metadata)
        assert str(about).isprintable()
        assert about.command.isprintable()


def loaded(spec: str = DENSE, **metadata: str) -> Model:
    """Return a model of three classes from a file that says this of itself."""
    tensors = {"d.kernel": np.eye(4, 3, dtype=np.float32), "d.bias": np.zeros(3, np.float32)}
    save_file(tensors, "w.safetensors", metadata)
    return load_model(spec, input_shape=(2, 2, 1), weights="w.safetensors")


class TestLabelsOfAFile:
    def test_they_become_the_models(self, folder) -> None:
        model = loaded(labels='["ant", "bee", "cat"]')
        assert model.graph.labels == ("ant", "bee", "cat")
        assert len(model.notes) == 1

    def test_the_specs_own_stay(self, folder) -> None:
        Path("net.toml").write_text(
            'input_shape = [2, 2, 1]\nlabels = ["x", "y", "z"]\n[[layers]]\ntype = "Flatten"\n'
            '[[layers]]\ntype = "Dense"\nname = "d"\nunits = 3\n'
        )
        assert loaded("net.toml", labels='["ant", "bee", "cat"]').graph.labels == ("x", "y", "z")

    def test_another_number_is_not_used_and_that_is_said(self, folder) -> None:
        model = loaded(labels='["ant", "bee"]')
        assert model.graph.labels == ()
        assert model.notes[1] == "2 labels of the file not used: 3 classes"

    @pytest.mark.parametrize(
        "labels",
        ["", "[", "[1, 2, 3]", '["a", "b", "\\u001b[2J"]', "[" * 10**6, '"' + "x" * 10**7 + '"'],
        ids=range(6),
    )
    def test_hostile_ones_are_left_out(self, folder, labels) -> None:
        model = loaded(labels=labels)
        assert model.graph.labels == ()
        assert len(model.notes) == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('{"\\u001b[2J": 1}', r"preprocess: unknown field '\x1b[2J'"),
        (f'{{"scale": {"9" * 400}}}', "preprocess has a number over the limit of 2147483647"),
        (f'{{"scale": {"[" * 99}{"]" * 99}}}', "preprocess is nested more than 5 deep"),
        (json.dumps({"std": [0] * 10_000}), "(0, 0, "),
        ('{"mean": [1, 2]}', "preprocess: mean has 2 numbers, the model 1 channels"),
    ],
    ids=range(5),
)
def test_a_hostile_preprocessing_is_not_used(folder, table, words) -> None:
    model = loaded(preprocess=table)
    assert model.graph.preprocess is None
    assert words in model.notes[1]
    assert model.notes[1].startswith("preprocessing of the file not used: ")
    assert len(model.notes[1]) < 400


def test_the_preprocessing_of_a_file(folder) -> None:
    """As a spec would say it, so that the spec that is printed is the same model."""
    model = loaded(preprocess='{"scale": 1, "mean": [0.5], "std": [2]}')
    Path("m.toml").write_text(model.to_toml())
    assert load_model("m.toml").graph.preprocess == model.graph.preprocess
    assert (
        model.trace(np.full((2, 2), 10), layers=["input"])["input"].ravel().tolist() == [4.75] * 4
    )
