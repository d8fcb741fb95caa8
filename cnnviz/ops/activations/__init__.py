"""Activations by their Keras names: plain functions of an array, looked up by `activation`.

Each module of this package is a family, found by being there. It holds functions, `ACTIVATIONS`, a
tuple of those that a name alone asks for (they keep the shape and need no parameter), and may hold
`ALIASES`, other names for them. No family is called as a function is.

Beside a function `NAME` is `NAME_gradient(gradient, x, y)`, its derivative for training, which
takes the same parameters: the gradient of its result, what it was given and what it returned. None
of these is changed. At a kink it is PyTorch's, one of the slopes beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from cnnviz.errors import SpecError, unknown_name
from cnnviz.ops.checks import Array

Activation = Callable[..., Array]


@cache
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


@cache
def gradient(name: str) -> Callable[..., Array]:
    """Return the derivative of the activation of a Keras name.

    Parameters
    ----------
    name : str
        As for `activation`.

    Returns
    -------
    callable
        `(gradient, x, y) -> array`: from the gradient of `y = activation(name)(x)`, that of `x`.
        The arrays are of one shape and type, and are not changed; the result may be `gradient`
        itself. Those of `linear`, `relu`, `relu6`, `sigmoid`, `tanh` and `softmax` read nothing of
        `x`, which may be overwritten by then.

    Raises
    ------
    SpecError
        If there is none of that name, or it has no derivative.

    >>> import numpy as np
    >>> x = np.array([-1.0, 3.0, 7.0])
    >>> gradient("relu6")(np.ones(3), x, activation("relu6")(x)).tolist()
    [0.0, 1.0, 0.0]
    """
    function = activation(name)
    found = getattr(import_module(function.__module__), f"{function.__name__}_gradient", None)
    if found is None:
        raise SpecError(f"activation {function.__name__} has no derivative to train with")
    return cast("Callable[..., Array]", found)


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
