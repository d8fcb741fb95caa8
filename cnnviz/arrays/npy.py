"""NumPy's `.npy`: a header, which is a Python literal, and the values as they lie in memory."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from math import prod
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cnnviz.errors import InputError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.geometry import times

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Array

_MAX_RANK = 32  # NumPy's own limit before 2.0
_OVERFLOW = 2**63


def read(data: bytes, name: str, max_bytes: int, *, any_shape: bool = False) -> Array:
    """Return the array in `data`, its size held against the budget and the file beforehand.

    A single number and an empty array are refused unless `any_shape`.
    """
    stream = io.BytesIO(data)
    shape, fortran_order, dtype = header(stream, name)
    start = stream.tell()
    if dtype.hasobject:
        raise RefusedError("holds Python objects (a pickle), which are never loaded", path=name)
    if dtype.kind not in "biuf":
        raise InputError(f"holds {dtype} values, not real numbers", path=name)
    if not any_shape and not shape:
        raise InputError("holds a single number, not an array", path=name)
    if len(shape) > _MAX_RANK or not all(0 <= n < _OVERFLOW for n in shape):
        raise RefusedError("its header declares an impossible shape", path=name)
    sizes = times(shape)
    if not any_shape and 0 in shape:
        raise InputError(f"the array is empty ({sizes})", path=name)
    size, stored = prod(shape) * dtype.itemsize, len(data) - start
    if size >= _OVERFLOW:
        raise RefusedError(f"its shape overflows ({sizes})", path=name)
    check_bytes(size, f"{name} ({sizes})", limit=max_bytes)
    check_bytes(len(data) + size, f"{name} ({sizes})")  # the file is there beside the array
    if size != stored:
        raise InputError(
            f"corrupt or truncated: {sizes} {dtype} takes {size} bytes, the file has {stored}",
            path=name,
        )
    flat = np.frombuffer(data, dtype, offset=start)
    values = flat.reshape(shape, order="F" if fortran_order else "C")
    return values.astype(dtype.newbyteorder("="), order="C")


def write(array: Array) -> bytes:
    """Return `array` as the content of a file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def write_bands(
    stream: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any], bands: Iterable[Array]
) -> None:
    """Write an array to a file as its rows come, some at a time."""
    form = np.lib.format
    fields = {"descr": form.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    form.write_array_header_1_0(stream, fields)
    for band in bands:
        stream.write(np.ascontiguousarray(band).data)


def header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, Fortran order and type as they are declared, and stop before the values."""
    form = np.lib.format
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers that Python 2 wrote are read all the same
            version = form.read_magic(stream)
            # Version 3 differs from 2 only in field names beyond Latin-1, which numbers have not.
            later = form.read_array_header_2_0
            readers = {(1, 0): form.read_array_header_1_0, (2, 0): later, (3, 0): later}
            return readers[version](stream)
    except Exception as error:  # reading the literal can fail in a dozen ways
        raise InputError("corrupt .npy header", path=name) from error
