"""The strongest responses of a map and the patches of the input that caused them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnviz.report.maps import FeatureMap


@dataclass(eq=False, repr=False)
class Peak:
    """A strong response: its place in the map, its value, and its window in the input.

    `rows` and `columns` are the half-open spans of the window; parts outside the input are padding.
    """

    row: int
    column: int
    value: float
    rows: tuple[int, int]
    columns: tuple[int, int]


def peaks(feature_map: FeatureMap, count: int) -> list[Peak]:
    """Return up to `count` responses of the largest magnitude, strongest first.

    Of responses whose windows overlap, or that are nearer than a twentieth of the map, only the
    strongest counts, so that each peak shows another place of the image.
    """
    values = np.abs(feature_map.values)
    if values.ndim == 3:
        values = values.max(axis=2)
    values = values.astype(np.float64)
    rows, columns = feature_map.axes
    apart = max(values.shape) // 20
    reach = tuple(max(apart, -(-axis.extent // axis.stride)) for axis in (rows, columns))
    found = []
    for _ in range(count):
        row, column = divmod(int(values.argmax()), values.shape[1])
        if values[row, column] <= 0:
            break
        value = feature_map.values[row, column]
        top, left = rows.start(row), columns.start(column)
        found.append(
            Peak(
                row,
                column,
                float(value if value.ndim == 0 else value[np.abs(value).argmax()]),
                (top, top + rows.extent),
                (left, left + columns.extent),
            )
        )
        near = np.s_[
            max(0, row - reach[0] + 1) : row + reach[0],
            max(0, column - reach[1] + 1) : column + reach[1],
        ]
        values[near] = 0
    return found
