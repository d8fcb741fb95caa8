"""The options that name a network: its spec, what is changed in it, its weights, its input."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from cnnviz.cli import suggest
from cnnviz.cli.option import after, fixed, group, label_of_shape, option
from cnnviz.cli.types import INPUT_SHAPE, SETTING
from cnnviz.files import stem_of

if TYPE_CHECKING:
    from cnnviz.model import Model

# By the keyword of `load_model` or `preprocess_for` that each is.
OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "spec": (
        ("--model",),
        {
            "type": suggest.Text(suggest.models, files="file"),
            "required": True,
            "section": "Model",
            "metavar": "SPEC",
            "help": "A built-in name, a spec file, or layers in Keras's words.",
            "missing": "such as --model lenet5; 'cnnviz models' lists them",
        },
    ),
    "settings": (
        ("--set",),
        {
            "type": SETTING,
            "multiple": True,
            "section": "Model",
            "label": after("", str),
            "metavar": "LAYER.FIELD=VALUE",
            "help": "Change a setting first. Repeatable.",
        },
    ),
    "input_shape": (
        ("--input",),
        {
            "type": INPUT_SHAPE,
            "section": "Model",
            "label": label_of_shape,
            "metavar": "HxWxC",
            "help": "Shape of the input, instead of the model's own.",
        },
    ),
    "weights": (
        ("--weights",),
        {
            "type": suggest.Text(suggest.weights, files="file"),
            "section": "Weights",
            "label": after("", stem_of),
            "metavar": "FILE|random",
            "help": "Trained weights: .safetensors, .npz, .pt or .pth, instead of those in the box "
            '(see "cnnviz models"); "random" for untrained ones.',
        },
    ),
    "match": (
        ("--match",),
        {
            "type": click.Choice(["auto", "name", "order"]),
            "default": "auto",
            "section": "Weights",
            "label": after("match-", str),
            "help": "Find each layer's arrays by name, then as torchvision names those of a "
            "built-in model; or take them in their order.",
        },
    ),
    "layout": (
        ("--layout",),
        {
            "type": click.Choice(["hwio", "oihw", "ohwi"]),
            "section": "Weights",
            "label": str,
            "help": "Order of the axes of stored kernels, where the file does not tell: Keras's "
            "is hwio, PyTorch's oihw.",
        },
    ),
    "preset": (
        ("--preprocess",),
        {
            "type": click.Choice(["imagenet", "caffe", "tf", "none"]),
            "section": "Preprocessing",
            "label": after("", str),
            "help": "What is done to an image first, instead of what the model says.",
        },
    ),
    "invert": (
        ("--invert",),
        {
            "is_flag": True,
            "show_default": False,
            "section": "Preprocessing",
            "label": fixed("invert"),
            "help": "Take dark for light: ink on paper for a model of light digits on black.",
        },
    ),
}


def label_of_spec(spec: str) -> str:
    """Return a model's name; of layers that are written out the first ones."""
    if "(" not in spec:
        return stem_of(spec) if spec.endswith((".toml", ".json")) else spec
    kinds = [kind for kind in re.findall(r"(\w+)\(", spec) if kind not in ("Input", "InputLayer")]
    return "-".join(kinds[:4])


_group = partial(group, OPTIONS)
# What `load_graph(**model)` takes, and `load_model(**model)`.
model = _group("model", "spec", "settings", "input_shape")
# For a command whose results are named by images.
weights_of_images = _group(
    "model",
    *("spec", "settings", "input_shape", "weights", "match", "layout"),
    spec={"label": label_of_spec},
)
# For a command that may do without a network.
explained = _group(
    "model",
    *("spec", "settings", "input_shape", "weights", "match", "layout"),
    spec={"required": False, "label": label_of_spec},
)
# What `preprocess_for(graph, **preprocess)` takes.
preprocessing = _group("preprocess", "preset", "invert")
# Patterns for `choose(graph, patterns)`.
layers = option(
    "--layer",
    "layers",
    type=suggest.Text(suggest.layers),
    multiple=True,
    section="Layers",
    label=after("", str),
    metavar="NAME|GLOB",
    help='Only these: a name, or a pattern whose * crosses "/". Repeatable.',
)


def facts(net: Model, model: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON says of a network that images are put through."""
    return {
        "model": {
            "name": net.name,
            "spec": model["spec"],
            "input_shape": list(net.graph.input_shape),
            "weights": net.source,
            "notes": list(net.notes),
        },
        "random_weights": net.is_random,
    }
