"""Any graph of ours in PyTorch's operations, for autograd: written from what the layers promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from cnnviz.graph import INPUT, Graph

F = torch.nn.functional
Tensor = torch.Tensor
Own = dict[str, Tensor]


def run(graph: Graph, weights: dict[str, Own], x: Tensor, dice: np.random.Generator) -> Tensor:
    """Return the output in training of images `(N, H, W, C)`, or of sequences.

    `dice` draws what is dropped, in the order of the nodes.
    """
    values = {INPUT: x}
    for node in graph.nodes:
        kind, taken = type(node.layer).__name__, [values[name] for name in node.inputs]
        if kind in ("Dropout", "SpatialDropout2D"):
            values[node.name] = dropped(node.layer, taken[0], dice, by_channel=kind != "Dropout")
        else:
            own = weights.get(node.name, {})
            values[node.name] = KINDS[kind](node.layer, own, *taken)
    return values[node.name]


def dropped(layer: Any, x: Tensor, dice: np.random.Generator, *, by_channel: bool) -> Tensor:
    shape = (x.shape[0], 1, 1, x.shape[-1]) if by_channel else tuple(x.shape)
    kept = dice.random(shape, np.float32) >= layer.rate
    return x * torch.from_numpy(kept) / (1 - layer.rate)


def first(x: Tensor) -> Tensor:
    """Channels first."""
    return x.movedim(-1, 1)


def last(x: Tensor) -> Tensor:
    """Channels last."""
    return x.movedim(1, -1)


def ended(layer: Any, own: Own, x: Tensor) -> Tensor:
    """Bias and activation."""
    if layer.use_bias:
        x = x + own["bias"]
    return ACTIVATIONS[layer.activation](x)


def padded(x: Tensor, padding: Any) -> Tensor:
    """Zeros around images whose channels are first; pairs of numbers, rows before columns."""
    pairs = [] if padding == "valid" else [n for pair in reversed(padding) for n in pair]
    return F.pad(x, pairs)


def conv(layer: Any, own: Own, x: Tensor) -> Tensor:
    """Conv1D and Conv2D."""
    kernel = own["kernel"].movedim((-1, -2), (0, 1)).contiguous()
    slide = F.conv1d if x.ndim == 3 else F.conv2d
    y = slide(
        padded(first(x), layer.padding), kernel, None, layer.strides, 0,
        layer.dilation_rate, layer.groups,
    )  # fmt: skip
    return ended(layer, own, last(y))


def depth(layer: Any, kernel: Tensor, x: Tensor) -> Tensor:
    rows, columns, channels, _ = kernel.shape
    flat = kernel.permute(2, 3, 0, 1).reshape(-1, 1, rows, columns).contiguous()
    x = padded(first(x), layer.padding)
    return last(F.conv2d(x, flat, None, layer.strides, 0, layer.dilation_rate, channels))


def separable(layer: Any, own: Own, x: Tensor) -> Tensor:
    return ended(layer, own, depth(layer, own["depthwise_kernel"], x) @ own["pointwise_kernel"])


def transposed(layer: Any, own: Own, x: Tensor) -> Tensor:
    (one, _), (other, _) = layer.padding  # alike on both sides
    y = F.conv_transpose2d(
        first(x), own["kernel"].permute(3, 2, 0, 1).contiguous(), None, layer.strides, (one, other),
        layer.output_padding, 1, layer.dilation_rate,
    )  # fmt: skip
    return ended(layer, own, last(y))


def local(layer: Any, own: Own, x: Tensor) -> Tensor:
    """LocallyConnected1D and 2D: a kernel a place, its cells before the channels."""
    size = np.broadcast_to(layer.kernel_size, x.ndim - 2)
    strides = np.broadcast_to(layer.strides, x.ndim - 2)
    for axis, (cells, stride) in enumerate(zip(size.tolist(), strides.tolist(), strict=True), 1):
        x = x.unfold(axis, cells, stride)
    space = x.ndim // 2 - 1  # (N, *places, C, *cells)
    places = x.shape[1 : 1 + space]
    x = x.movedim(1 + space, -1).reshape(len(x), int(np.prod(places)), -1)
    y = torch.einsum("npc,pcf->npf", x, own["kernel"])
    return ended(layer, own, y.reshape(len(x), *places, -1))


def norm(layer: Any, own: Own, x: Tensor) -> Tensor:
    gamma, beta = own.get("gamma"), own.get("beta")
    return last(F.batch_norm(first(x), None, None, gamma, beta, True, 0.0, layer.epsilon))


def neighbours(layer: Any, own: Own, x: Tensor) -> Tensor:
    alpha = layer.alpha * layer.size
    return last(F.local_response_norm(first(x), layer.size, alpha, layer.beta, layer.bias))


def pool(name: str) -> Callable[..., Tensor]:
    def run(layer: Any, own: Own, x: Tensor) -> Tensor:
        op = getattr(F, f"{name}_pool{x.ndim - 2}d")
        one, two = (0, 0) if layer.padding == "valid" else (layer.padding[0], layer.padding[-1])
        padding = 0 if layer.padding == "valid" else ((one[0], two[0])[: x.ndim - 2])
        more = {"count_include_pad": layer.count_include_pad} if name == "avg" else {}
        strides = layer.strides or layer.pool_size
        return last(
            op(first(x), layer.pool_size, strides, padding, ceil_mode=layer.ceil_mode, **more)
        )

    return run


def largest(layer: Any, own: Own, x: Tensor) -> Tensor:
    return x.amax(tuple(range(1, x.ndim - 1)))


def mean(layer: Any, own: Own, x: Tensor) -> Tensor:
    return x.mean(tuple(range(1, x.ndim - 1)))


def enlarged(layer: Any, own: Own, x: Tensor) -> Tensor:
    scale = np.broadcast_to(layer.size, x.ndim - 2).astype(float).tolist()
    mode = getattr(layer, "interpolation", "nearest")
    return last(F.interpolate(first(x), scale_factor=scale, mode=mode))


def cropped(layer: Any, own: Own, x: Tensor) -> Tensor:
    pairs = layer.cropping
    for axis, (before, after) in enumerate(pairs, 1):
        x = x.narrow(axis, before, x.shape[axis] - before - after)
    return x


def together(join: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda layer, own, *xs: join(torch.stack(xs))


ACTIVATIONS: dict[str | None, Callable[[Tensor], Tensor]] = {
    None: lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": F.elu,
    "silu": F.silu,
    "softplus": F.softplus,
    "gelu": F.gelu,
}
KINDS: dict[str, Callable[..., Tensor]] = {
    "Activation": lambda layer, own, x: ACTIVATIONS[layer.activation](x),
    "Add": together(lambda x: x.sum(0)),
    "Average": together(lambda x: x.mean(0)),
    "AveragePooling1D": pool("avg"),
    "AveragePooling2D": pool("avg"),
    "BatchNormalization": norm,
    "Concatenate": lambda layer, own, *xs: torch.cat(xs, layer.axis),
    "Conv1D": conv,
    "Conv2D": conv,
    "Conv2DTranspose": transposed,
    "Cropping1D": cropped,
    "Cropping2D": cropped,
    "Dense": lambda layer, own, x: ended(layer, own, x @ own["kernel"]),
    "DepthwiseConv2D": lambda layer, own, x: ended(layer, own, depth(layer, own["kernel"], x)),
    "ELU": lambda layer, own, x: F.elu(x, layer.alpha),
    "Flatten": lambda layer, own, x: x.flatten(1),
    "GELU": lambda layer, own, x: F.gelu(x, approximate="tanh" if layer.approximate else "none"),
    "GlobalAveragePooling1D": mean,
    "GlobalAveragePooling2D": mean,
    "GlobalMaxPooling1D": largest,
    "GlobalMaxPooling2D": largest,
    "HardSwish": lambda layer, own, x: F.hardswish(x),
    "Identity": lambda layer, own, x: x,
    "LeakyReLU": lambda layer, own, x: F.leaky_relu(x, layer.negative_slope),
    "LocalResponseNormalization": neighbours,
    "LocallyConnected1D": local,
    "LocallyConnected2D": local,
    "LpPooling2D": lambda layer, own, x: last(
        F.lp_pool2d(first(x).abs(), layer.p, layer.pool_size)
    ),
    "MaxPooling1D": pool("max"),
    "MaxPooling2D": pool("max"),
    "Maximum": together(lambda x: x.amax(0)),
    "MinPooling2D": lambda layer, own, x: -pool("max")(layer, own, -x),
    "Minimum": together(lambda x: x.amin(0)),
    "Multiply": together(lambda x: x.prod(0)),
    "Normalization": lambda layer, own, x: (x - layer.mean) / layer.variance**0.5,
    "PReLU": lambda layer, own, x: torch.where(x > 0, x, own["alpha"] * x),
    "Permute": lambda layer, own, x: x.permute(0, *layer.dims),
    "ReLU": lambda layer, own, x: torch.relu(x).clamp(max=layer.max_value),
    "Rescaling": lambda layer, own, x: x * layer.scale + layer.offset,
    "Reshape": lambda layer, own, x: x.reshape(len(x), *layer.target_shape),
    "SeparableConv2D": separable,
    "SiLU": lambda layer, own, x: F.silu(x),
    "Sigmoid": lambda layer, own, x: torch.sigmoid(x),
    "Softmax": lambda layer, own, x: torch.softmax(x, layer.axis),
    "Subtract": lambda layer, own, one, other: one - other,
    "Tanh": lambda layer, own, x: torch.tanh(x),
    "UpSampling1D": enlarged,
    "UpSampling2D": enlarged,
    "ZeroPadding1D": lambda layer, own, x: last(padded(first(x), layer.padding)),
    "ZeroPadding2D": lambda layer, own, x: last(padded(first(x), layer.padding)),
}
