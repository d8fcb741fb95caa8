"""Wires are what layers do: edges, equations, counts, against sums and formulas written apart."""

from __future__ import annotations

import re
from itertools import pairwise
from math import ceil, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.errors import SpecError
from cnnviz.report.connections import KINDS, Connections, connections
from cnnviz.report.connections_chain import dense_part
from cnnviz.report.connections_wiring import Wiring, cells, flat

TERM = re.compile(r"(w[\d,]+)\*x(\d+)")


@st.composite
def windows(draw: st.DrawFn) -> dict:
    """Draw inputs in a row or a grid, and a window that fits them."""
    rank = draw(st.integers(1, 2))
    most = 12 if rank == 1 else 5
    grid = tuple(draw(st.integers(1, most)) for _ in range(rank))
    kernel = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    padding = draw(st.sampled_from(["valid", "same", "full", "pairs"]))
    if padding == "pairs":
        padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(rank))
    return {
        "inputs": grid,
        "kernel_size": kernel,
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilation,
        "use_bias": draw(st.booleans()),
    }


def pads(how: dict) -> list[tuple[int, int]]:
    """Return what each axis is padded with, by the formulas of TensorFlow's documentation."""
    found = []
    for axis, size in enumerate(how["inputs"]):
        k, s, d = (how[name][axis] for name in ("kernel_size", "strides", "dilation_rate"))
        reach = d * (k - 1)
        if how["padding"] == "same":
            total = max(0, (ceil(size / s) - 1) * s + reach + 1 - size)
            found.append((total // 2, total - total // 2))
        elif isinstance(how["padding"], str):
            found.append((reach, reach) if how["padding"] == "full" else (0, 0))
        else:
            found.append(how["padding"][axis])
    return found


def patches(x: np.ndarray, how: dict) -> list[np.ndarray]:
    """Return what each place of the window reads of an input, padded by NumPy."""
    padded = np.pad(x, pads(how))
    steps = list(zip(how["kernel_size"], how["strides"], how["dilation_rate"], strict=True))
    reach = [d * (k - 1) + 1 for k, _, d in steps]
    counts = [(n - r) // s + 1 for n, r, (_, s, _) in zip(padded.shape, reach, steps, strict=True)]
    found = []
    for place in np.ndindex(*counts):
        parts = zip(place, reach, steps, strict=True)
        found.append(padded[tuple(slice(o * s, o * s + r, d) for o, r, (_, s, d) in parts)])
    return found


def fits(how: dict) -> bool:
    sides = zip(how["inputs"], pads(how), how["kernel_size"], how["dilation_rate"], strict=True)
    return all(n + sum(p) >= d * (k - 1) + 1 for n, p, k, d in sides)


def drawn(how: dict, *kinds: str) -> Connections:
    return connections(**how, kinds=kinds)


def evaluated(one: Wiring) -> list[float]:
    """Return what the equations come to, read as they are written."""
    values = {one.weight(n): float(w) for n, w in enumerate(one.w)}
    biases = dict.fromkeys("b", float(one.b[0])) if one.biases == 1 else {}
    biases |= {f"b{n + 1}": float(b) for n, b in enumerate(one.b)}
    found = []
    for line, place in zip(one.equations(), range(prod(one.outputs)), strict=True):
        name, _, right = line.partition(" = ")
        assert name == f"y{place + 1}"
        parts = right.split(" + ")
        total = 0.0
        for part in parts:
            if term := TERM.fullmatch(part):
                total += values[term[1]] * float(one.x.flat[int(term[2]) - 1])
            else:
                total += biases[part] if part != "0" else 0.0
        found.append(total)
    return found


@settings(max_examples=80, deadline=None)
@given(windows())
def test_a_convolution(how):
    if not fits(how):
        with pytest.raises(SpecError, match="does not fit"):
            drawn(how, "conv")
        return
    (one,) = drawn(how, "conv").wirings
    read = patches(one.x, how)
    bias = float(one.b[0]) if how["use_bias"] else 0.0
    expected = [float((part.ravel() * one.w).sum()) + bias for part in read]
    assert one.y.ravel().tolist() == expected
    assert evaluated(one) == expected
    assert one.params == prod(how["kernel_size"]) + how["use_bias"]
    assert one.macs == len(one.edges) + len(one.padding) == len(read) * prod(how["kernel_size"])


@settings(max_examples=60, deadline=None)
@given(windows())
def test_a_locally_connected_layer(how):
    how["dilation_rate"] = (1,) * len(how["inputs"])
    if not fits(how):
        return
    (one,) = drawn(how, "local").wirings
    read = patches(one.x, how)
    own = one.w.reshape(len(read), -1)
    bias = one.b if how["use_bias"] else np.zeros(len(read))
    expected = [float((p.ravel() * w).sum() + b) for p, w, b in zip(read, own, bias, strict=True)]
    assert one.y.ravel().tolist() == expected
    assert evaluated(one) == expected
    assert len({edge.weight for edge in one.edges}) == len(one.edges)  # none is shared
    places, size = len(read), prod(how["kernel_size"])
    assert one.params == places * size + places * how["use_bias"]
    assert one.macs == places * size


@settings(max_examples=60, deadline=None)
@given(windows(), st.sampled_from(KINDS))
def test_edges_are_the_nonzero_places_of_the_jacobian(how, kind):
    how["dilation_rate"] = (1,) * len(how["inputs"])
    if not fits(how):
        return
    (one,) = drawn(how, kind).wirings
    zero = one.run(np.zeros(one.inputs)).ravel()
    units = np.eye(prod(one.inputs)).reshape(-1, *one.inputs)
    jacobian = np.stack([one.run(unit).ravel() - zero for unit in units], axis=1)
    assert np.array_equal(jacobian, one.matrix())
    wired = {(flat(e.target, one.outputs), flat(e.source, one.inputs)) for e in one.edges}
    assert wired == {(int(i), int(j)) for i, j in np.argwhere(jacobian)}
    assert len(wired) == len(one.edges)


@pytest.mark.parametrize(
    ("inputs", "units"), [(4, 2), (7, 3), (1, 1), ((4, 4), (2, 2)), ((3, 5), 4)]
)
@pytest.mark.parametrize("bias", [True, False])
def test_a_dense_layer_and_a_convolution_over_the_whole_input(inputs, units, bias):
    found = connections(inputs, units, ["dense", "covering"], use_bias=bias)
    dense, covering = found.wirings
    count = prod(dense.inputs)
    matrix = dense.w.reshape(-1, count)
    expected = (matrix @ dense.x.ravel() + (dense.b if bias else 0)).tolist()
    for one in (dense, covering):
        assert one.y.ravel().tolist() == expected == evaluated(one)
        assert one.params == count * len(matrix) + bias * len(matrix)
        assert one.macs == count * len(matrix)
        assert np.array_equal(one.matrix(), matrix)
    assert covering.layer.kernel_size == dense.inputs
    assert "the same outputs" in " ".join(found.notes)


@pytest.mark.parametrize("inputs", [3, 8, 20])
def test_the_kernel_that_makes_so_many_outputs(inputs):
    for units in range(1, inputs + 1):
        found = connections(inputs, units)
        assert found.wirings[1].layer.kernel_size == (inputs - units + 1,)
        assert {one.outputs for one in found.wirings} == {(units,)}
    assert connections(inputs).wirings[1].layer.kernel_size == (3,)
    assert connections(inputs, inputs + 2, padding=2).wirings[1].layer.kernel_size == (3,)


def test_the_figures_of_the_chapter():
    rows = connections(4, 2).report().rows
    assert [(row["kind"], row["params"], row["macs"]) for row in rows] == [
        ("dense", 10, 8),
        ("conv", 4, 6),
        ("local", 8, 6),
    ]
    conv = rows[1]
    assert conv["equations"] == ["y1 = w1*x1 + w2*x2 + w3*x3 + b", "y2 = w1*x2 + w2*x3 + w3*x4 + b"]
    assert [edge["name"] for edge in conv["edges"]] == ["w1", "w2", "w3"] * 2


def test_equations_with_numbers_are_true():
    for one in connections(6, 3, KINDS, values=True).wirings:
        for line in one.equations(values=True):
            _, _, working, result = re.split(" = ", line)
            assert re.fullmatch(r"-?\d+\*\d+( [+-] \d+(\*\d+)?)*", working)
            assert eval(working) == float(result)


def test_names_with_two_numbers_are_told_apart():
    (one,) = connections(12, 2, ["dense"]).wirings
    names = [one.weight(n) for n in range(one.weights)]
    assert len(set(names)) == 24
    assert names[11:13] == ["w1,12", "w2,1"]


def test_many_equations_are_cut_in_the_middle_and_it_is_said():
    (one,) = connections(30, kinds=["conv"]).wirings
    lines = list(one.some_equations())
    assert (len(lines), lines[-2]) == (9, "... 20 more, in --json ...")
    assert lines[-1].startswith("y28 = ")


def test_what_differs_is_said():
    (note,) = connections(9, 2, kernel_size=3, strides=4).notes
    assert note == "No window reads the last 2 inputs."
    (note,) = connections(6, 2, kernel_size=3).notes
    assert note == "With kernel 3 the convolution has 4 outputs, the dense layer 2."
    (note,) = connections(9, dilation_rate=2).notes
    assert "no dilation" in note


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"inputs": 33}, "33 inputs are more than the 32"),
        ({"inputs": (9, 9)}, "9x9 inputs are more than the 64"),
        ({"inputs": (2, 2, 2)}, "inputs 2x2x2 are not N or HxW"),
        ({"inputs": 4, "units": 99}, "99 units are more"),
        ({"inputs": 4, "units": (2, 2)}, "units 2x2 are a grid"),
        ({"inputs": 4, "units": 5}, "no kernel makes 5 outputs of 4 inputs"),
        ({"inputs": 4, "kernel_size": 5}, "kernel_size 5 does not fit in 4"),
        ({"inputs": 4, "kinds": ["fast"]}, "unknown kind of connections 'fast'"),
        ({"inputs": 9, "kinds": ["local"], "dilation_rate": 2}, "has no dilation"),
        ({"inputs": 9, "padding": 40}, "89 inputs with their padding are more than the 64"),
        ({"inputs": 0}, "inputs 0 is not a positive integer"),
    ],
)
def test_faults(how, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        connections(**how)


@pytest.mark.parametrize(
    ("shape", "units", "bias"),
    [((8,), (4, 3), True), ((5, 5, 16), (120, 84, 10), True), ((4, 4), (3,), False)],
)
def test_dense_layers_in_a_row(shape, units, bias):
    found = dense_part(shape, units, use_bias=bias)
    sizes = [prod(shape), *units]
    weights = [a * b for a, b in pairwise(sizes)]
    assert [stage.weights for stage in found.stages] == weights
    assert found.params == sum(weights) + bias * sum(units)
    assert found.macs == sum(weights)
    data = found.to_dict()
    assert (data["edges"] is None) == (sum(weights) > 5000)
    if data["edges"] is not None:
        assert len({tuple(edge.values()) for edge in data["edges"]}) == sum(weights)


def test_the_dense_part_of_vgg16_is_that_of_the_paper():
    found = dense_part((7, 7, 512), (4096, 4096, 1000), softmax=True)
    assert found.params == 102_764_544 + 16_781_312 + 4_097_000


@pytest.mark.parametrize("units", [(), (1,) * 9])
def test_too_few_and_too_many_layers(units):
    with pytest.raises(SpecError, match="dense layers are not 1 to 8"):
        dense_part((4,), units)


def test_cells_are_counted_row_by_row():
    assert [flat(cell, (2, 3)) for cell in cells((2, 3))] == [*range(6)]


@pytest.mark.parametrize(
    ("inputs", "kernel", "stride", "unread"),
    [
        ((4, 5), 2, 2, "column"),
        ((6, 8), 2, 4, "2 columns"),
        ((7, 8), 3, 3, "row and the last 2 columns"),
        (11, 2, 5, "4 inputs"),
    ],
)
def test_what_no_window_reads_is_named_by_axis(inputs, kernel, stride, unread):
    found = connections(inputs, kernel_size=kernel, strides=stride, kinds=["conv"])
    assert found.notes == (f"No window reads the last {unread}.",)
