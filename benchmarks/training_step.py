"""A whole training step beside PyTorch's: forward, cross-entropy, backward, SGD with momentum.

Run as `python benchmarks/training_step.py [BLOCKS] [--layers]`; `--layers` prints a table of the
layers in place of the whole step. Each side has a process of its own with two threads, as a user
would run it; both have the same weights and batch of 64, and so the same loss. Blocks of steps
alternate, A B C A B C. Torch runs channels first and channels last, and the faster one counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from cnnviz.ops.threads import take_cores

if __name__ == "__main__" and "ours" in sys.argv:
    take_cores()  # before NumPy

import numpy as np

from cnnviz.graph import INPUT, Graph, Node
from cnnviz.model import zoo
from cnnviz.training.initial import initial_weights
from cnnviz.training.optimizers import SGD
from cnnviz.training.step import Pass

GOALS = {"lenet5": 2.5, "cifar-net": 2.0}
SIDES = {"ours": "cnnviz", "first": "torch, channels first", "last": "torch, channels last"}
THREADS, BATCH, STEPS, PAUSE = 2, 64, 8, 0.02
RATE, MOMENTUM = 0.001, 0.9
Lines = list[tuple[str, float, float]]


class Ours:
    """A training step of a graph whose nodes follow one another."""

    def __init__(self, graph: Graph, x: np.ndarray, labels: np.ndarray) -> None:
        self.graph, self.x, self.labels = graph, x, labels
        self.weights = initial_weights(graph)
        self.way, self.optimizer = Pass(graph, self.weights), SGD(lr=RATE, momentum=MOMENTUM)
        self.generator = np.random.default_rng(0)

    def step(self) -> float:
        """Take a step and return the loss before it."""
        made = self.way.run(self.x, self.labels, self.generator)
        for name, found in made.statistics.items():
            self.weights[name] |= found
        self.optimizer.step(self.weights, made.gradients)
        return float(made.losses.mean())

    def layers(self) -> Iterator[tuple[str, float, float]]:
        """Yield the seconds that each layer takes on its way forward and back."""
        value = self.x
        for node in self.graph.nodes:
            weights, taken = self.weights.get(node.name, {}), value
            start = time.perf_counter()
            value, back, _ = node.layer.forward_training(weights, taken, generator=self.generator)
            forward = time.perf_counter() - start
            gradient = np.full(value.shape, 1e-3, np.float32)
            start = time.perf_counter()
            back(gradient, of_inputs=INPUT not in node.inputs)
            yield node.name, forward, time.perf_counter() - start


class Torch:
    """The same network, with the same weights, in PyTorch."""

    def __init__(self, ours: Ours, last: bool) -> None:
        import torch

        torch.set_num_threads(THREADS)
        form = torch.channels_last if last else torch.contiguous_format
        x = torch.tensor(ours.x.transpose(0, 3, 1, 2).copy())
        self.x, self.labels = x.contiguous(memory_format=form), torch.tensor(ours.labels)
        shapes = ours.graph.shapes()
        self.net = torch.nn.Sequential()
        for node in ours.graph.nodes:
            self.net.add_module(node.name, module(node, shapes[node.inputs[0]], ours.weights))
        self.net.to(memory_format=form)
        self.optimizer = torch.optim.SGD(self.net.parameters(), RATE, momentum=MOMENTUM)
        self.cross_entropy, self.full_like = torch.nn.functional.cross_entropy, torch.full_like

    def step(self) -> float:
        """Take a step and return the loss before it."""
        self.optimizer.zero_grad()
        loss = self.cross_entropy(self.net(self.x), self.labels)
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
            gradient = self.full_like(value, 1e-3)
            start = time.perf_counter()
            value.backward(gradient)
            yield name, forward, time.perf_counter() - start


def module(node: Node, shape: tuple[int, ...], weights: dict[str, Any]) -> Any:
    """Return torch's module of a node that takes `shape`, with our weights."""
    from torch import nn, tensor

    class Flatten(nn.Module):  # channels fastest, as ours
        def forward(self, x: Any) -> Any:
            return x.permute(0, 2, 3, 1).flatten(1)

    layer, channels, kind = node.layer, shape[-1], type(node.layer).__name__
    simple: dict[str, Callable[[], Any]] = {
        "BatchNormalization": lambda: nn.BatchNorm2d(channels, layer.epsilon, 1 - layer.momentum),
        "ReLU": nn.ReLU,
        "MaxPooling2D": lambda: nn.MaxPool2d(layer.pool_size),
        "AveragePooling2D": lambda: nn.AvgPool2d(layer.pool_size),
        "GlobalAveragePooling2D": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "Flatten": Flatten,
    }
    if kind in simple:
        return simple[kind]()
    own = weights[node.name]
    if kind == "Dense":
        made, kernel = nn.Linear(channels, layer.units), own["kernel"].T
    else:
        size, padding = layer.kernel_size[0], layer.window(shape).on(shape[:-1])[0].before
        made = nn.Conv2d(channels, layer.filters, size, padding=padding, bias=layer.use_bias)
        kernel = own["kernel"].transpose(3, 2, 0, 1)
    made.weight.data = tensor(kernel.copy())
    if "bias" in own:
        made.bias.data = tensor(own["bias"])
    return nn.Sequential(made, nn.Tanh()) if layer.activation == "tanh" else made


def serve(name: str, side: str) -> None:
    """Be one side: print the first loss, and for each word read what it takes, as JSON."""
    graph, dice = zoo.build(name), np.random.default_rng(0)
    x = dice.random((BATCH, *graph.input_shape), np.float32)
    ours = Ours(graph, x, dice.integers(0, 10, BATCH))
    net = ours if side == "ours" else Torch(ours, side == "last")
    print(net.step(), flush=True)
    for word in sys.stdin:
        run = net.step if word.strip() == "steps" else lambda: list(net.layers())
        run()  # wakes the threads
        found = []
        for _ in range(STEPS):
            start = time.perf_counter()
            made = run()
            found.append(made if isinstance(made, list) else time.perf_counter() - start)
        print(json.dumps(found), flush=True)


class Side:
    """The process of one side."""

    def __init__(self, name: str, side: str) -> None:
        command = [sys.executable, __file__, name, side]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.loss = self._line()

    def block(self, word: str) -> list[Any]:
        """Return what it says to a word."""
        time.sleep(PAUSE)  # the threads of the side before may still spin
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else sys.exit("one side has failed")

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def whole(name: str, sides: dict[str, Side], blocks: int) -> None:
    """Print the medians and quartiles of all steps, and the ratio of the medians."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(blocks):
        for side, net in sides.items():
            times[side] += net.block("steps")
    for side, found in times.items():
        low, middle, high = (1000 * value for value in statistics.quantiles(found, n=4))
        print(f"{name:<10} {SIDES[side]:<22} {middle:8.2f} ms  ({low:.2f} to {high:.2f})")
    ours, *theirs = (statistics.median(found) for found in times.values())
    losses = [net.loss for net in sides.values()]
    apart = max(losses) - min(losses)
    goal = GOALS[name]
    print(f"{name:<10} ratio {ours / min(theirs):.2f}, goal {goal}; losses {apart:.0e} apart\n")


def by_layer(name: str, sides: dict[str, Side], blocks: int) -> None:
    """Print the median of every layer, forward and back, on every side."""
    runs: dict[str, list[Lines]] = {side: [] for side in sides}
    for _ in range(blocks):
        for side, net in sides.items():
            runs[side] += net.block("layers")
    print(
        f"{name:<12}" + "".join(f"{SIDES[side]:>24}" for side in sides) + "   forward, back in ms"
    )
    for at, (layer, *_) in enumerate(runs["ours"][0]):
        cells = [
            [1000 * statistics.median(lines[at][way] for lines in found) for way in (1, 2)]
            for found in runs.values()
        ]
        print(f"{layer:<12}" + "".join(f"{forward:>16.2f}{back:>8.2f}" for forward, back in cells))
    print()


def main(words: list[str]) -> None:
    """Measure both networks, or be one side of one."""
    if words and words[0] in GOALS:
        return serve(*words)
    try:
        import torch  # noqa: F401
    except ImportError:
        sys.exit("this compares with PyTorch: python -m pip install 'cnnviz[peers]'")
    blocks = next((int(word) for word in words if word.isdigit()), 10)
    for name in GOALS:
        sides = {side: Side(name, side) for side in SIDES}
        (by_layer if "--layers" in words else whole)(name, sides, blocks)
        for side in sides.values():
            side.close()


if __name__ == "__main__":
    main(sys.argv[1:])
