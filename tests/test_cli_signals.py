"""Row 22: a signal at any moment leaves the old file or the whole new one, and no temporary."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import files
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
COMMAND = ("convolve", "photo.png", "--kernel", "edge", "-o", "out.png")

# Runs cnnviz so that it says "ready" at the moment asked for, and waits there.
PAUSED = """
import builtins, os, sys, time

moment = sys.argv.pop(1)

def pause(*args, **kwargs):
    print("ready", flush=True)
    time.sleep(60)

class Numpy:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            pause()

def opened(file, mode="r", *rest, real=open, **kwargs):
    stream = real(file, mode, *rest, **kwargs)
    if mode == "xb":
        stream.write(b"half")
        stream.flush()
        pause()
    return stream

def linked(*args, real=os.link):
    real(*args)
    pause()

if moment == "import":
    sys.meta_path.insert(0, Numpy())
elif moment == "read":
    import cnnviz.images
    cnnviz.images.load_image = pause
elif moment == "open":
    builtins.open = opened
elif moment == "fsync":
    os.fsync = pause
elif moment == "publish":
    os.link = os.replace = pause
elif moment == "published":
    os.link = linked

from cnnviz.__main__ import main
sys.exit(main())
"""
BEFORE = ("import", "read", "open", "fsync", "publish")


def heed() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a process that heeds signals, even where the tests themselves were told not to."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        env=ENVIRON,
        stdout=pipe,
        stderr=pipe,
        preexec_fn=heed,
    )


def paused(moment: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start cnnviz and wait until it has come to `moment`."""
    command = [sys.executable, "-c", PAUSED, moment, *arguments]
    run = start(command)
    assert run.stdout is not None
    assert run.stdout.readline() == b"ready\n"
    return run


@pytest.mark.parametrize("moment", BEFORE)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(photo, folder, moment, number):
    run = paused(moment, *COMMAND)
    run.send_signal(number)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 128 + number
    assert err.decode() == f"cnnviz: stopped by {number.name}\n"
    assert files(folder) == {"photo.png"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_old_file_stays(photo, folder, number):
    Path("out.png").write_bytes(b"old")
    run = paused("publish", *COMMAND, "--overwrite")
    run.send_signal(number)
    run.communicate(timeout=30)
    assert run.returncode == 128 + number
    assert Path("out.png").read_bytes() == b"old"
    assert files(folder) == {"photo.png", "out.png"}


def test_what_is_published_is_whole(photo, folder):
    run = paused("published", *COMMAND)
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=30)
    assert run.returncode == 143
    assert files(folder) == {"photo.png", "out.png"}
    with Image.open("out.png") as image:
        image.load()


def test_a_second_interrupt_does_not_disturb_the_clean_up(photo, folder):
    run = paused("fsync", *COMMAND)
    for _ in range(20):
        run.send_signal(signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 130
    assert files(folder) == {"photo.png"}


@pytest.mark.parametrize("moment", ["open", "fsync", "publish"])
def test_what_a_killed_run_leaves_the_next_one_clears(cnnviz, photo, folder, moment):
    run = paused(moment, *COMMAND)
    run.kill()
    run.communicate(timeout=30)
    (left,) = files(folder) - {"photo.png"}
    assert left.startswith(".cnnviz-")
    result = cnnviz(*COMMAND)
    assert result.code == 0
    assert files(folder) == {"photo.png", "out.png"}


def test_signals_that_the_shell_ignores_stay_ignored(photo, folder):
    code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{PAUSED}"
    code = code.replace("time.sleep(60)", "time.sleep(0.5)")
    command = [sys.executable, "-c", code, "read", *COMMAND]
    run = start(command)
    assert run.stdout is not None
    run.stdout.readline()
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode != 130  # it went on, with the nothing that `pause` returned
    assert b"stopped" not in err


LOST = """
import os, signal, time
import cnnviz.cli.run
from cnnviz.__main__ import entry

class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)  # what its handler raises here is lost
        time.sleep(0.001)

def run(argv):
    Late()
    time.sleep(30)

cnnviz.cli.run.run = run
entry()
"""


def test_a_signal_that_comes_in_a_destructor_is_not_lost(folder):
    done = start([sys.executable, "-c", LOST])
    _, err = done.communicate(timeout=20)
    assert done.returncode == 143
    assert err.splitlines() == [b"cnnviz: stopped by SIGTERM"]


WHILE_A_CLASS_IS_MADE = """
import os, signal, sys
import cnnviz.model
from cnnviz.__main__ import entry

class Attribute:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), {number})
        for _ in range(10**6):
            pass

def load_model(*args, **kwargs):
    class Owner:  # CPython makes a RuntimeError of what is raised in here
        attribute = Attribute()

cnnviz.model.load_model = load_model
entry()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_a_class_is_made_is_not_taken_for_a_bug(photo, folder, number):
    code = WHILE_A_CLASS_IS_MADE.format(number=int(number))
    done = start([sys.executable, "-c", code, "features", photo, "--model", "lenet5"])
    _, err = done.communicate(timeout=20)
    assert done.returncode == 128 + number
    assert err.splitlines() == [f"cnnviz: stopped by {number.name}".encode()]


@pytest.mark.parametrize("seed", range(8))
def test_any_moment(photo, folder, seed):
    """At moments that nobody chose: no temporary, and a whole file or none."""
    command = [sys.executable, "-m", "cnnviz", *COMMAND]
    run = start(command)
    time.sleep(random.Random(seed).uniform(0.05, 0.4))
    run.send_signal(signal.SIGTERM)
    _, err = run.communicate(timeout=30)
    assert run.returncode in (0, 143, -signal.SIGTERM)  # the last: before the first line of ours
    assert b"Traceback" not in err
    assert files(folder) <= {"photo.png", "out.png"}
    if run.returncode == 0:
        with Image.open("out.png") as image:
            image.load()
