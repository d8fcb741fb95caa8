"""The zoo against the networks that the onnx package carries, run by ONNX Runtime.

They are exports of the published models without their weights: here with ours, random ones.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from zoo_weights import Weights, assert_close, channels_first, random_weights

from cnnviz.graph import Graph
from cnnviz.model import zoo
from cnnviz.model.executor import Sequential

FOLDER = Path(onnx.__file__).parent / "backend/test/data/light"
# Which of our layers each of their operators is.
LAYERS = {
    "Conv": ("Conv2D",),
    "Gemm": ("Dense",),
    "BatchNormalization": ("BatchNormalization",),
    "Relu": ("ReLU",),
    "LRN": ("LocalResponseNormalization",),
    "MaxPool": ("MaxPooling2D",),
    "AveragePool": ("AveragePooling2D", "GlobalAveragePooling2D"),
    "Concat": ("Concatenate",),
    "Sum": ("Add",),
    "Dropout": ("Dropout",),
    "Reshape": ("Flatten",),
}


def published(name: str) -> ModelProto:
    return onnx.load(FOLDER / f"light_{name}.onnx")


def change(model: ModelProto, op: str, **attributes: object) -> None:
    """Change attributes of the operators of one kind, if it moves by 2: of pools that shrink."""
    for node in model.graph.node:
        strides = [list(a.ints) for a in node.attribute if a.name == "strides"]
        if node.op_type == op and (op != "MaxPool" or strides == [[2, 2]]):
            kept = [each for each in node.attribute if each.name not in attributes]
            del node.attribute[:]
            node.attribute.extend(kept)
            node.attribute.extend(helper.make_attribute(*pair) for pair in attributes.items())


def paired(graph: Graph, operators: list[NodeProto]) -> dict[str, tuple[NodeProto, str]]:
    """Return by our node its operator, and what comes out of it or of the Relu behind it."""
    theirs, found = iter(operators), {}
    for node in graph.nodes:
        kind = type(node.layer).__name__
        operator = next(theirs)
        if operator.op_type == "Reshape" and kind != "Flatten":
            operator = next(theirs)  # global pooling leaves nothing to flatten
        assert kind in LAYERS[operator.op_type], node.name
        last = next(theirs) if getattr(node.layer, "activation", None) == "relu" else operator
        assert last is operator or last.op_type == "Relu", node.name
        found[node.name] = operator, last.output[0]
    return found


def run(graph: Graph, model: ModelProto, weights: Weights, x: np.ndarray) -> dict:
    """Return what their operators make of a channels-last batch, by our names."""
    left_out = ("ConstantOfShape", "Softmax")
    operators = [
        n for n in model.graph.node if n.op_type not in left_out and "_w_" not in n.input[0]
    ]
    pairs = paired(graph, operators)
    last = [output for _, output in pairs.values()][-1]
    del operators[[node.output[0] for node in operators].index(last) + 1 :]
    constants = [each for each in model.graph.initializer if each.name.startswith("OC2_DUMMY")]
    for name, own in channels_first(graph, weights).items():
        del pairs[name][0].input[1:]
        pairs[name][0].input.extend(f"{name}.{weight}" for weight in own)
        constants += [numpy_helper.from_array(v, f"{name}.{weight}") for weight, v in own.items()]
    shape = (len(x), x.shape[3], *x.shape[1:3])
    taken = helper.make_tensor_value_info(operators[0].input[0], TensorProto.FLOAT, shape)
    outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for _, o in pairs.values()]
    ready = helper.make_model(
        helper.make_graph(operators, "published", [taken], outputs, constants),
        opset_imports=model.opset_import,
        ir_version=8,
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        ready.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    made = session.run(None, {taken.name: np.moveaxis(x, -1, 1)})
    return dict(zip(pairs, made, strict=True))


def compare(name: str, model: ModelProto, nodes: int | None = None) -> None:
    graph = zoo.build(name)
    graph = replace(graph, nodes=graph.nodes[:nodes])
    weights = random_weights(graph)
    # On the scale of photos less their mean, so that response normalisation does something.
    x = np.random.default_rng(1).normal(0, 60, (1, *graph.input_shape)).astype(np.float32)
    names = [node.name for node in graph.nodes]
    ours = Sequential(graph, weights).run(x, names)
    assert_close(graph, {each: ours[each] for each in names}, run(graph, model, weights, x))


def test_googlenet_is_caffes() -> None:
    model = published("inception_v1")
    # Caffe's pools round up; this export pads the last one instead, and the others not at all.
    change(model, "MaxPool", pads=[0, 0, 1, 1])
    change(model, "AveragePool", pads=[0, 0, 0, 0])
    compare("googlenet", model)


def test_resnet50_is_caffe2s() -> None:
    compare("resnet50", published("resnet50"))


def test_alexnet_is_caffes_but_for_the_papers_normalisation() -> None:
    model = published("bvlc_alexnet")
    change(model, "LRN", alpha=5 * 1e-4, bias=2.0)  # ONNX divides alpha by the window of 5
    compare("alexnet", model, nodes=11)  # as far as the flattening: the rest is 58 million weights


def test_vgg19_has_the_published_shapes() -> None:
    theirs = {
        each.name.removesuffix("_w_0__SHAPE"): numpy_helper.to_array(each).tolist()
        for each in published("vgg19").graph.initializer
        if each.name.endswith("_w_0__SHAPE")
    }
    graph = zoo.build("vgg19")
    shapes = graph.shapes()
    for node in graph.nodes:
        weights = node.layer.weight_shapes(*(shapes[each] for each in node.inputs))
        if weights:
            *space, channels, filters = weights["kernel"]
            assert theirs.pop(node.name) == [filters, channels, *space]
    assert not theirs
