"""Named kernels and banks, found by name in the files of this package.

The leading letters of a name are the name of its file (`sobel-x` is in `sobel.py`, `gabor8` in
`gabor.py`), so that a look-up imports one file and a file dropped into the package is found. A
family has `KERNELS`, a tuple of `Entry`, and may have `BANKS`: bank -> {name: kernel as typed}.
The kernels of another tool are `KERNELS` of its file in `tools/`, `pillow:emboss` of `pillow.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType

from cnnviz.errors import SpecError
from cnnviz.kernels._entry import Entry

BANK = "bank"
_PACKAGE = __name__.rpartition(".")[0]
_TOOLS = f"{_PACKAGE}.tools"


def find(name: str) -> Entry | None:
    """Return the entry called `name`, such as `sobel-x` or `pillow:emboss`, or None."""
    tool, colon, _ = name.partition(":")
    module = _tool(tool) if colon else _family(name)
    return next((entry for entry in _kernels(module) if entry.name == name), None)


def knows(text: str) -> bool:
    """Whether `text` begins with the name of a kernel or a tool, and so is no file."""
    head = text.partition(":")[0]
    return find(_split(_as_typed(text))[0]) is not None or _tool(head) is not None


def look_up(text: str) -> tuple[Entry, str | None]:
    """Return the entry that `text` names, and the parameters after it; raise if unknown."""
    name, arguments = _split(_as_typed(text))
    entry = find(name)
    if entry is None:
        raise unknown(text)
    return entry, arguments


def describe(text: str) -> Entry:
    """Return what is known of a kernel: parameters with defaults, summary, source.

    `text` is a name, and may have parameters or be a bank's name for a kernel (`kirsch-ne`).

    >>> describe("gaussian").signature
    'gaussian[:SIZE[,SIGMA]]'
    """
    return look_up(text)[0]


def entries() -> Iterator[Entry]:
    """Yield every kernel: the families of this library by name, then those of each tool.

    >>> first = next(entries())
    >>> first.name, first.family, first.values().shape
    ('binomial', 'binomial', (3, 3))
    """
    for module in _families():
        yield from _kernels(module)
    for tool in namespaces():
        yield from _kernels(_tool(tool))


def kernel_names() -> list[str]:
    """Return the names of all kernels as they are typed, those of other tools last.

    >>> {"edge", "sobel-x", "gaussian", "pillow:emboss"} <= set(kernel_names())
    True
    """
    return [entry.name for entry in entries()]


def namespaces() -> list[str]:
    """Return the tools whose kernels are here under their name, `pillow` of `pillow:emboss`."""
    return [word.replace("_", "-") for word in _modules(_TOOLS)]


def banks() -> list[str]:
    """Return the names of all banks, as they are typed after `bank:`; each tool is one."""
    return [name for module in _families() for name in _banks(module)] + namespaces()


def bank(name: str) -> dict[str, str]:
    """Return the kernels of a bank, name -> kernel as typed; raise `SpecError` if unknown."""
    module = _tool(name)
    if module is not None:
        return {entry.name: entry.name for entry in _kernels(module)}
    found = _banks(_family(name)).get(name)
    if found is None:
        near = _close(name, banks())
        hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(banks())}"
        raise SpecError(f"no bank of kernels named {name[:80]!r}", hint=hint)
    return found


def unknown(text: str) -> SpecError:
    """Return the error for a kernel that does not exist, with the nearest names."""
    name, rest = _split(text.strip().lower())
    tool, colon, word = name.rpartition(":")
    meant = tool or next(iter(_close(word, namespaces())), "")
    if meant and not tool:  # a tool by itself, or one spelled wrong
        word = (rest or "").partition(":")[0]
    known = list(entries())
    ours = [entry for entry in known if ":" not in entry.name]
    same = [entry for entry in known if ":" in entry.name and entry.family == meant]
    theirs = [entry for entry in known if ":" in entry.name and entry.family != meant]
    near = [*_nearest(word, same)[:5], *_nearest(word, ours)[:5], *_nearest(word, theirs)[:3]]
    near += [f"{BANK}:{each}" for each in banks() if word and _holds(each, word)]
    if near:
        hint = f"nearest: {', '.join(near)}"
    elif same:
        hint = f"known: {', '.join(entry.name for entry in same)}, or {BANK}:{meant} for all"
    elif re.search(r"[/\\]|\.\w+$", word):
        hint = "check the path"
    else:
        hint = "cnnviz kernels lists them; to begin with: edge, sobel-x, gaussian:5, pillow:emboss"
    if colon:
        typed = text.partition(":")[2].partition(":")[0].strip()
        return SpecError(f"{tool} has no kernel named {typed[:80]!r}", hint=hint)
    return SpecError(f"no kernel or file named {text[:80]!r}", hint=hint)


def _nearest(word: str, group: list[Entry]) -> list[str]:
    """Return the names in a group that hold a word; else those that are about it or like it."""
    if not word:
        return []
    typed = {entry.name: entry.name.rpartition(":")[2] for entry in group}
    if holding := [name for name, last in typed.items() if _holds(last, word)]:
        return holding
    about = [e.name for e in group if word in re.findall(r"\w+", e.summary.lower())]
    close = _close(word, typed.values())
    like = [name for last in close for name in typed if typed[name] == last]
    return list(dict.fromkeys(about + like))


def _holds(name: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\d*\b", name) is not None


def _close(word: str, names: Iterable[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(word, list(names), n=4, cutoff=0.65)


def _as_typed(text: str) -> str:
    """Return a bank's name for a kernel as it is typed, `kirsch:ne` for `kirsch-ne`."""
    found = (bank[text] for bank in _banks(_family(text)).values() if text in bank)
    return next(found, text)


def _split(text: str) -> tuple[str, str | None]:
    """Return the name, with its tool, and what follows it after a colon."""
    name, colon, rest = text.partition(":")
    if colon and find(name) is None and _tool(name) is not None:
        inner, colon, rest = rest.partition(":")
        name = f"{name}:{inner.strip()}"
    return name, rest if colon else None


def _family(name: str) -> ModuleType | None:
    word = re.match("[a-z]*", name)
    return _module(f"{_PACKAGE}.{word[0]}") if word and word[0] else None


def _tool(name: str) -> ModuleType | None:
    word = re.fullmatch("[a-z][a-z-]*", name)
    return _module(f"{_TOOLS}.{name.replace('-', '_')}") if word else None


def _module(path: str) -> ModuleType | None:
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        return None


def _modules(package: str) -> list[str]:
    import pkgutil

    return sorted(info.name for info in pkgutil.iter_modules(import_module(package).__path__))


def _families() -> Iterator[ModuleType]:
    yield from (module for word in _modules(_PACKAGE) if (module := _family(word)))


def _kernels(module: ModuleType | None) -> tuple[Entry, ...]:
    return getattr(module, "KERNELS", ())


def _banks(module: ModuleType | None) -> dict[str, dict[str, str]]:
    return getattr(module, "BANKS", {})
