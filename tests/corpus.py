"""Broken and odd images by the thousand: fetched from the package registry, never kept here.

`python tests/corpus.py` puts Pillow's own test images and PngSuite (as PyPNG carries it) into
build/corpus, or into the folder that CNNVIZ_CORPUS names, and runs `convolve` and `pool` over all
of them. `tests/test_corpus.py` does the same where the folder is there.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PILLOW, PYPNG = "pillow==13.0.0", "pypng==0.20220715.0"
COMMANDS = (("convolve", "--kernel", "edge"), ("pool", "--size", "2"))
CODES = (0, 1, 2, 5)  # 2 where the image is smaller than the window
SECONDS = 10
WORKERS = 2


class Outcome(NamedTuple):
    """What one command made of one file; `wrong` says which promise it broke, if any."""

    path: str
    command: str
    code: int | None
    message: str
    seconds: float
    wrong: str


def folder() -> Path:
    """Return where the corpus is, or is to be."""
    return Path(os.environ.get("CNNVIZ_CORPUS") or ROOT / "build" / "corpus")


def images() -> list[Path]:
    """Return the files of the corpus, none where it was not fetched."""
    return sorted(path for path in folder().rglob("*") if path.is_file())


# ---------------------------------------------------------------------- fetching


def fetch() -> None:
    """Download both source distributions and unpack their images, unless they are there."""
    if folder().is_dir():
        return
    folder().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder().parent) as work:
        made = Path(work, "corpus")
        _unpack(_download(PILLOW, Path(work)), "Tests/images/", made / "pillow")
        _unpack(_download(PYPNG, Path(work)), "code/pngsuite.py", Path(work, "pypng"))
        _pngsuite(Path(work, "pypng", "pngsuite.py").read_text(), made / "pngsuite")
        os.rename(made, folder())


def _download(requirement: str, place: Path) -> Path:
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    flags = ("--no-deps", "--no-binary", ":all:", "--dest", str(place), requirement)
    subprocess.run([*command, *flags], check=True)
    (found,) = place.glob(f"{requirement.partition('=')[0]}-*.tar.gz")
    return found


def _unpack(archive: Path, wanted: str, place: Path) -> None:
    """Write the regular files whose path in the distribution begins with `wanted`."""
    with tarfile.open(archive) as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if not member.isreg() or not path.startswith(wanted):
                continue
            member.name = path.removeprefix(wanted) or Path(path).name
            tar.extract(member, place, filter="data")


def _pngsuite(source: str, place: Path) -> None:
    """Write the images that the module holds as hexadecimal text; it is never run."""
    place.mkdir(parents=True)
    for name, digits in re.findall(r"'(\w+)': _dehex\(\s*b?\"\"\"([\s0-9a-f]*)\"\"\"", source):
        (place / f"{name}.png").write_bytes(bytes.fromhex(digits))


# ---------------------------------------------------------------------- running


def run_all(jobs: Iterable[tuple[Path, tuple[str, ...]]]) -> list[Outcome]:
    """Run a command over each file, in processes that may crash or hang on it."""
    jobs = iter(list(jobs))  # which threads may share
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = [pool.submit(lambda: list(_run_some(jobs))) for _ in range(WORKERS)]
        return sorted(outcome for part in parts for outcome in part.result())


def _run_some(jobs: Iterator[tuple[Path, tuple[str, ...]]]) -> Iterator[Outcome]:
    """Take jobs until none is left; a process that dies or hangs is the fault of its file."""
    process: Any = None
    with tempfile.TemporaryDirectory() as place:
        for path, command in jobs:
            if process is None:
                context = get_context("spawn")
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, place), daemon=True)
                process.start()
                theirs.close()
                ours.recv()  # it is ready: the clock is for the file
            start = time.monotonic()
            ours.send([command[0], str(path), *command[1:]])
            try:
                code, lines, left = ours.recv() if ours.poll(SECONDS) else (None, ["hangs"], [])
            except EOFError:
                code, lines, left = None, ["crashes"], []
            seconds = time.monotonic() - start
            if code is None:
                process.kill()
                process.join()
                process = None
            wrong = _judge(code, lines, left)
            message = lines[0] if lines else ""
            yield Outcome(str(path), command[0], code, message, seconds, wrong)
        if process is not None:
            ours.close()
            process.join()


def _judge(code: int | None, lines: Sequence[str], left: Sequence[str]) -> str:
    """Return which promise is broken, or nothing."""
    if code is None:
        return lines[0]
    if code not in CODES:
        return f"exit code {code}"
    if any(line.startswith("cnnviz: error: unexpected ") for line in lines):
        return "a bug of ours"
    if code == 0:
        return "" if list(left) == ["out.png"] and not lines else f"wrote {left}, said {lines}"
    if len(lines) != 1 or not lines[0].startswith("cnnviz: error: "):
        return f"{len(lines)} lines: {lines[:3]}"
    if not lines[0].isprintable():
        return "a message with control characters"
    return f"left {left}" if left else ""


def _work(pipe: Any, place: str) -> None:
    """Run command lines as they come, and answer with code, standard error and files left."""
    from cnnviz.cli.run import run

    os.chdir(place)
    with open("../" + os.path.basename(place) + ".err", "w+b") as errors:
        os.unlink(errors.name)
        os.dup2(errors.fileno(), 2)  # whatever writes there, C libraries too
        pipe.send("ready")
        with contextlib.suppress(EOFError):
            while True:
                arguments = pipe.recv()
                code = run([*arguments, "-q", "-o", "out.png"])
                sys.stderr.flush()
                errors.seek(0)
                text = errors.read().decode()
                errors.truncate(0)
                errors.seek(0)
                left = sorted(os.listdir("."))
                for name in left:
                    os.unlink(name)
                pipe.send((code, text.splitlines(), left))


# ---------------------------------------------------------------------- the table


def counts(outcomes: Iterable[Outcome]) -> dict[tuple[str, str], Counter[int | None]]:
    """Return how often each exit code came, by corpus and command."""
    result: dict[tuple[str, str], Counter[int | None]] = {}
    for outcome in outcomes:
        corpus = Path(outcome.path).relative_to(folder()).parts[0]
        result.setdefault((corpus, outcome.command), Counter())[outcome.code] += 1
    return result


def main() -> int:
    """Fetch, run and print the counts, what is slow, and every broken promise."""
    fetch()
    outcomes = run_all(product(images(), COMMANDS))
    print("| corpus | command | files |" + "".join(f" exit {code} |" for code in CODES))
    print("|---|---|---:|" + "---:|" * len(CODES))
    for (corpus, command), found in counts(outcomes).items():
        cells = "".join(f" {found[code]} |" for code in CODES)
        print(f"| {corpus} | `{command}` | {found.total()} |{cells}")
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    print(f"slowest: {slowest.seconds:.1f} s, {Path(slowest.path).name} ({slowest.command})")
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in wrong:
        print(f"WRONG: {outcome.command} {outcome.path}: {outcome.wrong}: {outcome.message}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
