"""The layers, one file a family, found by class name or alias.

A module dropped into this package is found: there is no list to keep in step.

>>> from cnnviz import layers
>>> layers.find("MaxPool2D")(pool_size=2).output_shape((28, 28, 6))
(14, 14, 6)
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from cnnviz.contract import Layer
from cnnviz.errors import unknown_name


def find(name: str) -> type[Layer]:
    """Return the layer class of that name or alias.

    Raises
    ------
    SpecError
        If there is none, with the nearest names.
    """
    known = _by_name()
    if name not in known:
        raise unknown_name("layer", name, known)
    return known[name]


def names() -> list[str]:
    """Return the class names of all layers, without the aliases."""
    return sorted({layer.__name__ for layer in _by_name().values()})


@cache
def _by_name() -> dict[str, type[Layer]]:
    found: dict[str, type[Layer]] = {}
    for entry in iter_modules(__path__):
        module = import_module(f"{__name__}.{entry.name}")
        for item in vars(module).values():
            own = isinstance(item, type) and item.__module__ == module.__name__
            if own and issubclass(item, Layer) and not item.__name__.startswith("_"):
                found.update(dict.fromkeys((item.__name__, *item.aliases), item))
    return found
