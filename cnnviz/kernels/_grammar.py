"""From what is typed after `--kernel` to kernels: matrices, names, banks and files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import numpy as np

from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import check_bytes
from cnnviz.kernels import _library
from cnnviz.kernels._entry import Array

MAX_FILTERS = 2**16
_BUDGET = 2**30  # bytes as stored; float64 takes up to eight times as many
_DIGITS = frozenset("0123456789")
_MATRIX = _DIGITS | frozenset("+-.e,;/ ")
_FILE = "file:"


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel with its name.

    Attributes
    ----------
    name : str
        What pictures and files call it; `custom` for an inline matrix.
    values : ndarray
        `(kh, kw)`, or `(kh, kw, C)` from a file; float64 in correlation order, all finite.
    source : str
        The formula or paper, the file, or `inline matrix`.
    """

    name: str
    values: Array
    source: str


def resolve(text: str) -> list[Kernel]:
    """Return the kernels that `text` stands for.

    Tried in this order: (1) digits, signs, `. e , ; /` and spaces are an inline matrix with rows
    by `;`; (2) `file:PATH[:LAYER]`; (3) `NAME[:PARAMETERS]` of the library, or `bank:NAME`;
    (4) `PATH[:LAYER]`, the longest file that exists. A library name beats a file of that name.

    Raises
    ------
    SpecError
        If nothing has that name (with the nearest ones), or a parameter or matrix is wrong.
    InputError
        If a file is missing or no array, or a value is not finite.

    Examples
    --------
    >>> [kernel.name for kernel in resolve("bank:sobel")]
    ['sobel-x', 'sobel-y']
    >>> resolve("1/2 0 -1/2")[0].values.tolist()
    [[0.5, 0.0, -0.5]]
    """
    text = text.strip()
    if not text:
        raise SpecError("the kernel is empty", hint='name one, or write "1 0 -1; 2 0 -2; 1 0 -1"')
    if _MATRIX.issuperset(text) and not _DIGITS.isdisjoint(text):
        return [_finite(Kernel("custom", _matrix(text), "inline matrix"))]
    if text.startswith(_FILE):
        return _from_file(text.removeprefix(_FILE), named=False)
    head, _, tail = text.partition(":")
    if head == _library.NAMESPACE:
        return [_named(typed, name=name) for name, typed in _library.bank(tail.strip()).items()]
    typed = _library.member(text) or text
    if _library.find(typed.partition(":")[0]):
        return [_named(typed, name=text)]
    return _from_file(text, named=True)


def kernel(text: str) -> Array:
    """Return the kernel that `text` stands for, as `resolve` reads it.

    Returns
    -------
    ndarray
        float64 `(kh, kw)`, or `(kh, kw, C)` from a file; several (a bank, a 4-D array) are
        `(kh, kw, C, filters)`, with C = 1 for kernels without channels.

    Examples
    --------
    >>> kernel("laplacian").tolist()
    [[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]
    >>> kernel("bank:kirsch").shape
    (3, 3, 1, 8)
    """
    found = [each.values for each in resolve(text)]
    if len(found) == 1:
        return found[0]
    deep = [values if values.ndim == 3 else values[..., None] for values in found]
    if len({values.shape for values in deep}) > 1:
        raise SpecError(f"the kernels of {text!r} differ in shape", hint="take them one by one")
    return np.stack(deep, axis=-1)


def _named(typed: str, *, name: str) -> Kernel:
    _, colon, arguments = typed.partition(":")
    entry = _library.describe(typed)
    return _finite(Kernel(name, entry.values(arguments if colon else None), entry.source))


def _matrix(text: str) -> Array:
    rows = []
    for i, line in enumerate(text.rstrip("; ").split(";"), 1):
        cells = re.split(r" *, *| +", re.sub(" */ *", "/", line.strip()))
        rows.append([_number(cell, f"row {i}, column {j}") for j, cell in enumerate(cells, 1)])
        if len(rows[-1]) != len(rows[0]):
            raise SpecError(
                f"row {i} of the kernel has {len(rows[-1])} values, row 1 has {len(rows[0])}",
                hint="rows end with ;",
            )
    return np.array(rows, dtype=np.float64)


def _number(cell: str, where: str) -> float:
    """Return the value of `-1.5e3` or of a fraction, `1/9`."""
    numerator, slash, denominator = cell.partition("/")
    try:
        return float(numerator) / float(denominator) if slash else float(numerator)
    except ValueError:
        raise SpecError(f"{where} of the kernel: {cell!r} is not a number") from None
    except ZeroDivisionError:
        raise SpecError(f"{where} of the kernel: {cell!r} divides by zero") from None


def _from_file(text: str, *, named: bool) -> list[Kernel]:
    """Return the kernels of `PATH[:LAYER]`; `named` if it could also have meant a name."""
    from cnnviz.arrays import read_array

    path, layer = _split(text)
    if path is None:
        if os.path.isdir(text):
            raise InputError(f"kernel file {text!r} is a folder", path=text)
        raise _library.unknown(text) if named else InputError(f"no kernel file {text[:200]!r}")
    stored = read_array(path, name=path, member=layer, max_bytes=_BUDGET)
    check_bytes(stored.nbytes + 16 * stored.size, path)  # as float64, and each filter apart
    values = stored.astype(np.float64)
    stem = os.path.splitext(os.path.basename(path))[0] + (f":{layer}" if layer else "")
    if not 2 <= values.ndim <= 4:
        raise InputError(
            f"a kernel has 2 to 4 axes, this array has {values.ndim}",
            path=path,
            hint="save it as (kh, kw), (kh, kw, C) or (kh, kw, C, filters)",
        )
    whole = _finite(Kernel(stem, values, path))
    if values.ndim < 4:
        return [whole]
    filters = np.moveaxis(values, -1, 0)
    if len(filters) > MAX_FILTERS:
        raise RefusedError(f"holds {len(filters)} filters, more than {MAX_FILTERS}", path=path)
    return [Kernel(f"{stem}[{i}]", one.copy(), path) for i, one in enumerate(filters)]


def _split(text: str) -> tuple[str | None, str | None]:
    """Return path and layer: the longest existing file that ends at a colon or at the end."""
    ends = [len(text), *(i for i in range(len(text) - 1, 0, -1) if text[i] == ":")]
    for end in ends:
        if os.path.isfile(text[:end]):
            return text[:end], text[end + 1 :] or None
    return None, None


def _finite(kernel: Kernel) -> Kernel:
    wrong = int(np.count_nonzero(~np.isfinite(kernel.values)))
    if wrong:
        raise InputError(
            f"kernel {kernel.name!r}: {wrong} of {kernel.values.size} values not finite "
            "(NaN or infinite)",
            path=kernel.source if os.path.isfile(kernel.source) else None,
        )
    return kernel
