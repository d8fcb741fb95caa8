"""`.safetensors` files: what the safetensors package writes, and every way to be malformed."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from cnnviz.arrays import open_arrays, read_array, sniff
from cnnviz.arrays.archives import safetensors
from cnnviz.errors import CnnvizError, InputError, RefusedError, SpecError

RNG = np.random.default_rng(3)


def made(header: object, data: bytes = b"") -> bytes:
    """Return a file with any header, right or wrong."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


ONE = {"a": entry("F32", [2, 2], 0, 16)}


@pytest.fixture(params=["bytes", "path"])
def given(request: pytest.FixtureRequest, tmp_path: Path):
    """Give a content as bytes, and as a file."""

    def give(data: bytes) -> bytes | Path:
        if request.param == "bytes":
            return data
        path = tmp_path / "w.safetensors"
        path.write_bytes(data)
        return path

    return give


TYPES = ["f8", "f4", "f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]


@pytest.mark.parametrize("dtype", TYPES)
def test_values_of_every_type_are_as_stored(given, dtype: str) -> None:
    array = RNG.integers(0, 2 if dtype == "?" else 100, (4, 3, 2)).astype(dtype)
    result = read_array(given(save({"x": array})), name="w")
    assert result.dtype == array.dtype
    np.testing.assert_array_equal(result, array)


def test_bfloat16_is_the_upper_half_of_a_float32(given) -> None:
    exact = np.array([[1.0, -2.5, 2.0**127], [np.inf, 2.0**-133, 0.15625]], np.float32)
    upper = (exact.view(np.uint32) >> 16).astype("<u2").tobytes()
    with open_arrays(given(made({"a": entry("BF16", [2, 3], 0, 12)}, upper)), name="w") as file:
        assert file.tensors["a"] == ((2, 3), "bfloat16")
        result = file.read("a")
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, exact)


def test_names_shapes_and_metadata_without_values(given) -> None:
    stored = {"conv.weight": np.ones((4, 3, 2, 2), np.float32), "fc": np.ones(5, np.int64)}
    with open_arrays(given(save(stored, {"format": "pt"})), name="w") as file:
        assert file.format == "safetensors"
        assert file.metadata == {"format": "pt"}
        assert file.tensors == {
            "conv.weight": ((4, 3, 2, 2), "float32"),
            "fc": ((5,), "int64"),
        }
        assert file.read("fc").tolist() == [1] * 5


def test_a_large_file_costs_only_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    small = np.arange(6, dtype=np.float32)
    save_file({"large": np.zeros(2**23, np.float32), "small": small}, path)
    read_array(save({"x": small}), name="warm")
    tracemalloc.start()
    try:
        result = read_array(path, name="w", member="small", max_bytes=1000)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert result.tolist() == small.tolist()
    with pytest.raises(RefusedError, match=r"w:large \(8388608\) needs"):
        read_array(path, name="w", member="large", max_bytes=2**20)


def test_bfloat16_counts_as_what_it_becomes() -> None:
    data = made({"a": entry("BF16", [500], 0, 1000)}, bytes(1000))
    with pytest.raises(RefusedError, match="needs"):
        read_array(data, name="w", max_bytes=1500)


ENTRY = json.dumps(ONE)[1:-1]
DUPLICATE = f"{{{ENTRY},{ENTRY}}}".encode()
OVERLAP = {"a": entry("F32", [2, 2], 0, 16), "b": entry("F32", [2], 8, 16)}
FAULTS = {
    "truncated": (made(ONE, bytes(15)), InputError, "not fully covered"),
    "longer than it says": (made(ONE, bytes(17)), InputError, "not fully covered"),
    "overlapping": (made(OVERLAP, bytes(16)), InputError, "invalid offset for tensor 'b'"),
    "lying shape": (made({"a": entry("F32", [2, 3], 0, 16)}, bytes(16)), InputError, "shape"),
    "overflow": (made({"a": entry("F32", [2**62, 2**62], 0, 16)}), InputError, "overflow"),
    "duplicate": (made(DUPLICATE, bytes(16)), RefusedError, "several tensors of one name"),
    "huge header": (struct.pack("<Q", 2**30) + b"{}", RefusedError, "declares 1073741824 bytes"),
    "header beyond the file": (struct.pack("<Q", 999) + b"{}", InputError, "corrupt"),
    "no JSON": (made(b"{nope}"), InputError, "corrupt"),
    "deep": (made(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), InputError, "recursion limit"),
    "empty": (made({}), InputError, "without tensors"),
    "unknown type": (made({"a": entry("X9", [1], 0, 4)}, bytes(4)), InputError, "corrupt"),
    "control in a name": (
        made({"\x1b\n": entry("F32", [3], 0, 16)}, bytes(16)),
        InputError,
        "shape",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_malformed_files_are_one_line(given, case: str) -> None:
    data, error, message = FAULTS[case]
    with pytest.raises(error, match=message) as caught:
        read_array(given(data), name="w.safetensors")
    text = str(caught.value)
    assert "w.safetensors" in text
    assert text.isprintable()
    assert len(text) < 300


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (entry("F8_E4M3", [4], 0, 4), "w:a holds F8_E4M3 values, which are not read"),
        (entry("F32", [], 0, 4), "a single number"),
        (entry("F32", [0, 3], 0, 0), r"empty \(0x3\)"),
    ],
)
def test_tensors_that_are_no_arrays_of_numbers(header, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_array(made({"a": header}, bytes(header["data_offsets"][1])), name="w")


def test_a_name_that_is_not_there() -> None:
    data = save({"conv1": np.ones(1), "conv2": np.ones(1)})
    for member, message in ((None, "holds 2 arrays"), ("x", "holds no array 'x'")):
        with pytest.raises(SpecError, match=f"{message}; name one of: conv1, conv2"):
            read_array(data, name="w", member=member)


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_cut_anywhere(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    whole = save({"a": RNG.normal(size=(3, 3))}, {"format": "pt"})
    path.write_bytes(whole[: len(whole) - 1 - cut])
    with pytest.raises(CnnvizError):
        read_array(path, name="w")


def test_sniff() -> None:
    assert sniff(save({"a": np.ones(1)})[:16]) == "safetensors"
    assert sniff(struct.pack("<Q", 2**62) + b"{") is None
    assert sniff(b"{}") is None
    assert safetensors.MAX_HEADER < 100_000_000  # the package's own limit


def test_as_an_image(cnnviz, folder: Path) -> None:
    save_file({"a": np.ones((3, 3))}, folder / "w.safetensors")
    message = cnnviz("convolve", "w.safetensors", "--kernel", "edge").fault(1)
    assert message.startswith("w.safetensors: holds weights, not an image; ")
