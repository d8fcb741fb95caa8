"""The zoo against the same networks in PyTorch, node by node, with the same random weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from twins.alexnet import AlexNet, alexnet_2012  # noqa: E402
from twins.googlenet import GoogLeNet, PublishedGoogLeNet  # noqa: E402
from twins.resnet import ResNet  # noqa: E402
from twins.vgg import VGG  # noqa: E402
from zoo_weights import assert_close, channels_first, random_weights  # noqa: E402

from cnnviz.graph import Graph  # noqa: E402
from cnnviz.model import zoo  # noqa: E402
from cnnviz.model.executor import Sequential  # noqa: E402

# What PyTorch calls our weights.
NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclass(frozen=True)
class Twin:
    """A model's twin; the prefix of a node's tensors is torchvision's, or made of its name."""

    build: Callable[[], torch.nn.Module]
    prefix: str = ""

    def prefixes(self, name: str) -> dict[str, str]:
        graph = zoo.build(name)
        own = {node.name: f"{self.prefix}{node.name}" for node in graph.nodes} | {"fc": "fc"}
        return zoo.checkpoint_names(name) or own


TWINS = {
    "alexnet-torchvision": Twin(AlexNet),
    "alexnet": Twin(alexnet_2012),
    "vgg16": Twin(lambda: VGG("vgg16")),
    "googlenet-torchvision": Twin(GoogLeNet),
    "googlenet": Twin(PublishedGoogLeNet, "convolutions."),
    "resnet18": Twin(lambda: ResNet("resnet18")),
    "resnet50": Twin(lambda: ResNet("resnet50")),
}


def state_dict(graph: Graph, weights: dict, prefixes: dict[str, str]) -> dict[str, torch.Tensor]:
    return {
        f"{prefixes[node]}.{NAMES[name]}": torch.from_numpy(values)
        for node, own in channels_first(graph, weights).items()
        for name, values in own.items()
    }


def outputs(graph: Graph, twin: torch.nn.Module, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the modules without modules of their own made, in the order of their calls."""
    calls: list[tuple[str, np.ndarray]] = []

    def note(module: torch.nn.Module, _: object, y: torch.Tensor) -> None:
        calls.append((type(module).__name__, y.numpy()))

    for module in twin.modules():
        if not list(module.children()):
            module.register_forward_hook(note)
    with torch.inference_mode():
        twin.eval()(torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1))))
    theirs, found = iter(calls), {}
    for node in graph.nodes:
        kind, found[node.name] = next(theirs)
        if getattr(node.layer, "activation", None) == "relu":
            kind, found[node.name] = next(theirs)
            assert kind == "ReLU"
    assert next(theirs, None) is None
    return found


@pytest.mark.parametrize("name", [name for name in zoo.names() if zoo.checkpoint_names(name)])
def test_checkpoint_names_are_all_of_torchvisions(name: str) -> None:
    family = {"alexnet-torchvision": AlexNet, "googlenet-torchvision": GoogLeNet}
    with torch.device("meta"):
        twin = family[name]() if name in family else (VGG if "vgg" in name else ResNet)(name)
    theirs = {key: tuple(value.shape) for key, value in twin.state_dict().items() if value.ndim}
    assert theirs == torch_shapes(name)


def torch_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a checkpoint's tensors, had it our weights."""
    graph, found = zoo.build(name), {}
    shapes = graph.shapes()
    for node in graph.nodes:
        taken = [shapes[each] for each in node.inputs]
        own = node.layer.weight_shapes(*taken) | node.layer.statistic_shapes(*taken)
        for weight, shape in own.items():
            turned = (*shape[:-3:-1], *shape[:-2])
            found[f"{zoo.checkpoint_names(name)[node.name]}.{NAMES[weight]}"] = turned
    return found


@pytest.mark.parametrize("name", TWINS)
def test_every_node_is_that_of_the_twin(name: str) -> None:
    graph, twin = zoo.build(name), TWINS[name].build()
    weights = random_weights(graph)
    state = state_dict(graph, weights, TWINS[name].prefixes(name))
    missing, unexpected = twin.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(key.endswith("num_batches_tracked") for key in missing)
    x = np.random.default_rng(1).normal(0, 2, (1, *graph.input_shape)).astype(np.float32)
    names = [node.name for node in graph.nodes]
    ours = Sequential(graph, weights).run(x, names)
    assert_close(graph, {each: ours[each] for each in names}, outputs(graph, twin, x))
