"""Pickles that would run something: not one does, in any form of file that holds a pickle."""

from __future__ import annotations

import contextlib
import pickle
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from pickle_payloads import ASKS, CANARY, CORRUPT, RUNS, SYSTEM
from torch_files import MAGIC, TORCH, VALUES, Ref, code, legacy, program, tensor, zipped

from cnnviz.arrays import _pickle, open_arrays
from cnnviz.arrays._torch import nested
from cnnviz.errors import CnnvizError, InputError, RefusedError

FORMS = {
    "zip": zipped,
    "zip of a folder": lambda content: zipped(content, root="net/"),
    "legacy": legacy,
}
REFUSED = RUNS | ASKS


def fault(data: bytes | Path) -> CnnvizError:
    """Return the error of a file of which everything is read."""
    with pytest.raises(CnnvizError) as caught:
        read_all(data)
    text = str(caught.value)
    assert text.startswith("w.pth")
    assert text.isprintable()
    assert len(text) < 500
    return caught.value


def read_all(data: bytes | Path) -> None:
    with open_arrays(data, name="w.pth", max_bytes=2**24) as file:
        for key in file.tensors:
            file.stored(key)


@pytest.fixture
def canary(folder: Path):
    """Watch over the working folder: nothing may appear in it."""
    yield folder / CANARY
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", RUNS)
def test_the_payloads_are_live(name: str, folder: Path) -> None:
    """What follows would be no test otherwise."""
    for protocol in (b"\x80\x02", b"\x80\x04"):  # 2 has other names, 4 has dots in them
        with contextlib.suppress(Exception):
            pickle.loads(protocol + program(RUNS[name])[2:])
    assert (folder / CANARY).exists()


def test_there_are_enough() -> None:
    assert len(REFUSED) > 80
    assert len(CORRUPT) > 50


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_allowed_is_refused(name: str, form: str, canary: Path) -> None:
    error = fault(FORMS[form](program(REFUSED[name])))
    assert isinstance(error, RefusedError)
    assert "nothing of it was run" in str(error)
    assert "state_dict()" in str(error)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CORRUPT)
def test_what_no_program_writes_is_corrupt(name: str, form: str, canary: Path) -> None:
    assert isinstance(fault(FORMS[form](program(CORRUPT[name]))), InputError)


def test_a_class_is_named() -> None:
    assert "its pickle asks for __main__.Net, which is no tensor" in str(
        fault(zipped(program(Ref("__main__", "Net"))))
    )
    assert "os.system\\n" in str(fault(zipped(b"\x80\x04\x8c\x02os\x8c\x07system\n\x93.")))


@pytest.mark.parametrize("place", range(5))
def test_every_pickle_of_the_older_form(place: int, canary: Path) -> None:
    parts = [pickle.dumps(one, 2) for one in (MAGIC, 1001, {})]
    parts += [program(tensor((6,), (1,))), pickle.dumps(["0"], 2)]
    evil = program(SYSTEM)
    parts[place] = evil
    assert fault(b"".join(parts)).code == 5
    assert fault(b"".join(parts[:place]) + parts[0] + evil).code in (1, 5)


def test_plain_pickles_are_refused(canary: Path) -> None:
    for protocol in (2, 3, 4, 5):
        data = pickle.dumps({"a": np.ones(3)}, protocol)
        assert isinstance(fault(data), RefusedError)
    assert isinstance(fault(program(SYSTEM)), RefusedError)
    assert fault(pickle.dumps({"a": 1}, 0)).code == 1  # text, and no table of numbers


def laughs(depth: int, empty: bytes, close: bytes) -> bytes:
    """A value that holds ten of the one before, which holds ten of the one before, ..."""
    parts = [code(tensor((6,), (1,))) + b"q\x00"]
    for i in range(depth):
        keys = [code(str(k)) if empty == b"}" else b"" for k in range(10)]
        inside = b"".join(key + b"h" + bytes([i]) for key in keys)
        parts.append(empty + b"(" + inside + close + b"q" + bytes([i + 1]))
    return b"".join(parts)


BOMBS = {
    "a billion lists": laughs(9, b"]", b"e"),
    "a billion tuples": laughs(9, b"", b"t"),
    "a billion dictionaries": laughs(9, b"}", b"u"),
    "a list in itself": b"]q\x00h\x00a",
    "a dictionary in itself": b"}q\x00" + code("a") + b"h\x00s",
    "deep lists": b"]" * 100_000 + b"a" * 99_999,
    "deep tuples": code(1) + b"\x85" * 300_000,
    "tuples as keys": b"}" + code(1) + b"q\x00" + b"h\x00h\x00\x86q\x00" * 200 + code(2) + b"s",
    "keys of one hash": b"}("
    + b"".join(code(i * (2**61 - 1)) + b"K\x01" for i in range(30_000))
    + b"u",
    "marks": b"(" * 300_000,
    "copies of a list": b"]("
    + b"K\x01" * 100_000
    + b"eq\x00"
    + (code(Ref("collections", "OrderedDict")) + b"h\x00\x85R0") * 20_000,
    "copies of a tuple": b"("
    + b"K\x01" * 100_000
    + b"tq\x00"
    + (code(Ref("torch", "Size")) + b"h\x00\x85R0") * 20_000,
    "copies of arguments": b"("
    + b"K\x01" * 100_000
    + b"tq\x00"
    + (code(Ref("torch", "device")) + b"h\x00R0") * 20_000,
    "opcodes without end": b"N0" * (_pickle.MAX_OPCODES // 2 + 9),
    "bytes of 2^31": b"B" + struct.pack("<I", 2**31) + b"x",
    "a number of 2^31 bytes": b"\x8b" + struct.pack("<i", 2**31 - 1) + b"x",
    "a line without end": b"c" + b"a" * 2**20,
    "a pickle of 32 MB": b"B" + struct.pack("<I", 2**25) + bytes(2**25),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_little(name: str, canary: Path) -> None:
    data = zipped(program(BOMBS[name]))
    start = time.process_time()
    fault(data)
    assert time.process_time() - start < 5


def test_nesting_without_end_says_so() -> None:
    assert "nested too deep" in str(fault(zipped(program(BOMBS["a list in itself"]))))
    deep = code(tensor((6,), (1,))) + b"\x85" * (nested.MAX_DEPTH + 1)
    assert "nested too deep" in str(fault(zipped(program(deep))))
    read_all(zipped(program(deep[:-1])))


@pytest.mark.parametrize("name", ["net.pth", "legacy_net.pth", "legacy_protocol4.pth"])
def test_flipped_bits_of_real_files(name: str, canary: Path) -> None:
    whole = (TORCH / name).read_bytes()
    rng = np.random.default_rng(11)
    for _ in range(200):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            data[place] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(CnnvizError):
            read_all(bytes(data))


@pytest.mark.parametrize("name", ["os.system", "INST", "EXT1", "a whole model", "NEWOBJ_EX"])
def test_from_the_command_line(name: str, cnnviz, folder: Path) -> None:
    (folder / "w.pth").write_bytes(zipped(program(REFUSED[name])))
    (folder / "old.pth").write_bytes(legacy(program(REFUSED[name])))
    (folder / "w.pkl").write_bytes(program(REFUSED[name]))
    for file in ("w.pth", "old.pth", "w.pkl"):
        assert cnnviz("weights", file).fault(5).startswith(file)
        assert cnnviz("kernels", file).fault(5).startswith(file)
        assert cnnviz("weights", file, "-o", "w.npz").fault(5).startswith(file)
    assert {path.name for path in folder.iterdir()} == {"w.pth", "old.pth", "w.pkl"}


def test_corrupt_from_the_command_line(cnnviz, folder: Path) -> None:
    (folder / "w.pth").write_bytes(zipped(program(CORRUPT["shape too long"]), {"0": VALUES}))
    message = cnnviz("weights", "w.pth").fault(1)
    assert message == "w.pth: corrupt pickle: a tensor that reaches past its storage of 6 values"
