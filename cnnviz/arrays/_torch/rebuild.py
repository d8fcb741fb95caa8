"""The globals that PyTorch writes for tensors, and the data that each is taken for.

A list of (module, name) pairs, as PyTorch 0.1 to 2.13 writes them; a file that asks for anything
else is refused. What is here is no import: each stands for a few lines below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnnviz.arrays._pickle import OPAQUE, Global, Malformed, Table
from cnnviz.errors import InputError

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    **{f"Q{kind}Storage": f"q{kind.lower()}" for kind in ("Int8", "UInt8", "Int32")},
}
_BYTES = Global("torch.storage", "UntypedStorage")
ITEMSIZES = {
    **dict.fromkeys(("bool", "qint8", "quint8"), 1),
    **dict.fromkeys(("float16", "bfloat16"), 2),
    **dict.fromkeys(("float32", "qint32"), 4),
    **dict.fromkeys(("float64", "complex64"), 8),
    "complex128": 16,
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float8_{kind}": 1 for kind in ("e4m3fn", "e5m2", "e4m3fnuz", "e5m2fnuz", "e8m0fnu")},
}
_UNREAD = {
    "_rebuild_qtensor": "a quantized tensor",
    "_rebuild_sparse_tensor": "a sparse tensor",
    "_rebuild_sparse_csr_tensor": "a sparse tensor",
    "_rebuild_nested_tensor": "a nested tensor",
    "_rebuild_meta_tensor_no_storage": "a tensor without values (device meta)",
    "_rebuild_wrapper_subclass": "a tensor of a class of its own",
}
_MAX_RANK = 32
_MAX = 2**63


class Storage(NamedTuple):
    """Values in a row; `dtype` is None where only its bytes are counted."""

    key: str
    dtype: str | None
    length: int
    start: int = 0  # of a view of it, which old files have


@dataclass(frozen=True, slots=True)
class Strided:
    """A tensor: cells of a storage. Offset and strides count elements."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def span(self) -> int:
        """How many elements lie from its first to its last."""
        if 0 in self.shape:
            return 0
        steps = zip(self.shape, self.strides, strict=True)
        return 1 + sum((size - 1) * stride for size, stride in steps)


def storage(persistent_id: Any) -> Storage:
    """Return what a persistent id names: `("storage", type, key, location, count, view)`."""
    if type(persistent_id) is not tuple or len(persistent_id) not in (5, 6):
        raise Malformed("a persistent id that is no storage")
    tag, kind, key, _, count = persistent_id[:5]
    known = type(kind) is Global and (kind == _BYTES or kind.name in _STORAGES)
    if tag != "storage" or not known or type(key) is not str or not _is_count(count):
        raise Malformed("a persistent id that is no storage")
    view = persistent_id[5] if len(persistent_id) == 6 else None
    start = 0
    if view is not None:
        if type(view) is not tuple or len(view) != 3 or not all(map(_is_count, view[1:])):
            raise Malformed("a view that is none")
        start = view[1]
    return Storage(key, _STORAGES.get(kind.name), count, start)


def call(function: Global, arguments: tuple[Any, ...]) -> Any:
    """Return the data that one of the functions below would make of its arguments."""
    if function.name in _UNREAD:
        hint = "save it as an ordinary tensor (.dequantize(), .to_dense())"
        raise InputError(f"holds {_UNREAD[function.name]}, which is not read", hint=hint)
    if (made := _CALLS.get(function)) is None:
        raise Malformed(f"{function} is no function")
    if len(arguments) > _MAX_RANK:
        raise Malformed(f"{len(arguments)} arguments of {function}")
    try:
        return made(*arguments)
    except TypeError:  # another number of arguments: the functions themselves raise none
        raise Malformed(f"arguments of {function}") from None


def _tensor(held: Any, offset: Any, shape: Any, strides: Any, *more: Any) -> Strided:
    """`_rebuild_tensor` and `_rebuild_tensor_v2(..., requires_grad, hooks, metadata)`."""
    if type(held) is not Storage or held.dtype is None:
        raise Malformed("a tensor without a storage")
    return _strided(held, held.dtype, offset, shape, strides, more[2:])


def _tensor_of_bytes(
    held: Any, offset: Any, shape: Any, strides: Any, grad: Any, hooks: Any, dtype: Any, *more: Any
) -> Strided:
    """`_rebuild_tensor_v3`, whose storage has no type."""
    if type(held) is not Storage or type(dtype) is not Global or dtype.name not in ITEMSIZES:
        raise Malformed("a tensor without a storage")
    return _strided(held, dtype.name, offset, shape, strides, more)


def _strided(
    held: Storage, dtype: str, offset: Any, shape: Any, strides: Any, metadata: tuple[Any, ...]
) -> Strided:
    if any(type(one) is Table and one.pairs for one in metadata):
        raise InputError("holds a tensor that is only marked as negated or conjugated", hint=_CLONE)
    if type(shape) is not tuple or type(strides) is not tuple or len(shape) != len(strides):
        raise Malformed("a tensor without a shape")
    if len(shape) > _MAX_RANK or not all(map(_is_count, (offset, *shape, *strides))):
        raise Malformed("a tensor of an impossible shape")
    tensor = Strided(held, dtype, held.start + offset, shape, strides)
    stored = held.length if held.dtype else held.length // ITEMSIZES[dtype]
    if tensor.span and tensor.offset + tensor.span > stored:
        raise Malformed(f"a tensor that reaches past its storage of {stored} values")
    return tensor


_CLONE = "save tensor.clone()"


def _parameter(data: Any, *_: Any) -> Any:
    if type(data) is not Strided:
        raise Malformed("a parameter without a tensor")
    return data


def _typed(function: Any, _: Any, arguments: Any, *__: Any) -> Any:
    """`_rebuild_from_type_v2`, of tensors that carry attributes."""
    if type(function) is not Global or type(arguments) is not tuple or function == _TYPED:
        raise Malformed("a tensor without a function that makes it")
    return _parameter(call(function, arguments))


def _size(sizes: Any = ()) -> tuple[Any, ...]:
    if type(sizes) is not tuple:
        raise Malformed("a size that is none")
    return sizes


def _table(pairs: Any = None, *_: Any) -> Table:
    """An `OrderedDict` or `Counter`: empty, or of pairs as Python 2 wrote it.

    The pairs are looked at when they are needed: a copy each time would multiply them.
    """
    table = Table()
    if type(pairs) is Table:
        table.pairs = pairs.pairs
    elif type(pairs) is list:
        table.pairs = pairs
    elif pairs is not None:
        raise Malformed("a dictionary of what are no pairs")
    return table


def _items(items: Any = (), *_: Any) -> Any:
    if type(items) not in (list, tuple):
        raise Malformed("a set of what are no items")
    return items


def _opaque(*_: Any) -> Any:
    return OPAQUE


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MAX


_TYPED = Global("torch._tensor", "_rebuild_from_type_v2")
_CALLS: dict[Global, Callable[..., Any]] = {
    Global("collections", "OrderedDict"): _table,
    Global("collections", "Counter"): _table,
    Global("torch._utils", "_rebuild_tensor"): _tensor,
    Global("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Global("torch._utils", "_rebuild_tensor_v3"): _tensor_of_bytes,
    Global("torch._utils", "_rebuild_parameter"): _parameter,
    Global("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    _TYPED: _typed,
    Global("torch", "Size"): _size,
    Global("torch", "device"): _opaque,
    Global("torch.serialization", "_get_layout"): _opaque,
    Global("_codecs", "encode"): _opaque,  # how protocol 2 writes bytes
    Global("builtins", "set"): _items,
    Global("__builtin__", "set"): _items,
    Global("builtins", "frozenset"): _items,
    Global("__builtin__", "frozenset"): _items,
    Global("numpy", "dtype"): _opaque,
    Global("numpy.core.multiarray", "scalar"): _opaque,
    Global("numpy._core.multiarray", "scalar"): _opaque,
}
_VALUES = {
    _BYTES,
    Global("torch", "Tensor"),
    Global("torch.nn.parameter", "Parameter"),
    *(Global("torch", name) for name in (*_STORAGES, *ITEMSIZES)),
    *(Global("torch", f"per_{each}_affine") for each in ("tensor", "channel")),
    *(Global("torch._utils", name) for name in _UNREAD),
}
ALLOWED = frozenset(_CALLS) | _VALUES
