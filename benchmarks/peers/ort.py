"""ONNX Runtime: one operation, or a network of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from cases import THREADS, Call

from cnnviz.graph import INPUT, Graph
from peers.layouts import Weights, channels_first, first

POOLS = {"MaxPooling2D": "MaxPool", "AveragePooling2D": "AveragePool"}
SIMPLE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "Dense": [("Gemm", {"transB": 1})],
    "Flatten": [("Flatten", {})],
    "GlobalAveragePooling2D": [("GlobalAveragePool", {}), ("Flatten", {})],
    "ReLU": [("Relu", {})],
    "Concatenate": [("Concat", {"axis": 1})],
    "Dropout": [],
}


def operation(op: str, x: np.ndarray, *others: np.ndarray, **attributes: Any) -> Call:
    """Return a call of `op` on a batch whose channels are last, and on further inputs."""
    from onnx import helper

    constants = {f"w{n}": other for n, other in enumerate(others)}
    node = helper.make_node(op, ["x", *constants], ["y"], **attributes)
    return _call([node], first(x), constants)


def network(graph: Graph, weights: Weights, x: np.ndarray) -> Call:
    """Return a call that runs the network on a batch whose channels are last."""
    from onnx import helper

    shapes, nodes = graph.shapes(), []
    constants: dict[str, np.ndarray] = {}
    names = {INPUT: "x"}  # of what comes out of each node

    def add(name: str, op: str, taken: list[str], attributes: dict[str, Any]) -> None:
        made = f"{name}.{op}"
        nodes.append(helper.make_node(op, taken, [made], **attributes))
        names[name] = made

    kernels = channels_first(graph, weights)
    for node in graph.nodes:
        own = {f"{node.name}.{name}": v for name, v in kernels.get(node.name, {}).items()}
        constants |= own
        names[node.name] = names[node.inputs[0]]
        taken = [*(names[name] for name in node.inputs), *own]
        for op, attributes in _operators(node.layer, shapes[node.inputs[0]]):
            add(node.name, op, taken, attributes)
            taken = [names[node.name]]
    nodes[-1].output[0] = "y"
    return _call(nodes, first(x), constants)


def _operators(layer: Any, shape: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the operators of a layer that takes `shape`, one after another."""
    kind = type(layer).__name__
    if kind == "Conv2D":
        more = {"group": layer.groups, "dilations": _pair(layer.dilation_rate)}
        yield "Conv", {**_window(layer, shape), **more}
    elif kind in POOLS:
        own = {"kernel_shape": _pair(layer.pool_size), "ceil_mode": int(layer.ceil_mode)}
        yield POOLS[kind], {**_window(layer, shape), **own}
    elif kind == "LocalResponseNormalization":
        own = {"size": layer.size, "alpha": layer.alpha * layer.size}
        yield "LRN", {**own, "beta": layer.beta, "bias": layer.bias}
    elif kind == "BatchNormalization":
        yield "BatchNormalization", {"epsilon": layer.epsilon}
    else:
        yield from SIMPLE[kind]
    if getattr(layer, "activation", None):
        yield {"relu": "Relu", "tanh": "Tanh"}[layer.activation], {}


def _window(layer: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    axes = layer.window(shape).on(shape[:-1])
    pads = [axis.before for axis in axes] + [axis.after for axis in axes]
    return {"strides": [axis.stride for axis in axes], "pads": pads}


def _pair(size: Any) -> list[int]:
    return [int(n) for n in np.broadcast_to(size, 2)]


def _call(nodes: list[Any], x: np.ndarray, constants: dict[str, np.ndarray]) -> Call:
    """Return a call of a session of these operators, from `x` to `y`."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        nodes,
        "benchmark",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ascontiguousarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"x": x})
