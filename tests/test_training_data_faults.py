"""Data sets that are wrong, and those made to do harm: one line each, and little memory."""

from __future__ import annotations

import gzip
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_files import idx, pair, png, table, unzipped, zipped

from cnnviz import CnnvizError, InputError, RefusedError, SpecError
from cnnviz.arrays import store
from cnnviz.files import byte_budget
from cnnviz.training.data import open_data

SHAPE = (5, 6, 1)
TWO = {"a/1.png": png(1), "b/1.png": png(2)}
X = np.broadcast_to(np.arange(12)[:, None, None], (12, 5, 6)).astype(np.uint8)
Y = np.arange(12) % 3
ROWS = np.column_stack([Y, X.reshape(12, -1)])

ARRAYS = {
    "no y": ({"x": X}, "holds x, not x and y; name the pixels x"),
    "other names": ({"a": X, "b": Y}, "holds a, b, not x and y"),
    "too few labels": ({"x": X, "y": Y[:11]}, "11 labels for 12 pictures"),
    "one-hot labels": ({"x": X, "y": np.eye(12)}, r"labels are \(N,\), not 12x12; .*not one-hot"),
    "a label that is NaN": ({"x": X, "y": np.where(Y == 2, np.nan, Y)}, "label nan of picture 2"),
    "a label between": ({"x": X, "y": Y + 0.5}, r"label 0\.5 of picture 0 is no whole number"),
    "a label below": ({"x": X, "y": Y - 1}, "label -1 of picture 0"),
    "a label far beyond": ({"x": X, "y": Y * 5000}, "label 10000 of picture 2 .* 0 to 9999"),
    "a class left out": ({"x": X, "y": Y * 2}, "class 1 has no pictures, .* from 0 to 4"),
    "one class": ({"x": X, "y": Y * 0}, "all pictures are of class 0"),
    "labels from 2": ({"x": X, "y": Y + 2}, "labels begin at 2"),
    "NaN": ({"x": np.where(X == 7, np.nan, X), "y": Y}, "picture 7 has values that are NaN"),
    "negative": ({"x": X - 3.0, "y": Y}, "values from -3 to 8 are not 0 to 255"),
    "over white": ({"x": X * 100.0, "y": Y}, "values from 0 to 1100 are not 0 to 255"),
    "channels first": ({"x": X[:, None], "y": Y}, "not 12x1x5x6; move the channels to the end"),
    "no square": ({"x": X.reshape(12, -1)[:, :29], "y": Y}, "29 values a picture are no square"),
    "a label of the test part beyond": (
        {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1},
        "label 3, where those of the training part go from 0 to 2",
    ),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case: str, tmp_path: Path) -> None:
    arrays, message = ARRAYS[case]
    (tmp_path / "d.npz").write_bytes(store("npz", arrays))
    with pytest.raises(InputError, match=message) as caught:
        open_data(tmp_path / "d.npz", input_shape=SHAPE)
    assert str(caught.value).startswith(str(tmp_path / "d.npz"))


FOLDERS = {
    "a class without images": ({**TWO, "c/": b""}, InputError, "class c has no images"),
    "one class": ({"a/1.png": png(1)}, InputError, r"one folder of images \(a\), not 2"),
    "no classes": ({"1.png": png(1)}, InputError, "holds no examples"),
    "a class that is not in train": (
        {f"{part}/{name}": data for part in ("train", "val") for name, data in TWO.items()}
        | {"val/c/1.png": png(3)},
        InputError,
        "class c is in val but not in train",
    ),
    "a name that is no text": ({**TWO, "c\x1b[2J/1.png": png(1)}, InputError, r"class c\\x1b\[2J"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("case", FOLDERS)
def test_folders(case: str, packed: bool, tmp_path: Path) -> None:
    files, error, message = FOLDERS[case]
    path = zipped(tmp_path / "d.zip", files) if packed else unzipped(tmp_path / "d", files)
    with pytest.raises(error, match=message) as caught:
        open_data(path, input_shape=SHAPE)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "name", ["../a/1.png", "/a/1.png", "a/../../b.png", "c:\\a.png", "a\\..\\b"]
)
def test_names_that_lead_out_of_a_zip_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="which leads out of it"):
        open_data(zipped(tmp_path / "d.zip", {**TWO, name: b""}), input_shape=SHAPE)


def patched(path: Path, sign: bytes, offset: int, value: bytes) -> Path:
    """Change a field of the last record of a zip file that begins with `sign`."""
    data = bytearray(path.read_bytes())
    at = data.rfind(sign) + offset
    data[at : at + len(value)] = value
    path.write_bytes(data)
    return path


class TestZipFiles:
    def test_encrypted(self, tmp_path):
        path = patched(zipped(tmp_path / "d.zip", TWO), b"PK\x01\x02", 8, b"\x01")
        with pytest.raises(InputError, match=r"'b/1\.png' in it is encrypted"):
            open_data(path, input_shape=SHAPE)

    def test_members_that_overlap(self, tmp_path):
        path = zipped(tmp_path / "d.zip", {**TWO, "b/2.png": png(3)})
        patched(path, b"PK\x01\x02", 20, (path.stat().st_size - 50).to_bytes(4, "little"))
        with pytest.raises(RefusedError, match="overlap, or lie"):
            open_data(path, input_shape=SHAPE)

    def test_one_name_twice(self, tmp_path):
        path = zipped(tmp_path / "d.zip", {**TWO, "b/2.png": b""})
        path.write_bytes(path.read_bytes().replace(b"b/2.png", b"b/1.png"))
        with pytest.raises(RefusedError, match="several members of one name"):
            open_data(path, input_shape=SHAPE)

    def test_a_size_that_lies_costs_one_picture(self, tmp_path):
        path = patched(zipped(tmp_path / "d.zip", TWO), b"PK\x01\x02", 24, b"\xff\xff\xff\x3f")
        with open_data(path, input_shape=SHAPE, validation=0) as data:
            data_left = [y.tolist() for _, y, _ in data.train.batches(4)]
            (failure,) = data.failures
        assert data_left == [[0]]
        assert failure.path == f"{path}:b/1.png"
        assert failure.code == 5

    def test_a_bomb_costs_no_memory(self, tmp_path):
        files = {f"{label}/1.png": bytes(2**26) for label in "ab"}
        path = zipped(tmp_path / "d.zip", files, zipfile.ZIP_DEFLATED)
        tracemalloc.start()
        try:
            with open_data(path, input_shape=SHAPE, validation=0) as data:
                assert sum(len(batch.y) for batch in data.train.batches(4)) == 0
                assert [failure.code for failure in data.failures] == [5, 5]
                with pytest.raises(InputError, match="no picture of class a can be read"):
                    data.read_all()
            assert tracemalloc.get_traced_memory()[1] < 2**23
        finally:
            tracemalloc.stop()

    def test_too_many(self, tmp_path):
        path = zipped(tmp_path / "d.zip", {f"{n % 2}/{n}.png": b"" for n in range(11)})
        with pytest.raises(RefusedError, match="more than 10 members"):
            open_data(path, input_shape=SHAPE, max_files=10)

    def test_corrupt(self, tmp_path):
        (tmp_path / "d.zip").write_bytes(zipped(tmp_path / "w.zip", TWO).read_bytes()[:-30])
        with pytest.raises(InputError, match="corrupt zip file"):
            open_data(tmp_path / "d.zip", input_shape=SHAPE)


class TestFolders:
    def test_too_many(self, tmp_path):
        with pytest.raises(RefusedError, match="more than 3 files"):
            open_data(unzipped(tmp_path / "d", TWO), input_shape=SHAPE, max_files=3)

    def test_a_link_to_where_it_is(self, tmp_path):
        path = unzipped(tmp_path / "d", TWO)
        (path / "a" / "up").symlink_to(path)
        with open_data(path, input_shape=SHAPE, validation=0) as data:
            assert (data.labels, len(data.train)) == (("a", "b"), 2)

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        path = unzipped(tmp_path / "d", TWO)
        os.mkfifo(path / "a" / "2.png")
        with open_data(path, input_shape=SHAPE, validation=0) as data:
            data.read_all()
            assert [failure.message for failure in data.failures] == ["is not a regular file"]

    def test_what_systems_leave_behind_is_no_image(self, tmp_path):
        left = {"a/.DS_Store": b"1", "b/Thumbs.db": b"1", "__MACOSX/a/._1.png": b"1"}
        for path in (unzipped(tmp_path / "d", TWO | left), zipped(tmp_path / "d.zip", TWO | left)):
            with open_data(path, input_shape=SHAPE, strict=True) as data:
                assert data.labels == ("a", "b")

    def test_a_picture_over_the_limit_of_pixels(self, tmp_path):
        path = unzipped(tmp_path / "d", {**TWO, "b/2.png": png(1, (50, 60))})
        with open_data(path, input_shape=SHAPE, validation=0, max_pixels=2000) as data:
            data.read_all()
            assert [(f.code, os.path.basename(f.path)) for f in data.failures] == [(5, "2.png")]


IDX_FAULTS = {
    "no IDX": (b"nothing", InputError, "is not an IDX file of whole numbers"),
    "floats": (idx(X[:, :2], 13), InputError, "is not an IDX file of whole numbers"),
    "nine axes": (b"\0\0\x08\x09" + bytes(36), InputError, "has 9 axes"),
    "a part of a header": (b"\0\0\x08\x03\0\0", InputError, "holds no values"),
    "an axis of nothing": (idx(X[:0]), InputError, r"holds no values \(0x5x6\)"),
    "cut off": (idx(X)[:-1], InputError, "12x5x6 takes 360 bytes, the file has 359"),
    "too long": (idx(X) + b"1", InputError, "takes 360 bytes, the file has more"),
    "16 bits": (idx(X, 11), InputError, "int16 values"),
    "two axes": (idx(X[:, 0]), InputError, "uint8 values 12x6, not uint8 pictures"),
    "a size that lies": (
        b"\0\0\x08\x03" + (2**24).to_bytes(4, "big") * 3,
        RefusedError,
        "needs .* more than the limit",
    ),
}


class TestIdx:
    @pytest.mark.parametrize("gz", [False, True])
    @pytest.mark.parametrize("case", IDX_FAULTS)
    def test_images(self, case, gz, tmp_path):
        content, error, message = IDX_FAULTS[case]
        name = "train-images-idx3-ubyte"
        files = pair() | {name: content}
        if gz:
            files[f"{name}.gz"] = gzip.compress(files.pop(name))
        with pytest.raises(error, match=message) as caught:
            open_data(unzipped(tmp_path / "d", files), input_shape=SHAPE)
        assert "images-idx3" in str(caught.value)

    def test_a_bomb_costs_no_memory(self, tmp_path):
        bomb = gzip.compress(b"\0\0\x08\x03" + (2**9).to_bytes(4, "big") * 3 + bytes(2**27), 9)
        files = pair() | {"train-images-idx3-ubyte": bomb}
        tracemalloc.start()
        try:
            with pytest.raises(RefusedError, match="unpacks to more than 100 times"):
                open_data(unzipped(tmp_path / "d", files), input_shape=SHAPE)
            assert tracemalloc.get_traced_memory()[1] < 2**22
        finally:
            tracemalloc.stop()

    def test_a_corrupt_gz(self, tmp_path):
        packed = bytearray(gzip.compress(pair()["train-images-idx3-ubyte"]))
        packed[-5] ^= 1  # of the checksum
        files = pair() | {"train-images-idx3-ubyte": bytes(packed)}
        with pytest.raises(InputError, match=r"corrupt or truncated \.gz"):
            open_data(unzipped(tmp_path / "d", files), input_shape=SHAPE)

    def test_labels_that_are_not_there(self, tmp_path):
        files = pair()
        del files["train-labels-idx1-ubyte"]
        with pytest.raises(InputError, match="there is no train-labels-idx1-ubyte beside it"):
            open_data(unzipped(tmp_path / "d", files), input_shape=SHAPE)

    def test_two_sets_are_told_by_the_beginning_of_their_names(self, tmp_path):
        files = {
            f"{s}-{name}": data for s in ("digits", "letters") for name, data in pair().items()
        }
        path = unzipped(tmp_path / "d", files | {"digits.txt": b"no data"})
        with pytest.raises(SpecError, match="holds 2 sets"):
            open_data(path, input_shape=SHAPE)
        for start in ("digits", "letters-train", "letters-train-labels-idx1-ubyte"):
            with open_data(path / start, input_shape=SHAPE, validation=0) as data:
                assert len(data.train) == 12
        with pytest.raises(InputError, match="no such file or folder"):
            open_data(path / "digit.txt", input_shape=SHAPE)

    def test_parts_and_zip_files(self, tmp_path):
        files = pair() | pair(6, part="t10k")
        for path in (unzipped(tmp_path / "d", files), zipped(tmp_path / "d.zip", files)):
            with open_data(path, input_shape=SHAPE) as data:
                assert (len(data.train), len(data.validation)) == (12, 6)
                (x, y, _), *_ = data.validation.batches(6)
                assert (x[:, 4, 5, 0].tolist(), y.tolist()) == ([*range(6)], [0, 1, 2] * 2)


CSV_FAULTS = {
    "a word": (table("", ROWS).replace(b"\n2,2,", b"\n2,two,", 1), "line 3, column 2: 'two'"),
    "an empty cell": (table("", ROWS).replace(b"\n2,2,", b"\n2,,", 1), "line 3, column 2: ''"),
    "NaN": (table("", ROWS).replace(b"\n2,2,", b"\n2,nan,", 1), "line 3, column 2: 'nan'"),
    "a short row": (table("", ROWS).replace(b"\n2,2,", b"\n2,", 1), "line 3 has 30 values"),
    "a header alone": (b"label,a,b,c,d\n", "holds no rows"),
    "no square": (table("", ROWS[:, :8]), "8 columns are not a label"),
    "no label": (table("", ROWS + 5), "neither the first nor the last column"),
    "two labels": (table("", np.column_stack([ROWS[:, :-1], Y])), "the first and the last"),
    "no text": (b"1,2,\xff\n", "not a table in UTF-8"),
}


class TestCsv:
    @pytest.mark.parametrize("case", CSV_FAULTS)
    def test_tables(self, case, tmp_path):
        content, message = CSV_FAULTS[case]
        (tmp_path / "d.csv").write_bytes(content)
        with pytest.raises(InputError, match=message):
            open_data(tmp_path / "d.csv", input_shape=SHAPE)

    def test_where_the_label_is(self, tmp_path):
        pixels = ROWS[:, 1:].copy()
        pixels[:, 0] = 0
        last = np.column_stack([pixels, Y])
        both = np.column_stack([Y, pixels[:, 1:], Y])
        names = ",".join("p" * 30)
        for header, rows in (("", last), (f"{names},label", last), (f"{names},Class", both)):
            (tmp_path / "d.csv").write_bytes(table(header, rows))
            with open_data(tmp_path / "d.csv", input_shape=SHAPE, validation=0) as data:
                x, y, _ = next(data.train.batches(12))
                assert y.tolist() == (x[:, 4, 5, 0] % 3).tolist()
                assert (x[:, 0, 0, 0] == 0).all() or header.endswith("Class")

    def test_a_bomb(self, tmp_path):
        (tmp_path / "d.csv.gz").write_bytes(gzip.compress(b"0,1,2,3,4\n" * 2**21))
        with pytest.raises(RefusedError, match="unpacks to more than 100 times"):
            open_data(tmp_path / "d.csv.gz", input_shape=SHAPE)

    def test_a_line_without_end(self, tmp_path):
        (tmp_path / "d.csv").write_bytes(b"0," * 2**22)
        with pytest.raises(RefusedError, match="a line is longer"):
            open_data(tmp_path / "d.csv", input_shape=SHAPE)


def test_memory_is_held_to_the_budget(tmp_path: Path) -> None:
    path = unzipped(tmp_path / "d", TWO)
    with byte_budget(40_000), pytest.raises(RefusedError, match="pictures in memory needs"):
        open_data(path, input_shape=(100, 100, 3))
    with pytest.raises(RefusedError, match=r"a picture of 1\d+x1\d+x3 needs"):
        open_data(path, input_shape=(10**20, 10**20, 3))
    with open_data(path, input_shape=(100, 100, 3), cache_bytes=30_000, validation=0) as data:
        assert data.describe()["cache_bytes"] == 30_000
        assert not data.train.holds_all


def test_nothing_that_is_a_data_set(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\0\1\2")
    os.mkfifo(tmp_path / "pipe")
    for name in ("x.bin", "pipe", "nothing", ""):
        with pytest.raises(CnnvizError) as caught:
            open_data(f"{tmp_path}/x/{name}" if not name else tmp_path / name, input_shape=SHAPE)
        assert caught.value.code == 1


@pytest.mark.parametrize("shape", [(5, 6), (0, 6, 1), (784,)])
def test_input_shapes_that_are_no_picture(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"is not \(H, W, C\)"):
        open_data(unzipped(tmp_path / "d", TWO), input_shape=shape)


def test_a_directory_that_lists_more_than_it_says(tmp_path: Path) -> None:
    """Bits flipped at random in a zip file end in a line, or in pictures left out."""
    whole = zipped(tmp_path / "w.zip", TWO).read_bytes()
    rng = np.random.default_rng(5)
    ended = 0
    for place in rng.integers(0, len(whole), 200):
        data = bytearray(whole)
        data[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "d.zip").write_bytes(data)
        try:
            with open_data(tmp_path / "d.zip", input_shape=SHAPE, validation=0) as opened:
                ended += sum(len(y) for _, y, _ in opened.train.batches(2)) == 2
        except CnnvizError as error:
            assert str(error).isprintable()  # noqa: PT017 - most are no errors
    assert ended > 10
