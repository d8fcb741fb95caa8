"""A step of training, forward and back, and its layers alone: beside PyTorch's autograd.

Both sides have the same weights and batch, and so the same loss.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from cases import BETTER, TORCH, TORCH_LAST, Call, Case, Goal, Maker
from peers import pytorch

from cnnviz.graph import Graph
from cnnviz.model import zoo
from cnnviz.ops.threads import take_cores
from cnnviz.training.initial import initial_weights
from cnnviz.training.optimizers import SGD
from cnnviz.training.stages import stages
from cnnviz.training.step import Pass
from groups.layers import layers

TITLE = "Training at batches of 64"
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}  # as `cnnviz train` sets it, before NumPy
NETWORKS = {"lenet5": "LeNet-5", "cifar-net": "the colour net"}
BATCH = 64
RATE, MOMENTUM = 0.001, 0.9
GOAL = Goal(1.2, 0.9)


def cases(quick: bool) -> list[Case]:
    """Return a whole step of each network, and forward and back through its layers."""
    wanted = {"lenet5": "LeNet-5"} if quick else NETWORKS
    whole = [step(text, zoo.build(name)) for name, text in wanted.items()]
    if quick:
        return whole
    return whole + [
        layer(f"layer {name} {node}", alone)
        for name in wanted
        for node, alone in layers(zoo.build(name))
    ]


def step(name: str, graph: Graph) -> Case:
    """Return forward, cross-entropy, backward, and SGD with momentum."""
    return _case(f"step of {name}", graph, ours, theirs, {BETTER: GOAL})


def layer(name: str, graph: Graph) -> Case:
    """Return a network of one layer: forward, and back from gradients that are all the same."""
    return _case(name, graph, ours_alone, theirs_alone, {})


def _case(
    name: str,
    graph: Graph,
    own: Callable[[Graph], Call],
    other: Callable[..., Call],
    goals: dict[str, Goal],
) -> Case:
    sides: dict[str, Maker] = {
        "cnnviz": partial(own, graph),
        TORCH: partial(other, graph, last=False),
        TORCH_LAST: partial(other, graph, last=True),
    }
    return Case(name, sides, goals)


def batch(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels, the same at every call."""
    dice = np.random.default_rng(0)
    return dice.random((BATCH, *graph.input_shape), np.float32), dice.integers(0, 10, BATCH)


def ours(graph: Graph) -> Call:
    take_cores()
    x, labels = batch(graph)
    weights = initial_weights(graph)
    way, optimizer = Pass(graph, weights), SGD(lr=RATE, momentum=MOMENTUM)
    generator = np.random.default_rng(0)

    def run() -> Any:
        made = way.run(x, labels, generator)
        for name, found in made.statistics.items():
            weights[name] |= found
        optimizer.step(weights, made.gradients)
        return made.losses.mean(keepdims=True)

    return run


def theirs(graph: Graph, *, last: bool) -> Call:
    import torch

    x, labels = batch(graph)
    images, targets = pytorch.images(x, last=last), torch.from_numpy(labels)
    net = pytorch.modules(graph, initial_weights(graph), last=last).train()
    optimizer = torch.optim.SGD(net.parameters(), RATE, momentum=MOMENTUM)

    def run() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(images), targets)
        loss.backward()
        optimizer.step()
        return loss.detach()[None]

    return run


def ours_alone(graph: Graph) -> Call:
    """Return what runs a layer forward and back as a step does, images innermost."""
    take_cores()
    x = np.ascontiguousarray(batch(graph)[0].swapaxes(0, -1))
    weights, parts = initial_weights(graph), stages(graph.nodes[:1])
    generator = np.random.default_rng(0)

    def run() -> np.ndarray:
        made = x
        for part in parts:
            made, _ = part.forward(weights, made, generator=generator)
        gradient = np.full(made.shape, 1e-3, np.float32)
        for part in reversed(parts):
            (gradient,), _ = part.backward(gradient, of_inputs=True)
        return made

    return run


def theirs_alone(graph: Graph, *, last: bool) -> Call:
    import torch

    images = pytorch.images(batch(graph)[0], last=last).requires_grad_()
    net = pytorch.modules(graph, initial_weights(graph), last=last).train()

    def run() -> Any:
        made = net(images)
        made.backward(torch.full_like(made, 1e-3))
        return made.detach()

    return run
