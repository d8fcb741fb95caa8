"""A whole training step beside PyTorch's: forward, cross-entropy, backward, SGD with momentum.

Run as `python benchmarks/training_step.py [BLOCKS] [--layers]`; `--layers` prints a table of the
layers instead. Both sides have two threads and the same weights and batch of 64, and give the same
loss. Blocks of steps alternate, since threads that still spin would slow the other side down.
Torch runs channels first and channels last, and the faster one counts.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

THREADS, BATCH, STEPS, PAUSE = 2, 64, 8, 0.1
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(THREADS))

import numpy as np  # noqa: E402

from cnnviz.graph import INPUT, Graph, Node  # noqa: E402
from cnnviz.model import zoo  # noqa: E402
from cnnviz.training.initial import initial_weights  # noqa: E402
from cnnviz.training.loss import cross_entropy  # noqa: E402
from cnnviz.training.optimizers import SGD  # noqa: E402

try:
    import torch
except ImportError:
    sys.exit("this compares with PyTorch: python -m pip install 'cnnviz[peers]'")

GOALS = {"lenet5": 2.5, "cifar-net": 2.0}
RATE, MOMENTUM = 0.001, 0.9
Call = Callable[[], float]


class Ours:
    """A training step of a graph whose nodes follow one another."""

    def __init__(self, graph: Graph, x: np.ndarray, labels: np.ndarray) -> None:
        self.graph, self.x, self.labels = graph, x, labels
        self.weights = initial_weights(graph)
        self.optimizer = SGD(lr=RATE, momentum=MOMENTUM)
        self.generator = np.random.default_rng(0)

    def step(self) -> float:
        """Take a step and return the loss before it."""
        value, ways, gradients = self.x, [], {}
        for node in self.graph.nodes:
            weights = self.weights.get(node.name, {})
            value, back, moved = node.layer.forward_training(
                weights, value, generator=self.generator
            )
            ways.append((node, back))
            for name, values in moved.items():
                weights[name][...] = values
        losses, gradient = cross_entropy(value, self.labels)
        while ways:
            node, back = ways.pop()
            inputs, found = back(gradient, of_inputs=bool(ways))
            if found:
                gradients[node.name] = found
            gradient = inputs[0] if inputs else gradient
        self.optimizer.step(self.weights, gradients)
        return float(losses.mean())

    def layers(self) -> Iterator[tuple[str, float, float]]:
        """Yield the seconds that each layer takes on its way forward and back."""
        value = self.x
        for node in self.graph.nodes:
            taken, weights, shape = value, self.weights.get(node.name, {}), value.shape
            start = time.perf_counter()
            value, back, _ = node.layer.forward_training(weights, taken, generator=self.generator)
            forward = time.perf_counter() - start
            gradient = np.full(value.shape, 1e-3, np.float32)
            start = time.perf_counter()
            back(gradient, of_inputs=INPUT not in node.inputs)
            yield node.name, forward, time.perf_counter() - start
            assert shape == taken.shape


class Torch:
    """The same network, with the same weights, in PyTorch."""

    def __init__(self, ours: Ours, form: torch.memory_format) -> None:
        x = torch.tensor(ours.x.transpose(0, 3, 1, 2).copy())
        self.x, self.labels = x.contiguous(memory_format=form), torch.tensor(ours.labels)
        shapes = ours.graph.shapes()
        parts = {
            node.name.replace("/", "_"): module(node, shapes[node.inputs[0]], ours.weights)
            for node in ours.graph.nodes
        }
        self.net = torch.nn.Sequential()
        for name, part in parts.items():
            self.net.add_module(name, part)
        self.net.to(memory_format=form)
        self.optimizer = torch.optim.SGD(self.net.parameters(), RATE, momentum=MOMENTUM)

    def step(self) -> float:
        """Take a step and return the loss before it."""
        self.optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(self.net(self.x), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def layers(self) -> Iterator[tuple[str, float, float]]:
        """Yield the seconds that each layer takes on its way forward and back."""
        value = self.x
        for name, part in self.net.named_children():
            taken = value.detach().requires_grad_(value is not self.x)
            start = time.perf_counter()
            value = part(taken)
            forward = time.perf_counter() - start
            gradient = torch.full_like(value, 1e-3)
            start = time.perf_counter()
            value.backward(gradient)
            yield name, forward, time.perf_counter() - start


class Flatten(torch.nn.Module):
    """Lays values out with channels fastest, as ours."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def module(node: Node, shape: tuple[int, ...], weights: dict[str, Any]) -> torch.nn.Module:
    """Return the module of a node that takes `shape`, with our weights."""
    layer, own, nn = node.layer, weights.get(node.name, {}), torch.nn
    channels, kind = shape[-1], type(layer).__name__
    if kind == "Conv2D":
        (kernel, _), (top, _) = layer.kernel_size, layer.window(shape).on(shape[:-1])
        made = nn.Conv2d(channels, layer.filters, kernel, padding=top.before, bias=layer.use_bias)
        made.weight.data = torch.tensor(own["kernel"].transpose(3, 2, 0, 1).copy())
        if made.bias is not None:
            made.bias.data.zero_()
        return nn.Sequential(made, nn.Tanh()) if layer.activation == "tanh" else made
    if kind == "Dense":
        made = nn.Linear(channels, layer.units)
        made.weight.data = torch.tensor(own["kernel"].T.copy())
        made.bias.data.zero_()
        return nn.Sequential(made, nn.Tanh()) if layer.activation == "tanh" else made
    return {
        "BatchNormalization": lambda: nn.BatchNorm2d(channels, eps=layer.epsilon, momentum=0.01),
        "ReLU": nn.ReLU,
        "MaxPooling2D": lambda: nn.MaxPool2d(2),
        "AveragePooling2D": lambda: nn.AvgPool2d(2),
        "GlobalAveragePooling2D": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "Flatten": Flatten,
    }[kind]()


def block(call: Call) -> list[float]:
    """Return the seconds of some steps, after one that wakes the threads."""
    time.sleep(PAUSE)
    call()
    found = []
    for _ in range(STEPS):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def sides(name: str) -> tuple[Ours, dict[str, Torch]]:
    """Return our network and torch's in both of its layouts."""
    graph, dice = zoo.build(name), np.random.default_rng(0)
    x = dice.random((BATCH, *graph.input_shape), np.float32)
    ours = Ours(graph, x, dice.integers(0, 10, BATCH))
    forms = {"first": torch.contiguous_format, "last": torch.channels_last}
    return ours, {form: Torch(ours, layout) for form, layout in forms.items()}


def whole(name: str, blocks: int) -> None:
    """Print the medians and quartiles of all steps, and the ratio of the medians."""
    ours, peers = sides(name)
    losses = [side.step() for side in (ours, *peers.values())]
    spread = max(losses) - min(losses)
    calls = {"cnnviz": ours.step} | {f"torch, {form}": peer.step for form, peer in peers.items()}
    times: dict[str, list[float]] = {side: [] for side in calls}
    for _ in range(blocks):
        for side, call in calls.items():
            times[side] += block(call)
    medians = {side: statistics.median(found) for side, found in times.items()}
    for side, found in times.items():
        low, middle, high = (1000 * value for value in statistics.quantiles(found, n=4))
        print(f"{name:<10} {side:<13} {middle:8.2f} ms  ({low:.2f} to {high:.2f})")
    best = min(median for side, median in medians.items() if side != "cnnviz")
    ratio = medians["cnnviz"] / best
    print(f"{name:<10} ratio {ratio:.2f}, goal {GOALS[name]}; first losses within {spread:.1e}\n")


def by_layer(name: str, blocks: int) -> None:
    """Print the median of every layer, forward and back, on both sides."""
    ours, peers = sides(name)
    runs: dict[str, list[list[tuple[str, float, float]]]] = {}
    for _ in range(blocks):
        for side, net in {"cnnviz": ours, **peers}.items():
            time.sleep(PAUSE)
            list(net.layers())
            runs.setdefault(side, []).extend(list(net.layers()) for _ in range(STEPS))
    print(f"{name:<12} " + " ".join(f"{side + ' fwd':>11} {'back':>7}" for side in runs) + "  ms")
    for lines in zip(*(zip(*found, strict=True) for found in runs.values()), strict=True):
        cells = [
            [
                1000 * statistics.median(values)
                for values in ([forward for _, forward, _ in line], [back for *_, back in line])
            ]
            for line in lines
        ]
        figures = " ".join(f"{forward:>11.2f} {back:>7.2f}" for forward, back in cells)
        print(f"{lines[0][0][0]:<12} {figures}")
    print()


def main(words: list[str]) -> None:
    """Measure both networks."""
    torch.set_num_threads(THREADS)
    blocks = next((int(word) for word in words if word.isdigit()), 10)
    for name in GOALS:
        (by_layer if "--layers" in words else whole)(name, blocks)


if __name__ == "__main__":
    main(sys.argv[1:])
