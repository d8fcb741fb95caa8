"""What holds for every kernel whatever its parameters: finite, of the shape asked for, sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_kernels_library import AVERAGES, KEEP_LEVEL, OTHER_SUMS

from cnnviz import SpecError
from cnnviz.kernels import entries
from cnnviz.kernels._entry import Choice, Entry, Number

PARAMETRIC = [entry for entry in entries() if entry.parameters]
# Their sums depend on parameters: ones over a shape, a wave under a bell, a level among textures,
# a Laplacian that is cut off before it turns negative.
FREE = {*OTHER_SUMS, "gabor", "opencv:gabor", "laws", "frei-chen"}
FREE |= {"imagemagick:log", "imagemagick:dog"}
LARGE = 41  # cells a side; larger ones are tested one by one


def drawn(parameter: Number | Choice) -> st.SearchStrategy[str]:
    """Return the texts of a parameter's valid values, sizes up to `LARGE`."""
    if isinstance(parameter, Choice):
        return st.sampled_from(parameter.choices)
    if parameter.odd:
        high = int(min(parameter.high, LARGE))
        return st.integers(int(parameter.low) // 2, (high - 1) // 2).map(lambda i: str(2 * i + 1))
    if parameter.whole:
        return st.integers(int(parameter.low), int(min(parameter.high, LARGE // 2))).map(str)
    high = min(parameter.high, 20) if parameter.low >= 0 else parameter.high
    return st.floats(parameter.low, high).map(repr)


@pytest.mark.parametrize("entry", PARAMETRIC, ids=lambda entry: entry.name)
@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.data())
def test_any_parameters(entry: Entry, data: st.DataObject) -> None:
    texts = data.draw(st.tuples(*(drawn(parameter) for parameter in entry.parameters)))
    try:
        values = entry.values(",".join(texts))
    except SpecError:  # two that do not go together, such as sigmas in the wrong order
        assume(False)
    assert values.dtype == np.float64
    assert values.ndim == 2
    assert np.isfinite(values).all()
    asked = {parameter.name: text for parameter, text in zip(entry.parameters, texts, strict=True)}
    size = next((int(asked[name]) for name in ("size", "ksize", "hsize") if name in asked), 0)
    if size and entry.name not in ("opencv:sobel", "opencv:laplacian"):
        assert values.shape == (size, size)
    if entry.name == "rectangle":
        assert values.shape == (int(asked["rows"]), int(asked["columns"]))
    scale = np.abs(values).sum()
    if entry.name in AVERAGES:
        assert values.min() >= 0
        assert values.sum() == pytest.approx(1, abs=1e-9)
    elif entry.name in KEEP_LEVEL:
        assert values.sum() == pytest.approx(1, abs=1e-9 * scale)
    elif entry.name not in FREE:  # the difference of two averages has the rounding of both
        assert values.sum() == pytest.approx(0, abs=1e-9 * scale + 1e-15)
