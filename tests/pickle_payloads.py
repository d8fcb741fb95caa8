"""Pickles with a payload: `RUNS` leave a canary with Python's own unpickler, `ASKS` ask for more.

Each is a value for `torch_files.program`, or opcodes as bytes.
"""

from __future__ import annotations

import struct

from torch_files import Call, Key, Ref, code, program, storage, tensor

CANARY = "canary"
TOUCH = f"touch {CANARY}"
PYTHON = f"open({CANARY!r}, 'w').close()"
SYSTEM = Call("os", "system", TOUCH)
OS = Call("builtins", "__import__", "os")


def stack_global(module: str, name: str) -> bytes:
    """A global as protocol 4 writes it, dots in the name and all."""
    texts = [text.encode() for text in (module, name)]
    return b"".join(b"\x8c" + bytes([len(text)]) + text for text in texts) + b"\x93"


def called(function: Call | bytes, *args: object) -> bytes:
    """What calls the result of opcodes."""
    return code(function) + code(tuple(args)) + b"R"


def held(data: bytes) -> bytes:
    """Bytes as an argument."""
    return b"B" + struct.pack("<I", len(data)) + data


RUNS: dict[str, object] = {
    "os.system": SYSTEM,
    "posix.system": Call("posix", "system", TOUCH),
    "subprocess.call": Call("subprocess", "call", ["touch", CANARY]),
    "subprocess.check_output": Call("subprocess", "check_output", ["touch", CANARY]),
    "builtins.eval": Call("builtins", "eval", PYTHON),
    "builtins.exec": Call("builtins", "exec", PYTHON),
    "__builtin__.eval": Call("__builtin__", "eval", PYTHON),
    "os.open": Call("os", "open", CANARY, 0o101),
    "getattr": called(Call("builtins", "getattr", OS, "system"), TOUCH),
    "importlib": called(
        Call("builtins", "getattr", Call("importlib", "import_module", "os"), "system"), TOUCH
    ),
    "nested": Call("builtins", "len", [SYSTEM]),
    "beside a tensor's place": {"conv.weight": 1, "x": SYSTEM},
    "as a key": {SYSTEM: 1},
    "thrown away": code(SYSTEM) + b"0" + code("x"),
    "in an allowed function": Call("collections", "OrderedDict", [["a", SYSTEM]]),
    "in the state of an allowed object": code(Call("collections", "OrderedDict"))
    + code({"x": SYSTEM})
    + b"b",
    "dotted": called(stack_global("os", "path.os.system"), TOUCH),
    "INST": b"(" + code(TOUCH) + b"ios\nsystem\n",
    "OBJ": b"(" + code(Ref("os", "system")) + code(TOUCH) + b"o",
    "functools.partial": called(Call("functools", "partial", Ref("os", "system"), TOUCH)),
    "operator": called(Call("operator", "methodcaller", "system", TOUCH), OS),
    "attrgetter": called(called(Call("operator", "attrgetter", "system"), OS), TOUCH),
    "map": Call("builtins", "list", Call("builtins", "map", Ref("os", "system"), [TOUCH])),
    "pickle.loads": Call("pickle", "loads", held(program(SYSTEM))),
    "runpy": Call("runpy", "_run_code", Call("builtins", "compile", PYTHON, "x", "exec"), {}),
    "timeit": Call("timeit", "timeit", PYTHON, "pass", Ref("time", "time"), 1),
    "cProfile": Call("cProfile", "run", PYTHON),
    "pathlib": Call("pathlib", "Path.touch", Call("pathlib", "Path", CANARY)),
    "sqlite3": Call("sqlite3", "connect", CANARY),
    "zipfile": Call("zipfile", "ZipFile", CANARY, "w"),
    "numpy memmap": Call("numpy", "memmap", CANARY, "uint8", "w+", 0, (1,)),
    "before it breaks off": code(SYSTEM) + b"\xff",
    "text of protocol 0": b"cos\nsystem\n(S'" + TOUCH.encode() + b"'\ntR",
}

ASKS: dict[str, object] = {
    "builtins.open": Call("builtins", "open", CANARY, "w"),
    "io.open": Call("io", "open", CANARY, "w"),
    "logging": Call("logging", "FileHandler", CANARY),
    "numpy": Call("numpy", "save", CANARY, 1),
    "nt.system": Call("nt", "system", TOUCH),
    "sys.modules": called(stack_global("collections", "_sys.modules"), ""),
    "torch._utils.os.system": called(stack_global("torch._utils", "os.system"), TOUCH),
    "dots in a module": called(stack_global("torch._utils.os", "system"), TOUCH),
    "dots behind a function": called(
        stack_global("torch._utils", "_rebuild_tensor_v2.__globals__"), "x"
    ),
    "upper case": Call("OS", "system", TOUCH),
    "blank before": called(stack_global(" os", "system"), TOUCH),
    "null behind": called(stack_global("os\0", "system"), TOUCH),
    "allowed name of another module": Call("os", "OrderedDict"),
    "allowed module, another name": Call("torch", "load", CANARY),
    "torch.serialization.load": Call("torch.serialization", "load", CANARY),
    "torch.storage._load_from_bytes": Call(
        "torch.storage", "_load_from_bytes", held(program(SYSTEM))
    ),
    "torch.hub": Call("torch.hub", "load", "a/b", "c"),
    "torch.jit.load": Call("torch.jit", "load", CANARY),
    "torch.package": Call("torch.package", "PackageImporter", CANARY),
    "torch._dynamo": Call("torch._inductor.codecache", "compile_file", CANARY),
    "torch.distributed": Call("torch.distributed.rpc.internal", "_run_function", held(b"")),
    "torch.ops": Call("torch", "ops.load_library", CANARY),
    "copyreg": Call(
        "copyreg", "_reconstructor", Ref("__main__", "Net"), Ref("builtins", "object"), None
    ),
    "copy_reg": Call("copy_reg", "__newobj__", Ref("__main__", "Net")),
    "numpy reconstruct": Call(
        "numpy.core.multiarray", "_reconstruct", Ref("numpy", "ndarray"), (0,), held(b"b")
    ),
    "numpy._core reconstruct": Call(
        "numpy._core.multiarray", "_reconstruct", Ref("numpy", "ndarray"), (0,), held(b"b")
    ),
    "numpy runstring": Call("numpy.testing._private.utils", "runstring", PYTHON, {}),
    "joblib": Call("joblib.numpy_pickle", "load", CANARY),
    "types.CodeType": Call("types", "CodeType", 0),
    "types.FunctionType": Call("types", "FunctionType", None),
    "ctypes": Call("ctypes", "CDLL", "libc.so.6"),
    "shutil.rmtree": Call("shutil", "rmtree", "."),
    "socket": Call("socket", "create_connection", ("127.0.0.1", 9)),
    "webbrowser": Call("webbrowser", "open", "http://127.0.0.1"),
    "pty": Call("pty", "spawn", "sh"),
    "sys.exit": Call("sys", "exit", 0),
    "pdb": Call("pdb", "run", PYTHON),
    "NEWOBJ": code(Ref("subprocess", "Popen")) + code((TOUCH,)) + b"\x81",
    "NEWOBJ of an allowed class": code(Ref("collections", "OrderedDict")) + b")\x81",
    "NEWOBJ_EX": code(Ref("subprocess", "Popen"))
    + code((TOUCH,))
    + code({"shell": True})
    + b"\x92",
    "NEWOBJ_EX of an allowed class": code(Ref("torch", "Tensor")) + b")}\x92",
    "INST of an allowed class": b"(icollections\nOrderedDict\n",
    "OBJ of an allowed class": b"(" + code(Ref("collections", "OrderedDict")) + b"o",
    "EXT1": b"\x82\x01",
    "EXT2": b"\x83\x01\x00",
    "EXT4": b"\x84\x01\x00\x00\x00",
    "NEXT_BUFFER": b"\x97",
    "READONLY_BUFFER": code("x") + b"\x98",
    "PERSID": b"Pstorage\n",
    "BUILD of a function": code(Ref("torch._utils", "_rebuild_tensor_v2"))
    + code({"__globals__": {}})
    + b"b",
    "BUILD of a class": code(Ref("collections", "OrderedDict"))
    + code({"__setstate__": Ref("collections", "Counter")})
    + b"b",
    "BUILD of a text": code("x") + code({"__class__": 1}) + b"b",
    "BUILD of a tensor": code(tensor((6,), (1,))) + code({"data": 1}) + b"b",
    "REDUCE of a text": called(code("os.system"), TOUCH),
    "REDUCE of a list": called(code([1]), TOUCH),
    "REDUCE of a tensor": called(code(tensor((6,), (1,))), TOUCH),
    "REDUCE with a list": code(Ref("collections", "OrderedDict")) + code([]) + b"R",
    "a module as a persistent id": Key(("module", Ref("__main__", "Net"), "net.py", PYTHON)),
    "a class as a storage's type": Key(("storage", Ref("os", "system"), "0", "cpu", 6)),
    "a whole model": code(Ref("__main__", "Net")) + b")\x81" + code({"training": False}) + b"b",
}

_HELD = storage("Float", "0", 6)
_V2, _V3 = "_rebuild_tensor_v2", "_rebuild_tensor_v3"
_HOOKS = Call("collections", "OrderedDict")
_OFTEN = Ref("torch._tensor", "_rebuild_from_type_v2")


def rebuilt(*args: object, name: str = _V2) -> Call:
    """A call of one of PyTorch's own functions with any arguments."""
    return Call("torch._utils", name, *args)


CORRUPT: dict[str, object] = {
    "offset below zero": tensor((6,), (1,), offset=-1),
    "offset behind the end": tensor((6,), (1,), offset=1),
    "offset of 2^63": tensor((0,), (1,), offset=2**63),
    "offset that is a text": tensor((6,), (1,), offset="0"),
    "offset that is true": tensor((5,), (1,), offset=True),
    "stride below zero": tensor((6,), (-1,)),
    "stride too long": tensor((2, 3), (4, 1)),
    "stride of 2^62": tensor((2,), (2**62,)),
    "shape below zero": tensor((-6,), (1,)),
    "shape too long": tensor((7,), (1,)),
    "shape that overflows": tensor((2**40, 2**40), (1, 1)),
    "more sizes than strides": tensor((2, 3), (1,)),
    "99 axes": tensor((1,) * 99, (1,) * 99),
    "shape that is a list": rebuilt(_HELD, 0, [6], (1,), False, _HOOKS),
    "shape of floats": rebuilt(_HELD, 0, (6.0,), (1,), False, _HOOKS),
    "no storage": rebuilt("0", 0, (6,), (1,), False, _HOOKS),
    "a tensor for a storage": rebuilt(tensor((6,), (1,)), 0, (6,), (1,), False, _HOOKS),
    "too few arguments": rebuilt(_HELD, 0),
    "no arguments": rebuilt(),
    "100 arguments": rebuilt(*range(100)),
    "v3 without a type": rebuilt(_HELD, 0, (6,), (1,), False, _HOOKS, None, name=_V3),
    "v3 of a type that is none": rebuilt(
        _HELD, 0, (6,), (1,), False, _HOOKS, Ref("torch", "FloatStorage"), name=_V3
    ),
    "a parameter of a text": rebuilt("x", False, _HOOKS, name="_rebuild_parameter"),
    "a type in a type": Call("torch._tensor", "_rebuild_from_type_v2", _OFTEN, 0, (1,), 0),
    "a type of a text": Call("torch._tensor", "_rebuild_from_type_v2", "eval", 0, (PYTHON,), 0),
    "a call of a storage's type": Call("torch", "FloatStorage", 6),
    "a call of Parameter": Call("torch.nn.parameter", "Parameter", tensor((6,), (1,))),
    "a size of a number": Call("torch", "Size", 3),
    "a dictionary of a number": Call("collections", "OrderedDict", 3),
    "a dictionary of numbers": Call("collections", "OrderedDict", [1, 2, 3]),
    "a set of a number": Call("builtins", "set", 3),
    "a storage of -1 values": Key(("storage", Ref("torch", "FloatStorage"), "0", "cpu", -1)),
    "a storage of a text": Key(("storage", Ref("torch", "FloatStorage"), "0", "cpu", "6")),
    "a storage without a key": Key(("storage", Ref("torch", "FloatStorage"), 0, "cpu", 6)),
    "a storage of two sizes": [storage("Float", "0", 6), storage("Double", "0", 6)],
    "a persistent id that is a text": Key("storage"),
    "an empty persistent id": Key(()),
    "a view that is a text": storage("Float", "0", 6, "view"),
    "a key without a value": b"}(" + code("a") + b"u",
    "items of a number": code(1) + code("a") + code("b") + b"s",
    "an item of a dictionary": code({}) + code("a") + b"a",
    "nothing to end with": b"",
    "a mark that is not there": b"t",
    "a memo that is empty": b"h\x07",
    "a memo of 10^30": code(1) + b"p" + b"9" * 30 + b"\n",
    "an opcode that is none": b"\xff",
    "a number of 5000 digits": b"L" + b"9" * 5000 + b"L\n",
    "a global of no name": b"KaKb\x93",
    "a text of 2^63 bytes": b"\x8d" + struct.pack("<Q", 2**63) + b"x",
    "a number of -1 bytes": b"\x8b" + struct.pack("<i", -1),
    "a text that is no UTF-8": b"X\x01\x00\x00\x00\xff",
    "a frame that lies": b"\x95" + struct.pack("<Q", 2**62) + b"\xff",
}
