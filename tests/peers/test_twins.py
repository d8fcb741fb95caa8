"""The zoo against the same networks in PyTorch, node by node, with the same random weights."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from twins.alexnet import AlexNet, alexnet_2012  # noqa: E402
from twins.googlenet import GoogLeNet, PublishedGoogLeNet  # noqa: E402
from twins.resnet import ResNet  # noqa: E402
from twins.vgg import VGG  # noqa: E402
from zoo_weights import assert_close  # noqa: E402

from cnnviz import load_model  # noqa: E402
from cnnviz.graph import Graph  # noqa: E402
from cnnviz.model import zoo  # noqa: E402

TWINS = {
    "alexnet-torchvision": AlexNet,
    "alexnet": alexnet_2012,
    "vgg11": partial(VGG, "vgg11"),
    "vgg13": partial(VGG, "vgg13"),
    "vgg16": partial(VGG, "vgg16"),
    "vgg19": partial(VGG, "vgg19"),
    "googlenet-torchvision": GoogLeNet,
    "googlenet": PublishedGoogLeNet,
    "resnet18": partial(ResNet, "resnet18"),
    "resnet34": partial(ResNet, "resnet34"),
    "resnet50": partial(ResNet, "resnet50"),
}
# What is run; the others differ from these in depth only.
RUN = [name for name in TWINS if name not in ("vgg11", "vgg13", "vgg19", "resnet34")]
# What PyTorch calls our weights.
NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def randomised(twin: torch.nn.Module) -> torch.nn.Module:
    """Return the twin with weights each of which counts; epsilon is seen beside the variances."""
    torch.manual_seed(0)
    for module in twin.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.05, 0.15)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.005, 0.015)
        elif isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                torch.nn.init.normal_(module.bias, 0, 0.1)
    return twin.eval()


def outputs(graph: Graph, twin: torch.nn.Module, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the modules without modules of their own made, in the order of their calls."""
    calls: list[tuple[str, np.ndarray]] = []

    def note(module: torch.nn.Module, _: object, y: torch.Tensor) -> None:
        calls.append((type(module).__name__, y.numpy()))

    for module in twin.modules():
        if not list(module.children()):
            module.register_forward_hook(note)
    with torch.inference_mode():
        twin(torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1))))
    theirs, found = iter(calls), {}
    for node in graph.nodes:
        kind, found[node.name] = next(theirs)
        if getattr(node.layer, "activation", None) == "relu":
            kind, found[node.name] = next(theirs)
            assert kind == "ReLU"
    assert next(theirs, None) is None
    return found


@pytest.mark.parametrize("name", RUN)
def test_every_node_of_a_loaded_checkpoint_is_that_of_the_twin(name: str, tmp_path: Path) -> None:
    twin, file = randomised(TWINS[name]()), tmp_path / "weights.pth"
    torch.save(twin.state_dict(), file)
    model = load_model(name, weights=file)
    shape = (1, *model.graph.input_shape)
    x = np.random.default_rng(1).normal(0, 2, shape).astype(np.float32)
    names = [node.name for node in model.graph.nodes]
    ours = model.executor.run(x, names)
    file.unlink()  # up to half a gigabyte
    assert not model.is_random
    assert_close(model.graph, {each: ours[each] for each in names}, outputs(model.graph, twin, x))


@pytest.mark.parametrize("name", [name for name in zoo.names() if zoo.checkpoint_names(name)])
def test_checkpoint_names_are_all_of_torchvisions(name: str) -> None:
    with torch.device("meta"):
        twin = TWINS[name]()
    theirs = {key: tuple(value.shape) for key, value in twin.state_dict().items() if value.ndim}
    assert theirs == torch_shapes(name)


def test_auxiliary_classifiers_of_a_checkpoint_are_left_out(tmp_path: Path) -> None:
    state = randomised(GoogLeNet()).state_dict()
    aux = {"aux1.conv.conv.weight": torch.ones(128, 512, 1, 1), "aux1.fc1.bias": torch.ones(1024)}
    torch.save(state | aux, tmp_path / "googlenet.pth")
    model = load_model("googlenet-torchvision", weights=tmp_path / "googlenet.pth")
    np.testing.assert_array_equal(model.weights["fc"]["bias"], state["fc.bias"].numpy())


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
