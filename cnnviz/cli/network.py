"""The options that name a network: its spec, what is changed in it, its weights."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnviz.cli import suggest
from cnnviz.cli.option import after, group, label_of_shape
from cnnviz.cli.types import INPUT_SHAPE, SETTING

# By the keyword of `load_model` that each is.
OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "spec": (
        ("--model",),
        {
            "type": suggest.Text(suggest.models, files="file"),
            "required": True,
            "section": "Model",
            "metavar": "SPEC",
            "help": "A built-in name, a spec file, or layers in Keras's words.",
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
}

_group = partial(group, OPTIONS)
# What `load_model(**model)` takes.
model = _group("model", "spec", "settings", "input_shape")
