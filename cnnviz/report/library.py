"""The kernel library as a table: what `cnnviz kernels` lists."""

from __future__ import annotations

from typing import Any

from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.report.exact import total
from cnnviz.report.report import Column, Report

OURS = "cnnviz"


def library(search: str | None = None) -> Report:
    """Return a row for each kernel of the library, at its default parameters.

    Parameters
    ----------
    search : str, optional
        Only kernels that have this text in their name, summary or source, in any case.

    Raises
    ------
    SpecError
        If there is none.

    >>> [row["name"] for row in library("lens")][:2]
    ['disk', 'matlab:disk']
    """
    from cnnviz import kernels

    rows: list[dict[str, Any]] = []
    for entry in kernels.entries():
        texts = (entry.name, entry.summary, entry.source)
        if search and not any(search.lower() in text.lower() for text in texts):
            continue
        values = entry.values()
        rows.append(
            {
                "name": entry.name,
                "signature": entry.signature,
                "tool": entry.family if ":" in entry.name else OURS,
                "family": entry.family,
                "shape": list(values.shape),
                "sum": total(values),
                "scale": entry.scale,
                "offset": entry.offset,
                "summary": entry.summary,
                "source": entry.source,
            }
        )
    if not rows:
        raise SpecError(f"no kernel has {search!r} in its name or description")
    banks = [f"bank:{name}" for name in kernels.banks()]
    notes = (
        "One in numbers: cnnviz kernels NAME.",
        f"Several: {', '.join(banks)}.",
        "Learned ones: cnnviz kernels trained.",
    )
    head = {} if search else {"banks": banks}
    return Report(
        "kernels", head, tuple(rows), {}, (), COLUMNS, () if search else notes, key="kernels"
    )


COLUMNS = (
    Column("kernel", lambda row: str(row["signature"])),
    Column("size", lambda row: times(row["shape"]), right=True),
    Column("sum", lambda row: f"{row['sum']:.4g}", right=True),
    Column("shows", lambda row: str(row["summary"]), rank=1, detail=True),
)
