"""Plain array functions: convolution, pooling and activations on channels-last arrays.

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
    from cnnviz.ops.padding import pad2d as pad2d
    from cnnviz.ops.pooling.average import average_pool2d as average_pool2d
    from cnnviz.ops.pooling.global_average import global_average_pool2d as global_average_pool2d
    from cnnviz.ops.pooling.global_max import global_max_pool2d as global_max_pool2d
    from cnnviz.ops.pooling.lp import lp_pool2d as lp_pool2d
    from cnnviz.ops.pooling.max import max_pool2d as max_pool2d
    from cnnviz.ops.pooling.min import min_pool2d as min_pool2d

_HOMES = {
    "activation": "activations",
    "activations": "activations",
    "relu": "activations",
    "softmax": "activations",
    "check_finite": "checks",
    "conv2d": "conv",
    "pad2d": "padding",
    "average_pool2d": "pooling.average",
    "global_average_pool2d": "pooling.global_average",
    "global_max_pool2d": "pooling.global_max",
    "lp_pool2d": "pooling.lp",
    "max_pool2d": "pooling.max",
    "min_pool2d": "pooling.min",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'cnnviz.ops' has no attribute {name!r}")
    return getattr(import_module(f"cnnviz.ops.{home}"), name)


def __dir__() -> list[str]:
    return __all__
