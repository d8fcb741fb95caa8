"""Zip files that lie about what they hold: nothing is believed, nothing costs what it claims."""

from __future__ import annotations

import contextlib
import io
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from torch_files import TORCH, VALUES, program, tensor, zipped

from cnnviz.arrays import _zip, open_arrays, read_array
from cnnviz.errors import CnnvizError, InputError, RefusedError

CONTENT = program({"a": tensor((6,), (1,))})
WHOLE = zipped(CONTENT)


def directory(data: bytes, member: str) -> int:
    """Return where the entry of a member begins in the directory of a zip."""
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(member)] != member.encode():
        at = data.index(b"PK\x01\x02", at + 4)
    return at


def changed(data: bytes, member: str, place: int, value: bytes) -> bytes:
    """Return a zip with other bytes in the directory entry of a member."""
    at = directory(data, member) + place
    return data[:at] + value + data[at + len(value) :]


def number(value: int) -> bytes:
    return struct.pack("<I", value)


FLAGS, METHOD, CRC, STORED, SIZE, OFFSET = 8, 10, 16, 20, 24, 42
DATA, PICKLE = "archive/data/0", "archive/data.pkl"
LARGE = program({"a": tensor((2**22,), (1,), count=2**22)})


def double(member: str, data: bytes) -> bytes:
    """Return a zip with two members of one name."""
    stream = io.BytesIO(WHOLE)
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(member, data)
    return stream.getvalue()


FAULTS = {
    "a storage that is a bomb": (
        zipped(LARGE, {"0": bytes(2**24)}, method=zipfile.ZIP_DEFLATED),
        RefusedError,
        "declares 16777216 bytes in .* more than 100 times",
    ),
    "a pickle that is a bomb": (
        zipped(b"N0" * 2**22 + b".", method=zipfile.ZIP_DEFLATED),
        RefusedError,
        r"data\.pkl declares .* more than 100 times",
    ),
    "a size that lies": (
        changed(WHOLE, DATA, SIZE, number(2**31)),
        InputError,
        "takes 24 bytes, the file has 2147483648",
    ),
    "a storage past the end": (
        changed(
            changed(zipped(program(tensor((99,), (1,), count=99))), DATA, SIZE, number(396)),
            DATA,
            STORED,
            number(396),
        ),
        InputError,
        "a member that is not there|overlap",
    ),
    "a member elsewhere": (changed(WHOLE, DATA, OFFSET, number(5)), CnnvizError, "overlap|corrupt"),
    "two members in one place": (
        changed(WHOLE, DATA, OFFSET, number(0)),
        RefusedError,
        "its members overlap",
    ),
    "two members of one name": (double(DATA, VALUES), RefusedError, "several members of one name"),
    "two folders": (double("other/data.pkl", CONTENT), InputError, r"holds 2 data\.pkl, not one"),
    "an encrypted storage": (changed(WHOLE, DATA, FLAGS, b"\1\0"), InputError, "encrypted"),
    "an encrypted pickle": (changed(WHOLE, PICKLE, FLAGS, b"\1\0"), InputError, "encrypted"),
    "another method": (changed(WHOLE, DATA, METHOD, b"\x0c\0"), InputError, "a method"),
    "another method of the pickle": (
        changed(WHOLE, PICKLE, METHOD, b"\x0e\0"),
        InputError,
        "a method",
    ),
    "another checksum": (
        changed(WHOLE, DATA, CRC, number(7)),
        InputError,
        "another checksum",
    ),
    "another checksum of the pickle": (
        changed(WHOLE, PICKLE, CRC, number(7)),
        InputError,
        "Bad CRC-32",
    ),
    "values that were changed": (
        WHOLE.replace(VALUES, b"\1" * 24),
        InputError,
        r"w\.pth:a: corrupt: its values have another checksum",
    ),
    "a storage that is not there": (
        zipped(CONTENT, {}),
        InputError,
        r"w\.pth:a: its storage is not in",
    ),
    "a storage that is too short": (
        zipped(CONTENT, {"0": VALUES[:-1]}),
        InputError,
        "its storage takes 24 bytes, the file has 23",
    ),
    "a storage that is too long": (
        zipped(CONTENT, {"0": VALUES + b"1"}),
        InputError,
        "its storage takes 24 bytes, the file has 25",
    ),
    "a storage of another folder": (
        zipped(program({"a": tensor((6,), (1,), key="../../x")}), {"0": VALUES}),
        InputError,
        "its storage is not in the file",
    ),
    "a tensor repeated": (
        zipped(program({"a": tensor((2**10, 2**10), (0, 0))})),
        RefusedError,
        r"w\.pth:a \(1024x1024\) repeats 4 bytes more than 100 times",
    ),
    "a tensor larger than the budget": (
        zipped(program({"a": tensor((2**30, 2**30), (0, 0))})),
        RefusedError,
        r"w\.pth:a \(1073741824x1073741824\) needs",
    ),
    "no pickle": (
        zipped(b"", {}, extra={"x/data.pkl": b""}, root="a/").replace(b"data.pkl", b"data.pkx"),
        InputError,
        "a zip file without arrays",
    ),
}


def read_all(data: bytes) -> None:
    with open_arrays(data, name="w.pth", max_bytes=2**25) as file:
        for key in file.tensors:
            file.stored(key)


def test_the_file_is_right_before_it_is_changed() -> None:
    read_all(WHOLE)


@pytest.mark.parametrize("case", FAULTS)
def test_what_lies_is_one_line(case: str) -> None:
    data, error, message = FAULTS[case]
    with pytest.raises(error, match=message) as caught:
        read_all(data)
    text = str(caught.value)
    assert text.startswith("w.pth")
    assert text.isprintable()
    assert len(text) < 300


@pytest.mark.parametrize("case", ["a storage that is a bomb", "a size that lies"])
def test_what_lies_costs_no_memory(case: str) -> None:
    data = FAULTS[case][0]
    tracemalloc.start()
    try:
        with pytest.raises(CnnvizError):
            read_all(data)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_names_that_climb_write_nothing(folder: Path, cnnviz) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (inside / "w.pth").write_bytes(zipped(CONTENT, extra={"../../evil": b"x"}))
    assert cnnviz("weights", "inside/w.pth", "-o", "inside/w.npz", "-q").code == 0
    assert {str(p.relative_to(folder)) for p in folder.rglob("*")} == {
        "inside",
        "inside/w.pth",
        "inside/w.npz",
    }


def test_a_header_of_npy_in_a_bomb_is_not_unpacked() -> None:
    """Names and shapes are listed before any size is checked: only a header's worth is read."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"\x93NUMPY\2\0" + struct.pack("<I", 2**26) + bytes(2**26))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"corrupt \.npy header"):
            read_all(stream.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_names_at_the_ends_of_a_file() -> None:
    data = (TORCH / "net.pth").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    assert set(_zip.names(data, data)) == set(names)
    assert _zip.names(b"PK\3\4") == [""]


def test_flipped_bits_of_the_directory() -> None:
    whole = (TORCH / "views.pth").read_bytes()
    start = whole.index(b"PK\x01\x02")
    rng = np.random.default_rng(5)
    for place in rng.integers(start, len(whole), 300):
        data = bytearray(whole)
        data[place] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(CnnvizError):
            read_all(bytes(data))


def test_reading_by_name_takes_the_only_array() -> None:
    assert read_array(WHOLE, name="w.pth").sum() == 15
