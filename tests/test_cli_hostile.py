"""Hostile arrays, targets and streams, through the command line as a user meets them."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from conftest import files
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
EDGE = ("--kernel", "edge")
MAGIC = b"\x93NUMPY\x01\x00"


def npy(values: object, **options: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(values), **options)
    return stream.getvalue()


def headed(text: str, rest: bytes = b"") -> bytes:
    return MAGIC + struct.pack("<H", len(text)) + text.encode() + rest


def header(shape: str, descr: str = "'<f8'") -> bytes:
    return headed(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n")


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def overstated(data: bytes) -> bytes:
    """Return a zip whose directory says that a member takes 4 GB packed and unpacked."""
    at = data.index(b"PK\x01\x02") + 20
    return data[:at] + struct.pack("<II", 2**32 - 2, 2**32 - 2) + data[at + 8 :]


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("pickle-ran",)


PICKLE = npy(np.array([[Trap()]], object), allow_pickle=True)
REFUSED = {
    "pickle.npy": PICKLE,
    "pickle.npz": zipped({"a.npy": PICKLE}),
    "negative.npy": header("(-3, 3)"),
    "enormous.npy": header("(10**30, 3)".replace("10**30", str(10**30))),
    "overflowing.npy": header(f"({2**40}, {2**40})"),
    "wide.npy": header("(200000, 200000)"),
    "bomb.npz": zipped({"a.npy": npy(np.zeros((4000, 4000)))}),
    "overstated.npz": overstated(zipped({"a.npy": npy(np.zeros((9, 9)))})),
    "members.npz": zipped({f"{i}.npy": b"" for i in range(10_001)}, zipfile.ZIP_STORED),
    "line.csv": b"1," * (3 * 2**20),
}
WRONG = {
    "scalar.npy": npy(3.0),
    "row.npy": npy([1.0, 2.0]),
    "five.npy": npy(np.zeros((1, 1, 1, 1, 1))),
    "structured.npy": npy(np.zeros((3, 3), [("x", "f8"), ("y", "f8")])),
    "subarray.npy": header("(3,)", "('<f8', (1000000000,))"),
    "complex.npy": npy(np.zeros((3, 3), complex)),
    "dates.npy": npy(np.zeros((3, 3), "datetime64[s]")),
    "words.npy": npy([["a", "b"], ["c", "d"]]),
    "fields.npy": headed("{'descr': '<f8', 'shape': (3, 3)}\n"),
    "code.npy": headed("__import__('os').mkdir('code-ran')\n"),
    "deep.npy": headed("(" * 9000),
    "minus.npy": headed("-" * 9000 + "1"),
    "long.npy": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{" * 100,
    "nested.npz": zipped({"inner.npz": zipped({"a.npy": npy(np.eye(4))})}),
    "folder.npz": zipped({"a.npy/": b""}),
    "lzma.npz": zipped({"a.npy": npy(np.eye(4))}, zipfile.ZIP_LZMA),
    "checksum.npz": zipped({"a.npy": npy(np.eye(4))}, zipfile.ZIP_STORED).replace(
        npy(np.eye(4))[-8:], bytes(8)
    ),
    "nan.npy": npy(np.full((4, 4), np.nan)),
    "text.csv": b"a,b\n1,2\n",
    "ragged.csv": b"1,2\n1,2,3\n",
    "huge.csv": b"1e999,1\n1,1\n",
    "other.csv": "١,٢\n٣,٤\n".encode(),
    "binary.csv": b"1,2\n\0\xff\n",
}


class TestArrays:
    """Rows 7, 9, 11 and 12."""

    @pytest.mark.parametrize(
        ("name", "code"), [*((n, 5) for n in REFUSED), *((n, 1) for n in WRONG)]
    )
    def test_as_images_and_as_kernels(self, cnnviz, folder, name, code):
        Path(name).write_bytes((REFUSED | WRONG)[name])
        Image.new("L", (8, 8)).save("photo.png")
        before = files(folder)
        runs = [
            cnnviz("convolve", name, *EDGE),
            cnnviz("pool", "-", stdin=Path(name).read_bytes()),
        ]
        if name not in ("row.npy", "five.npy"):
            runs.append(cnnviz("convolve", "photo.png", "--kernel", f"./{name}"))
        for result in runs:
            message = result.fault(code)
            assert message.isprintable()
            assert len(message) < 300
            assert "unexpected" not in message
        assert files(folder) == before
        assert not os.path.isdir("pickle-ran")
        assert not os.path.isdir("code-ran")

    def test_a_member_is_a_name_and_never_a_path(self, cnnviz, folder):
        Path("a.npz").write_bytes(zipped({"../../up\x1b[2J.npy": npy(np.eye(4) + 1)}))
        result = cnnviz("convolve", "a.npz", *EDGE, "-o", "out/")
        assert result.code == 0
        assert files(folder) == {"a.npz", "out/a-convolve-edge.png"}

    def test_a_large_zip_record_is_read_like_another(self, cnnviz, folder):
        stream = io.BytesIO()
        large = {"mode": "w", "force_zip64": True}
        with zipfile.ZipFile(stream, "w") as archive, archive.open("a.npy", **large) as member:
            member.write(npy(np.eye(4)))
        Path("a.npz").write_bytes(stream.getvalue())
        assert cnnviz("convolve", "a.npz", *EDGE).code == 0


class TestTargets:
    """Rows 16 and 19 to 21."""

    def test_an_input_under_another_name(self, cnnviz, photo, folder):
        os.link("photo.png", "hard.png")
        os.symlink("photo.png", "soft.png")
        before = photo.read_bytes()
        for image in ("photo.png", "hard.png", "soft.png", "./photo.png", f"{folder}/photo.png"):
            for target in ("photo.png", "hard.png", "./hard.png", f"{folder}/hard.png"):
                message = cnnviz("convolve", image, *EDGE, "-o", target, "--overwrite").fault(4)
                assert message.endswith("is an input, which is never overwritten; use another name")
        assert photo.read_bytes() == before

    def test_a_kernel_is_an_input(self, cnnviz, photo, folder):
        np.save("k.npy", np.eye(3))
        arguments = ("--kernel", "./k.npy", "-o", "k.npy", "--overwrite")
        assert "is an input" in cnnviz("convolve", photo, *arguments).fault(4)

    @pytest.mark.parametrize("kind", ["pipe", "device", "folder", "soft", "dangling"])
    @pytest.mark.parametrize("flags", [(), ("--overwrite",)])
    def test_what_is_no_regular_file(self, cnnviz, photo, folder, kind, flags):
        match kind:
            case "pipe":
                os.mkfifo("out.png")
            case "device":
                if os.geteuid() != 0:
                    pytest.skip("only root makes devices")
                os.mknod("out.png", 0o20666, os.makedev(1, 3))
            case "folder":
                os.makedirs("out.png/full")
            case _:
                os.symlink("photo.png" if kind == "soft" else "nowhere.png", "out.png")
        before = os.lstat("out.png")
        target = "{stem}ut.png" if kind == "folder" else "out.png"
        if kind == "folder":
            os.rename("photo.png", "o.png")
        image = "o.png" if kind == "folder" else "photo.png"
        if kind == "soft":
            shutil.copy("photo.png", "image.png")
            image = "image.png"
        cnnviz("convolve", image, *EDGE, "-o", target, *flags).fault(4)
        assert os.lstat("out.png") == before
        assert not os.path.exists("nowhere.png")

    def test_a_folder_that_leads_nowhere(self, cnnviz, photo, folder):
        os.symlink(folder / "nowhere", "out")
        assert "cannot write out/" in cnnviz("convolve", photo, *EDGE, "-o", "out/").fault(4)
        assert files(folder) == {"photo.png", "out"}

    @pytest.mark.parametrize("name", [".", "..", "...", "-", "con", "a/../b", "\udcff", "x" * 251])
    def test_names_from_stems(self, cnnviz, folder, name):
        """A stem is a part of a name, whatever is in it."""
        source = Path("in", name.replace("/", "_") + ".npy")
        source.parent.mkdir()
        np.save("plain.npy", np.eye(5))
        os.rename("plain.npy", source)
        result = cnnviz("convolve", source, *EDGE, "-o", "out/map-{stem}.png", "-o", "out/")
        assert result.code == 0, result
        made = [made for made in files(folder) if not made.startswith("in/")]
        assert len(made) == 2
        for made_name in made:
            place, _, base = made_name.partition("/")
            assert place == "out"
            assert "/" not in base
            assert len(base.encode()) <= 255


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs a filesystem of its own")
def test_a_disk_that_is_full_and_one_that_is_read_only(photo, folder):
    """Row 21 on a real small disk: exit 4, the old file intact, no temporary."""
    script = f"""
    mount -t tmpfs -o size=48k cnnviz disk || exit 77
    printf old > disk/out.png
    for format in png svg npy; do
        printf old > disk/out.$format
        {sys.executable} -m cnnviz convolve large.png --kernel edge -q --overwrite \\
            -o disk/out.$format; echo $?
        {sys.executable} -m cnnviz convolve large.png --kernel edge -q -o disk/new.$format; echo $?
    done
    mount -o remount,ro disk
    {sys.executable} -m cnnviz convolve photo.png --kernel edge -q --overwrite -o disk/out.png
    echo $?
    {sys.executable} -m cnnviz convolve photo.png --kernel edge -q -o disk/deep/new.png
    echo $?
    cat disk/out.png disk/out.svg disk/out.npy
    ls -A disk
    """
    noise = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)
    Image.fromarray(noise).save("large.png")
    Path("disk").mkdir()
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=False)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no rights to mount")
    *codes, contents, _, _ = (lines := done.stdout.split())
    assert codes == ["4"] * 8, done
    assert contents == "oldoldoldout.npy"
    assert lines[-2:] == ["out.png", "out.svg"]
    errors = done.stderr.splitlines()
    assert [e for e in errors if not e.startswith("cnnviz: error: cannot write disk/")] == []
    assert [e.rpartition(": ")[2] for e in errors] == (
        ["no space left on device"] * 6 + ["read-only file system"] * 2
    )


class TestStreams:
    """Row 23 and 25: streams that the caller closed."""

    @pytest.mark.parametrize(
        ("name", "closed", "arguments", "code"),
        [
            ("photo.png", (0,), (), 0),
            ("photo.png", (1,), ("-q",), 0),
            ("photo.png", (1,), (), 4),
            ("photo.png", (1,), ("--json",), 4),
            ("photo.png", (1,), ("-o", "-"), 4),
            ("lzw.tif", (2,), (), 0),
            ("lzw.tif", (0, 1, 2), ("-q",), 0),
            ("lzw.tif", (0, 1, 2), (), 4),
        ],
    )
    def test_closed(self, photo, folder, name, closed, arguments, code):
        """Also a TIFF, whose library writes to descriptor 2, whatever file that may be by then."""
        with Image.open(photo) as image:
            image.save("lzw.tif", compression="tiff_lzw")

        def close() -> None:
            for number in closed:
                os.close(number)

        command = [sys.executable, "-m", "cnnviz", "convolve", name, *EDGE, *arguments]
        streams = {n: None if i in closed else subprocess.PIPE
                   for i, n in enumerate(("stdin", "stdout", "stderr"))}  # fmt: skip
        done = subprocess.run(command, env=ENVIRON, preexec_fn=close, check=False, **streams)
        assert done.returncode == code, done
        assert b"Traceback" not in (done.stderr or b"")
        stem = name.partition(".")[0]
        made = files(folder) - {"photo.png", "lzw.tif"}
        assert made == (
            {f"cnnviz-out/{stem}-convolve-edge.png"} if "-o" not in arguments else set()
        )
        for path in made:
            with Image.open(path) as figure:
                figure.load()

    def test_no_input_and_nobody_to_tell(self, folder):
        command = [sys.executable, "-m", "cnnviz", "convolve", "-", *EDGE]
        for closed in ((0,), (0, 1, 2)):
            done = subprocess.run(
                command,
                env=ENVIRON,
                preexec_fn=lambda closed=closed: [os.close(n) for n in closed],
                check=False,
            )
            assert done.returncode == 1
        assert files(folder) == set()

    def test_a_full_standard_output(self, photo, folder):
        for arguments in (("-o", "-"), ("--json",), ()):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [sys.executable, "-m", "cnnviz", "convolve", photo, *EDGE, *arguments],
                    env=ENVIRON,
                    stdout=full,
                    stderr=subprocess.PIPE,
                    check=False,
                )
            assert done.returncode == 4
            last = done.stderr.decode().splitlines()[-1]
            assert last == "cnnviz: error: cannot write standard output: no space left on device"
