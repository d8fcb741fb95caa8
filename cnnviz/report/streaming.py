"""Maps that are too large to be held, written to `.npy` and `.npz` as they are made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from cnnviz import arrays
from cnnviz.files import check_bytes
from cnnviz.ops.threads import share, threads
from cnnviz.report.bands import bands
from cnnviz.report.maps import FeatureMap
from cnnviz.report.result import Writer

if TYPE_CHECKING:
    from cnnviz.report.banks import Bank


def writer(maps: Sequence[FeatureMap], format: str, keys: Sequence[str]) -> Writer:
    """Return what writes maps to a file: `npy` is `(H, W, K)`, an array of `npz` one map.

    Raises
    ------
    SpecError
        If maps of several shapes are to be one array.
    RefusedError
        If the largest map, which an `.npz` takes whole, is over the byte budget.
    """
    if format == "npy":
        arrays.check_stack([m.shape for m in maps])
    else:
        held = sum(m.plane.nbytes for m in maps)
        largest = max(m.size * m.plane.itemsize for m in maps)
        check_bytes(held + largest, f"a map of {len(maps)} as .npz")
    named = arrays.unique(keys)

    def write(file: BinaryIO) -> None:
        if format == "npy":
            from cnnviz.arrays import npy

            shape = (*maps[0].shape, len(maps))
            npy.write_bands(file, shape, maps[0].plane.dtype, _stacked(maps))
        else:
            from cnnviz.arrays.archives import npz

            npz.write_to(file, ((key, m.values) for key, m in zip(named, maps, strict=True)))

    return write


def _stacked(maps: Sequence[FeatureMap]) -> Iterator[np.ndarray]:
    """Yield some rows of all maps at a time, `(rows, columns, maps)`, made on all cores."""
    height, width = maps[0].shape
    whole = _whole_bank(maps)

    def make(rows: slice) -> np.ndarray:
        if whole is not None:
            return whole.rows(rows.start, rows.stop)
        return np.stack([m.rows(rows) for m in maps], axis=-1)

    parts = bands((height, width, len(maps)), 1)
    for first in range(0, len(parts), threads()):
        yield from share(make, parts[first : first + threads()])


def _whole_bank(maps: Sequence[FeatureMap]) -> Bank | None:
    """Return the bank whose maps these are, all of them in order, if there is one."""
    made = [m.made for m in maps if m.made is not None]
    bank = made[0].bank
    places = [(id(one.bank), one.place) for one in made]
    return bank if places == [(id(bank), i) for i in range(bank.shape[2])] else None
