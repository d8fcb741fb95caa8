"""Values of a spec: plain data within limits, whatever text they came from."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from cnnviz.errors import SpecError

MAX_INT = 2**31 - 1
MAX_DEPTH = 5
MAX_LITERAL = 4_000

_SIZE = re.compile(r"[0-9]{1,9}(x[0-9]{1,9}){1,2}")
_WORD = re.compile(r"[A-Za-z][\w:.-]*")


def plain(value: Any, what: str, depth: int = 0) -> Any:
    """Return a value as numbers, text, tuples and dictionaries; refuse what is beyond the limits.

    Raises
    ------
    SpecError
        Naming `what`, if a number is not finite or too large, or the value is too deep or of
        another kind.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INT:
            raise SpecError(f"{what} has a number over the limit of {MAX_INT}")
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise SpecError(f"{what} is not a finite number")
        return value
    if depth == MAX_DEPTH:
        raise SpecError(f"{what} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, list | tuple):
        return tuple(plain(item, what, depth + 1) for item in value)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, what, depth + 1) for key, item in value.items()}
    raise SpecError(f"{what} is a {type(value).__name__}, not a number, text or list")


def literal(text: str, what: str) -> Any:
    """Return the value that a Python literal stands for; nothing is ever evaluated."""
    import ast

    tree = parse(text, what).body
    if isinstance(tree, ast.Call):
        raise SpecError(f"{what} {shown(text)} is not a value", hint="write a number or a name")
    return plain(ast.literal_eval(tree), what)


def setting(text: str, what: str) -> Any:
    """Return a value as the command line takes it: a literal, `3x3`, or a bare word.

    >>> setting("3x3", "kernel_size"), setting("same", "padding"), setting("(1, 2)", "strides")
    ((3, 3), 'same', (1, 2))
    """
    text = text.strip()
    if _SIZE.fullmatch(text):
        return plain([int(n) for n in text.split("x")], what)
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    return text if _WORD.fullmatch(text) else literal(text, what)


def parse(text: str, what: str) -> Any:
    """Return the syntax tree of one expression of literals (`ast.Expression`).

    Raises
    ------
    SpecError
        If it is too long, not Python, or holds anything but literals and one call around them.
    """
    import ast
    import warnings

    if len(text) > MAX_LITERAL:
        raise SpecError(f"{what} is longer than {MAX_LITERAL} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise SpecError(f"{what} {shown(text)} cannot be read", hint="use Keras's words") from None
    arguments = [tree.body]
    if isinstance(tree.body, ast.Call):
        arguments = [*tree.body.args, *(keyword.value for keyword in tree.body.keywords)]
    for argument in arguments:
        if not _is_literal(argument):
            raise SpecError(
                f"{what} {shown(ast.get_source_segment(text.strip(), argument) or text)} "
                "is not a number, a quoted text, True, False, None or a list of these"
            )
    return tree


def shown(text: str, limit: int = 60) -> str:
    """Return text from a spec as messages quote it: in ASCII, on one line, cut if it is long."""
    return ascii(text if len(text) <= limit else f"{text[: limit - 3]}...")


def _is_literal(node: Any, depth: int = 0) -> bool:
    import ast

    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
        return isinstance(node, ast.Constant) and type(node.value) in (int, float)
    if isinstance(node, ast.Tuple | ast.List):
        return depth < MAX_DEPTH and all(_is_literal(item, depth + 1) for item in node.elts)
    return isinstance(node, ast.Constant) and isinstance(
        node.value, int | float | str | bool | None
    )
