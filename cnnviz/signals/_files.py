"""Signals in files: sounds, tables and arrays, and the lines of images."""

from __future__ import annotations

import numpy as np

from cnnviz import arrays, images
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import times
from cnnviz.images.formats import sniff
from cnnviz.images.source import Source, open_source
from cnnviz.signals._entry import Array
from cnnviz.signals._grammar import Signal

_KINDS = "a .wav, a table of numbers (.csv, .txt), a .npy or .npz, or an image"


def read(path: str, *, row: int | None, column: int | None, channel: int | None) -> Signal:
    """Return the signal in a file; see `resolve`."""
    if row is not None and column is not None:
        raise SpecError("--row and --column are both given", hint="a signal is one of them")
    opened = open_source(path)
    with opened.file:
        if opened.head[:4] in (b"RIFF", b"RIFX", b"RF64") and opened.head[8:12] == b"WAVE":
            if row is not None or column is not None:
                raise SpecError(f"{path}: a sound has no rows or columns", hint="use --channel")
            from cnnviz.signals._wav import read_wav

            return read_wav(opened, channel)
        if channel is not None:
            raise SpecError(f"{path}: --channel is for a sound (.wav)", hint="leave it out")
        if sniff(opened.head):
            return _line_of_image(opened, row, column)
        return _line_of_array(opened, row, column)


def _line_of_image(opened: Source, row: int | None, column: int | None) -> Signal:
    image = images.load_image(opened.file, gray="luma601")
    gray = image.pixels[..., 0]
    notes = image.notes
    if row is None and column is None:
        row = gray.shape[0] // 2
        notes = (*notes, f"row {row}, the middle one of {gray.shape[0]}; --row chooses another")
    values, where = _line(opened, gray, row, column)
    return Signal(f"{opened.name} {where}", values, opened.path, notes=notes)


def _line_of_array(opened: Source, row: int | None, column: int | None) -> Signal:
    kind = arrays.sniff(opened.head, opened.suffix)
    if kind in (None, "pickle") or arrays.holds_weights(kind or ""):
        raise InputError(f"{opened.path}: no signal is in there; use {_KINDS}", path=opened.path)
    array = arrays.read_array(opened.read(), name=opened.path)
    check_bytes(array.nbytes + 16 * array.size, opened.path)
    if array.size == max(array.shape) and row is None and column is None:
        return Signal(opened.name, array.reshape(-1).astype(np.float64), opened.path)
    if array.ndim == 1:
        raise SpecError(f"{opened.path}: has one axis, no rows or columns", hint="leave it out")
    if array.ndim != 2:
        shape = times(array.shape)
        raise InputError(f"{opened.path}: an array of shape {shape} is no signal", path=opened.path)
    if row is None and column is None:
        raise SpecError(
            f"{opened.path}: has {array.shape[0]} rows and {array.shape[1]} columns",
            hint="choose one with --column N or --row N",
        )
    values, where = _line(opened, array, row, column)
    return Signal(f"{opened.name} {where}", values, opened.path)


def _line(
    opened: Source, table: np.ndarray, row: int | None, column: int | None
) -> tuple[Array, str]:
    """Return one line of a table, and which it is in words."""
    axis, place = (0, row) if row is not None else (1, column)
    word, count = ("row", "column")[axis], table.shape[axis]
    if place is None or not 0 <= place < count:
        raise SpecError(f"{opened.path}: no {word} {place}", hint=f"they are 0 to {count - 1}")
    return table.take(place, axis).astype(np.float64), f"{word} {place}"
