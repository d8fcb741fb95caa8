"""Peak memory of whole processes: a photo through many kernels to a grid of all maps."""

from __future__ import annotations

import subprocess
import sys

from cases import Call, Case, Goal, Reading
from photos import bank, folder, photo

from groups.processes import CNNVIZ

TITLE = "Peak resident memory"
ROUNDS = 1
# By a process that is small itself: what it had counts for the child that it becomes.
_PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
FEW, MANY = 16, 64
LIMIT = 450.0  # MB
LIMITED, FEWER = f"{LIMIT:.0f} MB", f"cnnviz, {FEW} kernels"


def cases(quick: bool) -> list[Case]:
    """Return the peak with many kernels, beside that with few and beside what it may be."""
    size = (60, 80) if quick else (3000, 4000)
    sides = {
        "cnnviz": lambda: grid(size, MANY),
        FEWER: lambda: grid(size, FEW),
        LIMITED: lambda: lambda: Reading(LIMIT),
        "import NumPy, Pillow": lambda: peak([sys.executable, "-c", "import numpy, PIL.Image"]),
    }
    goals = {LIMITED: Goal(1.0), FEWER: Goal(1.1)}
    return [Case(f"12 MP RGB through {MANY} kernels to a grid", sides, goals, unit="MB")]


def grid(size: tuple[int, int], count: int) -> Call:
    """Return the peak of a figure of all maps."""
    words = ["--kernel", str(bank(count)), "-q", "--overwrite", "-o", str(folder() / "grid.png")]
    return peak([CNNVIZ, "convolve", str(photo(*size)), *words])


def peak(words: list[str]) -> Call:
    """Return a call that runs a command and reads its peak resident memory, in MB."""

    def run() -> Reading:
        line = [sys.executable, "-c", _PEAK, *words]
        done = subprocess.run(line, check=True, capture_output=True, text=True)
        kilobytes = float(done.stdout.split()[-1])
        return Reading(kilobytes / (1024 if sys.platform != "darwin" else 2**20))

    return run
