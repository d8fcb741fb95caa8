"""Labelled pictures of every kind: what is read, how it is divided, in what order it streams."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviz import InputError, RefusedError, SpecError
from cnnviz.training.data import open_data

SHAPE = (6, 5, 3)
COUNTS = {"bird": 7, "cat": 11, "dog": 20}


def picture(number: int) -> np.ndarray:
    """Return a picture whose every value is its number."""
    return np.full(SHAPE, number, np.uint8)


def png(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values.squeeze()).save(file, "PNG")
    return file.getvalue()


def pictures() -> dict[str, bytes]:
    """Return files in a folder a class, with numbers that tell them apart."""
    names = [f"{label}/{n:02}.png" for label, count in COUNTS.items() for n in range(count)]
    return {name: png(picture(number)) for number, name in enumerate(names)}


def labels_of_numbers() -> list[int]:
    return [place for place, count in enumerate(COUNTS.values()) for _ in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in pictures().items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(data)
    return tmp_path / "set"


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    return head + values.astype(np.uint8).tobytes()


def seen(split, **how) -> list[tuple[int, int]]:
    """Return the number of each picture and its class, in the order in which they stream."""
    found = []
    for x, y, _ in split.batches(4, **how):
        assert x.dtype == np.uint8
        assert y.dtype == np.int64
        assert (x == x[:, :1, :1, :1]).all()
        found += [(int(a), int(b)) for a, b in zip(x[:, 0, 0, 0], y, strict=True)]
    return found


def test_a_folder_and_a_zip_file_are_the_same_set(folder, tmp_path):
    with (
        open_data(folder, input_shape=SHAPE) as loose,
        open_data(packed(tmp_path / "s.zip", pictures()), input_shape=SHAPE) as zipped,
    ):
        assert loose.labels == zipped.labels == tuple(COUNTS)
        for split in ("train", "validation"):
            own = seen(getattr(loose, split), epoch=2, seed=5)
            assert own == seen(getattr(zipped, split), epoch=2, seed=5)
        everything = seen(loose.train) + seen(loose.validation)
        assert sorted(everything) == list(enumerate(labels_of_numbers()))
        # A tenth of each class, rounded: 7, 11 and 20.
        assert [row["validation"] for row in loose.describe()["classes"]] == [1, 1, 2]


def test_parts_of_the_set_itself_validate(tmp_path):
    files = pictures()
    parts = {f"train/{n}": d for n, d in files.items()}
    parts |= {f"test/{n}": d for n, d in files.items() if n.endswith("01.png")}
    with open_data(packed(tmp_path / "s.zip", parts), input_shape=SHAPE) as data:
        assert (len(data.train), len(data.validation)) == (38, 3)
        assert seen(data.validation) == [(1, 0), (8, 1), (19, 2)]


def test_arrays_idx_and_tables_are_read(tmp_path):
    numbers = np.arange(40)
    x = np.broadcast_to(numbers[:, None, None], (40, 6, 5)).astype(np.uint8)
    y = numbers % 4
    np.savez(tmp_path / "a.npz", x=x, y=y)
    for name, values in (("images-idx3", x), ("labels-idx1", y)):
        with gzip.open(tmp_path / f"train-{name}-ubyte.gz", "wb") as file:
            file.write(idx(values))
    rows = np.column_stack([y, x.reshape(40, -1)])
    np.savetxt(
        tmp_path / "t.csv", rows, "%d", ",", header=",".join(["label", *"p" * 30]), comments=""
    )
    for path in (tmp_path / "a.npz", tmp_path / "train", tmp_path / "t.csv"):
        with open_data(path, input_shape=(6, 5, 1), validation=0) as data:
            assert sorted(seen(data.train)) == [(n, n % 4) for n in range(40)], path
            assert len(data.validation) == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(1, 9), st.integers(0, 5), st.integers(0, 2**40), st.sampled_from([0, 300, 10**6])
)
def test_an_epoch_is_resumed_where_it_was_left(size, epoch, seed, cache) -> None:
    x = np.broadcast_to(np.arange(40)[:, None, None], (40, 6, 5)).astype(np.uint8)
    file = io.BytesIO()
    np.savez(file, x=x, y=np.arange(40) % 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.npz")
        path.write_bytes(file.getvalue())
        data = open_data(path, input_shape=(6, 5, 1), cache_bytes=cache)
    with data:
        whole = [
            y.tolist() + x[:, 0, 0, 0].tolist()
            for x, y, _ in data.train.batches(size, epoch=epoch, seed=seed)
        ]
        assert len(whole) == data.train.steps(size)
        for start in (1, len(whole) // 2, len(whole)):
            rest = data.train.batches(size, epoch=epoch, seed=seed, start=start)
            assert [y.tolist() + x[:, 0, 0, 0].tolist() for x, y, _ in rest] == whole[start:]


def test_epochs_and_seeds_have_orders_of_their_own(folder):
    with open_data(folder, input_shape=SHAPE) as data:
        orders = {tuple(seen(data.train, epoch=e, seed=s)) for e in range(4) for s in range(4)}
        assert len(orders) == 16
        assert len({frozenset(order) for order in orders}) == 1
        assert seen(data.validation, epoch=0) == seen(data.validation, epoch=3, seed=9)


def test_a_bad_picture_is_named_and_left_out_or_stops(folder):
    (folder / "cat" / "03.png").write_bytes(b"no picture")
    with open_data(folder, input_shape=SHAPE, validation=0) as data:
        assert len(seen(data.train)) == 37
        (failure,) = data.failures
        assert failure.path.endswith("cat/03.png")
        assert failure.code == 1
        assert data.describe()["failed"] == 1
    with pytest.raises(InputError, match=r"03\.png"):
        open_data(folder, input_shape=SHAPE, strict=True)


def test_pictures_are_made_what_the_model_takes(folder):
    with open_data(folder, input_shape=(3, 3, 1), validation=0) as data:
        x, *_ = next(data.train.batches(8))
        assert x.shape == (8, 3, 3, 1)


def test_what_is_no_data_set_says_so(tmp_path, folder):
    for name in ("empty", "one/a"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "one" / "a" / "x.png").write_bytes(png(picture(1)))
    for path in (tmp_path / "empty", tmp_path / "one", tmp_path / "nowhere"):
        with pytest.raises(InputError):
            open_data(path, input_shape=SHAPE)
    for wrong in ({"validation": 1.0}, {"validation": float("nan")}, {"seed": -1}):
        with pytest.raises(SpecError):
            open_data(folder, input_shape=SHAPE, **wrong)
    np.savez(tmp_path / "b.npz", x=np.zeros((4, 6, 5)), y=[0, 1, np.nan, 1])
    with pytest.raises(InputError):
        open_data(tmp_path / "b.npz", input_shape=(6, 5, 1))


def test_hostile_archives_are_refused(tmp_path):
    bomb = packed(tmp_path / "b.zip", {})
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for label in ("a", "b"):
            file.writestr(f"{label}/1.png", bytes(60 * 2**20))
    with open_data(bomb, input_shape=SHAPE, validation=0) as data:
        assert sum(len(batch.y) for batch in data.train.batches(4)) == 0
        assert {failure.code for failure in data.failures} <= {1, 5}
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        file.write(b"0," * 2**24)
    with pytest.raises((InputError, RefusedError)):
        open_data(tmp_path / "t.csv.gz", input_shape=(6, 5, 1))
