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
    "Layer": "contract",
    "read_image": "images",
    "kernel": "kernels",
    "conv2d": "ops",
    "max_pool2d": "ops",
    "average_pool2d": "ops",
    "min_pool2d": "ops",
    "lp_pool2d": "ops",
    "global_max_pool2d": "ops",
    "global_average_pool2d": "ops",
    "load_model": "model",
}
__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'cnnviz' has no attribute {name!r}")
    return getattr(import_module(f"cnnviz.{home}"), name)


def __dir__() -> list[str]:
    return __all__
