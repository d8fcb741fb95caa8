"""Pickles read as data: a small machine for the opcodes that tensors are saved with.

Nothing is imported and nothing is called. A global is a pair of texts, held against an exact list;
what a pickle would call with arguments is handed to `call`, which makes plain data of it; and a
dictionary is a list of pairs, so that nothing out of a file is ever hashed.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Collection
from typing import Any, BinaryIO, NamedTuple

from cnnviz.arrays.contents import shown
from cnnviz.errors import InputError, RefusedError

MAX_BYTES = 2**25
MAX_OPCODES = 2_000_000
_MAX_LINE = 2**16
_PLAIN = frozenset(
    f"{kind}{size}"
    for kind, sizes in {
        "": ("INT", "LONG", "STRING", "UNICODE", "FLOAT"),
        "BIN": ("INT", "INT1", "INT2", "STRING", "BYTES", "BYTES8", "UNICODE", "UNICODE8", "FLOAT"),
        "LONG": ("1", "4"),
        "SHORT_BIN": ("STRING", "BYTES", "UNICODE"),
        "BYTEARRAY": ("8",),
    }.items()
    for size in sizes
)
_MAKES: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_DICT": lambda: Table(),
}
_IGNORED = ("PROTO", "FRAME")
_HINT = "save the model's tensors only: torch.save(model.state_dict(), FILE)"


class Global(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return shown(f"{self.module}.{self.name}")


class Table:
    """A dictionary as the pairs in which it was written."""

    __slots__ = ("pairs",)

    def __init__(self) -> None:
        self.pairs: list[tuple[Any, Any]] = []

    def update(self, flat: list[Any]) -> None:
        """Add keys and values that follow each other."""
        if len(flat) % 2:
            raise Malformed("a key without a value")
        self.pairs += zip(flat[::2], flat[1::2], strict=True)


class Opaque:
    """A value that no tensor needs: a device, a scalar."""

    __slots__ = ()


OPAQUE = Opaque()


class Malformed(Exception):
    """The pickle is not what any program writes."""


def load(
    stream: BinaryIO,
    *,
    path: str,
    allowed: Collection[tuple[str, str]] = (),
    call: Callable[[Global, tuple[Any, ...]], Any] | None = None,
    persistent: Callable[[Any], Any] | None = None,
) -> Any:
    """Read one pickle and stop behind it.

    Parameters
    ----------
    stream : binary file
    path : str
        What messages call the file.
    allowed : collection of (module, name)
        The globals that may occur.
    call : callable, optional
        Takes one of them and its arguments, returns data or raises `Malformed`.
    persistent : callable, optional
        Takes a persistent id, returns data or raises `Malformed`.

    Returns
    -------
    object
        Texts, bytes, numbers, None, lists (sets too), tuples, `Table`, `Global`, and what the
        callables return.

    Raises
    ------
    InputError
        If it is malformed or truncated.
    RefusedError
        If it asks for anything else, or is over a limit.
    """
    machine = _Machine(path, allowed, call, persistent)
    bounded: Any = _Bounded(stream, path)
    try:
        for count, (opcode, arg, _) in enumerate(pickletools.genops(bounded)):
            if count > MAX_OPCODES:
                raise RefusedError(f"its pickle has more than {MAX_OPCODES} opcodes", path=path)
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, arg)
        raise Malformed("no end")
    except InputError as error:
        error.path = path
        raise
    except (Malformed, ValueError, IndexError, KeyError, OverflowError) as error:
        told = isinstance(error, Malformed | ValueError)
        reason = shown(str(error))[:120] if told else "a value is missing"
        raise InputError(f"corrupt pickle: {reason}", path=path) from error


class _Bounded:
    """A file of which no more is read than a pickle of tensors may have."""

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._stream, self._path, self._left = stream, path, MAX_BYTES
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        self._take(size)
        return self._stream.read(size)

    def readline(self) -> bytes:
        line = self._stream.readline(_MAX_LINE + 1)
        if len(line) > _MAX_LINE:
            raise RefusedError(f"its pickle has a line of over {_MAX_LINE} bytes", path=self._path)
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise RefusedError(f"its pickle is longer than {MAX_BYTES} bytes", path=self._path)


class _Machine:
    """The stack, the marks in it and the memo of one pickle."""

    def __init__(
        self,
        path: str,
        allowed: Collection[tuple[str, str]],
        call: Callable[[Global, tuple[Any, ...]], Any] | None,
        persistent: Callable[[Any], Any] | None,
    ) -> None:
        self._path, self._allowed = path, allowed
        self._call, self._persistent = call, persistent
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def pop(self) -> Any:
        return self._stack.pop()

    def step(self, name: str, arg: Any) -> None:
        """Do what one opcode says."""
        if name in _PLAIN:
            self._stack.append(arg)
        elif name in _MAKES:
            self._stack.append(_MAKES[name]())
        elif method := getattr(self, f"_{name.lower()}", None):
            method(arg)
        elif name not in _IGNORED:
            raise self._refusal(f"uses {name}" + (f" {shown(str(arg))}" if arg else ""))

    def _mark(self, _: Any) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _binput(self, index: int) -> None:
        if not 0 <= index <= MAX_OPCODES:
            raise Malformed(f"memo index {index}")
        self._memo[index] = self._stack[-1]

    def _binget(self, index: int) -> None:
        self._stack.append(self._memo[index])

    _put = _long_binput = _binput
    _get = _long_binget = _binget

    def _tuple(self, _: Any) -> None:
        items = self._since_mark()
        self._stack.append(tuple(items))

    def _list(self, _: Any) -> None:
        items = self._since_mark()
        self._stack.append(items)

    _frozenset = _list

    def _dict(self, _: Any) -> None:
        table = Table()
        table.update(self._since_mark())
        self._stack.append(table)

    def _tuple1(self, _: Any) -> None:
        self._stack.append((self.pop(),))

    def _tuple2(self, _: Any) -> None:
        second = self.pop()
        self._stack.append((self.pop(), second))

    def _tuple3(self, _: Any) -> None:
        third, second = self.pop(), self.pop()
        self._stack.append((self.pop(), second, third))

    def _append(self, _: Any) -> None:
        self._extend([self.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._since_mark())

    _additems = _appends

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise Malformed("items for what is no list")
        target += items

    def _setitem(self, _: Any) -> None:
        value = self.pop()
        self._set([self.pop(), value])

    def _setitems(self, _: Any) -> None:
        self._set(self._since_mark())

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not Table:
            raise Malformed("items for what is no dictionary")
        target.update(items)

    def _global(self, arg: str) -> None:
        self._find(*arg.split(" ", 1))

    def _stack_global(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise Malformed("a global without a name")
        self._find(module, name)

    def _find(self, module: str, name: str) -> None:
        found = Global(module, name)
        if found not in self._allowed:
            raise self._refusal(f"asks for {found}")
        self._stack.append(found)

    def _inst(self, arg: str) -> None:
        raise self._refusal(f"asks for {shown(arg.replace(' ', '.', 1))}")

    def _reduce(self, _: Any) -> None:
        arguments, function = self.pop(), self.pop()
        if type(function) is not Global or type(arguments) is not tuple or self._call is None:
            raise self._refusal("calls what is no function")
        self._stack.append(self._call(function, arguments))

    def _build(self, _: Any) -> None:
        """Leave the state of an object aside: that of a state dict is the layers' versions."""
        self.pop()
        if not isinstance(self._stack[-1], Table | Opaque):
            raise self._refusal("sets the state of what has none")

    def _binpersid(self, _: Any) -> None:
        if self._persistent is None:
            raise self._refusal("uses BINPERSID")
        self._stack.append(self._persistent(self.pop()))

    def _refusal(self, what: str) -> RefusedError:
        return RefusedError(
            f"its pickle {what}, which is no tensor; nothing of it was run",
            path=self._path,
            hint=_HINT,
        )
