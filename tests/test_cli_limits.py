"""Rows 2, 9, 12 and 24: memory and time are bounded, and a refusal says what would do."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from PIL import Image

from cnnviz import conv2d, read_image
from cnnviz.arrays import read_array
from cnnviz.cli import clock
from cnnviz.errors import RefusedError
from cnnviz.files import budget, byte_budget, check_bytes
from cnnviz.kernels import resolve
from cnnviz.render import render
from cnnviz.report.channels import channels
from cnnviz.report.convolution import convolve
from cnnviz.report.kernels import look_up

ROOT = Path(__file__).resolve().parent.parent
EDGE = ("--kernel", "edge")
TIMED_OUT = "not done within 0.2 s; use a longer --timeout, or --resize"


@pytest.fixture(scope="module")
def megapixel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photo of a megapixel, and the same as float32 and (a part) as text."""
    place = tmp_path_factory.mktemp("large")
    pixels = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(place / "large.png", compress_level=1)
    np.save(place / "large.npy", pixels.astype(np.float32))
    np.savez(place / "large.npz", a=pixels.astype(np.float32))
    np.savetxt(place / "large.csv", pixels[:200, :, 0], "%d", ",")
    return place


@pytest.fixture
def large(megapixel: Path, folder: Path) -> Path:
    """The same files in the working folder."""
    for path in megapixel.iterdir():
        os.link(path, folder / path.name)
    return Path("large.png")


class TestMemory:
    @pytest.mark.parametrize(
        ("arguments", "limit", "what"),
        [
            (("large.png",), "7M", "large.png needs 7.6 MiB"),
            (("large.npy",), "10M", "large.npy needs 11.4 MiB"),
            (("large.npy",), "20M", "large.npy (1000x1000x3) needs 22.9 MiB"),
            (("large.npz",), "20M", "large.npz:a (1000x1000x3) needs 22.9 MiB"),
            (("large.csv",), "2M", "large.csv needs 2.4 MiB"),
            (("large.png", "--padding", "1000"), "48M", "the map of edge needs 97"),
            (("large.npy", "--gray", "linear"), "50M", "the gray image needs 80.1 MiB"),
            (("large.png", "--resize", "3000"), "50M", "resize to 3000x3000 needs"),
            (("large.npy", "-o", "a.png"), "40M", "a figure of large.npy needs 41.0"),
            (("large.png", "-o", "a.png", "--plain", *EDGE), "25M", "a figure of large.png needs "),
            (("large.png", "-o", "a.npy", "--padding", "1000"), "99M", "maps of 8988004 values as"),
            (("large.png", "-o", "a.csv"), "36M", "maps of 996004 values as .csv needs"),
            (("large.png", "-o", "a.png", "--scale", "8"), "100M", "a picture of "),
        ],
    )
    def test_every_step_is_checked(
        self, cnnviz, large, folder, monkeypatch, arguments, limit, what
    ):
        """Each limit lets the steps before pass, so that it is this step's own check."""
        monkeypatch.setattr("cnnviz.report.bands.threads", lambda: 2)
        before = files(folder)
        message = cnnviz("convolve", *arguments, *EDGE, "--max-memory", limit).fault(5)
        assert what in message
        assert f"more than the limit of {float(limit[:-1]):.1f} MiB; use " in message
        assert "--max-memory" in message
        assert files(folder) == before

    def test_winners(self, cnnviz, large):
        arguments = ("pool", large, "--size", "2", "--stride", "1", "--winners")
        message = cnnviz(*arguments, "--max-memory", "50M").fault(5)
        assert message.startswith("the result of max needs 57.1 MiB")

    def test_channels(self):
        image = np.zeros((50, 50, 8), np.float32)
        with byte_budget(2 * image.nbytes), pytest.raises(RefusedError, match="of a patch"):
            channels(image, is_photo=False)
        with (
            byte_budget(2 * image.nbytes - 1),
            pytest.raises(RefusedError, match="the channels of"),
        ):
            channels(image, is_photo=False)

    def test_addends(self):
        image, edge = np.zeros((50, 50, 3), np.float32), resolve("edge")
        kept, work = 4 * 48 * 48 * 4, 4 * (2 * 48 * 48 + 5 * 50 * 50)
        with byte_budget(image.nbytes + kept + work):
            convolve(image, edge, channels="each")
        less = image.nbytes + kept + work - 1
        with byte_budget(less), pytest.raises(RefusedError, match="4 maps needs"):
            convolve(image, edge, channels="each")

    @pytest.mark.parametrize(
        ("result", "subject"),
        [
            (channels(np.zeros((200, 200)), is_photo=False), "image"),
            (convolve(np.zeros((200, 200)), resolve("edge"), is_photo=False), "image"),
            (look_up(["gaussian:99"]), "gaussian:99"),
        ],
        ids=["channels", "maps", "kernels"],
    )
    def test_every_figure_is_checked(self, result, subject):
        needed = result.nbytes + result.figure_nbytes
        with byte_budget(needed - 1), pytest.raises(RefusedError, match=f"a figure of {subject} n"):
            render(result, "png")

    def test_an_enormous_border_of_a_small_result(self, cnnviz, folder):
        np.save("a.npy", np.ones((3, 3)))
        far = ("--padding", "900000000", "--stride", "900000000")
        assert "a padded image of" in cnnviz("convolve", "a.npy", *EDGE, *far).fault(5)

    def test_standard_input(self, cnnviz, folder):
        result = cnnviz("convolve", "-", *EDGE, "--max-memory", "1k", stdin=bytes(2000))
        assert result.fault(5) == (
            "-: more than 1.0 KiB of input; use a smaller file or a higher --max-memory"
        )

    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("1000", 1000),
            ("2k", 2048),
            ("3MiB", 3 * 2**20),
            ("500M", 500 * 2**20),
            ("2G", 2**31),
            ("1.5GB", 1_500_000_000),
            ("7 GiB", 7 * 2**30),
            ("1TiB", 2**40),
        ],
    )
    def test_forms(self, cnnviz, photo, monkeypatch, text, count):
        from cnnviz.report import convolution

        seen = []
        work = convolution.convolve
        monkeypatch.setattr(
            convolution, "convolve", lambda *a, **k: (seen.append(budget()), work(*a, **k))[1]
        )
        cnnviz("convolve", photo, *EDGE, "--max-memory", text)
        assert seen in ([count], [])
        assert bool(seen) == (count > 1536)  # what the photo itself takes, 8 bytes a pixel
        assert budget() == 8 * 2**30

    @pytest.mark.parametrize("text", ["0", "-1", "M", "1X", "1e9", "nan", "", "1_0", "9" * 30])
    def test_wrong_forms(self, cnnviz, photo, text):
        message = cnnviz("convolve", photo, *EDGE, "--max-memory", text).fault(2)
        assert "is not a number of bytes such as 500M, 2G, 2GiB or 1000000" in message

    def test_the_library(self, large):
        with byte_budget(10 * 2**20), pytest.raises(RefusedError, match=r"needs 14\.3 MiB"):
            read_image(large)
        image = read_image(large)
        with byte_budget(2**20):
            with pytest.raises(RefusedError, match="result of the convolution"):
                conv2d(image, np.ones((3, 3)))
            with pytest.raises(RefusedError):
                read_array("large.npy", name="large.npy", max_bytes=2**40)
        assert conv2d(image, np.ones((3, 3))).shape == (998, 998, 1)

    def test_each_thread_has_its_own(self):
        seen = {}
        both = threading.Barrier(2)

        def run(count: int) -> None:
            with byte_budget(count):
                both.wait()
                seen[count] = budget()
                check_bytes(count, "x")
                with pytest.raises(RefusedError):
                    check_bytes(count + 1, "x")

        threads = [threading.Thread(target=run, args=(count,)) for count in (1000, 2000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == {1000: 1000, 2000: 2000}
        assert budget() == 8 * 2**30

    @pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc here")
    @pytest.mark.parametrize("name", ["big.png", "big.npy"])
    def test_what_is_checked_is_what_is_needed(self, folder, name):
        """The peak of a whole run, beyond what a tiny one takes, is within 1.5 of the largest."""
        code = """
import re, sys
from cnnviz import files
from cnnviz.cli.run import run
checked, real = [], files.check_bytes
def spy(count, *rest, **more):
    checked.append(count)
    real(count, *rest, **more)
files.check_bytes = spy
def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
options = ["--kernel", "edge", "-q", "--overwrite", "-o", "out.png"]
assert run(["convolve", "small.png", *options]) == 0
before = peak()
assert run(["convolve", sys.argv[1], *options]) == 0
print(max(checked), peak() - before)
"""
        pixels = np.random.default_rng(0).integers(0, 256, (2400, 3000, 3), dtype=np.uint8)
        if name.endswith(".png"):
            Image.fromarray(pixels).save(name, compress_level=0)
        else:
            np.save(name, pixels)
        Image.fromarray(pixels[:9, :9]).save("small.png")
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code, name], env=environ, capture_output=True, check=True
        )
        checked, taken = map(int, done.stdout.split())
        assert 1 / 2 < taken / checked < 1.5

    def test_the_system_refuses(self, folder):
        """Memory that the budget allows and the system does not have: one line, exit 5."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (300 * 2**20, 300 * 2**20))

        Image.new("RGB", (6000, 6000)).save("wide.png", compress_level=1)
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        environ |= {"OPENBLAS_NUM_THREADS": "1"}  # each thread takes address space
        command = [sys.executable, "-m", "cnnviz", "convolve", "wide.png", *EDGE]
        done = subprocess.run(command, env=environ, preexec_fn=limit, capture_output=True)
        assert done.returncode == 5, done
        assert done.stderr.decode() == (
            "cnnviz: error: wide.png: not enough memory; use a smaller image\n"
        )
        assert "cnnviz-out" not in os.listdir()


class TestTimeout:
    @pytest.fixture
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Convolution that never ends, and swallows every exception that it may swallow."""
        from cnnviz.report import convolution

        work = convolution.convolve

        def endless(image: np.ndarray, *rest: object, **more: object) -> object:
            while image.shape[0] > 10:
                with contextlib.suppress(Exception):  # as decoders do
                    time.sleep(0.01)
            return work(image, *rest, **more)

        monkeypatch.setattr(convolution, "convolve", endless)

    @pytest.mark.usefixtures("slow")
    def test_one_image(self, cnnviz, photo, folder):
        start = time.monotonic()
        message = cnnviz("convolve", photo, *EDGE, "--timeout", "0.2").fault(5)
        assert message == f"photo.png: {TIMED_OUT}"
        assert 0.2 <= time.monotonic() - start < 20  # where others work too; it would never end
        assert files(folder) == {"photo.png"}

    @pytest.mark.usefixtures("slow")
    def test_the_others_go_on(self, cnnviz, photo, folder):
        Image.new("L", (8, 8)).save("small.png")
        images = (photo, "small.png", photo)
        result = cnnviz("convolve", *images, *EDGE, "--timeout", "1.5", "-o", "out/")
        timed_out = TIMED_OUT.replace("0.2", "1.5")  # enough for the small one on a busy machine
        assert result.code == 3
        assert result.err.splitlines() == [
            f"cnnviz: error: photo.png: {timed_out}",
            "wrote out/small-convolve-edge.png",
            f"cnnviz: error: photo.png: {timed_out}",
            "cnnviz: 2 of 3 images failed",
        ]
        assert files(folder) == {"photo.png", "small.png", "out/small-convolve-edge.png"}

    def test_in_a_decoder(self, cnnviz, photo, folder, monkeypatch):
        """Pillow's exceptions are all caught there; this one is not."""
        monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile._open", lambda self: time.sleep(60))
        assert cnnviz("convolve", photo, *EDGE, "--timeout", "0.2").fault(5).endswith(TIMED_OUT)

    def test_while_a_class_is_made(self, cnnviz, photo, folder, monkeypatch):
        """CPython makes a RuntimeError of what is raised there."""

        class Attribute:
            def __set_name__(self, owner: object, name: str) -> None:
                time.sleep(60)

        def opened(self: object) -> None:
            type("Owner", (), {"attribute": Attribute()})

        monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile._open", opened)
        assert cnnviz("convolve", photo, *EDGE, "--timeout", "0.2").fault(5).endswith(TIMED_OUT)

    def test_not_while_the_process_is_being_changed(self, monkeypatch):
        """Silencing Pillow and libtiff is finished first, and undone."""
        from cnnviz.images import quiet

        monkeypatch.setattr(clock, "AGAIN", 0.2)
        changes = []

        @contextlib.contextmanager
        def change():
            changes.append("made")
            yield
            changes.append("undone")

        shared = quiet.Shared(change)
        lock = shared._lock

        class Slow:
            def __enter__(self) -> None:
                lock.acquire()

            def __exit__(self, *_: object) -> None:
                lock.release()
                time.sleep(0.15)

        shared._lock = Slow()

        def decode() -> None:
            with clock.time_limit(0.05), clock.timed("a.png"), shared.held():
                changes.append("inside")
                time.sleep(5)

        with pytest.raises(RefusedError):
            decode()
        assert changes == ["made", "inside", "undone"]
        assert shared._holders == 0

    def test_input_that_does_not_come(self, folder):
        reader, writer = os.pipe()
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "cnnviz", "convolve", "-", *EDGE, "--timeout", "0.2"]
        done = subprocess.run(command, env=environ, stdin=reader, capture_output=True, timeout=20)
        os.close(reader)
        os.close(writer)
        assert done.returncode == 5
        assert done.stderr.decode() == f"cnnviz: error: -: {TIMED_OUT}\n"

    def test_writing_is_let_finish(self, cnnviz, photo, folder, monkeypatch):
        sync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: (time.sleep(1.7), sync(file))[1])
        assert cnnviz("convolve", photo, *EDGE, "--timeout", "1.5", "-o", "out.png").code == 0
        assert files(folder) == {"photo.png", "out.png"}

    @pytest.mark.parametrize("where", ["main", "other"])
    def test_both_clocks(self, where):
        """By signal, and by thread as on Windows: in time, and silent once the block is over."""
        found = []

        def run() -> None:
            for seconds in (0.05, 30):
                with clock.time_limit(seconds):
                    try:
                        with clock.timed("a.png"):
                            stop = time.monotonic() + 0.3
                            while time.monotonic() < stop:
                                sum(range(100))
                        found.append("done")
                    except RefusedError as error:
                        found.append(str(error))
            for _ in range(200):
                with clock.time_limit(0.001):
                    try:
                        with clock.timed("a.png"):
                            sum(range(20_000))
                    except RefusedError:
                        found.append("late")
            time.sleep(0.05)  # an alarm that was left behind would ring here

        if where == "main":
            run()
        else:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        text = "a.png: not done within 0.05 s; use a longer --timeout, or --resize"
        assert found[:2] == [text, "done"]
        assert set(found[2:]) <= {"late"}

    @pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", "100000"])
    def test_wrong_forms(self, cnnviz, photo, text):
        message = cnnviz("convolve", photo, *EDGE, "--timeout", text).fault(2)
        assert "is not a number of seconds above 0 and up to 86400" in message
