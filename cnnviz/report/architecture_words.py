"""What a stage of a network is called and does, in a few words of plain ASCII."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cnnviz.contract import Layer
from cnnviz.geometry import by, times
from cnnviz.report.architecture_stages import Block, Stage, beginning

# Class names whose words are not their own.
_WORDS = {
    "Conv": "conv",
    "Dense": "dense",
    "Concatenate": "concatenate",
    "ZeroPadding": "zero padding",
    "UpSampling": "upsampling",
    "ReLU": "ReLU",
    "PReLU": "PReLU",
    "ELU": "ELU",
    "GELU": "GELU",
    "SiLU": "SiLU",
    "LeakyReLU": "leaky ReLU",
    "HardSwish": "hard swish",
    "BatchNormalization": "BN",
    "LocalResponseNormalization": "LRN",
}
SHORT = {"BN": "batch normalisation", "LRN": "local response normalisation"}
MOST_SAID = 3  # layers of a chain that are named in a sentence
ACTIVATIONS = {"relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU", "elu": "ELU", "silu": "SiLU"}


def words(layer: Layer) -> str:
    """Return what a layer's class is called in a sentence.

    >>> from cnnviz.layers import find
    >>> words(find("Conv2DTranspose")(4, 2)), words(find("MaxPooling2D")())
    ('transposed conv', 'max pool')
    """
    name = re.sub(r"\dD", "", type(layer).__name__)
    if name in _WORDS:
        return _WORDS[name]
    if name == "ConvTranspose":
        return "transposed conv"
    text = " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]*", name)).lower()
    return text.replace("pooling", "pool").replace("convolution", "conv")


def operation(stage: Stage) -> str:
    """Return the kernel and what is done with it: `3x3 conv`."""
    layer = stage.layer
    if layer is None:
        return "image" if len(stage.shape) == 3 else "sequence" if len(stage.shape) == 2 else ""
    name = words(layer)
    size = getattr(window_of(stage), "kernel_size", None)
    if size is None or name.startswith("global") or (set(size) == {1} and stage.kind == "shape"):
        return name
    return f"{size[0]}-wide {name}" if len(size) == 1 else f"{times(size)} {name}"


def window_of(stage: Stage) -> Any:
    """Return the window that a stage's layer slides, of a transposed one that of its adjoint."""
    found = stage.layer.window(stage.taken[0]) if stage.layer else None
    return getattr(found, "window", found)


def besides(stage: Stage) -> list[str]:
    """Return what else a stage does: its step, groups, activation, the layers behind it."""
    layer, found = stage.layer, []
    if layer is not None:
        step = by(getattr(window_of(stage), "strides", 1))
        if step != "1" and not words(layer).startswith("global"):
            found.append(f"stride {step}")
        groups, dilation = getattr(layer, "groups", 1), getattr(layer, "dilation_rate", 1)
        if groups != 1:
            found.append(f"{groups} groups")
        if by(dilation) != "1":
            found.append(f"dilation {by(dilation)}")
        found += _activation(layer) if type(layer).__name__ != "Activation" else []
    for node in stage.nodes[bool(stage.taken) :]:
        found += _activation(node.layer) or _added(node.layer)
    return found


def _activation(layer: Layer) -> list[str]:
    name = getattr(layer, "activation", None)
    return [] if name in (None, "linear") else [ACTIVATIONS.get(name, str(name).replace("_", " "))]


def _added(layer: Layer) -> list[str]:
    name = words(layer)
    if name == "identity" or (name == "activation"):
        return []
    rate = getattr(layer, "rate", None)
    return [f"dropout {rate:g}" if rate is not None else name]


def ranged(names: Sequence[str]) -> str:
    """Return the first and the last of some names, the last without what they share.

    >>> ranged(["conv3_1", "conv3_2", "conv3_3"]), ranged(["conv9", "conv10"]), ranged(["a"])
    ('conv3_1–3', 'conv9–10', 'a')
    """
    first, last = names[0], names[-1]
    if len(names) == 1:
        return first
    common = beginning([first, last])
    common = re.sub(r"\d+$", "", common) if last[len(common) :][:1].isdigit() else common
    rest = last[len(common) :]
    return f"{first}–{rest}" if common and 0 < len(rest) <= 6 else f"{first} … {last}"


def nature(block: Block) -> str:
    """Return what a block is: its chain, or how its branches merge; its name where that says more.

    >>> from cnnviz.report.architecture import architecture
    >>> from cnnviz.model.load import load_graph
    >>> [kind.nature for kind in architecture(load_graph("resnet18")).kinds]
    ['residual block', 'residual block with a convolution in its shortcut']
    """
    if block.is_chain:
        said = [operation(stage) for stage in block.stages]
        return ", then ".join(said) if len(said) <= MOST_SAID else f"chain of {len(said)} layers"
    merge = block.stages[-1]
    name = words(merge.layer) if merge.layer else ""
    if name == "add":
        return _residual(block, merge)
    if name == "concatenate":
        word = re.match(r"[A-Za-z]{4,}", block.name)
        own = word[0].lower() if word and block.prefix else ""
        if own and not own.startswith(("conv", "layer", "block")):
            return f"{own} block"
        onto = block.source.name in merge.inputs
        return "block concatenated with its input" if onto else "block of branches, concatenated"
    return f"block of branches ({name})"


def _residual(block: Block, merge: Stage) -> str:
    if block.source.name in merge.inputs:
        return "residual block"
    made = {stage.name: stage for stage in block.stages}
    ends = [made[name] for name in merge.inputs]
    if any(end.inputs == (block.source.name,) and end.kind == "convolution" for end in ends):
        return "residual block with a convolution in its shortcut"
    return "block of branches, added"
