"""Plain array functions: convolution, pooling, activations and more, on channels-last arrays.

Names are loaded on first use, so that a convolution does not pay for pooling.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnviz.ops.activations import activation as activation
    from cnnviz.ops.activations import relu as relu
    from cnnviz.ops.activations import softmax as softmax
    from cnnviz.ops.checks import check_finite as check_finite
    from cnnviz.ops.conv import conv2d as conv2d
    from cnnviz.ops.depthwise import depthwise_conv2d as depthwise_conv2d
    from cnnviz.ops.fully_connected import dense as dense
    from cnnviz.ops.locally_connected import locally_connected1d as locally_connected1d
    from cnnviz.ops.locally_connected import locally_connected2d as locally_connected2d
    from cnnviz.ops.normalization import batch_normalization as batch_normalization
    from cnnviz.ops.normalization import (
        local_response_normalization as local_response_normalization,
    )
    from cnnviz.ops.padding import pad2d as pad2d
    from cnnviz.ops.pooling.average import average_pool2d as average_pool2d
    from cnnviz.ops.pooling.global_average import global_average_pool2d as global_average_pool2d
    from cnnviz.ops.pooling.global_max import global_max_pool2d as global_max_pool2d
    from cnnviz.ops.pooling.lp import lp_pool2d as lp_pool2d
    from cnnviz.ops.pooling.max import max_pool2d as max_pool2d
    from cnnviz.ops.pooling.min import min_pool2d as min_pool2d
    from cnnviz.ops.pooling_sequences import average_pool1d as average_pool1d
    from cnnviz.ops.pooling_sequences import global_average_pool1d as global_average_pool1d
    from cnnviz.ops.pooling_sequences import global_max_pool1d as global_max_pool1d
    from cnnviz.ops.pooling_sequences import lp_pool1d as lp_pool1d
    from cnnviz.ops.pooling_sequences import max_pool1d as max_pool1d
    from cnnviz.ops.pooling_sequences import min_pool1d as min_pool1d
    from cnnviz.ops.sequences import conv1d as conv1d
    from cnnviz.ops.transposed import conv2d_transpose as conv2d_transpose
    from cnnviz.ops.upsampling import upsample2d as upsample2d

_HOMES = {
    "activation": "activations",
    "relu": "activations",
    "softmax": "activations",
    "check_finite": "checks",
    "conv1d": "sequences",
    "conv2d": "conv",
    "conv2d_transpose": "transposed",
    "depthwise_conv2d": "depthwise",
    "dense": "fully_connected",
    "locally_connected1d": "locally_connected",
    "locally_connected2d": "locally_connected",
    "batch_normalization": "normalization",
    "local_response_normalization": "normalization",
    "pad2d": "padding",
    "average_pool2d": "pooling.average",
    "global_average_pool2d": "pooling.global_average",
    "global_max_pool2d": "pooling.global_max",
    "lp_pool2d": "pooling.lp",
    "max_pool2d": "pooling.max",
    "min_pool2d": "pooling.min",
    "average_pool1d": "pooling_sequences",
    "global_average_pool1d": "pooling_sequences",
    "global_max_pool1d": "pooling_sequences",
    "lp_pool1d": "pooling_sequences",
    "max_pool1d": "pooling_sequences",
    "min_pool1d": "pooling_sequences",
    "upsample2d": "upsampling",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'cnnviz.ops' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"cnnviz.ops.{home}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
