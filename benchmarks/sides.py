"""A process for every side, as whoever installs it has one: neither library sees another's threads.

The parent tells one side at a time to run for a while. A side is left alone with the machine: what
was measured in one process with all libraries differed by up to a half (allocators, spinning
threads), and after a side of a BLAS or OpenMP without a pause by as much.

`python benchmarks/sides.py GROUP SIDE [quick]` is such a process.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cases import OURS, THREADS, Call, Reading, load

_COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CNNVIZ_THREADS")

# Seconds: to wake threads and fill caches is nothing beside a call that takes longer.
ASLEEP = 0.15


class Side:
    """The parent's end of the process of one side, which is started when it is first asked."""

    def __init__(self, group: str, name: str, *, quick: bool = False) -> None:
        self.missing = ""
        words = [sys.executable, __file__, group, name, *["quick"] * quick]
        own = getattr(load(group), "ENVIRONMENT", {}) if name == OURS else {}
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict.fromkeys(_COUNTS, str(THREADS)) | own,
        )

    def ask(self, case: str, seconds: float | None = None) -> None:
        """Tell it to prepare a case, or to run it for so long; `answer` waits for the end."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([case, seconds]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Return what came of it: the `digest` of a result, or `readings`, one a call.

        Where the library is not installed that is `missing`; the side is not to be asked again.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a side has failed, see above")
        said: dict[str, Any] = json.loads(line)
        self.missing = said.get("missing", "")
        return said

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def digest(made: Any) -> list[float]:
    """Return the mean, the size and the largest value of a result, whatever its layout."""
    import numpy as np

    if isinstance(made, Reading):
        return []
    values = np.asarray(made[0] if isinstance(made, list) else made)
    if values.dtype.kind != "f" or not values.size:
        return []
    flat = values.ravel()
    mean = float(flat.mean(dtype=np.float64))
    return [mean, math.sqrt(float(np.mean(np.square(flat), dtype=np.float64))), float(flat.max())]


def block(call: Call, seconds: float) -> list[float]:
    """Return what calls measure for that long, one at least; the first only wakes the threads."""
    found: list[float] = []
    end = time.perf_counter() + seconds
    waking = True
    while not found or time.perf_counter() < end:
        start = time.perf_counter()
        made = call()  # let go before the next is made
        took = time.perf_counter() - start
        if took > ASLEEP or not waking:
            found.append(made if isinstance(made, Reading) else 1000 * took)
        waking = False
        del made
    return found


def serve(group: str, name: str, quick: bool) -> None:
    """Be the process of a side: answer each line that names a case and a time."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    cases = {case.name: case for case in load(group).cases(quick)}
    call: Call | None = None
    for line in sys.stdin:
        asked, seconds = json.loads(line)
        try:
            if seconds is None:
                call = None  # its arrays go before new ones come
                call = cases[asked].sides[name]()
                said: dict[str, Any] = {"digest": digest(call())}
            else:
                assert call is not None
                said = {"readings": block(call, seconds)}
        except ImportError as error:
            said = {"missing": str(error)}
        print(json.dumps(said), file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    serve(sys.argv[1], sys.argv[2], "quick" in sys.argv[3:])
