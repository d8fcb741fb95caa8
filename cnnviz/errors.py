"""The errors that cnnviz raises on purpose; each carries the exit code that `cli` reports.

Raised in the core with the value and what would do, translated to a line on stderr once, in `cli`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import ClassVar


class CnnvizError(Exception):
    """Something that the user can mend.

    Parameters
    ----------
    message : str
        One line that names the file or layer and the value.
    path : str, optional
        The file concerned.
    hint : str, optional
        What would do; shown after the message.
    details : sequence of str, optional
        A list to show below the message, one line each (weights that do not fit).
    """

    code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        hint: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint
        self.details = tuple(details)

    def __str__(self) -> str:
        text = self.message
        if self.path is not None and not _names(text, self.path):
            text = f"{self.path}: {text}"
        return f"{text}; {self.hint}" if self.hint else text


def _names(text: str, path: str) -> bool:
    """Tell whether a text has a path in it, which is no part of a word.

    >>> _names("cannot write l: no space", "l"), _names("is not a file", "l")
    (True, False)
    """
    import re

    return re.search(rf"(?<!\w){re.escape(path)}(?!\w)", text) is not None


class InputError(CnnvizError):
    """An input is missing, corrupt, not finite or of an unsupported format (exit 1)."""

    code = 1


class SpecError(CnnvizError, ValueError):
    """A setting, a kernel or a model spec is wrong (exit 2)."""

    code = 2


class OutputError(CnnvizError):
    """A target exists, is a symlink or cannot be written (exit 4)."""

    code = 4


class RefusedError(CnnvizError):
    """Refused to protect the machine: a bomb, a limit, a pickle, an escaping path (exit 5)."""

    code = 5


class Stopped(BaseException):
    """SIGINT or SIGTERM arrived; passes through every `finally`, so that temporaries go."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def behind(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Return the exception of that kind in the place of which another one was raised.

    CPython makes a RuntimeError of whatever arrives while a class is being made, `Stopped` too.
    """
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        if isinstance(one, kind):
            return one
        seen.add(id(one))
        one = one.__cause__ or one.__context__
    return None


def unknown_name(kind: str, name: str, names: Iterable[str]) -> SpecError:
    """Return the error for a name that is not among `names`, with the nearest ones as a hint.

    >>> print(unknown_name("layer", "Conv2d", ["Conv2D", "Dense"]))
    unknown layer 'Conv2d'; did you mean Conv2D?
    >>> print(unknown_name("layer", "conv1", ["conv1_1", "conv1_2", "conv5_1"]))
    unknown layer 'conv1'; did you mean conv1_1 or conv1_2?
    """
    from difflib import get_close_matches

    known = sorted(names)
    name = shortened(name)
    begun = [each for each in known if len(name) > 2 and each.lower().startswith(name.lower())]
    near = begun[:3] or get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {_listed(known) or 'none'}"
    return SpecError(f"unknown {kind} {name!a}", hint=hint)


def shortened(name: object, most: int = 60) -> str:
    """Return a name of any kind as messages show it, cut if it is long."""
    text = str(name)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def bounded(message: str) -> str:
    """Return a message without the middle of a long value that it quotes."""
    return message if len(message) <= 300 else f"{message[:160]} ... {message[-130:]}"


def _listed(names: Sequence[str], most: int = 350) -> str:
    """Return the names on one line, as many as fit into `most` characters."""
    ends = accumulate(len(name) + 2 for name in names)
    shown = [name for name, end in zip(names, ends, strict=True) if end - 2 <= most]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")
