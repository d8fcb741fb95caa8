"""Hostile input and a hostile machine: a documented exit code, one line, and no file left."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Result, files
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
EDGE = ("--kernel", "edge")
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp\n.png"


def process(*args: str | bytes, **options) -> subprocess.CompletedProcess[bytes]:
    """Run cnnviz as a process of its own."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | options.pop("environ", {})
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    command = [sys.executable, "-m", "cnnviz", *args]
    return subprocess.run(command, env=environ, check=False, **options)


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


class TestSettings:
    """Row 8: settings that cannot be, before a pixel is read where the words alone show it."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ("convolve", *EDGE, "--stride", "0"),
            ("convolve", *EDGE, "--stride", "-1"),
            ("convolve", *EDGE, "--dilation", "0"),
            ("convolve", *EDGE, "--padding", "-1"),
            ("convolve", *EDGE, "--groups", "0"),
            ("convolve", *EDGE, "--scale", "0"),
            ("convolve", *EDGE, "--max-pixels", "0"),
            ("convolve", "--kernel", ""),
            ("pool", "--size", "0"),
            ("pool", "--size", "0x2"),
            ("pool", "--type", "lp:0"),
        ],
    )
    def test_before_the_image_is_read(self, cnnviz, folder, arguments):
        cnnviz(*arguments, "missing.png").fault(2)
        assert files(folder) == set()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("convolve", "--kernel", "gaussian:13"),
            ("convolve", *EDGE, "--dilation", "9"),
            ("pool", "--size", "13"),
            ("convolve", *EDGE, "--region", "10,0,10,5"),
        ],
    )
    def test_a_window_larger_than_the_image(self, cnnviz, photo, folder, arguments):
        cnnviz(*arguments, photo).fault(2)
        assert files(folder) == {"photo.png"}

    @pytest.mark.parametrize("shape", [(0, 5), (5, 0, 3)])
    def test_an_empty_image(self, cnnviz, folder, shape):
        np.save("empty.npy", np.zeros(shape))
        assert "empty" in cnnviz("convolve", "empty.npy", *EDGE).fault(1)
        assert files(folder) == {"empty.npy"}


class TestNames:
    """Rows 16 and 18: names are data, not paths and not orders to the terminal."""

    @pytest.mark.parametrize(
        "name",
        [HOSTILE, "..png", "-rf.png", "a b;c|d.png", "ä" * 125 + ".png", "{stem}.png", "~.png"],
    )
    def test_images(self, cnnviz, folder, name):
        Image.new("L", (8, 8)).save(folder / "x.png")
        os.rename("x.png", name)
        result = cnnviz("convolve", *EDGE, "--", name)
        assert result.code == 0
        (made,) = files(folder) - {name}
        assert os.path.dirname(made) == "cnnviz-out"
        assert len(os.path.basename(made).encode()) <= 255
        assert os.path.basename(made)[0] not in ".-"
        assert made.isprintable()
        assert result.err == f"wrote {made}\n"
        assert all(line.isprintable() for line in result.text.split("\n"))

    def test_kernels_and_their_keys(self, cnnviz, photo, folder):
        np.save("k.npy", np.eye(3))
        os.rename("k.npy", "..\\" + HOSTILE)
        kernel = "file:..\\" + HOSTILE
        result = cnnviz("convolve", photo, "--kernel", kernel, "-o", "maps.npz", "-o", "out/")
        assert result.code == 0, result
        assert all(line.isprintable() for line in (result.text + result.err).split("\n"))
        with np.load("maps.npz") as maps:
            (key,) = maps
        assert key.isprintable()
        assert not set("/\\") & set(key.replace("\\x", "").replace("\\u", ""))
        assert {name.split("/")[0] for name in files(folder)} == {
            "photo.png", "maps.npz", "out", "..\\" + HOSTILE,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "arguments",
        [
            ("convolve", HOSTILE, *EDGE),
            ("convolve", "x.png", "--kernel", HOSTILE),
            ("convolve", "x.png", *EDGE, "-o", HOSTILE.replace("png", "gif")),
            ("convolve", "x.png", *EDGE, "--stride", HOSTILE),
            ("convolve", "x.png", *EDGE, f"--{HOSTILE}"),
            ("pool", "x.png", "--type", HOSTILE),
            ("shapes", "--model", HOSTILE),
            ("shapes", "--model", f"Conv2D(2, 3, name='{HOSTILE}')", "--input", "2x2"),
            ("models", HOSTILE),
            (HOSTILE,),
        ],
    )
    def test_messages(self, cnnviz, arguments):
        result = cnnviz(*arguments)
        assert result.fault(result.code).isprintable()
        assert result.code in (1, 2)

    def test_layers_of_a_model(self, cnnviz, folder):
        name = json.dumps("c\x1b[2J\u202e")
        layer = f'{{"type": "Conv2D", "name": {name}, "filters": 2, "kernel_size": 3}}'
        Path("net.json").write_text(f'{{"input_shape": [8, 8, 1], "layers": [{layer}]}}')
        result = cnnviz("shapes", "--model", "net.json")
        assert all(line.isprintable() for line in (result.text + result.err).split("\n"))


class TestMachine:
    """Rows 20, 21 and 24: the disk is full or read-only, memory is out, another run is first."""

    @pytest.mark.parametrize("targets", [(), ("-o", "out.png"), ("-o", "new/out.npy")])
    def test_a_full_disk(self, cnnviz, photo, folder, monkeypatch, targets):
        monkeypatch.setattr(os, "fsync", full)
        message = cnnviz("convolve", photo, *EDGE, *targets).fault(4)
        assert message.startswith("cannot write ")
        assert message.endswith("no space left on device")
        assert files(folder) == {"photo.png"}

    def test_a_full_disk_keeps_the_old_file(self, cnnviz, photo, folder, monkeypatch):
        Path("out.png").write_bytes(b"old")
        monkeypatch.setattr(os, "fsync", full)
        cnnviz("convolve", photo, *EDGE, "-o", "out.png", "--overwrite").fault(4)
        assert Path("out.png").read_bytes() == b"old"
        assert files(folder) == {"photo.png", "out.png"}

    def test_a_write_that_stops_half_way(self, photo, folder):
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        # Python would cut its own .pyc files short as well.
        environ = {"PYTHONDONTWRITEBYTECODE": "1"}
        command = ("convolve", photo, *EDGE, "-o", "out.png")
        done = process(*command, preexec_fn=limit, environ=environ)
        Result(done.returncode, done.stdout, done.stderr.decode()).fault(4)
        assert files(folder) == {"photo.png"}

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
    @pytest.mark.parametrize(
        "arguments",
        [
            ("--help",),
            ("models",),
            ("models", "--json"),
            ("shapes", "--model", "nothing", "--json"),
        ],
    )
    def test_a_full_standard_output(self, folder, arguments):
        with open("/dev/full", "wb") as stdout:
            done = process(*arguments, stdout=stdout)
        lines = done.stderr.decode().splitlines()
        assert len(lines) == 1
        assert done.returncode == (2 if "nothing" in arguments else 4)

    @pytest.mark.parametrize(
        "arguments", [("models",), ("models", "--json"), ("models", "-o", "-")]
    )
    def test_a_closed_standard_output(self, folder, arguments):
        done = process(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
        assert done.returncode == 4
        assert done.stderr == b"cnnviz: error: standard output is closed\n"

    def test_a_closed_standard_error(self, photo, folder):
        done = process("convolve", photo, *EDGE, stderr=None, preexec_fn=lambda: os.close(2))
        assert done.returncode == 0
        assert done.stdout.startswith(b"input ")
        done = process(
            "convolve", "missing.png", *EDGE, stderr=None, preexec_fn=lambda: os.close(2)
        )
        assert (done.returncode, done.stdout) == (1, b"")

    @pytest.mark.parametrize("target", ["file/out.png", "x" * 300 + ".png", "/proc/x/out.png"])
    def test_a_place_that_cannot_be_written(self, cnnviz, photo, folder, target):
        Path("file").touch()
        assert "cannot write" in cnnviz("convolve", photo, *EDGE, "-o", target).fault(4)
        assert files(folder) == {"photo.png", "file"}

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
    def test_a_read_only_folder(self, cnnviz, photo, folder):
        Path("closed").mkdir(mode=0o500)
        message = cnnviz("convolve", photo, *EDGE, "-o", "closed/out.png").fault(4)
        assert "permission denied" in message

    @pytest.mark.parametrize("images", [("photo.png",), ("photo.png", "photo.png")])
    def test_out_of_memory(self, cnnviz, photo, folder, monkeypatch, images):
        from cnnviz.report import convolution

        def exhausted(*_: object, **__: object) -> None:
            raise MemoryError

        monkeypatch.setattr(convolution, "convolve", exhausted)
        result = cnnviz("convolve", *images, *EDGE)
        assert result.code == 5
        assert "not enough memory; use a smaller image" in result.err
        assert len(result.err.splitlines()) == (1 if len(images) == 1 else 3)
        assert files(folder) == {"photo.png"}

    def test_a_result_over_the_budget_is_refused(self, cnnviz, folder):
        np.save("wide.npy", np.zeros((2, 2), np.float32))
        cnnviz("convolve", "wide.npy", *EDGE, "--padding", "100000").fault(5)
        assert files(folder) == {"wide.npy"}

    def test_of_two_runs_one_wins(self, photo, folder):
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "cnnviz", "convolve", "photo.png", *EDGE, "-o", "out.png"]
        runs = [
            subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(3)
        ]
        messages = [run.communicate()[1].decode() for run in runs]
        assert sorted(run.returncode for run in runs) == [0, 4, 4]
        losers = [m for m in messages if "exists" in m]
        assert losers == ["cnnviz: error: out.png exists; use --overwrite or another name\n"] * 2
        assert files(folder) == {"photo.png", "out.png"}
        with Image.open("out.png") as image:
            image.load()


class TestPipes:
    """Row 23: nobody reads any more."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--help",),
            ("models",),
            ("shapes", "--model", "vgg16", "--json"),
            ("convolve", "photo.png", *EDGE, "-o", "-"),
            ("convolve", "photo.png", *EDGE),
            ("shapes", "--model", "nothing", "--json"),
        ],
    )
    def test_a_closed_pipe_is_quiet(self, photo, folder, arguments):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            done = process(*arguments, stdout=writer)
        finally:
            os.close(writer)
        if "nothing" in arguments:
            assert done.returncode == 2
            return
        assert done.returncode == 141
        assert b"Traceback" not in done.stderr
        assert b"error" not in done.stderr

    def test_head(self, photo, folder):
        command = f"{sys.executable} -m cnnviz shapes --model vgg16 --json | head -c 1"
        script = f"set -o pipefail; {command}; exit ${{PIPESTATUS[0]}}"
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        done = subprocess.run(["bash", "-c", script], capture_output=True, env=environ, check=False)
        assert done.stdout == b"{"
        assert done.stderr == b""
        assert done.returncode in (0, 141)  # a pipe that holds it all is never seen closed


class TestLocale:
    """Row 25: any locale, any bytes in a name, no terminal."""

    LOCALES = ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "TERM": "dumb"},
               {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"})  # fmt: skip

    @pytest.mark.parametrize("name", ["no\u00ebl-\u732b.png".encode(), b"caf\xe9\xff.png"])
    def test_the_same_bytes(self, folder, name):
        Image.new("L", (8, 8), 7).save("x.png")
        results = []
        for number, environ in enumerate(self.LOCALES):
            place = folder / str(number)
            place.mkdir()
            os.link("x.png", os.path.join(os.fsencode(place), name))
            for flags in ((), ("--json",)):
                done = process("convolve", name, *EDGE, *flags, cwd=place, environ=environ)
                results.append((number, done.returncode, done.stdout, done.stderr))
            done = process("convolve", b"no-" + name, *EDGE, cwd=place, environ=environ)
            results.append((number, done.returncode, done.stdout, done.stderr))
            for path in sorted(os.listdir(os.fsencode(place / "cnnviz-out"))):
                content = Path(os.fsdecode(os.path.join(os.fsencode(place / "cnnviz-out"), path)))
                results.append((number, path, len(content.read_bytes())))
        first = [row[1:] for row in results if row[0] == 0]
        assert [row[0] for row in first[:3]] == [0, 0, 1]
        for number in range(1, len(self.LOCALES)):
            assert [row[1:] for row in results if row[0] == number] == first

    def test_bytes_that_are_no_text_are_shown_escaped(self, cnnviz, folder):
        name = os.fsdecode(b"caf\xe9.png")
        assert cnnviz("convolve", name, *EDGE).fault(1).startswith(r"caf\xe9.png: ")
        error = json.loads(cnnviz("convolve", name, *EDGE, "--json").out)["error"]
        assert error["path"] == name


class TestBugs:
    """What nobody foresaw is still one line, and never hidden."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
        def break_with(error: Exception) -> None:
            from cnnviz.report import convolution

            def fail(*_: object, **__: object) -> None:
                raise error

            monkeypatch.setattr(convolution, "convolve", fail)

        return break_with

    @pytest.mark.parametrize(
        "error", [KeyError("x"), RecursionError("too deep"), ValueError("a\nb\x1b[2J")]
    )
    def test_one_line(self, cnnviz, photo, folder, broken, error):
        broken(error)
        message = cnnviz("convolve", photo, *EDGE).fault(1)
        assert message.startswith(f"unexpected {type(error).__name__}: ")
        assert message.endswith("this is a bug in cnnviz; CNNVIZ_DEBUG=1 shows the traceback")
        assert message.isprintable()
        assert files(folder) == {"photo.png"}

    def test_the_traceback_on_request(self, cnnviz, photo, broken, monkeypatch):
        broken(KeyError("x"))
        monkeypatch.setenv("CNNVIZ_DEBUG", "1")
        result = cnnviz("convolve", photo, *EDGE)
        assert result.code == 1
        assert result.err.startswith("Traceback")
        assert "cnnviz: error: unexpected KeyError" in result.err.splitlines()[-1]

    def test_details_are_indented_lines(self, cnnviz, photo, broken):
        from cnnviz.errors import InputError

        details = ["conv1: expected 3x3, got 5x5", "conv2: \x1b missing"]
        broken(InputError("the weights do not fit", hint="look", details=details))
        result = cnnviz("convolve", photo, *EDGE, "--json")
        assert result.err.splitlines() == [
            "cnnviz: error: the weights do not fit; look",
            "  conv1: expected 3x3, got 5x5",
            r"  conv2: \x1b missing",
        ]
        assert json.loads(result.out)["error"]["details"] == details
