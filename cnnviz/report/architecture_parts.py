"""Feature extraction and classification, the parts of the usual picture, where there are two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cnnviz.contract import Unknown
from cnnviz.geometry import times
from cnnviz.report.architecture_groups import Group
from cnnviz.report.architecture_stages import total
from cnnviz.report.cost import kind_of
from cnnviz.report.report import Report, Row
from cnnviz.report.shares import tenths

FEATURES, CLASSES = "feature extraction", "classification"
SLIDING = ("convolution", "local")
NAMES = {
    "convolution": "convolution",
    "local": "locally connected layer",
    "pooling": "pooling",
    "dense": "dense layer",
}


@dataclass(frozen=True, eq=False, repr=False)
class Part:
    """Columns of the trunk from `begin` up to before `end`, and what their layers come to."""

    name: str
    begin: int
    end: int
    rows: tuple[Row, ...]
    params: int | Unknown
    macs: int | Unknown
    params_share: float | None
    macs_share: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        figures = ("params", "params_share", "macs", "macs_share")
        layers = [str(row["name"]) for row in self.rows]
        return {"layers": layers, **{figure: getattr(self, figure) for figure in figures}}


def parts_of(columns: Sequence[Group], report: Report) -> tuple[Part, ...]:
    """Return both parts, or none where the network has no convolutions or no dense layers behind.

    Feature extraction ends with the last layer that makes maps or pools them.
    """
    spatial = [i for i, column in enumerate(columns) if _is_spatial(column)]
    cut = spatial[-1] + 1 if spatial else 0
    before, behind = columns[1:cut], columns[cut:]
    if not _any(before, SLIDING) or not _any(behind, ("dense",)):
        return ()
    return (_part(FEATURES, columns, 1, cut, report), _part(CLASSES, columns, cut, None, report))


def _is_spatial(column: Group) -> bool:
    if column.kind in ("input", "pooling") or len(column.shape) > 1:
        return True
    return column.kind == "block" and any(map(counted(column.rows).get, (*SLIDING, "pooling")))


def _any(columns: Sequence[Group], kinds: Sequence[str]) -> bool:
    return any(kind_of(row) in kinds for column in columns for row in column.rows)


def _part(name: str, columns: Sequence[Group], begin: int, end: int | None, report: Report) -> Part:
    rows = tuple(row for column in columns[begin:end] for row in column.rows)
    params, macs = total(rows, "params"), total(rows, "macs")
    return Part(
        name,
        begin,
        len(columns) if end is None else end,
        rows,
        params,
        macs,
        params_share=_share(params, report.totals["params"]),
        macs_share=_share(macs, report.totals["macs"]),
    )


def _share(part: int | Unknown, whole: int | Unknown) -> float | None:
    return part / whole if isinstance(part, int) and isinstance(whole, int) and whole else None


def counted(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many layers of each kind that has a name in sentences there are."""
    kinds = [kind_of(row) for row in rows]
    return {
        "convolution": kinds.count("convolution"),
        "local": kinds.count("local"),
        "pooling": sum("Pooling" in str(row["type"]) for row in rows),
        "dense": kinds.count("dense"),
    }


def sentence(columns: Sequence[Group], parts: Sequence[Part]) -> str:
    """Return what extracts features and what classifies, or why nothing is said to."""
    counts = counted([row for column in columns for row in column.rows])
    if not parts:
        return _undivided(columns, counts)
    own = [counted(part.rows) for part in parts]
    extracting = _listed(own[0], ("convolution", "local", "pooling"))
    dense = own[1]["dense"]
    ending = "a dense layer classifies" if dense == 1 else f"{dense} dense layers classify"
    verb = "extracts" if extracting.startswith("1 ") and " and " not in extracting else "extract"
    return f"{extracting} {verb} features, {ending}"


def _undivided(columns: Sequence[Group], counts: dict[str, int]) -> str:
    made = _listed(counts, tuple(NAMES)) or "no layers with weights"
    if not counts["convolution"] and not counts["local"]:
        return f"{made}, no convolutions that extract features"
    if len(columns[-1].shape) > 1:
        return f"{made}; the output is {times(columns[-1].shape)}"
    if not counts["dense"]:
        return f"{made}; no dense layer classifies"
    return f"{made}, which follow no division into two parts"


def _listed(counts: dict[str, int], kinds: Sequence[str]) -> str:
    texts = [
        f"{counts[kind]} {NAMES[kind]}{'s' * (counts[kind] != 1)}" for kind in kinds if counts[kind]
    ]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def truths(columns: Sequence[Group], parts: Sequence[Part]) -> Iterator[str]:
    """Yield where what is usually said of the two parts holds for a network, and where not."""
    rows = [row for column in columns for row in column.rows]
    if parts:
        yield from _of_parts(parts[0], parts[1], rows)
    elif any(kind_of(row) in SLIDING for row in rows):
        yield (
            "The usual division into feature extraction and classification is not drawn: no dense "
            "layer follows the last map."
        )
    if any(kind_of(row) == "local" for row in rows):
        yield "Locally connected: each place has weights of its own, none are shared."


def _of_parts(features: Part, classes: Part, rows: Sequence[Row]) -> Iterator[str]:
    held, done = classes.params_share, classes.macs_share
    if held is not None and done is not None:
        said = (
            f"Classification has {tenths(held)} of the parameters and "
            f"{tenths(done)} of the multiply-adds"
        )
        dense = total([row for row in rows if kind_of(row) == "dense"], "params")
        whole = total(rows, "params")
        if held >= 0.5 and done < 0.5:
            yield f"{said}: most weights are there, most work is in feature extraction."
        elif isinstance(dense, int) and isinstance(whole, int) and 2 * dense < whole:
            yield (
                f"{said}: that dense layers hold most of a network's parameters is not true of "
                "this one."
            )
        else:
            yield f"{said}."
    inside = counted(features.rows)["dense"]
    if inside:
        verb = "layer stands" if inside == 1 else "layers stand"
        yield f"{inside} dense {verb} before the last maps: the two parts are not cleanly divided."
