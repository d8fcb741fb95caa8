"""A table of pixels as text, a row a picture, its label first or last; also packed by gzip."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.arrays.contents import shown
from cnnviz.arrays.text import MAX_LINE
from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.training.data.examples import Found, Wanted
from cnnviz.training.data.numbered import MAX_CLASSES, Part, found, picture_shape
from cnnviz.training.data.packed import Unpacked, head, unpacked

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.training.data.tree import Tree

_SUFFIXES = (".csv", ".tsv")  # a .txt may be a note about the others
_LABELS = ("label", "labels", "class", "target", "y")
_HELD = ("test", "val")
_BLOCK = 2**21  # bytes of text turned into numbers at a time


def sniff(tree: Tree) -> int:
    """Tell a table by its suffix or its first line; folders beside it are another kind."""
    if tree.folders:
        return 0
    if len(tree.files) > 1:
        return int(any(map(_is_table, tree.files)))
    line = b"".join(head(tree, name).partition(b"\n")[0] for name in tree.files)
    return 2 * (any(map(_is_table, tree.files)) or _separator(line.decode("latin-1")) != "")


def read(tree: Tree, wanted: Wanted) -> Found:
    """Return the pictures of the one table, or of two of which one is called `test` or `val`."""
    tables = [f for f in tree.files if _is_table(f)] or list(tree.files)
    held = [f for f in tables if any(word in f.lower() for word in _HELD)]
    train = [f for f in tables if f not in held] if len(tables) > 1 else tables
    held = held if len(tables) > 1 else []
    if len(train) != 1 or len(held) > 1:
        what = f"holds {len(tables)} tables, not one, or one and one called test"
        raise InputError(what, path=tree.path, hint="name one of them")
    first = _table(tree, train[0])
    column = _label_column(*first, wanted, tree.where(train[0]))
    made = [_part(first[1], column, tree.where(train[0]))]
    if held:
        made.append(_part(_table(tree, held[0])[1], column, tree.where(held[0])))
    return found("CSV", made[0], made[1] if held else None, wanted)


def _part(table: Array, column: int, where: str) -> Part:
    x = table[:, 1:] if column == 0 else table[:, :-1]
    return Part(x, table[:, column], where)


def _label_column(header: list[str], table: Array, wanted: Wanted, where: str) -> int:
    """Return 0 or -1: by the header, else the one that holds a class number for every row."""
    if picture_shape(table.shape[1] - 1, wanted.input_shape) is None:
        what = f"{table.shape[1]} columns are not a label and the pixels of a square"
        raise InputError(what, path=where)
    names = [name.strip().strip('"').lower() for name in header]
    for column in (0, -1):
        if names and names[column] in _LABELS:
            return column
    could_be = [column for column in (0, -1) if _counts(table[:, column])]
    if len(could_be) != 1:
        what = "neither the first nor the last column" if not could_be else "the first and the last"
        raise InputError(
            f"{what} could be the label", path=where, hint="name it in a first line: label,..."
        )
    return could_be[0]


def _counts(values: Array) -> bool:
    """Whether values are the numbers of classes: whole, at least two, none left out."""
    kinds = np.unique(values)
    start = kinds[0]
    return (
        1 < len(kinds) <= MAX_CLASSES
        and start in (0, 1)
        and bool(np.array_equal(kinds, np.arange(start, start + len(kinds))))
    )


def _table(tree: Tree, name: str) -> tuple[list[str], Array]:
    """Return the names of the columns, if there are any, and float32 `(rows, columns)`."""
    with unpacked(tree, name) as file:
        header: list[str] = []
        made: list[Array] = []
        separator, columns, size = "", 0, 0
        for number, block in _blocks(file):
            if not columns:
                separator = _separator(block[0])
                cells = block[0].split(separator or None)
                columns = len(cells)
                if not any(map(_is_number, cells)):
                    header, number, block = cells, number + 1, block[1:]
            made.append(_numbers(block, separator, columns, number, file.where))
            size += made[-1].nbytes
            check_bytes(3 * size, file.where)
    if not size:
        raise InputError("holds no rows of numbers", path=tree.where(name))
    return header, np.concatenate(made)


def _blocks(file: Unpacked) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line and some lines, blank ones at the end left out."""
    lines: list[str] = []
    number, count, held = 1, 0, 0
    while raw := file.stream.readline(MAX_LINE + 1):
        if len(raw) > MAX_LINE:
            raise RefusedError(f"a line is longer than {MAX_LINE} bytes", path=file.where)
        count, held = count + len(raw), held + len(raw)
        file.check(count)
        try:
            text = raw.decode("utf-8-sig" if number == 1 and not lines else "utf-8")
        except UnicodeDecodeError:
            raise InputError("is not a table in UTF-8", path=file.where) from None
        lines.append(text.rstrip("\r\n"))
        if held >= _BLOCK:
            yield number, lines
            number, held, lines = number + len(lines), 0, []
    while lines and not lines[-1].strip():
        lines.pop()
    if lines:
        yield number, lines


def _numbers(lines: list[str], separator: str, columns: int, number: int, where: str) -> Array:
    """Return rows as float32; a fault is named by line and column."""
    mark = separator or ","
    if all(line.count(mark) == columns - 1 for line in lines):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                values = np.fromstring(mark.join(lines), np.float32, sep=mark)
                if len(values) == len(lines) * columns and np.isfinite(values).all():
                    return values.reshape(len(lines), columns)
            except (DeprecationWarning, ValueError):
                pass
    for at, line in enumerate(lines, number):
        cells = line.split(separator or None)
        if len(cells) != columns:
            what = f"line {at} has {len(cells)} values, the first {columns}"
            raise InputError(what, path=where)
        for column, cell in enumerate(cells, 1):
            if not _is_number(cell):
                what = f"line {at}, column {column}: '{shown(cell[:40])}' is not a number"
                raise InputError(what, path=where)
    rows = [[float(cell) for cell in line.split(separator or None)] for line in lines]
    return np.array(rows, np.float32).reshape(len(lines), columns)


def _is_number(cell: str) -> bool:
    try:
        return abs(float(cell)) < np.inf and cell.isascii() and "_" not in cell
    except ValueError:
        return False


def _separator(line: str) -> str:
    """Return what parts the cells of a line: none if it is no table of two columns."""
    if "\0" in line:
        return ""
    return next((mark for mark in ";,\t" if mark in line), "")


def _is_table(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(_SUFFIXES)
