"""Kinds of data sets, found by name: each module of this package is one.

A module has `sniff(tree)`, which returns how sure it is that the files of a `Tree` are its own (0
no, 1 if nothing else takes them, 2 by what they are), and `read(tree, wanted)`, which returns a
`Found`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from cnnviz.errors import InputError
from cnnviz.training.data.examples import Found, Wanted
from cnnviz.training.data.tree import Tree

_KNOWN = "a folder or zip with a folder of images a class, .npz, IDX or CSV"


def kinds() -> tuple[str, ...]:
    """Return the names of the kinds.

    >>> "idx" in kinds()
    True
    """
    return tuple(module.name for module in iter_modules(__path__) if module.name[0] != "_")


def read(tree: Tree, wanted: Wanted) -> Found:
    """Return what a tree holds, by the kind that is surest of it.

    Raises
    ------
    InputError
        If there is none, or its files are wrong.
    """
    modules = {name: import_module(f"{__name__}.{name}") for name in kinds()}
    sure = {name: module.sniff(tree) for name, module in modules.items()}
    best = max(sure, key=lambda name: int(sure[name]))
    if not sure[best]:
        raise InputError("holds no examples to train on", path=tree.path, hint=f"give {_KNOWN}")
    found: Found = modules[best].read(tree, wanted)
    return found
