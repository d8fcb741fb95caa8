"""The trained kernels in the box as a table: what `cnnviz kernels trained` lists."""

from __future__ import annotations

from typing import Any

from cnnviz import trained
from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.report.report import Column, Report


def in_the_box(search: str | None = None) -> Report:
    """Return a row for each layer whose kernels slide, of each network in the box.

    Parameters
    ----------
    search : str, optional
        Only layers that have this text in their name or in that of their data, in any case.

    Raises
    ------
    SpecError
        If there is none.
    InputError
        If a file is broken.
    """
    from cnnviz.kernels import open_weights

    rows: list[dict[str, Any]] = []
    notes = []
    for name in trained.names():
        about = trained.origin(name)
        with open_weights(trained.path(name)) as file:
            stored = file.stored
        begun = f"{trained.PREFIX}:{trained.short(name)}"
        of = f"{name}: {about}" if str(about) else name
        for one in stored:
            kh, kw, channels, filters = one.as_read or (0, 0, 0, 0)
            typed = f"{begun}:{one.name.removesuffix('.kernel')}"
            if search and search.lower() not in f"{typed} {of}".lower():
                continue
            rows.append(
                {
                    "name": typed,
                    "network": of,
                    "kernel_size": [kh, kw],
                    "channels": channels,
                    "filters": filters,
                    "data": about.data,
                    "accuracy": about.accuracy,
                    "seed": about.seed,
                    "command": about.command,
                    "license": about.license,
                }
            )
        notes += [f"{name}: {about.command}"] * bool(about.command)
    if not rows:
        text = f" with {search!r} in it" if search else ""
        raise SpecError(f"there is no trained network in the box{text}")
    return Report("trained", {}, tuple(rows), {}, (), COLUMNS, tuple(notes), key="kernels")


COLUMNS = (
    Column("kernels", lambda row: str(row["name"])),
    Column("size", lambda row: times(row["kernel_size"]), right=True),
    Column("channels", lambda row: str(row["channels"]), right=True),
    Column("filters", lambda row: str(row["filters"]), right=True),
)
