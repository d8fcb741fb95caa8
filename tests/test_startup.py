"""Start-up is part of the product: a command imports nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import SAMPLES

HEAVY = {"numpy", "PIL", "scipy", "safetensors"}
CODE = """
import sys
from cnnviz.cli.run import run
assert run(sys.argv[2:]) == 0
print(*sorted(set(sys.argv[1].split(",")) & set(sys.modules)), file=sys.stderr)
"""
NETWORK = ("shapes", "--model", "vgg16", "--compare", "lenet5")


@pytest.mark.parametrize(
    ("unused", "words"),
    [
        (HEAVY | {"rich", "cnnviz.cli.commands.convolve"}, ["--help"]),
        (HEAVY | {"rich", "cnnviz.kernels", "cnnviz.report"}, ["convolve", "--help"]),
        (HEAVY | {"rich", "cnnviz.model", "cnnviz.layers"}, ["features", "--help"]),
        (HEAVY | {"rich", "cnnviz.model", "cnnviz.report"}, ["receptive-field", "--help"]),
        (HEAVY | {"pathlib", "difflib", "cnnviz.model.preprocess"}, [*NETWORK]),
        (HEAVY | {"rich", "cnnviz.model.preprocess"}, [*NETWORK, "-q", "-o", "html:-"]),
        (HEAVY | {"pathlib", "cnnviz.layers.transposed", "cnnviz.ops"}, ["models"]),
        (HEAVY | {"rich", "cnnviz.model.zoo.vgg"}, ["models", "lenet5"]),
        (
            HEAVY | {"cnnviz.ops", "cnnviz.model.preprocess"},
            ["draw", "--model", "vgg16", "-o", "txt:-"],
        ),
        (HEAVY | {"rich", "cnnviz.signals", "cnnviz.report"}, ["signal", "--help"]),
        (
            {"rich", "PIL", "scipy", "cnnviz.images", "cnnviz.layers"},
            ["signal", "box", "triangle", "-q", "-o", "csv:-"],
        ),
        (
            {"scipy", "safetensors", "cnnviz.model.gradients", "cnnviz.model.plan"},
            ["receptive-field", str(SAMPLES / "cat.png"), "--model", "vgg16", "-q", "-o", "png:-"],
        ),
        (
            {"PIL", "scipy", "safetensors", "cnnviz.images", "cnnviz.model"},
            ["connections", "-o", "txt:-"],
        ),
        (
            {"rich", "scipy", "pathlib", "safetensors", "cnnviz.model", "cnnviz.layers"},
            ["convolve", str(SAMPLES / "cat.png"), "--kernel", "edge", "-q", "-o", "png:-"],
        ),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_nothing_unused_is_imported(unused: set[str], words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, ",".join(unused), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
