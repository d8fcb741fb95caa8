"""A spec's `[preprocess]` table: whatever it holds, it is read or refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz import SpecError, load_model
from cnnviz.graph import sequential
from cnnviz.layers import find
from cnnviz.model.preprocess import Preprocess, preprocess_for
from cnnviz.model.preprocess_table import READERS, fitted


def made(table: dict | None, shape=(224, 224, 3), **settings) -> Preprocess:
    graph = sequential("m", shape, {"flatten": find("Flatten")()}, preprocess=table)
    return preprocess_for(graph, **settings)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"crp": 224}, "unknown field 'crp'; did you mean crop?"),
        ({"preset": "imagnet"}, "unknown preset 'imagnet'; did you mean imagenet?"),
        ({"resize": 0}, "resize 0 is not a size from 1 to 32768"),
        ({"resize": 10**6}, "resize 1000000 is not a size"),
        ({"resize": (1, 2, 3)}, "resize (1, 2, 3) is not one size or two"),
        ({"resize": True}, "resize True is not a size"),
        ({"resize": "256"}, "resize '256' is not a size"),
        ({"resize": (100, 100)}, "resize (100, 100) is not the input's (224, 224)"),
        ({"crop": 100}, "crop 100x100 is not the input's 224x224"),
        ({"crop": -1}, "crop -1 is not a size"),
        ({"filter": "cubic"}, "filter 'cubic' is not nearest or bilinear or bicubic or lanczos"),
        ({"filter": "lanczos", "antialias": False}, "filter lanczos needs antialias"),
        ({"antialias": 1}, "antialias 1 is not true or false"),
        ({"channels": "rbg"}, "channels 'rbg' is not rgb or bgr"),
        ({"invert": "yes"}, "invert 'yes' is not true or false"),
        ({"scale": "1/0"}, "scale is not a number or a fraction"),
        ({"scale": "x"}, "scale is not a number or a fraction"),
        ({"scale": 0}, "scale 0 leaves nothing of the image"),
        ({"scale": True}, "scale is not a number or a fraction"),
        ({"scale": 1e300}, "scale is not a number or a fraction"),
        ({"mean": (0.1, 0.2)}, "mean has 2 numbers, the model 3 channels"),
        ({"mean": ()}, "mean is empty"),
        ({"mean": "a"}, "mean is not a number"),
        ({"std": 0}, "std 0 is not above 0"),
        ({"std": (1, 1, -1)}, "std (1, 1, -1) is not above 0"),
        ({"std": (1, 1, 1, 1)}, "std has 4 numbers, the model 3 channels"),
    ],
    ids=str,
)
def test_tables_that_are_wrong(table, words):
    with pytest.raises(SpecError) as caught:
        made(table)
    assert str(caught.value).startswith(f"preprocess: {words}")


FIELDS = (*READERS, "preset", "size")
NUMBERS = (0, 1, -1, 8, 300, 2**31 - 1, 0.5, 1e-40, 1e29, True, None)
TEXTS = ("", "1/255", "1/0", "nan/1", "rgb", "bicubic", "lanczos", "caffe")
LISTS = ((), (1,), (8, 8), (0, 0), (1, 2, 3), ("x",), ((1,),), {})
VALUES = st.sampled_from((*NUMBERS, *TEXTS, *LISTS))


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_table_gives_a_preprocessing_or_an_error_of_the_spec(table):
    try:
        own = made(table, (8, 8, 3))
        larger = fitted(table, (8, 8, 3), (16, 8, 3))
    except SpecError:
        return
    assert set(larger) == set(table)
    assert own.describe((9, 10, 3))
    assert own.apply(np.full((9, 10, 3), 7.0)).shape == (8, 8, 3)


def test_a_wrong_table_is_an_error_when_the_model_is_loaded(tmp_path):
    layers = '[[layers]]\ntype = "Flatten"\n'
    text = f"input_shape = [8, 8, 1]\n[preprocess]\nmeen = 1\n{layers}"
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(
        SpecError, match=r"m\.toml: preprocess: unknown field 'meen'; did you mean mean"
    ):
        load_model(tmp_path / "m.toml")
