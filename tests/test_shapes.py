"""The shape report: its rows and sums, receptive fields by brute force, and its texts."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cnnviz import layers, load_model
from cnnviz.errors import SpecError
from cnnviz.graph.inline import read_inline
from cnnviz.model import zoo
from cnnviz.render.tables import shape_report, table
from cnnviz.report.report import Column, Report
from cnnviz.report.shapes import shapes

HOSTILE = "Conv2D(4, 3, name='<script>|`*é') Flatten()"
SUMMED = ("params", "non_trainable_params", "macs", "flops", "activation_bytes")


def report(text: str, shape: tuple[int, ...] = (28, 28, 1)) -> Report:
    return shapes(read_inline(text, layers.find, input_shape=shape))


def test_rows_show_their_working() -> None:
    conv, pool, flatten, dense = report(
        "Conv2D(16, (3, 3), strides=(2, 2)) MaxPool2D(2, padding='same') Flatten() Dense(10)"
    )
    assert conv["type"] == "Conv2D"
    assert conv["settings"] == "16, 3, strides=2"
    assert conv["output_shape"] == [13, 13, 16]
    assert conv["formula"] == ["floor((28 - 3)/2) + 1 = 13"] * 2
    assert conv["unread"] == [1, 1]
    assert conv["working"] == "floor((28 - 3)/2) + 1 = 13, 1 row and 1 column unread"
    assert conv["params_formula"] == "3*3*1*16 + 16 = 160"
    assert (conv["params"], conv["macs"], conv["flops"]) == (160, 24_336, 48_672)
    assert conv["activation_bytes"] == 4 * 13 * 13 * 16
    assert conv["receptive_field"]["size"] == [3, 3]
    assert pool["padding"] == [[0, 1], [0, 1]]
    assert pool["working"] == "ceil(13/2) = 7, padding 0+1"
    assert flatten["working"] == "7 x 7 x 16 = 784"
    assert (dense["params"], dense["macs"]) == (7_850, 7_840)


def test_axes_that_differ_are_both_shown() -> None:
    (conv,) = report("Conv2D(2, (3, 5), padding='same')")
    assert conv["working"] == "ceil(28/1) = 28, padding 1 x 2"
    (conv,) = report("Conv2D(2, (3, 5), strides=(1, 4))")
    assert conv["working"] == (
        "rows floor((28 - 3)/1) + 1 = 26, columns floor((28 - 5)/4) + 1 = 6, 3 columns unread"
    )


@pytest.mark.parametrize("name", zoo.names())
def test_totals_are_column_sums(name: str) -> None:
    made = load_model(name).shapes()
    for key in SUMMED:
        assert made.totals[key] == sum(row[key] for row in made)
        assert made.totals[key] == sum(kind[key] for kind in made.totals["by_type"])
    for key in ("params_share", "macs_share"):
        assert sum(row[key] for row in made) == pytest.approx(1)
        assert sum(kind[key] for kind in made.totals["by_type"]) == pytest.approx(1)
    assert all(row["flops"] == 2 * row["macs"] for row in made)
    assert made.totals["nodes"] == sum(kind["nodes"] for kind in made.totals["by_type"])


def test_totals_in_print_are_sums_of_the_numbers_in_print() -> None:
    lines = [line.split() for line in shape_report(load_model("vgg16").shapes()).splitlines()]
    numbers = [[int(cell.replace(",", "")) for cell in cells[3:5]]
               for cells in lines if len(cells) == 6 and "/" in cells[5]]  # fmt: skip
    assert len(numbers) == 24
    assert list(map(sum, zip(*numbers, strict=True))) == [138_357_544, 15_470_264_320]
    assert ["total", "138,357,544", "15,470,264,320"] in lines


one = st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["valid", "same", 1]))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(one, min_size=1, max_size=3))
def test_receptive_fields_are_those_of_a_wave_through_the_windows(windows: list) -> None:
    """Mark, window by window, which cells of a long input reach output 0 and output 1."""
    calls = [f"MaxPooling2D({k}, {s}, {p!r})" for k, s, p in windows]
    try:
        rows = report(" ".join(calls), (60, 60, 1)).rows
    except SpecError:
        return
    field = rows[-1]["receptive_field"]
    if rows[-1]["output_shape"][0] < 2:
        return
    # Row i of `reach` marks the padded input cells (offset 60) that cell i depends on.
    reach = np.eye(180, dtype=bool)
    for (k, s, _), row in zip(windows, rows, strict=True):
        before = row["padding"][0][0]
        starts = [60 + (i - 60) * s - before for i in range(180)]
        reach = np.array([
            reach[a : a + k].any(axis=0) if 0 <= a <= 180 - k else np.zeros(180, bool)
            for a in starts
        ])  # fmt: skip
    first, second = np.flatnonzero(reach[60]), np.flatnonzero(reach[61])
    assert field["start"][0] == first[0] - 60
    assert field["size"][0] == first[-1] - first[0] + 1
    assert field["stride"][0] == second[0] - first[0]


def test_units_without_a_place_see_all_that_the_layer_takes() -> None:
    conv, pool = report("Conv2D(2, 3, strides=2, padding='same') GlobalAveragePooling2D()")
    assert conv["receptive_field"]["start"] == [0, 0]
    # 14 units, 2 apart, each 3 wide
    assert pool["receptive_field"]["size"] == [3 + 13 * 2] * 2
    assert pool["working"] == "one value from each 28x28 map".replace("28", "14")


def test_a_model_of_vectors_has_no_receptive_field() -> None:
    (dense,) = report("Dense(10)", (784,))
    assert dense["receptive_field"]["size"] == []
    assert dense["formula"] == []
    assert "7,850" in shape_report(report("Dense(10)", (784,)))


def test_warnings() -> None:
    assert load_model("vgg16").shapes().warnings == ()
    assert report("Conv2D(4, 4, strides=3) MaxPool2D(2)", (18, 18, 1)).warnings == (
        "conv1 leaves the last 2 rows and 2 columns of its input unread",
        "pool1 leaves the last 1 row and 1 column of its input unread",
    )
    large = report("Conv2D(4, 7, padding='same') Conv2D(4, 7, padding='same')", (8, 8, 1))
    assert large.warnings == (
        "from conv2 on, the receptive field (13x13) is larger than the input",
    )
    small = report("MaxPool2D(2)", (9, 8, 1))
    assert small.warnings == ("pool1 leaves the last 1 row of its input unread",)


def test_a_receptive_field_without_bound_is_refused() -> None:
    with pytest.raises(SpecError, match=r"pool\d+: the receptive field is larger than"):
        report("MaxPool2D(2, strides=2147483647, padding='same')" * 900, (1, 1, 1))


def test_json_has_the_keys_of_the_design() -> None:
    made = load_model("vgg16").shapes()
    data = json.loads(made.to_json())
    assert list(data) == ["model", "input_shape", "batch", "layers", "totals", "warnings"]
    assert {
        "name", "type", "output_shape", "params", "non_trainable_params", "macs", "flops",
        "activation_bytes", "receptive_field",
    } <= set(data["layers"][0])  # fmt: skip
    assert data["input_shape"] == [224, 224, 3]
    assert data == made.to_dict()


def test_csv_holds_every_row() -> None:
    lines = list(csv.DictReader(StringIO(load_model("vgg16").shapes().to_csv())))
    assert sum(int(line["params"]) for line in lines) == 138_357_544
    assert lines[17]["name"] == "pool5"
    assert lines[17]["output_shape"] == "7x7x512"
    assert lines[17]["receptive_field_start"] == "-90x-90"


def test_names_cannot_break_markdown_or_html() -> None:
    made = report(HOSTILE)
    line = next(line for line in made.to_markdown().splitlines() if "script" in line)
    assert line.startswith("| \\<script\\>\\|\\`\\*é | Conv2D |")
    html = made._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html


@pytest.mark.parametrize("width", [60, 80, 120, 160])
@pytest.mark.parametrize("name", ["alexnet-torchvision", "vgg16"])
def test_golden_tables(name: str, width: int, golden) -> None:
    golden(f"shapes-{name}-{width}.txt", shape_report(load_model(name).shapes(), width=width))


def test_golden_ascii_markdown_and_colour(golden) -> None:
    made = report(
        "Conv2D(16, (3, 5), strides=(2, 2)) MaxPool2D(2, padding='same') Flatten() Dense(10)"
    )
    golden("shapes-inline-ascii.txt", shape_report(made, unicode=False))
    golden("shapes-inline-colour.txt", shape_report(made, colour=True))
    golden("shapes-inline.md", made.to_markdown())
    golden("shapes-inline.csv", made.to_csv())


@pytest.mark.parametrize("width", [1, 20, 40, 47, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", zoo.names())
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = shape_report(load_model(name).shapes(), width=width)
    least = 40  # the layer, its output and its parameters always stay
    assert max(map(len, text.splitlines())) <= max(width, least)
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_columns_leave_in_their_order() -> None:
    order = [
        "multiply-adds",
        "weights",
        "working",
        "settings",
        "memory",
        "share",
        "type",
        "field",
        "MACs",
    ]
    heads = []
    for width in range(240, 20, -1):
        text = shape_report(load_model("vgg16").shapes(), width=width).splitlines()[2]
        shown = set(text.split())
        if not heads or heads[-1] != shown:
            heads.append(shown)
    steps = [sorted(before - after, key=order.index) for before, after in pairwise(heads)]
    left = [name for names in steps for name in names]
    assert sorted(left, key=order.index) == left
    assert heads[-1] == {"layer", "output", "params"}


def test_ascii_output_is_ascii_and_colour_is_asked_for() -> None:
    text = shape_report(report(HOSTILE), unicode=False)
    assert text.isascii()
    assert "\x1b" not in text
    coloured = shape_report(report(HOSTILE), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == shape_report(report(HOSTILE))


def test_a_long_name_is_cut_and_wide_characters_are_counted() -> None:
    rows = [{"name": "卷积" * 30, "n": 1}, {"name": "b" * 90, "n": 22}]
    columns = [
        Column("name", lambda row: row["name"]),
        Column("n", lambda row: str(row["n"]), right=True),
    ]
    lines = table(columns, rows, width=30).splitlines()
    assert all(cell_len(line) <= 30 for line in lines)
    assert lines[2].endswith("…   1")
    assert lines[3].endswith("…  22")


def test_a_report_without_totals_has_no_last_row() -> None:
    columns = (Column("name", lambda row: row["name"]),)
    made = Report("list", {}, ({"name": "a"},), {}, (), columns)
    assert made.to_markdown() == "## list\n\n| name |\n| --- |\n| a |\n"
    assert repr(made) == "<Report on list: 1 rows>"


def test_one_axis_is_enough_for_a_field_larger_than_the_input() -> None:
    made = report("Conv2D(2, (5, 9), padding='same', name='a')", (28, 8, 1))
    assert made.warnings == ("from a on, the receptive field (5x9) is larger than the input",)
