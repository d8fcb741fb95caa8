"""Row 22: sixty processes killed at drawn moments, most of them in the act of writing.

SIGKILL cannot be heeded: what remains must be whole old files or whole new ones, in the order of
the run, and at most one temporary, which the next run clears.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
KILLS = 60
IMAGES = [f"{number:02}.npy" for number in range(6)]
FORMATS = ("png", "npz", "npy", "svg", "csv")
OLD = b"old" * 1000


def start(place: Path) -> subprocess.Popen[bytes]:
    """Start a run that replaces thirty files of five formats in `place`/out."""
    targets = [word for form in FORMATS for word in ("-o", f"out/{{stem}}.{form}")]
    command = ["convolve", *IMAGES, "--kernel", "edge", "--overwrite", "-q", *targets]
    return subprocess.Popen(
        [sys.executable, "-m", "cnnviz", *command],
        cwd=place,
        env=ENVIRON,
        stderr=subprocess.DEVNULL,
    )


def written() -> list[str]:
    """Return the outputs in the order in which they are written."""
    return [f"{Path(name).stem}.{form}" for name in IMAGES for form in FORMATS]


def prepare(place: Path) -> Path:
    """Lay out the images and an old file for each output."""
    (place / "out").mkdir(parents=True)
    dice = np.random.default_rng(1)
    for name in IMAGES:
        np.save(place / name, dice.integers(0, 256, (6, 7)))
    for name in written():
        (place / "out" / name).write_bytes(OLD)
    return place


def killed(place: Path, count: int, delay: float | None) -> None:
    """Kill a run once `count` outputs are new, after `delay` or (None) in the next one's midst."""
    prepare(place)
    out = place / "out"
    run = start(place)
    while run.poll() is None and count and (out / written()[count - 1]).stat().st_size == len(OLD):
        time.sleep(0.0005)
    if delay is not None:
        time.sleep(delay)
    while delay is None and run.poll() is None:
        if any(name.startswith(".cnnviz-") for name in os.listdir(out)):
            break
    run.kill()
    run.wait(30)


@pytest.fixture(scope="module")
def killed_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """Return the folder of a run that finished, and those of sixty that could not."""
    whole = prepare(tmp_path_factory.mktemp("whole"))
    assert start(whole).wait(60) == 0
    dice = random.Random(5)
    places = [tmp_path_factory.mktemp("killed") / "run" for _ in range(KILLS)]
    with ThreadPoolExecutor(2) as pool:
        runs = []
        for number, place in enumerate(places):
            delay = dice.uniform(0, 0.02) if number % 2 else None
            runs.append(pool.submit(killed, place, dice.randrange(len(written())), delay))
        for run in runs:
            run.result()
    return whole, places


@pytest.mark.slow
def test_nothing_is_torn(killed_runs):
    whole, places = killed_runs
    new = {name: (whole / "out" / name).read_bytes() for name in written()}
    assert OLD not in new.values()
    reached, temporaries = [], 0
    for place in places:
        states = []
        for name in written():
            content = (place / "out" / name).read_bytes()
            assert content in (OLD, new[name]), f"{place}: {name} is torn"
            states.append(content != OLD)
        reached.append(sum(states))
        assert states == sorted(states, reverse=True), "written out of order"
        left = set(os.listdir(place / "out")) - set(new)
        assert len(left) <= 1
        assert all(name.startswith(".cnnviz-") for name in left)
        assert set(os.listdir(place)) == {"out", *IMAGES}
        temporaries += len(left)
    # The moments were the right ones: they differ, and many lie within the writing of a file.
    assert len(set(reached)) > 10, sorted(reached)
    assert temporaries > 5


@pytest.mark.slow
def test_the_next_run_clears_what_was_left(killed_runs, cnnviz):
    for place in killed_runs[1]:
        result = cnnviz(
            "convolve", place / IMAGES[0], "--kernel", "edge", "-o", place / "out/n.csv"
        )
        assert result.code == 0, result
        assert set(os.listdir(place / "out")) == {*written(), "n.csv"}
