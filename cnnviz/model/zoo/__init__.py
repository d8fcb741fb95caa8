"""The built-in models, one file a family.

Each public function of a module here builds one model: `alexnet_torchvision` is
`alexnet-torchvision`. A module dropped into this package is found, with no list to keep in step.
Where torchvision has trained weights, `_checkpoint_names` of the module says what they are called.

>>> from cnnviz.model import zoo
>>> zoo.build("lenet5").input_shape
(28, 28, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules

from cnnviz.errors import unknown_name
from cnnviz.graph import Graph

Builder = Callable[[], Graph]


def build(name: str) -> Graph:
    """Return the built-in model of that name.

    Raises
    ------
    SpecError
        If there is none, with the nearest names.
    """
    return _builder(name)()


def names() -> list[str]:
    """Return the names of all built-in models, family by family."""
    return [name for name, _ in _builders()]


def summary(name: str) -> str:
    """Return the first line of a built-in model's description."""
    return (_builder(name).__doc__ or "").strip().partition("\n")[0]


def checkpoint_names(name: str) -> dict[str, str]:
    """Return what torchvision's checkpoint of a built-in model calls its nodes.

    Returns
    -------
    dict
        By the name of a node, the prefix of its tensors; empty where there is no checkpoint.

    >>> checkpoint_names("vgg16")["conv1_2"]
    'features.2'
    """
    builder = _builder(name)
    names_of = getattr(import_module(builder.__module__), "_checkpoint_names", None)
    return names_of(builder()) if names_of else {}


def _builder(name: str) -> Builder:
    builder = next((found for known, found in _builders(name) if known == name), None)
    if builder is None:
        raise unknown_name("model", name, names())
    return builder


def _builders(wanted: str = "") -> Iterator[tuple[str, Builder]]:
    """Yield names and builders; modules whose name is in the wanted one are imported first."""
    modules = [entry.name for entry in iter_modules(__path__) if not entry.name.startswith("_")]
    modules.sort(key=lambda module: module not in wanted)
    for name in modules:
        module = import_module(f"{__name__}.{name}")
        for key, item in vars(module).items():
            own = isfunction(item) and item.__module__ == module.__name__
            if own and not key.startswith("_"):
                yield key.replace("_", "-"), item
