"""Specs with branches, spoilt in a thousand ways: a graph or one line, within a bounded time."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable

import pytest

from cnnviz import layers
from cnnviz.errors import SpecError
from cnnviz.graph import Graph
from cnnviz.graph.document import read_document, to_toml
from cnnviz.graph.inline import read_inline
from cnnviz.report.shapes import shapes

BASE = {
    "name": "net",
    "input_shape": [16, 16, 3],
    "labels": ["cat", "dog"],
    "preprocess": {"scale": 0.5},
    "layers": [
        {"type": "Conv2D", "name": "a", "filters": 4, "kernel_size": [3, 3], "padding": "same"},
        {"type": "BatchNormalization", "name": "bn"},
        {"type": "Conv2D", "name": "b", "filters": 4, "kernel_size": 1, "inputs": ["input"]},
        {"type": "Add", "name": "add", "inputs": ["bn", "b"]},
        {"type": "Conv2DTranspose", "filters": 4, "kernel_size": 3, "strides": 2, "name": "up"},
        {"type": "UpSampling2D", "size": 2, "name": "up2", "inputs": "add"},
        {"type": "MaxPooling2D", "pool_size": 3, "strides": [2, 2], "ceil_mode": True},
        {"type": "Concatenate", "name": "cat", "inputs": ["pool1", "a", "b"]},
        {"type": "SeparableConv2D", "filters": 2, "kernel_size": 3, "dilation_rate": 2},
        {"type": "Flatten"},
        {"type": "Dense", "units": 2, "activation": "softmax", "name": "out"},
    ],
}
HOSTILE = [
    None, True, False, 0, -1, 1, 2, 3, 10**6, 2**31 - 1, 2**31, 2**63, -(2**63), 10**400, 1e308,
    1e309, -1e309, float("nan"), 0.5, -0.0, "", "a", "input", "same", "cat", "\x00", "\x1b[2J",
    "\u202e", "é", "a\nb", "x" * 101, "x" * 50_000, [], [1], [0], [[1, 2], [3, 4]], [[]], {}, [{}],
    {"a": 1}, ["input"], ["input"] * 3, ["a", "a"], ["out"], ["nowhere"], [["a"]], [None],
    [[[[[[[1]]]]]]], [2, 2, 2, 2], ["a"] * 5_000, "Conv2D", "Add", "Lambda", "os.system",
    "__class__", "9" * 5_000, [2**31 - 1] * 3, [2**31 - 1, 2**31 - 1], "sobel-x", ["sobel-x"],
]  # fmt: skip
MOST_SECONDS = 2


def check(read: Callable[[], Graph]) -> bool:
    """Return whether a spec is a graph with a report; else its error is one line for a terminal."""
    start, wrong = time.process_time(), None
    try:
        graph = read()
        shapes(graph).to_json()
    except SpecError as error:
        wrong = str(error)
    assert time.process_time() - start < MOST_SECONDS
    if wrong is not None:
        assert wrong.isprintable()
        assert len(wrong) < 700, wrong
        return False
    assert read_document(to_toml(graph).encode(), layers.find, kind="toml", name="x") == graph
    return True


def document(text: str | bytes, kind: str) -> Callable[[], Graph]:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return lambda: read_document(data, layers.find, kind=kind, name="net")


def spoilt(rng: random.Random) -> object:
    """Return the base with one or two places replaced, removed, repeated or renamed."""
    spec: dict = copy.deepcopy(BASE)
    for _ in range(rng.randint(1, 2)):
        table = rng.choice([spec, *(t for t in spec["layers"] if isinstance(t, dict) and t)] * 2)
        key = rng.choice(sorted(table))
        what = rng.randrange(6)
        if what < 3:
            table[key] = rng.choice(HOSTILE)
        elif what == 3:
            del table[key]
        elif what == 4:
            table[rng.choice([key + "s", key[:-1], key.upper(), "\x1b", "x" * 9_000])] = table[key]
        else:
            table["inputs"] = [rng.choice(["a", "b", "bn", "add", "cat", "up", "up2", "input"])
                               for _ in range(rng.randint(1, 4))]  # fmt: skip
        if not isinstance(spec.get("layers"), list):
            break
        if rng.random() < 0.2:
            spec["layers"].insert(rng.randrange(12), rng.choice([*spec["layers"], *HOSTILE]))
        rng.random() < 0.1 and rng.shuffle(spec["layers"])
    return spec


@pytest.mark.parametrize("part", range(4))
def test_json_mutants(part: int) -> None:
    rng = random.Random(part)
    fine = sum(check(document(json.dumps(spoilt(rng)), "json")) for _ in range(300))
    assert 5 < fine < 150, fine  # most are refused; some are other networks


@pytest.mark.parametrize("kind", ["json", "toml"])
def test_mutants_of_the_bytes(kind: str) -> None:
    rng = random.Random(1)
    base = read_document(json.dumps(BASE).encode(), layers.find, kind="json", name="net")
    text = (json.dumps(BASE) if kind == "json" else to_toml(base)).encode()
    for _ in range(300):
        data = bytearray(text)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            what = rng.randrange(4)
            if what == 0:
                data[at] = rng.randrange(256)
            elif what == 1:
                del data[at : at + rng.randrange(20)]
            elif what == 2:
                data[at:at] = rng.choice([b"[", b"{", b'"', b"\\u0000", b"\x00", b"9" * 30, b"."])
            else:
                data[at:at] = data[at : at + rng.randrange(40)]
        check(document(bytes(data), kind))


CALLS = ["Conv2D(8, 3, padding='same', name='a')", "Add(inputs=['a', 'b'])", "UpSampling2D(2)",
         "Conv2D(8, 1, name='b', inputs='input')", "Concatenate(inputs=['a', 'b', 'input'])",
         "Flatten()", "Dense(2)", "Conv2DTranspose(8, 4, strides=2)", "Add()"]  # fmt: skip


def test_mutants_of_inline_specs() -> None:
    rng = random.Random(2)
    for _ in range(300):
        text = " ".join(rng.choice(CALLS) for _ in range(rng.randint(1, 6)))
        for _ in range(rng.randint(0, 2)):
            at = rng.randrange(len(text))
            sign = rng.choice(["'", "(", ")", ",", "inputs=", "['a'", "]", "\x1b", "9", "\n", ""])
            text = text[:at] + sign + text[at + rng.randrange(3) :]
        check(lambda text=text: read_inline(text, layers.find, input_shape=(16, 16, 3)))


LAYER = '[[layers]]\ntype="{}"\nfilters=1\nkernel_size={}\n{}\n'


def tables(text: str, count: int) -> str:
    return "input_shape = [8, 8, 1]\n" + text * count


def joined(count: int, width: int, kind: str) -> str:
    """Return a spec in which each layer takes as many of those above as the file has room for."""
    nodes = [{"type": "ReLU", "name": f"{n:x}"} for n in range(width)]
    for n in range(count):
        names = [f"{(n + m) % (width + n):x}" for m in range(width)]
        nodes.append({"type": kind, "name": f"{width + n:x}", "inputs": names})
    return json.dumps({"input_shape": [8, 8, 1], "layers": nodes}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (tables('[[layers]]\ntype="ReLU"\n', 4_999), "toml"),
        (tables('[[layers]]\ntype="ReLU"\n', 43_000), "toml"),
        (tables(LAYER.format("Conv2D", 3, 'padding="same"'), 4_999), "toml"),
        (tables('[[layers]]\ntype="UpSampling2D"\n', 4_000), "toml"),
        (tables('[[layers]]\ntype="UpSampling2D"\n', 3)
         + LAYER.format("Conv2D", 65, 'padding="same"') * 1_500, "toml"),
        (tables(LAYER.format("Conv2DTranspose", 1, "strides=2"), 4)
         + LAYER.format("Conv2DTranspose", 64, 'padding="same"') * 1_500, "toml"),
        (tables('[[layers]]\ntype="ReLU"\n', 1) + "[[layers]]\ntype='Concatenate'\nname='c'\n"
         "inputs=['relu1','relu1']\n" + "".join(
             f"[[layers]]\ntype='Concatenate'\nname='{n}'\ninputs=['{n - 1 if n else 'c'}',"
             f"'{n - 1 if n else 'c'}']\n" for n in range(4_000)), "toml"),
        (joined(1_300, 110, "Add"), "json"),
        (joined(1_300, 110, "Concatenate"), "json"),
        (tables(f'[[layers]]\ntype="Add"\ninputs={["input"] * 90_000}\n', 1), "toml"),
        (tables('[[layers]]\ntype="ReLU"\nname="x' + "y" * 400_000 + '"\n', 1), "toml"),
        (tables("".join(f'[[layers]]\ntype="ReLU"\nname="{n:0100d}"\n' for n in range(4_999)), 1)
         + '[[layers]]\ntype="ReLU"\ninputs="nowhere"\n', "toml"),
        (tables('[[layers]]\ntype="Dense"\nunits=1\n', 1) + "x" * 500_000 + "=1", "toml"),
        (tables("".join(f"[[layers]]\ntype='Dense'\nu{n}=1\n" for n in range(30_000)), 1), "toml"),
        ('{"layers": [' + "[" * 400_000, "json"),
        (json.dumps({"input_shape": [8], "layers": [{"type": "Dense", **{
            f"u{n}": 1 for n in range(50_000)}}]}), "json"),
        (tables("a=" + "[" * 400_000 + "\n", 1), "toml"),
        (tables("".join(f"[x{n}]\n" for n in range(90_000)), 1), "toml"),
        (tables('[[layers]]\ntype="ReLU"\n', 1) + "".join(
            f"[layers.a{n}.b]\n" for n in range(50_000)), "toml"),
        ("a={" + "a={" * 100_000, "toml"),
        ('"' + "\\u0041" * 150_000, "toml"),
    ],
    ids=range(21),
)  # fmt: skip
def test_large_specs_take_bounded_time(text: str, kind: str) -> None:
    check(document(text, kind))
