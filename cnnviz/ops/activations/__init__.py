"""Activations by their Keras names: plain functions of an array, looked up by `activation`.

Each module of this package is a family, found by being there. It holds functions, `ACTIVATIONS`, a
tuple of those that a name alone asks for (they keep the shape and need no parameter), and may hold
`ALIASES`, other names for them. No family is called as a function is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from cnnviz.errors import unknown_name
from cnnviz.ops.checks import Array

Activation = Callable[..., Array]


def activation(name: str) -> Activation:
    """Return the activation of a Keras name.

    Parameters
    ----------
    name : str
        One of `activations()`, in any case; `swish` and `hard_swish` mean `silu` and `hard_silu`.

    Returns
    -------
    callable
        Takes an array of any shape, returns float64 for float64 and float32 for the rest; its
        parameters are keywords with Keras's defaults.

    Raises
    ------
    SpecError
        If there is none of that name, with the nearest ones.

    >>> activation("relu6")([-1.0, 3.0, 7.0]).tolist()
    [0.0, 3.0, 6.0]
    """
    functions: dict[str, Activation] = {}
    aliases: dict[str, str] = {}
    for family in _families():
        functions |= {function.__name__: function for function in family.ACTIVATIONS}
        aliases |= getattr(family, "ALIASES", {})
    key = name.lower()
    key = aliases.get(key, key)
    if key not in functions:
        raise unknown_name("activation", name, (*functions, *aliases))
    return functions[key]


def activations() -> tuple[str, ...]:
    """Return the names that `activation` knows, without other names for the same, sorted."""
    return tuple(sorted(f.__name__ for family in _families() for f in family.ACTIVATIONS))


def _families() -> Iterator[ModuleType]:
    return map(import_module, _modules(tuple(__path__)))


@cache
def _modules(path: tuple[str, ...]) -> tuple[str, ...]:
    # Not by pkgutil, which takes as long to import as all families together.
    files = {name for folder in path for name in os.listdir(folder) if name.endswith(".py")}
    return tuple(sorted(f"{__name__}.{name[:-3]}" for name in files if name[0] != "_"))


def __getattr__(name: str) -> Any:
    """Return a function of any family, also one that needs a parameter."""
    if not name.startswith("_"):
        for family in _families():
            function = vars(family).get(name)
            if getattr(function, "__module__", None) == family.__name__:
                return function
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
