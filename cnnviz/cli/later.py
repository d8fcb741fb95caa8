"""A stand-in for a module that takes long to import, until something of it is used."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _StandIn(ModuleType):
    """Becomes the real module, for whoever imports it from then on, at the first attribute."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def put_off(name: str) -> None:
    """Let `import NAME` cost nothing where the module is not used, only named.

    For a process that looks at names and ends, such as the answer to a <TAB>: the families of
    kernels import NumPy, and their names do not need it.
    """
    if name not in sys.modules:
        sys.modules[name] = _StandIn(name)
