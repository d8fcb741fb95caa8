"""Words to values: what is taken, and that a refusal names the value and the forms."""

from __future__ import annotations

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.cli import types
from cnnviz.cli.types import Target
from cnnviz.geometry import Window


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (types.SIZE, "2", (2, 2)),
        (types.SIZE, " 2x3 ", (2, 3)),
        (types.SIZE, "2X3", (2, 3)),
        (types.PADDING, "Same", "same"),
        (types.PADDING, "full", "full"),
        (types.PADDING, "0", ((0, 0), (0, 0))),
        (types.PADDING, "1x2", ((1, 1), (2, 2))),
        (types.PADDING, "1,2,3,4", ((1, 2), (3, 4))),
        (types.PADDING, "1, 2, 3, 4", ((1, 2), (3, 4))),
        (types.BORDER, "reflect", "reflect"),
        (types.BORDER, "constant", "zero"),
        (types.BORDER, "-1.5", -1.5),
        (types.REGION, "0,5,10,20", (0, 5, 10, 20)),
        (types.RESIZE, "64", 64),
        (types.RESIZE, "64x32", (64, 32)),
        (types.RANGE, "-1,1", (-1.0, 1.0)),
        (types.INPUT_SHAPE, "28x28x1", (28, 28, 1)),
        (types.INPUT_SHAPE, "28x30", (28, 30, 1)),
        (types.NUMBER, "1e3", 1000.0),
        (types.SETTING, "inception_3a/5x5.strides=2", "inception_3a/5x5.strides=2"),
        (types.OUTPUT, "a.b/maps.NPZ", Target("file", "a.b/maps.NPZ", "npz")),
        (types.OUTPUT, "out/", Target("folder", "out/", None)),
        (types.OUTPUT, "-", Target("stdout", "-", None)),
        (types.OUTPUT, "npy:-", Target("stdout", "-", "npy")),
    ],
)
def test_value(kind, text, value):
    assert kind.convert(text, None, None) == value
    assert kind.convert(value, None, None) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (types.SIZE, ["0", "-1", "2x", "x", "", "2x3x4", "1.5", "1_0", "+1", "٣", "9" * 30]),
        (types.PADDING, ["-1", "some", "1,2", "1,2,3,4,5", "1x2x3", "", "1,2,3,-4"]),
        (types.BORDER, ["mirror", "nan", "inf", ""]),
        (types.REGION, ["1,2,3", "1,2,0,4", "-1,0,2,2", "a,b,c,d", "0,0,1.5,2"]),
        (types.RESIZE, ["0", "0x5", "5x5x5", "half"]),
        (types.RANGE, ["1,1", "2,1", "0", "0,nan", "a,b", "0,1,2"]),
        (types.INPUT_SHAPE, ["28", "28x28x1x1", "0x28x1"]),
        (types.NUMBER, ["nan", "1e999", "one"]),
        (types.SETTING, ["conv1", "conv1=2", "conv1.strides", ".strides=2", "conv1.=2", "a.b="]),
        (types.OUTPUT, ["", "name", "a\0.png", "folder.d/name"]),
    ],
)
def test_refusal_names_the_value_and_the_forms(kind, texts):
    for text in texts:
        with pytest.raises(click.BadParameter) as caught:
            kind.convert(text, None, None)
        assert repr(text) in caught.value.message
        assert "\n" not in caught.value.message
        if kind is not types.OUTPUT:
            assert kind.forms in caught.value.message


def test_an_existing_folder_needs_no_slash(folder):
    (folder / "out").mkdir()
    assert types.OUTPUT.convert("out", None, None).kind == "folder"


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=12))
def test_any_text_is_a_value_or_a_usage_error(text):
    kinds = (types.SIZE, types.PADDING, types.BORDER, types.REGION, types.RESIZE, types.RANGE,
             types.INPUT_SHAPE, types.NUMBER, types.SETTING, types.OUTPUT)  # fmt: skip
    for kind in kinds:
        try:
            value = kind.convert(text, None, None)
        except click.BadParameter:
            continue
        assert value is not None
        if kind in (types.SIZE, types.PADDING):
            key = "strides" if kind is types.SIZE else "padding"
            Window.of(3, **{key: value})  # which takes what was parsed
