"""Tiny runs of `cnnviz train`; `python tests/train_runs.py 20` kills so many and goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
SPEC = "Conv2D(4, 3, name='conv1') ReLU() MaxPool2D(2) Dropout(0.2) Flatten() Dense(3, name='out')"
NET = ("--model", SPEC, "--input", "8x8x1")
EPOCHS = 15
LONG = (
    *(*NET, "--epochs", str(EPOCHS), "--batch-size", "2", "--shift", "1"),
    *("--save-every", "0.004", "-o", "out.safetensors"),
)


def shapes(path: Path, count: int = 60) -> Path:
    """Write three classes: a bar on the left, a bar at the top, and a blot, under noise."""
    y = np.arange(count) % 3
    x = np.random.default_rng(0).integers(0, 90, (count, 8, 8))
    x[y == 0, :, 1] += 150
    x[y == 1, 1] += 150
    x[y == 2, 2:5, 2:5] += 150
    np.savez(path, x=x.astype(np.uint8), y=y)
    return path


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start `cnnviz train shapes.npz` on a long run."""
    command = [sys.executable, "-m", "cnnviz", "train", "shapes.npz", *LONG, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=ENVIRON, stdout=pipe, stderr=pipe)


def wait_for(process: subprocess.Popen[bytes], epochs: int) -> None:
    """Return once a run has said how so many epochs went, or has ended."""
    assert process.stderr is not None
    while epochs:
        line = process.stderr.readline()
        if not line:
            return
        epochs -= line.startswith(b"epoch")


def finished(folder: Path, *words: str) -> str:
    """Run it to the end and return what it says on stderr."""
    process = start(folder, *words)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err.decode()
    return err.decode()


def kill(folder: Path, dice: random.Random) -> None:
    """Kill a run at a random moment."""
    process = start(folder)
    wait_for(process, dice.randint(0, EPOCHS))
    time.sleep(dice.expovariate(20))  # 0.05 s on the average: an epoch, or a picture at the end
    process.kill()
    process.communicate(timeout=60)


def main(count: int) -> None:
    """Kill so many runs and hold the weights of each to those of one that was let alone."""
    dice = random.Random()
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in range(count + 1)]
        for folder in folders:
            folder.mkdir()
            shapes(folder / "shapes.npz")
        finished(folders[0])
        wanted = (folders[0] / "out.safetensors").read_bytes()
        for folder in folders[1:]:
            kill(folder, dice)
            said = finished(folder, "--resume").splitlines()
            line = next((line for line in said if "resume" in line or "note" in line), "")
            equal = (folder / "out.safetensors").read_bytes() == wanted
            left = [each for each in os.listdir(folder) if each.endswith(".tmp")]
            print(f"{folder.name:>3}  equal {equal}  left {left}  {line}", flush=True)
            assert equal
            assert not left


if __name__ == "__main__":
    main(int(sys.argv[1]))
