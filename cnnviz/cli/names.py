"""Names of output files: from images, commands and settings, and safe wherever they came from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import click
from click.core import ParameterSource

from cnnviz.cli.option import Option
from cnnviz.render.terminal import escape

MAX_BYTES = 255  # of one name, on every common filesystem
MAX_STEM = 120
_UNSAFE = re.compile(r"[^\w.,=+]+")


def slug(text: str) -> str:
    """Return `text` as a part of a file name: no separator, control, blank or leading dot.

    >>> slug("../1 0 -1; 2 0 -2")
    '1-0-1-2-0-2'
    """
    words = _UNSAFE.sub("-", text).strip("-.,")
    return _cut(words, MAX_STEM) or "image"


def member(text: str) -> str:
    """Return the name of an array in a file as one printable word without folders.

    >>> member("conv/kernel")
    'conv_kernel'
    """
    return escape(text).replace("/", "_").replace("\\", "_")


def clip(name: str, ending: str) -> str:
    """Return `name + ending`, with `name` cut so that the whole fits a filesystem."""
    return _cut(name, MAX_BYTES - len(ending.encode())) + ending


def candidates(path: str, suffix: str = "") -> Iterator[str]:
    """Yield `path` with its suffix, then with `-2`, `-3`, ... before it, cut to fit.

    >>> from itertools import islice
    >>> list(islice(candidates("out/cat", ".png"), 2))
    ['out/cat.png', 'out/cat-2.png']
    """
    yield f"{path}{suffix}"
    folder, name = os.path.split(path)
    for number in count(2):
        yield os.path.join(folder, clip(name, f"-{number}{suffix}"))


def distinct(names: Sequence[str]) -> list[str]:
    """Give repeated names an index; names that differ only in case count as repeated.

    >>> distinct(["cat", "Cat", "cat-2"])
    ['cat', 'Cat-2', 'cat-2-2']
    """
    taken: set[str] = set()
    result = []
    for name in names:
        new, number = name, 1
        while new.casefold() in taken:
            number += 1
            new = f"{name}-{number}"
        taken.add(new.casefold())
        result.append(new)
    return result


def label(context: click.Context) -> str:
    """Return the command and its settings, as far as they are not the defaults: `convolve-s2`."""
    words = [context.info_name or ""]
    for param in context.command.params:
        value = context.params.get(param.name or "")
        if isinstance(param, Option) and param.label and not _is_default(param, value, context):
            values: Any = value if param.multiple else [value]
            words += [slug(param.label(v)) for v in values]
    return "-".join(words)


def _is_default(param: Option, value: object, context: click.Context) -> bool:
    source = context.get_parameter_source(param.name or "")
    if source is ParameterSource.DEFAULT:
        return True
    default = param.default
    stated = isinstance(default, str | int | list)
    return stated and bool(param.type_cast_value(context, default) == value)


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
