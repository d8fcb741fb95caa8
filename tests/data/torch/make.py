"""Write the files of this folder with PyTorch 2.13: `python tests/data/torch/make.py`.

`expected.npz` holds what torch itself reads of each tensor, as `FILE/TENSOR`.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
TYPES = (
    *("float64", "float32", "float16", "bfloat16", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)


def some(*shape: int) -> torch.Tensor:
    """Return values that are exact in every type of float."""
    count = int(np.prod(shape))
    return (torch.arange(count, dtype=torch.float32) % 100 - 40).reshape(shape) / 8


def network() -> torch.nn.Module:
    """A convolution, a batch normalization and a dense layer."""
    layers = OrderedDict(
        conv=torch.nn.Conv2d(3, 4, 3), bn=torch.nn.BatchNorm2d(4), fc=torch.nn.Linear(4, 2)
    )
    net = torch.nn.Sequential(layers)
    for values in net.state_dict().values():
        values.copy_(some(*values.shape).to(values.dtype) if values.ndim else torch.tensor(7))
    return net


def checkpoint() -> dict:
    """What people save in the middle of a training."""
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for parameter in net.parameters():
        parameter.grad = some(*parameter.shape)
    optimizer.step()
    return {
        "epoch": 3,
        "state_dict": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "best": np.float64(0.5),
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "shape": torch.Size([3, 4]),
        "tags": {"small"},
        "history": [some(2), {"loss": some(3)}, 0.25],
    }


def views() -> dict[str, torch.Tensor]:
    """Tensors that share a storage, in any order of it."""
    base = some(4, 5, 6)
    return {
        "base": base,
        "transposed": base.permute(2, 0, 1),
        "slice": base[1:3, ::2, 1:],
        "row": base[2, 3],
        "number": base[1, 1, 1],
        "expanded": base[:1, :1].expand(3, 2, 6),
        "empty": base[:0],
        "channels_last": some(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
    }


def attributed() -> torch.nn.Parameter:
    """A parameter with an attribute of its own."""
    parameter = torch.nn.Parameter(some(2, 3))
    parameter.scale = 3
    return parameter


def write(name: str, value: object, expected: dict[str, np.ndarray], **options: object) -> None:
    """Save a value, and note what it holds by dotted names."""
    torch.save(value, HERE / name, **options)
    waiting = [("", value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, torch.Tensor):
            plain = one.detach().float() if one.dtype == torch.bfloat16 else one.detach()
            expected[f"{name}/{place}"] = plain.numpy()
        elif isinstance(one, dict | list | tuple):
            pairs = one.items() if isinstance(one, dict) else enumerate(one)
            waiting += [(f"{place}.{key}".lstrip("."), part) for key, part in pairs]


def main() -> None:
    """Write all of them."""
    warnings.simplefilter("ignore")
    expected: dict[str, np.ndarray] = {}
    old = {"_use_new_zipfile_serialization": False}
    types = {name: some(3, 4).abs().to(getattr(torch, name)) for name in TYPES}
    for prefix, options in (("", {}), ("legacy_", old)):
        write(f"{prefix}net.pth", network().state_dict(), expected, **options)
        write(f"{prefix}checkpoint.pth", checkpoint(), expected, **options)
        write(f"{prefix}views.pth", views(), expected, **options)
        write(f"{prefix}types.pth", types, expected, **options)
        write(f"{prefix}protocol4.pth", views(), expected, pickle_protocol=4, **options)
    write("parameter.pth", attributed(), expected)
    write("tensor.pt", some(2, 3), expected)
    np.savez_compressed(HERE / "expected.npz", **expected)

    torch.save(network(), HERE / "model.pth")
    torch.jit.script(torch.nn.Linear(2, 2)).save(HERE / "script.pt")
    torch.save({"a": some(3, 3).to_sparse()}, HERE / "sparse.pth")
    torch.save(torch.quantize_per_tensor(some(3), 0.1, 0, torch.qint8), HERE / "quantized.pth")
    torch.save({"a": some(3).to(torch.complex64), "b": some(3)}, HERE / "complex.pth")
    torch.save({"a": some(3).to(torch.float8_e4m3fn), "b": some(3)}, HERE / "float8.pth")
    torch.save({"a": torch.complex(some(3), some(3)).conj().imag}, HERE / "negated.pth")
    torch.save({"a": torch.zeros(3, device="meta")}, HERE / "meta.pth")
    torch.save({"epoch": 3}, HERE / "nothing.pth")


if __name__ == "__main__":
    main()
