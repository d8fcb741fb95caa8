"""The tensors in nested dictionaries and lists, by dotted names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnnviz.arrays._pickle import Global, Table
from cnnviz.arrays._torch.rebuild import Strided
from cnnviz.errors import InputError, RefusedError

MAX_DEPTH = 50
MAX_VALUES = 1_000_000


def flatten(value: Any, path: str) -> tuple[dict[str, Strided], int]:
    """Return the tensors by name, and the number of other values.

    A tensor's name is the keys and places on the way to it: `optimizer.state.0.exp_avg`. A file of
    one tensor calls it `""`.

    Raises
    ------
    InputError
        If there is none.
    RefusedError
        If two have one name, or the value is nested without end.
    """
    found: dict[str, Strided] = {}
    others = count = 0
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        place, one = waiting.pop()
        count += 1
        if len(place) > MAX_DEPTH or count + len(waiting) > MAX_VALUES:
            raise RefusedError("its pickle is nested too deep or without end", path=path)
        if type(one) in (Table, list, tuple):
            inside = _inside(one, path, MAX_VALUES - len(waiting))
            waiting += reversed([((*place, key), part) for key, part in inside])
        elif type(one) is Strided:
            name = ".".join(place)
            if name in found:
                raise RefusedError("holds several tensors of one name", path=path)
            found[name] = one
        else:
            others += 1
    if not found:
        raise InputError("a PyTorch file without tensors", path=path)
    return found, others


def _inside(value: Any, path: str, most: int) -> Iterable[tuple[str, Any]]:
    pairs = value.pairs if type(value) is Table else value
    if len(pairs) > most:
        raise RefusedError("its pickle is nested too deep or without end", path=path)
    if type(value) is not Table:
        return ((str(i), part) for i, part in enumerate(value))
    return _last_of_each(pairs, path)


def _last_of_each(pairs: list[Any], path: str) -> Iterable[tuple[str, Any]]:
    """Yield the pairs of a dictionary, of which a later one replaces one of the same key."""
    named: dict[str, Any] = {}
    for i, pair in enumerate(pairs):
        if type(pair) not in (tuple, list) or len(pair) != 2:
            raise InputError("corrupt pickle: a dictionary of what are no pairs", path=path)
        key, value = pair
        named[_named(key, i)] = value
    return named.items()


def _named(key: Any, place: int) -> str:
    if type(key) is str:
        return key
    small = type(key) is int and abs(key) < 2**63
    return str(key) if small or type(key) in (bool, Global) else f"({place})"
