"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cases import THREADS

PEERS = {
    "OpenCV": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "SciPy": ("scipy",),
    "torch": ("torch",),
    "ONNX Runtime": ("onnxruntime",),
    "Pillow": ("pillow",),
}
# Load of others from which figures are not to be trusted, in processes.
BUSY = 0.5


def describe() -> dict[str, Any]:
    """Return the processor, the versions and the load."""
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": _processor(),
        "cores": cores(),
        "threads": THREADS,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": f"{np.__version__} with {blas['name']} {blas['version']}",
        "peers": {name: _version(packages) for name, packages in PEERS.items()},
        "load": round(os.getloadavg()[0], 2),
    }


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lines(found: dict[str, Any]) -> list[str]:
    """Return it as lines of text."""
    peers = ", ".join(f"{name} {text}" for name, text in found["peers"].items() if text)
    return [
        f"{found['processor']}, {found['cores']} cores, {found['memory_gb']} GB; "
        f"{found['threads']} threads on every side.",
        f"{found['system']}, Python {found['python']}, NumPy {found['numpy']}, {peers}.",
    ]


def busy(found: dict[str, Any]) -> str:
    """Return a warning if others were at work when the run began."""
    if found["load"] <= BUSY:
        return ""
    return f"the load average is {found['load']}: others are at work, ratios will be off"


def _processor() -> str:
    """Return the name of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")]
    wide = " with AVX-512" if " avx512f " in text else ""
    return f"{' '.join(names[0].split())}{wide}" if names else platform.machine()


def _version(packages: tuple[str, ...]) -> str:
    for name in packages:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""
