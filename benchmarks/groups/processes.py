"""Whole processes: a command of cnnviz beside scripts for the same, and beside bare imports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cases import OPENCV, Call, Case, Goal
from photos import CAT, folder, photo

TITLE = "Whole processes"
ROUNDS = 7
PILLOW = "Pillow + NumPy"
CNNVIZ = shutil.which("cnnviz", path=str(Path(sys.executable).parent)) or "cnnviz"

_OPENCV = """
import sys, cv2, numpy as np
cv2.setNumThreads(2)
gray = cv2.imread(sys.argv[1], cv2.IMREAD_GRAYSCALE)
edge = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], np.float32)
found = cv2.filter2D(gray, cv2.CV_32F, edge)
cv2.imwrite(sys.argv[2], cv2.convertScaleAbs(found, alpha=255 / max(found.max(), -found.min())))
"""
_PILLOW = """
import sys, numpy as np
from PIL import Image
x = np.asarray(Image.open(sys.argv[1]).convert("L"), np.float32)
h, w = x.shape[0] - 2, x.shape[1] - 2
found = 9 * x[1:-1, 1:-1]
for i in range(3):
    for j in range(3):
        found -= x[i : i + h, j : j + w]
found *= 255 / max(found.max(), -found.min())
Image.fromarray(np.abs(found).astype(np.uint8)).save(sys.argv[2])
"""
# What each command cannot do without, and how many times as long it may take.
STARTS = {
    "--help": ("import click", 2.0),
    "convolve CAT --kernel edge": ("import numpy, PIL.Image, click", 1.6),
    "pool CAT --size 2": ("import numpy, PIL.Image, click", None),
    "channels CAT": ("import numpy, PIL.Image, click", None),
    "kernels sobel-x": ("import numpy, PIL.Image, click", None),
    "kernels": ("import numpy, rich.table, rich.console, click", None),
    "shapes --model vgg16": ("import rich.table, rich.console, click", None),
}
IMPORTS = "its imports"


def cases(quick: bool) -> list[Case]:
    """Return an edge kernel from file to file, and how soon commands are done."""
    large = (60, 80) if quick else (3000, 4000)
    return [
        edges("12 MP JPEG", lambda: photo(*large), Goal(1.0)),
        edges("cat of 300x451", lambda: CAT, Goal(1.4, 1.2)),
        *(start(*each) for each in ([] if quick else STARTS.items())),
    ]


def edges(name: str, source: Callable[[], Path], goal: Goal) -> Case:
    """Return a picture through an edge kernel to a PNG of the same size."""
    target = str(folder() / "out.png")

    def ours() -> Call:
        words = ["--kernel", "edge", "--channels", "gray", "--plain", "-q", "--overwrite"]
        return command([CNNVIZ, "convolve", str(source()), *words, "-o", target])

    def script(text: str) -> Call:
        return command([sys.executable, "-c", text, str(source()), target])

    def opencv() -> Call:
        import cv2  # noqa: F401

        return script(_OPENCV)

    sides = {"cnnviz": ours, OPENCV: opencv, PILLOW: lambda: script(_PILLOW)}
    return Case(f"{name} to PNG, edge", sides, {OPENCV: goal})


def start(words: str, beside: tuple[str, float | None]) -> Case:
    """Return a command beside a process that only imports what it needs."""
    imports, most = beside
    line = [str(CAT) if word == "CAT" else word for word in words.split()]
    sides = {
        "cnnviz": lambda: command([CNNVIZ, *line]),
        IMPORTS: lambda: command([sys.executable, "-c", imports]),
    }
    return Case(words.replace("CAT", "cat.png"), sides, {IMPORTS: Goal(most)} if most else {})


def command(words: list[str]) -> Call:
    """Return a call that runs a command, and ends this process if it fails."""

    # Installed packages have their bytecode: where none may be written, ours would be compiled
    # anew each time, which takes longer than all else that a small command does.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        done = subprocess.run(words, cwd=folder(), env=kept, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(words)}: {done.stderr}")

    return run
