"""Pooling types, found by name: each module of this package is one.

A type called `some-name` is the module `some_name.py`. It holds `POOLING`, a `Pooling`, and, if the
name can take a parameter (`lp:3`), a function `parse(parameter) -> Pooling`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from cnnviz.errors import SpecError, unknown_name

if TYPE_CHECKING:
    from cnnviz.ops.checks import Array


@dataclass(frozen=True)
class Pooling:
    """A pooling type.

    Parameters
    ----------
    name : str
        Its name on the command line, `"global-max"`.
    label : str
        The name with its parameter, `"lp:3"`.
    is_global : bool
        Whether it reduces each channel to one value, whatever the window.
    apply : callable
        `apply(x, pool_size=, strides=, padding=, dilation_rate=, ceil_mode=, count_include_pad=)`;
        a type ignores what it has no use for. The result has the rank of `x`, one row and one
        column from a global type.
    """

    name: str
    label: str
    is_global: bool
    apply: Callable[..., Array]


def pooling(text: str) -> Pooling:
    """Return the pooling type of a name such as `"max"`, `"global-average"` or `"lp:3"`.

    Raises
    ------
    SpecError
        If there is none of that name, with the nearest ones, or the parameter is wrong.

    >>> pooling("lp:3").apply([[1.0, 2.0]], pool_size=(1, 2)).round(4).tolist()
    [[2.0801]]
    """
    name, colon, parameter = text.strip().partition(":")
    module_name = name.replace("-", "_")
    known = name.replace("-", "").isidentifier() and "_" not in name
    if not known or find_spec(f"{__name__}.{module_name}") is None:
        raise unknown_name("pooling type", name, pooling_types())
    module = import_module(f"{__name__}.{module_name}")
    if not colon:
        return cast(Pooling, module.POOLING)
    if not hasattr(module, "parse"):
        raise SpecError(f"pooling type {name!r} takes no parameter ({text!r})")
    return cast(Pooling, module.parse(parameter))


def pooling_types() -> tuple[str, ...]:
    """Return the names of the pooling types, sorted.

    >>> "global-max" in pooling_types()
    True
    """
    from pkgutil import iter_modules

    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules(__path__)))
