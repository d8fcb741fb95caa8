"""Memory and time are bounded where kernels and channels are looked at, as they are for maps."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import files

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def large(folder: Path) -> None:
    """A million weights and a million pixels in the working folder."""
    weights = np.ones((1000, 1000, 3), np.float32)
    weights[::7] = 2
    np.save("large.npy", weights)
    np.savez("large.npz", a=weights)
    np.save("gray.npy", weights[..., 0])


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("words", "limit", "what"),
    [
        (["kernels", "large.npy"], "10M", "large.npy needs 11.4 MiB"),
        (["kernels", "large.npz:a"], "20M", "large.npz:a (1000x1000x3) needs 22.9 MiB"),
        (["kernels", "large.npz:a", "--layout", "oihw"], "30M", "large.npz:a needs 57.2 MiB"),
        (["weights", "large.npz"], "20M", "large.npz:a (1000x1000x3) needs 22.9 MiB"),
        (["kernels", "edge", "--scale", "8"], "20M", "a picture of "),
        (["channels", "gray.npy"], "25M", "the choice of a patch needs "),
        (["channels", "gray.npy", "--locality"], "40M", "the correlation of the pixels needs "),
    ],
)
def test_memory(cnnviz, folder, words, limit, what):
    """Each limit lets the steps before pass, so that it is this step's own check."""
    before = files(folder)
    message = cnnviz(*words, "--max-memory", limit).fault(5)
    assert message.startswith(what)
    assert "--max-memory" in message
    assert files(folder) == before


@pytest.mark.parametrize(
    "words",
    [
        ["convolve", "photo.png", "--kernel", "k.npy"],
        ["kernels", "k.npy"],
        ["kernels", "k.npy:"],
        ["weights", "k.npy", "-o", "k.safetensors"],
    ],
    ids=" ".join,
)
def test_time(cnnviz, photo, folder, monkeypatch, words):
    np.save("k.npy", np.ones((3, 3, 3, 2)))
    before = files(folder)
    monkeypatch.setattr("cnnviz.arrays.npy.read", lambda *_: time.sleep(60))
    message = cnnviz(*words, "--timeout", "0.2").fault(5)
    assert message.startswith("k.npy")
    assert "not done within 0.2 s; use a longer --timeout" in message
    assert files(folder) == before


def test_the_clock_of_threads_leaves_nothing_behind():
    """Taken back, an exception leaves CPython 3.11 looking for it: a tracer hangs on that."""
    code = (
        "import sys, threading\n"
        "from cnnviz.cli import clock\n"
        "def work():\n"
        "    with clock.time_limit(9), clock.timed('a.png'):\n"
        "        pass\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start(); thread.join()\n"
        "sys.settrace(lambda *_: None)\n"
        "(lambda: print('done'))()\n"
    )
    environ = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environ, capture_output=True, timeout=60)
    assert done.stdout == b"done\n"
