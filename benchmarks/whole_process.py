"""Whole processes in pairs: a command of cnnviz beside the imports that it cannot do without.

Run as `python benchmarks/whole_process.py [RUNS]`. Both sides of a pair run in turn, A B A B, so
that a machine that drifts does not favour one; the medians and their ratio are printed.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CAT = str(ROOT / "sample_images" / "cat.png")
CNNVIZ = shutil.which("cnnviz", path=str(Path(sys.executable).parent)) or "cnnviz"
PAIRS = {
    "--help": ([CNNVIZ, "--help"], "import click", 2.0),
    "convolve cat.png": (
        [CNNVIZ, "convolve", CAT, "--kernel", "edge"],
        "import numpy, PIL.Image, click",
        1.6,
    ),
    "pool cat.png": (
        [CNNVIZ, "pool", CAT, "--size", "2"],
        "import numpy, PIL.Image, click",
        None,
    ),
    "channels cat.png": (
        [CNNVIZ, "channels", CAT],
        "import numpy, PIL.Image, click",
        None,
    ),
    "kernels sobel-x": (
        [CNNVIZ, "kernels", "sobel-x"],
        "import numpy, PIL.Image, click",
        None,
    ),
    "kernels": (
        [CNNVIZ, "kernels"],
        "import numpy, rich.table, rich.console, click",
        None,
    ),
    "shapes vgg16": (
        [CNNVIZ, "shapes", "--model", "vgg16"],
        "import rich.table, rich.console, click",
        None,
    ),
}


def seconds(command: list[str], folder: str) -> float:
    """Return the wall time of one run; raise if it fails."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def main(runs: int) -> None:
    """Measure every pair and print a line for each."""
    print(f"{'command':<20} {'median':>9} {'beside':>9} {'ratio':>6}  {'goal':>5}  ({runs} runs)")
    with tempfile.TemporaryDirectory() as folder:
        for name, (command, imports, goal) in PAIRS.items():
            beside = [sys.executable, "-c", imports]
            times: tuple[list[float], list[float]] = ([], [])
            for run in range(runs + 1):
                pair = seconds(command, folder), seconds(beside, folder)
                if run:  # the first warms the caches
                    for figures, value in zip(times, pair, strict=True):
                        figures.append(value)
            ours, theirs = map(statistics.median, times)
            limit = f"{goal:.1f}" if goal else "-"
            print(
                f"{name:<20} {ours * 1000:>6.0f} ms {theirs * 1000:>6.0f} ms "
                f"{ours / theirs:>6.2f}  {limit:>5}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
