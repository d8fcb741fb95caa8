"""From what is typed after `--kernel` to kernels: matrices, names, banks and files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import numpy as np

from cnnviz import trained
from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.kernels import _library
from cnnviz.kernels._entry import Array, check_values

MAX_FILTERS = 2**16
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
    scale : float
        What its numbers were divided by to give `values`, for a tool that writes them so.
    offset : float
        What is added to each value of its map, such as 128 for a relief in middle gray.
    """

    name: str
    values: Array
    source: str
    scale: float = 1.0
    offset: float = 0.0


def resolve(text: str, layout: str | None = None) -> list[Kernel]:
    """Return the kernels that `text` stands for.

    Tried in this order: (1) digits, signs, `. e , ; /` and spaces are an inline matrix with rows
    by `;`; (2) `file:PATH[:LAYER]`; (3) `NAME[:PARAMETERS]` of the library, with the tool before
    it for those of other tools (`pillow:emboss`), or `bank:NAME`, also for all of a tool;
    (4) `trained:NAME[:LAYER]`, of a network in the box, whose first convolution is meant where
    no layer is named; (5) `PATH[:LAYER]`, the longest file that exists. A library name beats a
    file of that name.

    Stored weights of 4 axes give a kernel a filter; `layout`, one of `hwio`, `oihw` and `ohwi`,
    says how they lie where the file does not (see `cnnviz.kernels._layout`). Where a file says
    that its kernels are for true convolution they are turned by 180 degrees.

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
    if _is_matrix(text):
        return [_finite(Kernel("custom", _matrix(text), "inline matrix"))]
    if text.startswith(_FILE):
        return _from_file(text, layout)
    head, _, tail = text.partition(":")
    if head == _library.BANK:
        return [_named(typed, name=name) for name, typed in _library.bank(tail.strip()).items()]
    if _library.knows(text):
        return [_named(text, name=text)]
    return _from_file(text, layout)


def locate(text: str) -> tuple[str, str | None] | None:
    """Return path and layer where `text` stands for a file that is there, else None.

    Raises
    ------
    SpecError
        If it names a network in the box that is not there.

    >>> locate("edge"), locate("1 0 -1")
    (None, None)
    """
    text = text.strip()
    if text.startswith(_FILE):
        text = text.removeprefix(_FILE)
    elif _is_matrix(text) or _is_named(text):
        return None
    elif _is_trained(text):
        return _in_the_box(text)
    path, layer = _split(text)
    return None if path is None else (path, layer)


def kernel(text: str) -> Array:
    """Return the kernel that `text` stands for, as `resolve` reads it.

    Returns
    -------
    ndarray
        float64 `(kh, kw)`, or `(kh, kw, C)` from a file; several (a bank, a 4-D array) are
        `(kh, kw, C, filters)`, with C = 1 for kernels without channels. Only the values: the
        offset of a kernel such as `pillow:emboss` is in what `resolve` returns.

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
    entry, arguments = _library.look_up(typed)
    values = entry.values(arguments)
    return _finite(Kernel(name, values, entry.source, entry.scale, entry.offset))


def _is_matrix(text: str) -> bool:
    return _MATRIX.issuperset(text) and not _DIGITS.isdisjoint(text)


def _is_named(text: str) -> bool:
    return text.partition(":")[0] == _library.BANK or _library.knows(text)


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


def _from_file(text: str, layout: str | None) -> list[Kernel]:
    """Return the kernels of `PATH[:LAYER]`: a matrix or a stack as one, filters one by one."""
    from cnnviz.files import stem_of
    from cnnviz.kernels._weights import open_weights

    place = locate(text)
    if place is None:
        if os.path.isdir(path := text.removeprefix(_FILE)):
            raise InputError(f"kernel file {path!r} is a folder", path=path)
        raise (
            InputError(f"no kernel file {path[:200]!r}") if path != text else _library.unknown(text)
        )
    path, layer = place
    with open_weights(path, layout) as file:
        if layer is None and _is_trained(text):
            layer = file.first().name.removesuffix(".kernel")
        stored = file.choose(layer)
        values = file.read(stored)
        source, is_turned = file.path, file.about.is_turned
    if is_turned:
        values = values[::-1, ::-1]
    called = stored.name if set("*?[") & set(layer or "") else layer  # short where it was typed so
    label = stem_of(path) + (f":{called}" if layer else "")
    if len(stored.shape) == 2 or stored.axes == "hwi":
        return [Kernel(label, values.reshape(stored.shape), source)]
    if values.shape[3] > MAX_FILTERS:
        raise RefusedError(f"holds {values.shape[3]} filters, more than {MAX_FILTERS}", path=path)
    filters = np.moveaxis(values, -1, 0)
    return [Kernel(f"{label}[{i}]", one.copy(), source) for i, one in enumerate(filters)]


def _is_trained(text: str) -> bool:
    return text.partition(":")[0] == trained.PREFIX


def _in_the_box(text: str) -> tuple[str, str | None]:
    """Return the file and the layer of `trained:NAME[:LAYER]`."""
    _, _, rest = text.partition(":")
    name, _, layer = rest.partition(":")
    return trained.path(trained.find(name.strip())), layer.strip() or None


def _split(text: str) -> tuple[str | None, str | None]:
    """Return path and layer: the longest existing file that ends at a colon or at the end."""
    ends = [len(text), *(i for i in range(len(text) - 1, 0, -1) if text[i] == ":")]
    for end in ends:
        if os.path.isfile(text[:end]):
            return text[:end], text[end + 1 :] or None
    return None, None


def _finite(kernel: Kernel) -> Kernel:
    check_values(kernel.name, kernel.values)
    return kernel
