"""Specs: inline, TOML and JSON, what-if settings, and wrong ones, which are refused as data."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from cnnviz import layers, load_model
from cnnviz.errors import InputError, SpecError
from cnnviz.graph import Graph
from cnnviz.graph.change import with_setting
from cnnviz.graph.document import MAX_BYTES, read_document, to_toml
from cnnviz.graph.inline import MAX_TEXT, read_inline
from cnnviz.graph.settings import arguments_of, call_of
from cnnviz.layers.conv2d import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.pooling import MaxPooling2D

SHAPE = (28, 28, 1)
DESIGN = (
    "Conv2D(16, (3, 3), strides=(2, 2), padding='valid') MaxPool2D((2, 2), strides=(2, 2)) "
    "Flatten() Dense(10)"
)


def inline(text: str, shape: tuple[int, ...] | None = SHAPE) -> Graph:
    return read_inline(text, layers.find, input_shape=shape)


def document(text: str | bytes, kind: str = "toml") -> Graph:
    data = text.encode() if isinstance(text, str) else text
    return read_document(data, layers.find, kind=kind, name="net")


def test_the_inline_spec_of_the_design() -> None:
    graph = inline(DESIGN)
    assert [node.layer for node in graph.nodes] == [
        Conv2D(16, 3, 2), MaxPooling2D(2, 2), Flatten(), Dense(10),
    ]  # fmt: skip
    assert [node.name for node in graph.nodes] == ["conv1", "pool1", "flatten", "dense1"]
    assert [node.inputs for node in graph.nodes] == [
        ("input",),
        ("conv1",),
        ("pool1",),
        ("flatten",),
    ]
    assert graph.shapes()["dense1"] == (10,)


@pytest.mark.parametrize("between", [" ", "\n", ",", ", ", " | ", " -> ", ";\n"])
def test_layers_are_separated_freely(between: str) -> None:
    text = between.join(["keras.layers.Conv2D(4, 3)", "Flatten", "Dense(2, 'relu')", ""])
    assert [node.layer for node in inline(text).nodes] == [
        Conv2D(4, 3), Flatten(), Dense(2, "relu"),
    ]  # fmt: skip


def test_names_and_the_input_shape_in_the_text() -> None:
    graph = inline("Input((32, 32, 3)) Conv2D(4, 3, name='conv2') Conv2D(4, 3) Conv2D(4, 3)", None)
    assert graph.input_shape == (32, 32, 3)
    assert [node.name for node in graph.nodes] == ["conv2", "conv1", "conv3"]
    assert inline("Conv2D(4, 3, input_shape=(9, 9, 1))", None).input_shape == (9, 9, 1)
    assert inline("Conv2D(4, 3, input_shape=(9, 9, 1))", (5, 5, 1)).input_shape == (5, 5, 1)
    assert inline("InputLayer(shape=(7,)) Dense(2)", None).shapes()["dense1"] == (2,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no layers"),
        ("Conv2d(8, 3)", "did you mean Conv2D"),
        ("Conv2D(8, 3, pading='same')", "unknown setting 'pading'; did you mean padding?"),
        ("Conv2D(8, 3) Dense(0)", "layer 2: Dense: units 0"),
        ("Conv2D(8, 3", "is not closed"),
        ("Conv2D(8, 3))", "')' in the inline spec is not a layer"),
        ("Conv2D(8, kernel=3 4)", "cannot be read"),
        ("Dense(10, units=10)", "units is given twice"),
        ("Dense()", "units is missing"),
        ("Flatten(1)", "more than it takes (none)"),
        ("Conv2D(8, 3, 1, 'same', 2)", "more than it takes"),
        ("Conv2D(8, 3, name='a') Conv2D(8, 3, name='a')", "two layers are named a"),
        ("Conv2D(8, 3, name='input')", "two layers are named input"),
        ("Conv2D(8, 3, name='\\x1b[2J')", "printable"),
        ("Conv2D(8, 3, name=3)", "layer name 3"),
        ("Dense(__import__('os').getpid())", "is not a number"),
        ("Dense(units)", "is not a number"),
        ("Dense(f'{1}')", "is not a number"),
        ("Dense(1 + 1)", "is not a number"),
        ("Dense(10**9)", "is not a number"),
        ("Dense([i for i in (1,)])", "is not a number"),
        ("Dense({1: 2})", "is not a number"),
        ("Dense(b'a')", "is not a number"),
        ("Dense(1j)", "is not a number"),
        ("Dense(*[3])", "is not a number"),
        ("Dense(**{})", "is not a number"),
        ("Dense(1e999)", "not a finite number"),
        ("Dense(99999999999)", "over the limit"),
        ("Dense(" + "9" * 3_900 + ")", "over the limit"),
        ("Dense(" + "-" * 3_900 + "1)", ""),
        ("Dense(" + "[" * 7 + "]" * 7 + ")", "is not a number"),
        ("Dense(" + "[" * 99 + "]" * 99 + ")", "nests more than 8"),
        ("Dense(" + "1," * 9_000 + ")", "longer than"),
        ("ReLU()" * 6_000, "more than 5000 layers"),
        ("R" * (MAX_TEXT + 1), "longer than"),
        ("a." * 40_000, "unknown layer 'a'"),
        ("(" * 50_000, "is not a layer"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_wrong_inline_spec_is_refused(text: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        inline(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)
    assert time.process_time() - start < 5


def test_an_inline_spec_without_input_shape_says_what_to_do() -> None:
    with pytest.raises(SpecError, match="--input HxWxC"):
        inline("Dense(3)", None)
    with pytest.raises(SpecError, match="input_shape 5"):
        inline("Conv2D(8, 3, input_shape=5)", None)


TOML = """
name = "net"
input_shape = [28, 28, 1]
labels = ["zero", "one"]

[preprocess]
scale = 0.5
mean = [0.1]

[[layers]]
type = "Conv2D"
filters = 4
kernel_size = [3, 3]
padding = [[0, 1], [2, 0]]

[[layers]]
type = "MaxPool2D"
name = "down"

[[layers]]
type = "Flatten"
inputs = ["conv1"]
"""


def test_toml_and_json_say_the_same() -> None:
    import tomllib

    graph = document(TOML)
    assert graph.nodes[0].layer == Conv2D(4, 3, padding=((0, 1), (2, 0)))
    assert [node.name for node in graph.nodes] == ["conv1", "down", "flatten"]
    assert graph.nodes[2].inputs == ("conv1",)
    assert graph.labels == ("zero", "one")
    assert graph.preprocess == {"scale": 0.5, "mean": (0.1,)}
    assert document(json.dumps(tomllib.loads(TOML)), "json") == graph


def test_a_spec_is_written_and_read_back() -> None:
    graph = document(TOML)
    assert document(to_toml(graph)) == graph
    odd = document(TOML.replace('"zero"', '"\\"é\\\\ = #"').replace("scale", '"a b"'))
    assert document(to_toml(odd)) == odd


@pytest.mark.parametrize(
    "text",
    [
        "Conv2D(64, 3, strides=2, padding='same', activation='relu')",
        "Conv2D(4, (1, 5), padding=((0, 1), (2, 2)), groups=2)",
        "Conv2D(kernels=['sobel-x', 'edge'])",
        "MaxPooling2D(3, strides=2)",
        "MaxPooling2D(2, strides=2)",
        "AveragePooling2D((2, 3), ceil_mode=True)",
        "ReLU(6.0)",
        "ZeroPadding2D((1, 2))",
        "Dropout(0.25)",
        "GlobalAveragePooling2D()",
    ],
)  # fmt: skip
def test_a_layer_is_written_as_it_is_called(text: str) -> None:
    node = inline(text, (12, 12, 2)).nodes[0]
    written = call_of(node.layer).replace("MaxPooling2D(strides", "MaxPooling2D(2, strides")
    assert written == text
    assert inline(call_of(node.layer), (12, 12, 2)).nodes[0] == node


HEAD = 'input_shape = [28, 28, 1]\n[[layers]]\ntype = "Dense"\nunits = '


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "input_shape is missing"),
        ("input_shape = [28, 28, 1]", "no layers"),
        ("input_shape = [28, 28, 1]\nlayers = [3]", "layer 1: type is missing"),
        ("input_shapes = [1]", "unknown field 'input_shapes'; did you mean input_shape?"),
        ("input_shape = [28.5, 28, 1]\n[[layers]]\ntype = 'Flatten'", "input_shape (28.5"),
        ("input_shape = [-1]\n[[layers]]\ntype = 'Flatten'", "input_shape (-1,)"),
        (HEAD + "10\nname = 'fc'\nunit = 3", "fc: Dense: unknown setting 'unit'; did you mean"),
        (HEAD + "10\nname = {a = 1}", "layer name"),
        (HEAD + "10\ninputs = ['nowhere']", "input 'nowhere' is not a layer above it"),
        (HEAD + "10\ninputs = [{a = 1}]", "inputs is not a list of layers"),
        (HEAD + "10\ninputs = ['input', 'input']", "takes one input, not 2"),
        (HEAD + "inf", "units is not a finite number"),
        (HEAD + "1e309", "units is not a finite number"),
        (HEAD + "99999999999", "over the limit"),
        (HEAD + "9" * 5_000, "not TOML"),
        (HEAD + "1979-05-27", "is a date"),
        (HEAD + "1\nunits = 2", "not TOML"),
        (HEAD + "[" * 20_000 + "]" * 20_000, "not TOML"),
        (HEAD + "[[[[[[[1]]]]]]]", "nested more than 5 deep"),
        ("a" + ".a" * 9 + " = 1", "dotted"),
        ("[" + "a." * 100_000 + "a]", "dotted"),
        ("x = {" + '"a".' * 100_000 + "a = 1}", "dotted"),
        ("a" * 900_000, "not TOML"),
        ("labels = ['\\u202e']\n", "input_shape is missing"),
        ("labels = ['a\\u202eb']\n".replace("'", '"') + HEAD + "1", "labels"),
        ("labels = [1]\n" + HEAD + "1", "labels"),
        ("name = ''\n" + HEAD + "1", "model name ''"),
        ("preprocess = 3\n" + HEAD + "1", "preprocess is not a table"),
        ("#" * (MAX_BYTES + 1), "larger than 1 MiB"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_wrong_toml_spec_is_refused(text: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        document(text).shapes()
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not a table"),
        ("3", "not a table"),
        ("{", "not JSON"),
        ('{"name": "a", "name": "b"}', "states 'name' twice"),
        ('{"layers": [{"type": "Dense", "units": 1, "units": 2}]}', "states 'units' twice"),
        ('{"input_shape": [4], "layers": [{"type": "Dense", "units": 1e309}]}', "not a finite"),
        ('{"input_shape": [4], "layers": [{"type": "Dense", "units": NaN}]}', "not a finite"),
        ('{"input_shape": [4], "layers": [{"type": ["Dense"]}]}', "type is missing"),
        ('{"input_shape": [4], "layers": {"type": "Dense"}}', "no layers"),
        ('{"layers": [{"type": "Dense", "units": ' + "9" * 5_000 + "}]}", "not JSON"),
        ('{"input_shape": ' + "[" * 100_000, "not JSON"),
        ('{"a": ' * 50_000, "not JSON"),
        ("{" + "".join(f'"k{i}": 0, ' for i in range(60_000)) + '"k1": 1}', "states 'k1' twice"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_a_wrong_json_spec_is_refused(text: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(SpecError) as caught:
        document(text, "json")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.process_time() - start < 5


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(SpecError, match="UTF-8"):
        document(b"\xff\xfe\x00")


def test_what_if() -> None:
    graph = inline(DESIGN)
    assert with_setting(graph, "conv1.strides=1").nodes[0].layer == Conv2D(16, 3)
    assert with_setting(graph, "conv1.padding=same").nodes[0].layer.padding == "same"
    assert with_setting(graph, "conv1.kernel_size = 5x3").nodes[0].layer.kernel_size == (5, 3)
    assert with_setting(graph, "conv1.padding=((1, 0), (0, 0))").shapes()["conv1"] == (14, 13, 16)
    assert with_setting(graph, "conv1.use_bias=false").nodes[0].layer.use_bias is False
    assert with_setting(graph, "pool1.strides=None").nodes[1].layer == MaxPooling2D(2)
    assert graph == inline(DESIGN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv1", "is not NODE.SETTING=VALUE"),
        ("strides=2", "is not NODE.SETTING=VALUE"),
        ("conf1.strides=2", "unknown layer 'conf1'; did you mean conv1"),
        ("conv1.stride=2", "conv1: unknown setting 'stride'; did you mean strides?"),
        ("conv1.strides=0", "conv1: strides 0"),
        ("conv1.strides=", "conv1: "),
        ("conv1.strides=f(1)", "conv1: strides"),
        ("conv1.strides=(1", "conv1: strides"),
        ("conv1.filters=99999999999", "over the limit"),
        ("conv1.kernel_size=" + "-" * 3_000 + "1", "conv1: kernel_size"),
    ],
)  # fmt: skip
def test_a_wrong_what_if_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        with_setting(inline(DESIGN), text)
    assert message in str(caught.value)


def test_models_by_name_file_and_text(tmp_path: Path) -> None:
    file = tmp_path / "net.toml"
    file.write_text(TOML)
    assert load_model(file).graph == load_model(str(file)).graph == document(TOML)
    assert load_model(file, input_shape=(9, 9, 1)).graph.input_shape == (9, 9, 1)
    assert load_model("lenet5").name == "lenet5"
    model = load_model(
        DESIGN, input_shape=[28, 28, 1], settings=["conv1.strides=1", "dense1.units=3"]
    )
    assert model.graph.shapes()["dense1"] == (3,)
    (tmp_path / "again.toml").write_text(model.to_toml())
    assert load_model(tmp_path / "again.toml").graph == model.graph


def test_models_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown model 'vgg61'; did you mean .*vgg16"):
        load_model("vgg61")
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot be read: no such file"):
        load_model("nowhere.toml")
    with pytest.raises(InputError, match="is not a file"):
        load_model(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        load_model("a\0.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(InputError, match="is not a file"):
        load_model(tmp_path / "pipe.toml")
    (tmp_path / "net.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(InputError, match=r"a spec is \.toml or \.json; weights go"):
        load_model(tmp_path / "net.onnx")
    (tmp_path / "bad.json").write_text('{"name": 1')
    with pytest.raises(SpecError, match=r"bad\.json: the spec is not JSON"):
        load_model(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("Conv2D(2, 3)", "Conv2D"),
        ("Input((9, 9, 1)) Conv2D(2, 3) MaxPool2D(2)", "Conv2D-MaxPooling2D"),
        ("Conv2D(2, 3) ReLU() Flatten() Dense(4)", "Conv2D-...-Dense"),
    ],
)
def test_a_network_without_a_name_is_called_by_its_layers(spec: str, name: str) -> None:
    assert load_model(spec, input_shape=(9, 9, 1)).name == name


def test_layers_that_do_not_fit_are_named_when_loading() -> None:
    with pytest.raises(
        SpecError, match='conv2: kernel_size 7 does not fit in 4x4; use padding "same"'
    ):
        load_model("Conv2D(4, 5) Conv2D(4, 7)", input_shape=(8, 8, 1))


def test_settings_are_written_as_they_are_typed() -> None:
    graph = load_model("Conv2D(kernels=['edge'], strides=(2, 1))", input_shape=(9, 9, 1)).graph
    assert arguments_of(graph.nodes[0].layer) == "strides=(2, 1), kernels=['edge']"
