"""Array files: what they hold is read exactly, and what they claim is never believed."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnviz import CnnvizError, InputError, RefusedError, SpecError
from cnnviz.arrays import _zip, read_array, sniff, text

FEW = settings(deadline=None, derandomize=True, max_examples=150)
REAL = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes()
REAL |= hnp.floating_dtypes()
SHAPES = hnp.array_shapes(min_dims=1, max_dims=5, max_side=5)


def saved(array, **arrays):
    """Return what NumPy itself writes."""
    stream = io.BytesIO()
    np.savez(stream, **arrays) if arrays else np.save(stream, array)
    return stream.getvalue()


def header(shape, descr="<f8", version=(1, 0), payload=b""):
    """Return an `.npy` file with a header of our own."""
    literal = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(literal))
    return b"\x93NUMPY" + bytes(version) + length + literal + payload


def packed(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for key, content in members:
            archive.writestr(key, content)
    return stream.getvalue()


def complaint(data):
    """Return the message for a file that is refused, None for one that is read."""
    try:
        assert read_array(data, name="a", max_bytes=2**20).size
    except CnnvizError as error:
        return str(error)
    return None


class TestNpy:
    @FEW
    @given(hnp.arrays(REAL, SHAPES), st.booleans())
    def test_reads_what_numpy_writes(self, array, fortran_order):
        stored = np.asfortranarray(array) if fortran_order else array
        result = read_array(saved(stored), name="a.npy")
        assert result.dtype == array.dtype.newbyteorder("=")
        assert result.dtype.isnative
        np.testing.assert_array_equal(result, array)

    @pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
    def test_every_version_of_the_header(self, version):
        data = header((2,), version=version, payload=np.arange(2.0).tobytes())
        assert read_array(data, name="a.npy").tolist() == [0, 1]

    def test_header_that_python_2_wrote(self):
        data = header((2,), payload=np.arange(2.0).tobytes()).replace(b"(2,), ", b"(2L,),")
        assert read_array(data, name="a.npy").tolist() == [0, 1]

    def test_result_is_writable(self):
        read_array(saved(np.ones(3)), name="a.npy")[0] = 5

    def test_never_unpickles(self, tmp_path):
        class Evil:
            def __reduce__(self):
                return open, (str(tmp_path / "ran"), "w")

        stream = io.BytesIO()
        np.save(stream, np.array([Evil()], dtype=object), allow_pickle=True)
        for data in (stream.getvalue(), packed([("a.npy", stream.getvalue())])):
            with pytest.raises(RefusedError, match=r"a\.npy.*: holds Python objects"):
                read_array(data, name="a.npy")
        with pytest.raises(RefusedError, match="a pickle, which is a program and is never run"):
            read_array(pickle.dumps(Evil()), name="a.npy")
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize(
        ("data", "error", "message"),
        [
            (saved(np.ones(3, complex)), InputError, "complex128"),
            (saved(np.array(["a"])), InputError, "not real numbers"),
            (saved(np.zeros(2, [("x", "f8")])), InputError, "not real numbers"),
            (saved(np.float64(3)), InputError, "single number"),
            (saved(np.ones((0, 3))), InputError, r"empty \(0x3\)"),
            (saved(np.ones((4, 4)))[:-1], InputError, r"truncated: 4x4 float64 takes 128 bytes"),
            (saved(np.ones((4, 4))) + b"1", InputError, "the file has 129"),
            (saved(np.ones(9))[:20], InputError, "corrupt .npy header"),
            (b"\x93NUMPY", InputError, "corrupt .npy header"),
            (header((-1,)), RefusedError, "impossible shape"),
            (header((2**70,)), RefusedError, "impossible shape"),
            (header((1,) * 99), RefusedError, "impossible shape"),
            (header((2**40, 2**40)), RefusedError, "overflows"),
            (header((2**20, 2**20)), RefusedError, "8192.0 GiB"),
            (header((2, "3")), InputError, "corrupt .npy header"),
            (header((2,), descr="no such"), InputError, "corrupt .npy header"),
            (header((2,), version=(9, 9)), InputError, "corrupt .npy header"),
        ],
    )
    def test_faults(self, data, error, message):
        with pytest.raises(error, match=message) as caught:
            read_array(data, name="a.npy")
        assert "a.npy" in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "data", [header((2**27,)), header((2**20, 2**20)), packed([("a.npy", header((2**27,)))])]
    )
    def test_a_lying_header_costs_no_memory(self, data):
        read_array(saved(None, a=np.ones(3)), name="warm.npz")
        tracemalloc.start()
        try:
            with pytest.raises(CnnvizError):
                read_array(data, name="a.npy")
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()

    def test_budget(self):
        assert read_array(saved(np.ones(100)), name="a", max_bytes=800).size == 100
        with pytest.raises(RefusedError):
            read_array(saved(np.ones(101)), name="a", max_bytes=800)


class TestNpz:
    def test_the_only_array_and_one_by_name(self):
        assert read_array(saved(None, edge=np.ones(3)), name="a.npz").tolist() == [1, 1, 1]
        several = saved(None, edge=np.ones(3), box=np.zeros((2, 2)))
        assert read_array(several, name="a.npz", member="box").shape == (2, 2)

    def test_compressed(self):
        stream = io.BytesIO()
        np.savez_compressed(stream, a=np.arange(1000))
        assert read_array(stream.getvalue(), name="a.npz").sum() == 499500

    def test_small_map_of_zeros_is_no_bomb(self):
        data = packed([("a.npy", saved(np.zeros((100, 100))))])
        assert read_array(data, name="a.npz").shape == (100, 100)

    @pytest.mark.parametrize(
        ("member", "message"),
        [
            (None, "holds 2 arrays; name one of: edge, box"),
            ("no", "holds no array 'no'; name one of: edge, box"),
        ],
    )
    def test_names_are_listed(self, member, message):
        with pytest.raises(SpecError) as caught:
            read_array(saved(None, edge=np.ones(3), box=np.ones(3)), name="a.npz", member=member)
        assert str(caught.value) == f"a.npz: {message}"

    def test_names_out_of_the_file_stay_on_one_line(self):
        message = complaint(packed([("a\n\x1b[1m.npy", b"")]))
        assert message == r"a:a\n\x1b[1m: corrupt .npy header"

    def test_member_of_a_file_without_members(self):
        for data in (saved(np.ones(3)), b"1 2"):
            with pytest.raises(SpecError, match="one array without a name"):
                read_array(data, name="a.npy", member="edge")

    def test_bomb(self):
        data = packed([("a.npy", saved(np.zeros(2**21)))])
        assert len(data) < 2**21 * 8 / 100
        with pytest.raises(RefusedError, match="more than 100 times"):
            read_array(data, name="a.npz")

    def test_a_bomb_that_lies_about_what_is_stored(self):
        data = packed([("a.npy", saved(np.zeros(2**21)))])
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            stored = struct.pack("<I", archive.infolist()[0].compress_size)
        lying = data.replace(stored, struct.pack("<I", 2**30))
        assert lying != data
        with pytest.raises(RefusedError, match="more than 100 times"):
            read_array(lying, name="a.npz")

    def test_member_over_the_budget(self):
        with pytest.raises(RefusedError, match=r"a\.npz:a needs"):
            read_array(saved(None, a=np.ones(200)), name="a.npz", max_bytes=1000)

    def test_member_that_holds_more_than_declared(self):
        content = saved(np.arange(64.0))
        data = packed([("a.npy", content)])
        short = data.replace(struct.pack("<I", len(content)), struct.pack("<I", 100))
        assert short != data
        with pytest.raises(InputError, match="corrupt"):
            read_array(short, name="a.npz")

    def test_duplicate_members(self):
        with pytest.warns(UserWarning, match="Duplicate"):
            data = packed([("a.npy", saved(np.ones(1))), ("a.npy", saved(np.zeros(1)))])
        with pytest.raises(RefusedError, match="several members of one name"):
            read_array(data, name="a.npz")

    def test_too_many_members(self, monkeypatch):
        data = packed([(f"{i}.npy", b"") for i in range(4)])
        monkeypatch.setattr(_zip, "MAX_MEMBERS", 3)
        with pytest.raises(RefusedError, match="more than 3 members"):
            read_array(data, name="a.npz")

    def test_a_directory_of_any_size_is_not_taken_in(self):
        """The end record declares how long it is, and zipfile would read as much at once."""
        data = bytearray(bytes(_zip._MAX_DIRECTORY) + packed([("a.npy", b"")]))
        end = data.rfind(b"PK\x05\x06")
        data[end + 12 : end + 16] = struct.pack("<I", end)
        with pytest.raises(RefusedError, match="more than 10000 members"):
            read_array(b"PK\x03\x04" + data, name="a.npz")

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (packed([]), "without arrays"),
            (packed([("a.txt", b"1")]), "without arrays"),
            (packed([("a.npy", b"1 2 3")]), "corrupt .npy header"),
            (packed([("a.npy", saved(np.ones(3)))], zipfile.ZIP_BZIP2), "does not use"),
            (packed([("a.npy", saved(np.ones(3)))])[:-30], "corrupt .npz"),
            (b"PK\x03\x04", "corrupt .npz"),
        ],
    )
    def test_faults(self, data, message):
        with pytest.raises(InputError, match=message):
            read_array(data, name="a.npz")

    def test_a_fault_does_not_quote_the_file_at_length(self):
        data = bytearray(saved(None, a=np.ones(300)))
        data[26:28] = b"\xff\x03"  # a name of 1023 bytes in the local header
        message = complaint(bytes(data))
        assert "corrupt .npz" in message
        assert len(message) < 200

    def test_encrypted(self):
        data = bytearray(saved(None, a=np.ones(3)))
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
        with pytest.raises(InputError, match=r"corrupt \.npz: .*encrypted"):
            read_array(bytes(data), name="a.npz")


NO_TABLE = "neither .npy, .npz, .safetensors, .pth nor a table of numbers in UTF-8"


class TestText:
    @pytest.mark.parametrize(
        "data",
        [
            b"1,2.5\n-3,4e1\n",
            b"1;2.5\r\n-3;4e1",
            b"1\t2.5\n-3\t4e1\n",
            b"  1  2.5\n -3 4e1 \n",
            b"\xef\xbb\xbf1,2.5\n-3,4e1\n",
            "# größe\n1, 2.5 # first\n\n-3, +40\n".encode(),
        ],
    )
    def test_separators(self, data):
        result = read_array(data, name="a.csv")
        assert result.tolist() == [[1, 2.5], [-3, 40]]
        assert result.dtype == np.float64

    def test_one_row_one_column(self):
        assert read_array(b"1 2 3", name="a.txt").shape == (1, 3)
        assert read_array(b"1\n2\n3\n", name="a.txt").shape == (3, 1)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"1,2\n3,x\n", "row 2, column 2: 'x' is not a number"),
            (b"# a\n1,2\n3,x\n", "row 2 (line 3), column 2: 'x' is not a number"),
            (b"1,2\n3,\n", "row 2, column 2 is empty"),
            (b"1,2\n3,1_0\n", "row 2, column 2: '1_0' is not a number"),
            ("1,2\n3,٣\n".encode(), r"row 2, column 2: '\u0663' is not a number"),
            (b"1,2\n3\n", "row 2 has 1 values, row 1 has 2"),
            (b"1,5;2\n", "row 1, column 1: '1,5' is not a number; write decimals with a point"),
            (b"a,b\n1,2\n", "row 1, column 1: 'a' is not a number; put # before a line of names"),
            (b"", "holds no numbers"),
            (b"# only\n\n", "holds no numbers"),
            (b"\xff\xfe1\x00", NO_TABLE),
            (b"\x89PNG\r\n\x1a\n\0\0", NO_TABLE),
            (b"1\x002", NO_TABLE),
        ],
    )
    def test_faults_name_row_and_column(self, data, message):
        with pytest.raises(InputError) as caught:
            read_array(data, name="a.csv")
        assert str(caught.value) == f"a.csv: {message}"

    def test_limits(self):
        with pytest.raises(RefusedError, match=r"needs 3\.2 KiB, .* limit of 2\.0 KiB"):
            read_array(b"1," * 300, name="a.csv", max_bytes=2000)
        with pytest.raises(RefusedError, match="line 2 is longer"):
            read_array(b"1\n" + b"1," * text.MAX_LINE, name="a.csv")


@settings(deadline=None, derandomize=True, max_examples=400)
@given(
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda tail: b"\x93NUMPY\x01\x00" + tail)
    | st.text("{}()[]'descr:shape,<f8O 0123456789\n").map(
        lambda s: b"\x93NUMPY\x01\x00" + struct.pack("<H", len(s)) + s.encode()
    )
    | st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail)
    | st.text("0123456789.,;- e#\n", max_size=40).map(str.encode)
)
def test_garbage_raises_nothing_else(data):
    message = complaint(data)
    assert message is None or "\n" not in message


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.data())
def test_a_flipped_byte_raises_nothing_else(data):
    content = bytearray(saved(None, a=np.arange(6.0).reshape(2, 3)))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    message = complaint(bytes(content))
    assert message is None or "\n" not in message


class TestFiles:
    def test_path(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_bytes(b"1 2")
        assert read_array(path, name="a.csv").tolist() == [[1, 2]]
        assert read_array(str(path), name="a.csv").tolist() == [[1, 2]]

    def test_missing_folder_and_too_large(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read: no such file"):
            read_array(tmp_path / "no.npy", name="no.npy")
        with pytest.raises(InputError, match="not a regular file"):
            read_array(tmp_path, name="folder")
        (tmp_path / "a.npy").write_bytes(saved(np.ones(1000)))
        with pytest.raises(RefusedError):
            read_array(tmp_path / "a.npy", name="a.npy", max_bytes=1000)

    def test_sniff(self):
        assert sniff(saved(np.ones(3))[:16]) == "npy"
        assert sniff(saved(None, a=np.ones(3))[:16], ".png") == "npz"
        assert sniff(b"\xef\xbb\xbf -1 2\n") == "text"
        assert sniff(b"x,y\n", ".CSV") == "text"
        for head in (b"", b"x,y", b"P3\n2 2", b"\x89PNG\r\n\x1a\n", b"1\x00\x00"):
            assert sniff(head) is None
        assert sniff(b"\x89PNG\r\n\x1a\n", ".csv") is None
