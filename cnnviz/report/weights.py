"""The tensors of a weight file, what each looks like and how its values lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cnnviz.arrays.contents import shown, widen
from cnnviz.files import check_bytes, in_units
from cnnviz.geometry import times
from cnnviz.report.moments import moments
from cnnviz.report.report import Column, Report, Row

if TYPE_CHECKING:
    import numpy as np

    from cnnviz.arrays.contents import Opened, Tensor
    from cnnviz.kernels import Stored

_MOST_WARNINGS = 20
_ZERO = 1e-7  # of the largest weight: a filter below it answers nothing
_AXES = {
    "torch": "OIHW, dense (out, in)",
    "keras": "HWIO, dense (in, out)",
    "mlx": "OHWI, dense (out, in)",
}
_ROLES = {
    "bias": "bias",
    "beta": "shift",
    "gamma": "scale",
    "weight": "scale",
    "alpha": "slopes",
    "running_mean": "running mean",
    "moving_mean": "running mean",
    "running_var": "running variance",
    "moving_variance": "running variance",
    "num_batches_tracked": "batches counted",
}


def tensors(
    file: Opened,
    path: str,
    *,
    layout: str | None = None,
    stats: bool = True,
    progress: Callable[[str], None] = lambda text: None,
) -> Report:
    """Return a row for each tensor of a file that is open.

    Parameters
    ----------
    file : Opened
    path : str
        What the report calls it.
    layout : {"hwio", "oihw", "ohwi"}, optional
        How arrays of 4 axes are laid out, whatever the file says.
    stats : bool
        Read the values too, one tensor at a time.
    progress : callable, optional
        Takes what is being done, as a text.

    Raises
    ------
    InputError, RefusedError
        If a tensor is corrupt or over the budget.
    """
    from cnnviz.kernels import WeightFile

    kernels = {one.name: one for one in WeightFile(file, path, layout).stored}
    rows: list[dict[str, Any]] = []
    warnings: list[str] = []
    for i, (name, tensor) in enumerate(file.tensors.items()):
        progress(f"{path}: {i} of {len(file.tensors)} tensors")
        row = _row(name, tensor, kernels.get(name), file.convention)
        values = _values(file, name, tensor) if stats else None
        if values is not None:
            row |= _statistics(values, kernels.get(name))
            warnings += _warnings(row)
        rows.append(row)
    progress("")
    if (more := len(warnings) - _MOST_WARNINGS) > 0:
        warnings[_MOST_WARNINGS:] = [f"... and {more} more"]
    return Report(
        path,
        _head(file, path),
        tuple(rows),
        {"name": "total", **{key: sum(row[key] or 0 for row in rows) for key in _SUMS}},
        tuple(warnings),
        COLUMNS if stats else COLUMNS[:-4],
        tuple(_notes(file, len(rows))),
        key="tensors",
    )


_SUMS = ("values", "bytes")


def _head(file: Opened, path: str) -> dict[str, Any]:
    return {
        "file": path,
        "format": file.format,
        "convention": file.convention or None,
        "metadata": file.metadata,
        "other_values": file.others,
    }


def _notes(file: Opened, count: int) -> Iterator[str]:
    tensors = "1 tensor" if count == 1 else f"{count} tensors"
    axes = _AXES.get(file.convention)
    yield f"{file.format}: {tensors}" + (f"; convolutions are {axes}." if axes else ".")
    if others := file.others:
        yield f"{others} other values (settings, counters) were left aside."
    for key, text in list(file.metadata.items())[:9]:
        yield f"metadata {shown(key)}: {shown(text)}"


def _row(name: str, tensor: Tensor, kernel: Stored | None, convention: str) -> dict[str, Any]:
    values = 1
    for size in tensor.shape:
        values *= size
    return {
        "name": name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "values": values,
        "bytes": tensor.nbytes,
        "looks_like": _looks_like(name, tensor, kernel, convention),
        "layout": (kernel.axes or None) if kernel else None,
        **dict.fromkeys(("min", "max", "mean", "std")),
        "not_finite": None,
        "dead_filters": None,
    }


def _looks_like(name: str, tensor: Tensor, kernel: Stored | None, convention: str) -> str:
    """Return what a tensor is, by its shape and its name."""
    shape = tensor.shape
    role = _ROLES.get(re.split("[./]", name)[-1].partition(":")[0])
    if kernel is not None and len(shape) > 2:
        if kernel.as_read is None:
            return "conv, layout unknown"
        kh, kw, channels, filters = kernel.as_read
        return f"conv {kh}x{kw}, {channels} -> {filters}"
    if len(shape) == 2:
        if convention not in _AXES:
            return "matrix"
        first, second = shape if convention == "keras" else shape[::-1]
        return f"dense {first} -> {second}"
    if len(shape) == 1:
        return role or "vector"
    return (role or "number") if not shape else f"array of {len(shape)} axes"


def _values(file: Opened, name: str, tensor: Tensor) -> np.ndarray | None:
    """Return all values, None where there are none or of a type that is not read."""
    if not tensor.is_real or 0 in tensor.shape:
        return None
    if tensor.dtype != "bfloat16":
        return file.stored(name)
    check_bytes(5 * (tensor.nbytes or 0), shown(name))
    return widen(file.stored(name))


def _statistics(values: np.ndarray, kernel: Stored | None) -> dict[str, Any]:
    count, low, high, mean, std = moments(values)
    found = dict(zip(("min", "max", "mean", "std"), (low, high, mean, std), strict=True))
    return {**found, "not_finite": values.size - count, "dead_filters": _dead(values, kernel)}


def _dead(values: np.ndarray, kernel: Stored | None) -> int | None:
    """Return how many filters of a convolution are zero, None where that has no meaning."""
    if kernel is None or len(kernel.shape) < 3 or "o" not in kernel.axes:
        return None
    import numpy as np

    others = tuple(i for i, axis in enumerate(kernel.axes) if axis != "o")
    with np.errstate(invalid="ignore"):  # of a NaN, which is counted elsewhere
        largest = abs(values.max(axis=others).astype("float64"))
        largest = largest.clip(abs(values.min(axis=others).astype("float64")))
    most = largest.max()
    return int((largest <= _ZERO * most).sum()) if np.isfinite(most) else None


def _warnings(row: dict[str, Any]) -> Iterator[str]:
    name, bad, dead = shown(row["name"]) or "it", row["not_finite"], row["dead_filters"]
    if bad:
        one = "is" if bad == 1 else "are"
        yield f"{name}: {bad} of {row['values']} values {one} NaN or infinite"
    if dead:
        are = "is" if dead == 1 else "are"
        yield f"{name}: {dead} of its filters {are} zero everywhere"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _bytes(count: int | None) -> str:
    return "?" if count is None else in_units(count).replace("bytes", "B")


def _cell(key: str) -> Callable[[Row], str]:
    return lambda row: str(row.get(key, ""))


COLUMNS = (
    Column("tensor", lambda row: shown(row["name"]) or "(no name)"),
    Column("shape", lambda row: times(row.get("shape", ())), right=True),
    Column("dtype", _cell("dtype"), rank=3),
    Column("values", lambda row: f"{row['values']:,}", right=True),
    Column("size", lambda row: _bytes(row["bytes"]), right=True, rank=5),
    Column("looks like", _cell("looks_like"), rank=1),
    Column("min", lambda row: _number(row.get("min")), right=True, rank=2),
    Column("max", lambda row: _number(row.get("max")), right=True, rank=2),
    Column("mean", lambda row: _number(row.get("mean")), right=True, rank=4),
    Column("std", lambda row: _number(row.get("std")), right=True, rank=4),
)
