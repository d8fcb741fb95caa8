"""Trained networks in the box: a weight file beside this one for each, found by its name.

`cifar-net.safetensors` holds the weights of the built-in `cifar-net`; a file put here is there,
with no list to keep. What each is trained on is in its metadata: `cnnviz.trained.about`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cnnviz.errors import InputError, unknown_name

if TYPE_CHECKING:
    from cnnviz.trained.about import About

PREFIX = "trained"  # before a name and a colon where a kernel is typed
_SUFFIX = ".safetensors"
_METADATA = "__metadata__"
_MAX_HEADER = 2**20  # bytes


def names() -> list[str]:
    """Return the built-in models that have weights here."""
    return sorted(_files())


def find(name: str) -> str:
    """Return the model that is called `name`, or is so before its `-net`: `cifar` is `cifar-net`.

    Raises
    ------
    SpecError
        If there is none, with the nearest names.
    """
    known = names()
    found = next((each for each in known if name in (each, short(each))), None)
    if found is None:
        raise unknown_name("trained network", name, known)
    return found


def short(name: str) -> str:
    """Return the name without its `-net`.

    >>> short("cifar-net"), short("lenet5")
    ('cifar', 'lenet5')
    """
    return name.removesuffix("-net")


def path(name: str) -> str:
    """Return where the weights of a model of `names` are."""
    return _files()[name]


def called(path: str) -> str:
    """Return how a file is named to people: `trained:cifar-net` if it is one of these."""
    name = os.path.basename(path).removesuffix(_SUFFIX)
    return f"{PREFIX}:{name}" if _files().get(name) == path else path


def origin(name: str) -> About:
    """Return what the weights of a model of `names` are from; no values are read.

    Raises
    ------
    InputError
        If the file is broken.
    """
    from cnnviz.trained.about import About  # which naming a kernel does not need

    metadata = _header(name).get(_METADATA, {})
    return About.of({key: text for key, text in metadata.items() if isinstance(text, str)})


def stated(name: str) -> str:
    """Return in words what `origin` does, also of a file that is broken."""
    try:
        return str(origin(name))
    except InputError:
        return "broken"


def layers(name: str) -> list[str]:
    """Return the layers of a model of `names` whose kernels slide, first to last.

    Raises
    ------
    InputError
        If the file is broken.
    """
    ranks = {key: len(entry.get("shape", "")) for key, entry in _header(name).items()}
    return list(dict.fromkeys(key.rpartition(".")[0] for key, rank in ranks.items() if rank > 2))


def _header(name: str) -> dict[str, Any]:
    """Return the header of a file, which a list of models needs without NumPy."""
    import json

    try:
        with open(path(name), "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(size, _MAX_HEADER)))
        if not all(isinstance(entry.get("shape", []), list) for entry in header.values()):
            raise ValueError
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise broken(name) from error
    found: dict[str, Any] = header
    return found


def broken(name: str, why: str = "") -> InputError:
    """Return the error for a file of the package that is not as it was made."""
    what = f"the weights in the box of {name} are broken{f': {why}' if why else ''}"
    return InputError(what, hint="install cnnviz again, or use --weights random")


def _files() -> dict[str, str]:
    """Return the files by the model that each is of."""
    return {
        entry.removesuffix(_SUFFIX): os.path.join(folder, entry)
        for folder in __path__
        for entry in os.listdir(folder)
        if entry.endswith(_SUFFIX)
    }
