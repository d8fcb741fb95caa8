"""PyTorch's files, read without PyTorch: real ones against what torch reads, and made ones."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from torch_files import TORCH, VALUES, Call, Ref, legacy, program, storage, tensor, zipped

from cnnviz.arrays import archives, open_arrays, read_array, sniff
from cnnviz.errors import CnnvizError, InputError, RefusedError, SpecError

with np.load(TORCH / "expected.npz") as stored:
    EXPECTED: dict[str, dict[str, np.ndarray]] = {}
    for key in stored:
        file, _, name = key.partition("/")
        EXPECTED.setdefault(file, {})[name] = stored[key]


@pytest.fixture(params=["path", "bytes"])
def given(request: pytest.FixtureRequest):
    """Give a file by its place, or its content."""
    return lambda path: path if request.param == "path" else path.read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_real_files_are_read_as_torch_reads_them(given, name: str) -> None:
    with open_arrays(given(TORCH / name), name=name) as file:
        assert set(file.tensors) == set(EXPECTED[name])
        assert file.convention == "torch"
        assert file.format == ("torch legacy" if name.startswith("legacy") else "torch")
        for key, expected in EXPECTED[name].items():
            declared, values = file.tensors[key], file.stored(key)
            assert declared.shape == values.shape == expected.shape, key
            if declared.dtype == "bfloat16":
                values = file.read(key)
            else:
                assert declared.dtype == values.dtype.name == expected.dtype.name, key
                assert declared.nbytes == values.nbytes
            assert values.dtype == expected.dtype
            assert values.flags.c_contiguous
            assert values.flags.writeable
            np.testing.assert_array_equal(values, expected, err_msg=key)


def test_tensors_are_named_in_the_order_of_the_file() -> None:
    with open_arrays(TORCH / "net.pth", name="net") as file:
        assert list(file.tensors)[:3] == ["conv.weight", "conv.bias", "bn.weight"]
        assert file.tensors["bn.num_batches_tracked"] == ((), "int64")
    with open_arrays(TORCH / "checkpoint.pth", name="c") as file:
        assert "optimizer.state.0.momentum_buffer" in file.tensors
        assert "history.1.loss" in file.tensors
        assert file.others > 10


def test_one_tensor_has_no_name() -> None:
    assert read_array(TORCH / "tensor.pt", name="t").shape == (2, 3)
    with pytest.raises(SpecError, match="'conv'"):
        read_array(TORCH / "tensor.pt", name="t", member="conv")


def test_reading_for_use_takes_no_single_number() -> None:
    for name, key, message in (
        ("net.pth", "bn.num_batches_tracked", "n:bn.num_batches_tracked: holds a single number"),
        ("views.pth", "empty", r"n:empty: the array is empty \(0x5x6\)"),
    ):
        with pytest.raises(InputError, match=message):
            read_array(TORCH / name, name="n", member=key)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("model.pth", RefusedError, r"torch\.nn\.modules\.container\.Sequential.*state_dict"),
        ("script.pt", RefusedError, r"TorchScript archive, which holds code.*state_dict\(\)"),
        ("sparse.pth", InputError, r"sparse tensor.*to_dense"),
        ("quantized.pth", InputError, r"quantized tensor.*dequantize"),
        ("negated.pth", InputError, r"negated"),
        ("meta.pth", InputError, r"without values"),
        ("nothing.pth", InputError, r"without tensors"),
    ],
)
def test_what_is_not_read_says_what_would_do(name: str, error, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        read_array(TORCH / name, name=name)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "kind"), [("complex", "complex64"), ("float8", "float8_e4m3fn")])
def test_types_that_are_no_real_numbers_of_numpy_are_listed(name: str, kind: str) -> None:
    with open_arrays(TORCH / f"{name}.pth", name="w") as file:
        assert file.tensors["a"].dtype == kind
        assert file.read("b").shape == (3,)
        with pytest.raises(InputError, match=f"w:a holds {kind} values"):
            file.read("a")


def test_big_endian() -> None:
    swapped = np.arange(6, dtype=">f4").tobytes()
    data = zipped(
        program({"a": tensor((2, 3), (3, 1))}), {"0": swapped}, extra={"byteorder": b"big"}
    )
    result = read_array(data, name="w")
    assert result.dtype.isnative
    assert result.tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(InputError, match="byte order"):
        read_array(zipped(program(tensor((6,), (1,))), extra={"byteorder": b"?"}), name="w")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("root", ["archive/", "my net/", ""])
def test_any_folder_inside_and_packed_again(root: str, method: int) -> None:
    content = program({"a": tensor((2, 2), (1, 2), offset=1)})
    data = zipped(content, root=root, method=method)
    assert read_array(data, name="w").tolist() == [[1, 3], [2, 4]]


def test_the_pickle_may_stand_anywhere_in_the_zip() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("net/version", b"3" * 9000)
        archive.writestr("net/data/0", VALUES)
        archive.writestr("net/data.pkl", program(tensor((6,), (1,))))
    assert read_array(stream.getvalue(), name="w").sum() == 15


def test_views_and_dictionaries_of_old_versions() -> None:
    view = Call(
        "torch._utils", "_rebuild_tensor", storage("Float", "0", 6, ("1", 2, 3)), 1, (2,), (1,)
    )
    pairs = Call("collections", "OrderedDict", [["a", view], ("b", tensor((6,), (1,)))])
    with open_arrays(legacy(program(pairs)), name="w") as file:
        assert file.read("a").tolist() == [3, 4]
        assert file.read("b").sum() == 15


def test_a_parameter_of_a_class_with_attributes() -> None:
    inner = tensor((6,), (1,))
    typed = Call(
        "torch._tensor",
        "_rebuild_from_type_v2",
        inner.function,
        Ref("torch.nn.parameter", "Parameter"),
        inner.args,
        {},
    )
    assert read_array(zipped(program({"a": typed})), name="w").sum() == 15


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    large = bytes(2**22)
    values = {
        "large": tensor((2**20,), (1,), key="0", count=2**20),
        "part": tensor((3,), (1,), key="0", count=2**20, offset=2**19),
        "small": tensor((6,), (1,), key="1"),
    }
    for content in (
        zipped(program(values), {"0": large, "1": VALUES}),
        legacy(program(values), {"0": (2**20, large), "1": (6, VALUES)}),
    ):
        path = tmp_path / "large.pth"
        path.write_bytes(content)
        read_array(path, name="warm", member="small")
        tracemalloc.start()
        try:
            with open_arrays(path, name="w", max_bytes=1000) as file:
                assert file.read("small").sum() == 15
                assert file.read("part").tolist() == [0, 0, 0]
                with pytest.raises(RefusedError, match=r"w:large \(1048576\) needs 4\.0 MiB"):
                    file.read("large")
            assert tracemalloc.get_traced_memory()[1] < 2**20
            tracemalloc.clear_traces()
            read_array(path, name="w", member="large")
            assert tracemalloc.get_traced_memory()[1] < 2**22 + 2**20
        finally:
            tracemalloc.stop()


def test_sniff() -> None:
    assert sniff((TORCH / "net.pth").read_bytes()[:4096]) == "torch"
    assert sniff((TORCH / "legacy_net.pth").read_bytes()[:64]) == "torch_legacy"
    assert sniff((TORCH / "legacy_protocol4.pth").read_bytes()[:64]) == "torch_legacy"
    assert sniff((TORCH / "expected.npz").read_bytes()[:4096]) == "npz"
    assert sniff(b"\x80\x04\x95") == "torch_legacy"  # a pickle, to be refused
    assert {"torch", "torch_legacy", "torch_tar", "npz", "safetensors"} <= set(archives.formats())


def test_the_tar_form_is_told_apart() -> None:
    import tarfile

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(InputError, match="tar form, from before 2017; load it with torch"):
        read_array(stream.getvalue(), name="w.pth")


def test_as_an_image(cnnviz, folder: Path) -> None:
    (folder / "w.pth").write_bytes((TORCH / "net.pth").read_bytes())
    message = cnnviz("convolve", "w.pth", "--kernel", "edge").fault(1)
    assert message.startswith("w.pth: holds weights, not an image; ")


def test_every_cut_of_a_real_file_is_a_fault() -> None:
    for name in ("views.pth", "legacy_views.pth"):
        whole = (TORCH / name).read_bytes()
        for end in range(len(whole)):
            with pytest.raises(CnnvizError):
                read_all(whole[:end])


def read_all(data: bytes) -> None:
    with open_arrays(data, name="w") as file:
        for key in file.tensors:
            file.stored(key)
