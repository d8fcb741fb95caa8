"""Networks drawn at random: a checkpoint of PyTorch's, loaded with no option, runs as there."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from cnnviz.arrays import open_arrays
from cnnviz.arrays.conversion import write
from cnnviz.graph import INPUT, Graph, Node
from cnnviz.layers import find
from cnnviz.model import Model
from cnnviz.model.match import read_weights

torch = pytest.importorskip("torch")
save_file = pytest.importorskip("safetensors.torch").save_file
nn = torch.nn


@dataclass
class Drawn:
    """A network in both worlds, node by node."""

    shapes: dict[str, tuple[int, ...]]
    modules: dict[str, object] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def add(self, module, inputs: list[str], kind: str, *args, **settings) -> str:
        name = f"block{len(self.nodes) // 4}.{kind.lower()}{len(self.nodes)}"
        layer = find(kind)(*args, **settings)
        self.shapes[name] = layer.output_shape(*(self.shapes[each] for each in inputs))
        self.modules[name] = module
        self.nodes.append(Node(name, layer, tuple(inputs)))
        return name

    def run(self, x):
        values = {INPUT: x}
        for node in self.nodes:
            values[node.name] = self.modules[node.name](*(values[each] for each in node.inputs))
        return values[node.name]

    def state(self) -> dict:
        return {
            f"{name}.{key}": value
            for name, module in self.modules.items()
            if isinstance(module, nn.Module)
            for key, value in module.state_dict().items()
        }


def drawn(seed: int) -> Drawn:
    """Return convolutions of all kinds, branches, a way to a row, and dense layers."""
    r = random.Random(seed)
    torch.manual_seed(seed)
    channels = r.choice([1, 2, 3, 3, 4])  # 3 x 3 kernels of 3 channels look alike from each side
    shape = (9, 7, channels) if seed % 4 else (12, channels)
    net = Drawn({INPUT: shape})
    last = INPUT
    for _ in range(r.randint(2, 5)):
        last = branched(net, last, r) if r.random() < 0.4 else layer(net, last, r)
    last = row(net, last, r)
    for _ in range(2):
        taken, units = net.shapes[last][0], r.choice([3, 5, net.shapes[last][0] % 400 + 1])
        last = net.add(nn.Linear(taken, units), [last], "Dense", units)
        last = net.add(torch.relu, [last], "ReLU")
    return net


def layer(net: Drawn, last: str, r: random.Random) -> str:
    shape = net.shapes[last]
    channels, rank = shape[-1], len(shape) - 1
    kind = r.choice(["conv", "conv", "norm", "slope", "depthwise", "transposed"])
    if kind == "norm":
        norm = (nn.BatchNorm1d, nn.BatchNorm2d)[rank - 1](channels)
        return net.add(random_norm(norm), [last], "BatchNormalization", epsilon=1e-5)
    if kind == "slope":
        slopes = nn.PReLU(r.choice([1, channels]))
        nn.init.uniform_(slopes.weight, 0.1, 0.5)
        return net.add(slopes, [last], "PReLU", shared_axes=tuple(range(1, rank + 1)))
    if kind == "depthwise" and rank == 2:
        maps = channels * (times := r.choice([1, 2]))
        conv = nn.Conv2d(channels, maps, 3, padding=1, groups=channels)
        return net.add(conv, [last], "DepthwiseConv2D", 3, padding=1, depth_multiplier=times)
    if kind == "transposed" and rank == 2 and min(shape[:-1]) > 1 and max(shape) < 15:
        conv = nn.ConvTranspose2d(channels, 3, (3, 2), stride=2, padding=1)
        return net.add(conv, [last], "Conv2DTranspose", 3, (3, 2), strides=2, padding=1)
    groups = r.choice([n for n in (1, 2, 3) if channels % n == 0])
    filters, strides, bias = 3 * groups, r.choice([1, 1, 2]), r.random() < 0.5
    conv = (nn.Conv1d, nn.Conv2d)[rank - 1](
        channels, filters, 3, stride=strides, padding=1, groups=groups, bias=bias
    )
    own = {"strides": strides, "padding": 1, "groups": groups, "use_bias": bias}
    return net.add(conv, [last], f"Conv{rank}D", filters, 3, **own)


def branched(net: Drawn, last: str, r: random.Random) -> str:
    one, other = layer(net, last, r), layer(net, last, r)
    if net.shapes[one] == net.shapes[other]:
        return net.add(torch.add, [one, other], "Add")
    if net.shapes[one][:-1] == net.shapes[other][:-1]:
        return net.add(lambda *x: torch.cat(x, 1), [one, other], "Concatenate")
    if r.random() < 0.5:
        return one
    flat = [net.add(nn.Flatten(), [each], "Flatten") for each in (one, other)]
    both = net.add(lambda *x: torch.cat(x, 1), flat, "Concatenate")
    taken = net.shapes[both][0]
    end = net.add(nn.Linear(taken, 60), [both], "Dense", 60)
    # Back to maps of one pixel, whose order is the same in both.
    shape = (1,) * (len(net.shapes[last]) - 1) + (60,)
    return net.add(lambda x: x.reshape(-1, 60, *shape[:-1]), [end], "Reshape", shape)


def row(net: Drawn, last: str, r: random.Random) -> str:
    shape = net.shapes[last]
    if r.random() < 0.25:
        axes = tuple(range(2, len(shape) + 1))
        kind = f"GlobalAveragePooling{len(shape) - 1}D"
        return net.add(lambda x: x.mean(axes), [last], kind)
    last = net.add(nn.Flatten(), [last], "Flatten")
    units = net.shapes[last][0]
    if r.random() < 0.4:
        norm = random_norm(nn.BatchNorm1d(units))
        last = net.add(norm, [last], "BatchNormalization", epsilon=1e-5)
    if r.random() < 0.4:
        slopes = nn.PReLU(r.choice([1, units]))
        nn.init.uniform_(slopes.weight, 0.1, 0.5)
        last = net.add(slopes, [last], "PReLU")
    return last


def random_norm(norm):
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    nn.init.normal_(norm.bias)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.3, 2)
    return norm.eval()


@pytest.mark.parametrize("part", range(4))
def test_sixty_checkpoints(tmp_path, part):
    kinds = set()
    for seed in range(15 * part, 15 * part + 15):
        net = drawn(seed)
        graph = Graph("m", tuple(net.nodes), net.shapes[INPUT])
        kinds |= {type(node.layer).__name__ for node in net.nodes}
        x = torch.randn(2, graph.input_shape[-1], *graph.input_shape[:-1])
        with torch.inference_mode():
            theirs = net.run(x).numpy()
        for path in saved(tmp_path, net.state(), seed):
            model = Model(graph, read_weights(path, graph).weights)
            ours = model.forward(x.movedim(1, -1).numpy())
            scale = np.abs(theirs).max()
            np.testing.assert_allclose(ours, theirs, atol=1e-5 * scale + 1e-7, err_msg=str(seed))
        model.save(tmp_path / "own.safetensors", overwrite=True)
        again = read_weights(tmp_path / "own.safetensors", graph).weights
        for node, own in model.weights.items():
            for name, values in own.items():
                np.testing.assert_array_equal(again[node][name], values)
    assert {"Flatten", "Conv1D", "Conv2D", "DepthwiseConv2D", "PReLU", "Concatenate"} <= kinds


def saved(folder, state: dict, seed: int):
    """Yield the same checkpoint in four files, two of them converted."""
    wrapped = {f"module.{key}": value for key, value in state.items()}
    torch.save({"state_dict": wrapped, "epoch": 3} if seed % 2 else state, folder / "w.pth")
    yield folder / "w.pth"
    plain = {key: value.contiguous() for key, value in state.items()}
    save_file(plain, folder / "w.safetensors")  # says nothing of PyTorch
    yield folder / "w.safetensors"
    for form in ("safetensors", "npz"):
        with (
            open_arrays(folder / "w.pth", name="w.pth") as file,
            open(folder / f"c.{form}", "wb") as to,
        ):
            write(file, form, to)
        yield folder / f"c.{form}"
