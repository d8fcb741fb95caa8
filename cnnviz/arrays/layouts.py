"""In which order of axes a file keeps its weights, as far as the file tells.

A layout is named by the axes of a convolution: `hwio` is Keras's and ours, `oihw` PyTorch's, `ohwi`
MLX's. What else follows from it, for kernels or for whole models, is told where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

NUMPY = ("npy", "npz", "text")  # formats that anything writes, and that say nothing
LAYOUTS = ("hwio", "oihw", "ohwi")
# By what writers of safetensors put into `format`; `torch` is also what our reader calls its files.
_FRAMEWORKS = {"pt": "oihw", "torch": "oihw", "pytorch": "oihw", "mlx": "ohwi"} | dict.fromkeys(
    ("tf", "tensorflow", "keras", "flax", "jax", "cnnviz"), "hwio"
)
_CONVENTIONS = {"hwio": "keras", "oihw": "torch", "ohwi": "mlx"}
_NAMES = {
    "torch": re.compile(r"(^|[./])(weight|running_mean|running_var|num_batches_tracked)$"),
    "keras": re.compile(r"(^|[./])(kernel|depthwise_kernel|pointwise_kernel|moving_mean)(:0)?$"),
}


def stated(metadata: Mapping[str, str], format: str = "") -> str | None:
    """Return the layout that a file says it has, by its metadata or its format, or None.

    >>> stated({"format": "pt"}), stated({}, "torch legacy"), stated({"layout": "ohwi"}, "npz")
    ('oihw', 'oihw', 'ohwi')
    """
    own = metadata.get("layout", "").lower()
    if own in LAYOUTS:
        return own
    return _FRAMEWORKS.get(metadata.get("format", format.partition(" ")[0]).lower())


def convention(metadata: Mapping[str, str], format: str, names: Collection[str]) -> str:
    """Return whose order of axes arrays keep: `keras`, `torch`, `mlx`, or `""` if nothing tells.

    >>> convention({}, "npz", ["conv1.weight", "conv1.bias"]), convention({}, "torch", [])
    ('torch', 'torch')
    """
    if layout := stated(metadata, format):
        return _CONVENTIONS[layout]
    told = [who for who, end in _NAMES.items() if any(end.search(name) for name in names)]
    return told[0] if len(told) == 1 else ""
