"""Files that PyTorch writes now: every type, order and nesting, read as `torch.load` reads them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cnnviz.arrays import open_arrays  # noqa: E402 - behind the skip

TYPES = (
    *("float64", "float32", "float16", "bfloat16", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)


NOT_BY_TORCH = ("uint16", "uint32", "uint64")  # it fails on its own files of the older form


def content(kind: str) -> dict:
    """Tensors of one type in every order of a storage that they share."""
    generator = torch.Generator().manual_seed(1)
    base = (torch.randn(5, 4, 3, 6, generator=generator) * 20).to(getattr(torch, kind))
    return {
        "base": base,
        "views": [base.permute(3, 0, 2, 1), base[1:4, ::2, :, 1::3], base[2], base[4, 3, 2, 5]],
        "more": {
            "expanded": base[:1].expand(3, 4, 3, 6),
            "diagonal": base[0, :3, :, 0].diagonal(),
            "empty": base[:, :0],
            "unfolded": base.view(-1).unfold(0, 9, 4),
            "last": base.contiguous(memory_format=torch.channels_last),
            "parameter": torch.nn.Parameter(base, requires_grad=False),
        },
        "rest": (3, "text", None, 0.5, torch.Size([1]), torch.device("cpu"), torch.float16, {1, 2}),
    }


def tensors(value: object, place: str = "") -> dict:
    if isinstance(value, torch.Tensor):
        return {place: value}
    if not isinstance(value, dict | list | tuple):
        return {}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found = {}
    for key, part in pairs:
        found |= tensors(part, f"{place}.{key}".lstrip("."))
    return found


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("kind", TYPES)
def test_as_torch_load(kind: str, new: bool, protocol: int) -> None:
    stream = io.BytesIO()
    torch.save(content(kind), stream, _use_new_zipfile_serialization=new, pickle_protocol=protocol)
    data = stream.getvalue()
    expected = tensors(content(kind))
    if new or kind not in NOT_BY_TORCH:
        loaded = tensors(torch.load(io.BytesIO(data), weights_only=False))
        assert all(torch.equal(loaded[name], values) for name, values in expected.items())
    with open_arrays(data, name="w") as file:
        assert list(file.tensors) == list(expected)
        for name, values in expected.items():
            found = file.stored(name)
            assert file.tensors[name].shape == found.shape == tuple(values.shape)
            assert file.tensors[name].dtype == kind
            if kind == "bfloat16":
                values = values.contiguous().view(torch.int16) if values.ndim else values
                if not values.ndim:
                    continue
            plain = values.detach().numpy()
            np.testing.assert_array_equal(found, plain.view(found.dtype), err_msg=name)


def test_safetensors_that_we_write_load_in_torch(tmp_path: Path, cnnviz) -> None:
    from safetensors.torch import load_file

    torch.save(content("bfloat16"), "w.pth")
    assert cnnviz("weights", "w.pth", "-o", "w.safetensors", "-q").code == 0
    expected, loaded = tensors(content("bfloat16")), load_file("w.safetensors")
    assert set(loaded) == set(expected)
    for name, values in expected.items():
        assert loaded[name].dtype == torch.bfloat16
        assert torch.equal(loaded[name], values), name


def test_a_network_of_torch_nn(tmp_path: Path) -> None:
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 5),
        torch.nn.BatchNorm2d(8),
        torch.nn.ConvTranspose2d(8, 4, 3),
    )
    torch.save(net.state_dict(), tmp_path / "net.pth")
    with open_arrays(tmp_path / "net.pth", name="w") as file:
        for name, values in net.state_dict().items():
            np.testing.assert_array_equal(file.stored(name), values.numpy())
