"""Chains of layers that repeat: found where they stay at one size, folded, unfolded once."""

from __future__ import annotations

import pytest
from drawn import many
from hypothesis import given
from hypothesis import strategies as st
from networks_drawn import NETWORKS, graph

from cnnviz.model.load import load_graph
from cnnviz.report.architecture import Architecture, architecture
from cnnviz.report.architecture_stages import Block

# Layers of several kinds that keep the size of a map.
KINDS = {
    "a": "Conv2D(4, 3, padding='same')",
    "b": "Conv2D(4, 1)",
    "c": "DepthwiseConv2D(3, padding='same')",
    "d": "MaxPool2D(3, 1, padding='same')",
    "/": "Conv2D(4, 1, strides=2)",
    "2": "MaxPool2D(2)",
}


def made(letters: str, size: int = 64) -> Architecture:
    return architecture(load_graph(" ".join(KINDS[x] for x in letters), input_shape=(size,) * 3))


def folded(found: Architecture) -> list[tuple[str, int]]:
    """Return the columns behind the input: what each does, and how often."""
    return [(column.operation, column.count) for column in found.columns[1:]]


def test_mobilenet_is_thirteen_pairs_of_which_one_is_unfolded(tmp_path) -> None:
    found = architecture(graph(NETWORKS["mobile"], tmp_path, (224, 224, 3)))
    assert [(c.name, c.count) for c in found.columns[2:-2]] == [
        ("conv_dw_1–pw_1", 1),
        ("conv_dw_2–pw_3", 2),
        ("conv_dw_4–pw_5", 2),
        ("conv_dw_6–pw_11", 6),
        ("conv_dw_12–pw_13", 2),
    ]
    (kind,) = found.kinds
    assert kind.headline() == (
        "3x3 depthwise conv, then 1x1 conv, 13 times; unfolded: conv_dw_1–pw_1"
    )
    assert kind.remark() == "the other 12 differ in strides, filters"
    assert [(box.name, box.inputs) for box in kind.boxes or ()] == [
        ("conv_dw_1", ("conv1",)), ("conv_pw_1", ("conv_dw_1",)),
    ]  # fmt: skip
    assert sum(column.total("params") for column in found.columns) == found.report.totals["params"]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("cbcbcb", [("block A", 3)]),
        ("cbcb", [("3x3 depthwise conv", 1), ("1x1 conv", 1)] * 2),
        ("aaaaaa", [("3x3 conv", 6)]),
        ("acbcbcb", [("3x3 conv", 1), ("block A", 3)]),
        ("cbcbcbc", [("block A", 3), ("3x3 depthwise conv", 1)]),
        ("abcabcabc", [("block A", 3)]),
        ("aabaabaab", [("block A", 3)]),
        ("cbcbcb2cb", [("block A", 3), ("2x2 max pool", 1), ("block A", 1)]),
        ("cbcbcbadadad", [("block A", 3), ("block B", 3)]),
        ("a2a2a2", [("3x3 conv", 1), ("2x2 max pool", 1)] * 3),
        ("a/a/a/", [("3x3 conv", 1), ("1x1 conv", 1)] * 3),
    ],
)
def test_what_repeats(letters: str, expected: list[tuple[str, int]]) -> None:
    assert folded(made(letters)) == expected


def test_layers_around_blocks_of_branches_are_not_mixed_with_them(tmp_path) -> None:
    found = architecture(graph(NETWORKS["residual in residual"][:-2], tmp_path))
    assert all(not block.is_chain for kind in found.kinds for block in kind.blocks)


@many(60)
@given(st.text("abcd/", min_size=1, max_size=24))
def test_every_layer_is_there_once_in_order_and_blocks_repeat_what_they_say(letters: str) -> None:
    found = made(letters)
    rows = [row["name"] for column in found.columns for row in column.rows]
    assert rows == [row["name"] for row in found.report.rows]
    letter = dict(zip(rows, letters.replace("/", "b"), strict=True))
    for kind in found.kinds:
        spelt = {"".join(letter[s.name] for s in block.stages) for block in kind.blocks}
        (chain,) = spelt
        assert len(set(chain)) > 1
        assert 3 * chain in letters.replace("/", "b")
        assert len(kind.blocks) >= 3
    sources = [m.source.name for c in found.columns for m in c.members if isinstance(m, Block)]
    assert all(name == "input" or name in rows for name in sources)
