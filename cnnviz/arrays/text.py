"""Tables of numbers as text: columns by `;`, `,`, tab or blanks, with `#` comments."""

from __future__ import annotations

import io
from array import array as packed
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array

MAX_LINE = 4 * 2**20
_SEPARATORS = (b";", b",", b"\t", b" ", b"\n", b"\r", b"\f", b"\v")
_BOM = b"\xef\xbb\xbf"


def read(data: bytes, name: str, max_bytes: int) -> Array:
    """Return the table as float64 `(rows, columns)`; a fault is named by row and column."""
    # Every cell, behind its separator, becomes a float64; a list of them grows by an eighth.
    cells_at_most = 1 + sum(map(data.count, _SEPARATORS))
    check_bytes(len(data) + 9 * cells_at_most, name, limit=max_bytes)
    values, separator, columns, rows = packed("d"), None, 0, 0
    for number, line in _lines(data, name):
        if not rows:
            separator = next((mark for mark in ";,\t" if mark in line), None)
        rows += 1
        where = f"row {rows}" if rows == number else f"row {rows} (line {number})"
        cells = line.split(separator)
        try:
            if not _plain(line):
                raise ValueError
            values.extend(map(float, cells))
        except ValueError:
            raise _bad_cell(cells, where, name) from None
        columns = columns or len(cells)
        if len(cells) != columns:
            raise InputError(f"{where} has {len(cells)} values, row 1 has {columns}", path=name)
    if not rows:
        raise InputError("holds no numbers", path=name)
    return np.frombuffer(values).reshape(rows, columns)


def write(array: Array, separator: str) -> bytes:
    """Return a 2-D array as lines of the shortest decimals that read back as the same values.

    >>> write(np.float32([[1, 0.1], [-2, 1e-9]]), ",")
    b'1,0.1\\n-2,1e-09\\n'
    """
    rows = array.astype(np.uint8) if array.dtype == bool else array
    lines = (separator.join(v.removesuffix(".0") for v in row.astype(str)) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _lines(data: bytes, name: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that has numbers."""
    for number, raw in enumerate(io.BytesIO(data.removeprefix(_BOM)), 1):
        if len(raw) > MAX_LINE:
            raise RefusedError(f"line {number} is longer than {MAX_LINE} bytes", path=name)
        try:
            line = raw.decode()
        except UnicodeDecodeError:
            raise _no_table(name) from None
        if "\0" in line:
            raise _no_table(name)
        if line := line.partition("#")[0].strip():
            yield number, line


def _plain(text: str) -> bool:
    """Whether `float` would read `text` as a table means it: not 1_000, not another script."""
    return text.isascii() and "_" not in text


def _bad_cell(cells: Sequence[str], where: str, name: str) -> InputError:
    column, cell = next((i, c.strip()) for i, c in enumerate(cells, 1) if not _is_number(c))
    hint = None
    if "," in cell:
        hint = "write decimals with a point"
    elif where.startswith("row 1") and not any(map(_is_number, cells)):
        hint = "put # before a line of names"
    what = f": {cell[:40]!a} is not a number" if cell else " is empty"
    return InputError(f"{where}, column {column}{what}", path=name, hint=hint)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return _plain(cell)


def _no_table(name: str) -> InputError:
    kinds = ".npy, .npz, .safetensors, .pth"
    return InputError(f"neither {kinds} nor a table of numbers in UTF-8", path=name)
