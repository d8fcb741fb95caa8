"""See what a convolutional network does to your own image.

The public names are loaded on first use, so that `import cnnviz` costs nothing:

>>> import cnnviz
>>> cnnviz.kernel("sobel-x").tolist()
[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "CnnvizError": "errors",
    "InputError": "errors",
    "OutputError": "errors",
    "RefusedError": "errors",
    "SpecError": "errors",
    "Field": "geometry",
    "Window": "geometry",
    "TransposedWindow": "geometry.transposed",
    "Layer": "contract",
    "read_image": "images",
    "kernel": "kernels",
    "signal": "signals",
    "conv2d": "ops",
    "conv2d_transpose": "ops",
    "depthwise_conv2d": "ops",
    "conv1d": "ops",
    "max_pool2d": "ops",
    "average_pool2d": "ops",
    "min_pool2d": "ops",
    "lp_pool2d": "ops",
    "global_max_pool2d": "ops",
    "global_average_pool2d": "ops",
    "max_pool1d": "ops",
    "average_pool1d": "ops",
    "min_pool1d": "ops",
    "lp_pool1d": "ops",
    "global_max_pool1d": "ops",
    "global_average_pool1d": "ops",
    "dense": "ops",
    "batch_normalization": "ops",
    "local_response_normalization": "ops",
    "load_model": "model",
    "train": "training.train",
}
_ACTIVATIONS = """
celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear
log_sigmoid log_softmax mish prelu relu relu6 selu sigmoid silu soft_shrink softmax softplus
softsign sparse_plus sparse_sigmoid sparsemax squareplus tanh tanh_shrink threshold
"""
_HOMES |= dict.fromkeys(_ACTIVATIONS.split(), "ops.activations")
__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'cnnviz' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"cnnviz.{home}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
