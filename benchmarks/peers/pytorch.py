"""PyTorch: a network of ours as its own modules, channels first or last in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import THREADS, Call

from cnnviz.graph import INPUT, Graph, Node
from peers.layouts import Weights, channels_first, first


def network(graph: Graph, weights: Weights, x: np.ndarray, *, last: bool = False) -> Call:
    """Return a call that runs the network, without gradients, on a batch with channels last."""
    import torch

    net, batch = modules(graph, weights, last=last).eval(), images(x, last=last)

    def run() -> Any:
        with torch.inference_mode():
            return net(batch)

    return run


def images(x: np.ndarray, *, last: bool) -> Any:
    """Return a batch `(N, H, W, C)` as torch's, its channels last in memory or not."""
    import torch

    torch.set_num_threads(THREADS)
    form = torch.channels_last if last and x.ndim == 4 else torch.contiguous_format
    return torch.from_numpy(first(x)).contiguous(memory_format=form)


def modules(graph: Graph, weights: Weights, *, last: bool = False) -> Any:
    """Return a module of the whole network."""
    import torch
    from torch import nn

    shapes, kernels = graph.shapes(), channels_first(graph, weights)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for node in graph.nodes:
                made = _module(node, shapes[node.inputs[0]], kernels.get(node.name, {}))
                self.add_module(node.name.replace(".", "_"), made)

        def forward(self, x: Any) -> Any:
            values = {INPUT: x}
            for node, layer in zip(graph.nodes, self.children(), strict=True):
                taken = [values[name] for name in node.inputs]
                values[node.name] = layer(*taken)
            return values[node.name]

    net: Any = Net()
    return net.to(memory_format=torch.channels_last if last else torch.contiguous_format)


def _module(node: Node, shape: tuple[int, ...], own: dict[str, np.ndarray]) -> Any:
    """Return torch's module of a node that takes `shape`, with these weights."""
    from torch import nn, tensor

    made = _kind(node.layer, shape)
    if own:
        made.weight.data = tensor(own.get("kernel", own.get("gamma")))
    if own and made.bias is not None:
        made.bias.data = tensor(own.get("bias", own.get("beta")))
    if "moving_mean" in own:
        made.running_mean.data = tensor(own["moving_mean"])
        made.running_var.data = tensor(own["moving_variance"])
    activation = getattr(node.layer, "activation", None)
    return (
        nn.Sequential(made, {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]())
        if activation
        else made
    )


def _kind(layer: Any, shape: tuple[int, ...]) -> Any:
    """Return the module of a layer, its weights still random."""
    from torch import cat, nn

    class Concat(nn.Module):
        def forward(self, *xs: Any) -> Any:
            return cat(xs, 1)

    def window() -> dict[str, Any]:
        axes = layer.window(shape).on(shape[:-1])
        return {
            "kernel_size": [axis.kernel_size for axis in axes],
            "stride": [axis.stride for axis in axes],
            "padding": [axis.before for axis in axes],
        }

    def pool(kind: Any, **more: Any) -> Any:
        return lambda: kind(**window(), ceil_mode=layer.ceil_mode, **more)

    channels = shape[-1]
    kinds: dict[str, Any] = {
        "Conv2D": lambda: nn.Conv2d(
            channels, layer.filters, **window(), groups=layer.groups, bias=layer.use_bias
        ),
        "Dense": lambda: nn.Linear(channels, layer.units),
        "BatchNormalization": lambda: nn.BatchNorm2d(channels, layer.epsilon, 1 - layer.momentum),
        "MaxPooling2D": pool(nn.MaxPool2d),
        "AveragePooling2D": pool(nn.AvgPool2d, count_include_pad=False),
        "GlobalAveragePooling2D": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "LocalResponseNormalization": lambda: nn.LocalResponseNorm(
            layer.size, layer.alpha * layer.size, layer.beta, layer.bias
        ),
        "ReLU": nn.ReLU,
        "Flatten": nn.Flatten,
        "Dropout": nn.Identity,
        "Concatenate": Concat,
    }
    return kinds[type(layer).__name__]()
