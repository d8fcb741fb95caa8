"""Array files that are written: NumPy reads them back, whatever the names and the layout."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnviz import SpecError
from cnnviz.arrays import encode, npy, read_array, store, unique
from cnnviz.arrays.archives import npz

FEW = settings(deadline=None, derandomize=True, max_examples=150)


class TestEncode:
    maps = np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 7

    def test_npy_stacks_the_maps(self):
        data = encode("npy", ["a", "b"], [self.maps[..., 0], self.maps[..., 1]])
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        np.testing.assert_array_equal(loaded, self.maps)
        assert loaded.dtype == np.float32

    def test_npz_keys_are_names(self):
        maps = [np.ones((2, 2)), np.zeros((3, 1)), np.ones((1, 1))]
        data = encode("npz", ["gaussian:7,2", "edge", "edge"], maps)
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        assert loaded.files == ["gaussian:7,2", "edge", "edge-2"]
        assert [loaded[key].shape for key in loaded.files] == [(2, 2), (3, 1), (1, 1)]
        assert {info.date_time for info in zipfile.ZipFile(io.BytesIO(data)).infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }

    @FEW
    @given(
        hnp.arrays(
            st.sampled_from([np.float32, np.float64, np.int16, np.uint8, np.bool_]),
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=4),
        ),
        st.sampled_from(["csv", "txt"]),
    )
    def test_text_reads_back_exactly(self, array, format):
        result = read_array(encode(format, ["a"], [array]), name="a")
        np.testing.assert_array_equal(result.astype(array.dtype), array)

    def test_text_for_numpy_and_people(self):
        assert encode("csv", ["a"], [np.float32([[4, 0.1]])]) == b"4,0.1\n"
        data = encode("txt", ["a"], [self.maps[..., 0]])
        np.testing.assert_array_equal(np.loadtxt(io.BytesIO(data), np.float32), self.maps[..., 0])

    @pytest.mark.parametrize(
        ("format", "maps", "message"),
        [
            ("npy", [np.ones((2, 2)), np.ones((3, 2))], "2x2, 3x2.*--padding same or .npz"),
            ("csv", [np.ones((2, 2))] * 2, "holds one map.* not 2; use .npz or .npy"),
            ("png", [np.ones((2, 2))], "no array format 'png'; use npy, npz, csv, txt"),
        ],
    )
    def test_faults(self, format, maps, message):
        with pytest.raises(SpecError, match=message):
            encode(format, ["a"] * len(maps), maps)

    @FEW
    @given(st.lists(st.sampled_from(["a", "a-2", "a-2-2", "b"])))
    def test_unique(self, names):
        result = unique(names)
        assert len(set(result)) == len(names)
        assert all(new.startswith(old) for new, old in zip(result, names, strict=True))
        assert all(result[names.index(name)] == name for name in names)


def test_writers_take_any_layout():
    array = np.arange(6.0).reshape(2, 3).T
    np.testing.assert_array_equal(np.load(io.BytesIO(npy.write(array))), array)
    np.testing.assert_array_equal(np.load(io.BytesIO(npz.write({"a": array})))["a"], array)


def test_arrays_of_any_rank_are_stored_as_they_are():
    weights = {"w": np.arange(24.0).reshape(2, 3, 4), "b": np.arange(3)}
    loaded = np.load(io.BytesIO(store("npz", weights)), allow_pickle=False)
    for name, values in weights.items():
        np.testing.assert_array_equal(loaded[name], values)
    np.testing.assert_array_equal(
        np.load(io.BytesIO(store("npy", {"w": weights["w"]}))), weights["w"]
    )
    with pytest.raises(SpecError, match=r"holds one array, not 2; use \.npz"):
        store("npy", weights)
    with pytest.raises(SpecError, match=r"holds one map \(H, W\)"):
        store("csv", {"w": weights["w"]})
