"""Networks with branches for the tests of `draw`: written as spec files are, and random ones."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from cnnviz.graph import Graph
from cnnviz.model.load import load_graph

Layers = list[dict[str, Any]]


def layer(kind: str, name: str, *inputs: str, **settings: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "inputs": list(inputs), **settings}


def conv(name: str, above: str, filters: int, size: int = 3, **settings: Any) -> dict[str, Any]:
    wanted = {"filters": filters, "kernel_size": size, "padding": "same"}
    return layer("Conv2D", name, above, **wanted, **settings)


def unet(depth: int = 3) -> Layers:
    """Ways round across the whole network, each inside of the next."""
    layers, above, ends = [], "input", []
    for i in range(depth):
        layers += [conv(f"down{i}/a", above, 8 << i), conv(f"down{i}/b", f"down{i}/a", 8 << i)]
        ends.append(f"down{i}/b")
        above = f"down{i}/pool"
        layers.append(layer("MaxPooling2D", above, ends[-1], pool_size=2))
    layers.append(conv("bottom", above, 8 << depth))
    above = "bottom"
    for i in reversed(range(depth)):
        up = {"filters": 8 << i, "kernel_size": 2, "strides": 2}
        layers.append(layer("Conv2DTranspose", f"up{i}", above, **up))
        layers.append(layer("Concatenate", f"up{i}/both", ends[i], f"up{i}"))
        layers.append(conv(f"up{i}/a", f"up{i}/both", 8 << i))
        above = f"up{i}/a"
    return [*layers, conv("out", above, 1, 1)]


def residual_in_residual(blocks: int = 6) -> Layers:
    """A way round many equal blocks, the first of which begins where it does."""
    layers, above = [conv("head", "input", 8)], "head"
    for i in range(blocks):
        layers += [conv(f"res{i}/a", above, 8), conv(f"res{i}/b", f"res{i}/a", 8)]
        layers.append(layer("Add", f"res{i}/add", above, f"res{i}/b"))
        above = f"res{i}/add"
    return [*layers, conv("tail", above, 8), layer("Add", "long", "tail", "head")]


def squeeze() -> Layers:
    """Dense layers inside of a residual block, and classes behind."""
    return [
        conv("stem", "input", 8),
        conv("b/conv", "stem", 8),
        layer("GlobalAveragePooling2D", "b/mean", "b/conv"),
        layer("Dense", "b/fc", "b/mean", units=8, activation="sigmoid"),
        layer("Reshape", "b/shape", "b/fc", target_shape=[1, 1, 8]),
        layer("Multiply", "b/scale", "b/conv", "b/shape"),
        layer("Add", "b/add", "stem", "b/scale"),
        layer("Flatten", "flatten", "b/add"),
        layer("Dense", "fc", "flatten", units=10),
    ]


def aside() -> Layers:
    """Two kernels side by side, a head that leads nowhere, two dense layers side by side."""
    return [
        conv("left", "input", 4),
        conv("right", "input", 4, 5),
        layer("Concatenate", "both", "left", "right"),
        conv("nowhere", "both", 2),
        layer("Flatten", "flatten", "both"),
        layer("Dense", "a", "flatten", units=20),
        layer("Dense", "b", "flatten", units=20),
        layer("Add", "sum", "a", "b"),
        layer("Dense", "out", "sum", units=2),
    ]


def wild(seed: int, count: int) -> Layers:
    """Convolutions and sums that take what is above them at random; all of it ends in a sum."""
    rng, names, layers = random.Random(seed), ["input"], []
    for i in range(count):
        name, near = f"n{i}", names[-6:]
        if i > 1 and rng.random() < 0.5:
            layers.append(layer("Add", name, *rng.sample(names[1:], 2)))
        else:
            layers.append(conv(name, rng.choice(near[1:] or near) if i else "input", 2, 1))
        names.append(name)
    taken = {name for each in layers for name in each["inputs"]}
    loose = [name for name in names[1:] if name not in taken]
    return [*layers, layer("Add", "end", *loose)] if len(loose) > 1 else layers


def side_by_side(count: int) -> Layers:
    layers = [conv(f"b{i}", "input", 2) for i in range(count)]
    return [*layers, layer("Concatenate", "all", *(f"b{i}" for i in range(count)))]


def mobile() -> Layers:
    """MobileNet (Howard et al., 2017): a convolution, and 13 pairs of depthwise and 1x1 ones."""
    layers = [conv("conv1", "input", 32, strides=2)]
    steps = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5]
    for i, (filters, stride) in enumerate([*steps, (1024, 2), (1024, 1)], 1):
        above, window = layers[-1]["name"], {"kernel_size": 3, "padding": "same"}
        layers.append(layer("DepthwiseConv2D", f"conv_dw_{i}", above, strides=stride, **window))
        layers.append(layer("ReLU", f"relu_{i}", f"conv_dw_{i}"))
        layers.append(conv(f"conv_pw_{i}", f"relu_{i}", filters, 1))
    mean = layer("GlobalAveragePooling2D", "pool", layers[-1]["name"])
    return [*layers, mean, layer("Dense", "fc", "pool", units=1000)]


NETWORKS = {
    "mobile": mobile(),
    "unet": unet(),
    "deep unet": unet(6),
    "residual in residual": residual_in_residual(),
    "squeeze": squeeze(),
    "aside": aside(),
    "side by side": side_by_side(16),
    "very wide": side_by_side(50),
    "wild": wild(1, 40),
    "very wild": wild(2, 300),
    "long": [conv(f"c{i}", f"c{i - 1}" if i else "input", 2 + i % 7, 1) for i in range(200)],
}


def graph(layers: Layers, folder: Path, shape: tuple[int, ...] = (64, 64, 3), **head: Any) -> Graph:
    """Return the network of a spec file."""
    path = folder / "net.json"
    text = json.dumps({"name": "net", "input_shape": shape, "layers": layers} | head)
    path.write_text(text, encoding="utf-8")
    return load_graph(path)
