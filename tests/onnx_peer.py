"""One-node ONNX models run by ONNX Runtime, channels last at this side of the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

OPSET = 22
IR_VERSION = 10


def run(op: str, x: np.ndarray, *others: np.ndarray, **attributes: Any) -> np.ndarray:
    """Return `op` of the float32 batch `x`, `(N, …, C)`, and of further inputs as they are."""
    arrays = {"x": np.ascontiguousarray(np.moveaxis(x, -1, 1), np.float32)}
    arrays |= {f"w{n}": np.ascontiguousarray(other, np.float32) for n, other in enumerate(others)}
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
        for name, array in arrays.items()
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node(op, list(arrays), ["y"], **attributes)
    model = helper.make_model(
        helper.make_graph([node], op, inputs, [output]),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.moveaxis(session.run(None, arrays)[0], 1, -1)


def same_pads(size: Sequence[int], extents: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Return TensorFlow's padding, begin and end as ONNX writes them.

    For what ONNX Runtime refuses beside SAME_UPPER: dilation, and strides above the kernel.
    """
    rows = zip(size, extents, strides, strict=True)
    total = [max(0, (-(-n // s) - 1) * s + extent - n) for n, extent, s in rows]
    return [*(t // 2 for t in total), *(t - t // 2 for t in total)]
