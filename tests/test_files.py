"""The one writer: whole or not at all, never over another run's file, nothing left behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnnviz import files
from cnnviz.errors import OutputError, RefusedError
from cnnviz.files import check_bytes, check_target, open_atomic, write_file


def names(folder: Path) -> set[str]:
    return set(os.listdir(folder))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out.png"


@pytest.fixture(params=["link", "no link"])
def filesystem(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem with hard links, and one without (FAT, some network shares)."""
    if request.param == "no link":

        def link(*_: object) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("filesystem")
class TestWriting:
    def test_writes_the_bytes_and_makes_the_folder(self, tmp_path):
        write_file(tmp_path / "a" / "b" / "out.bin", b"\0new\r\n")
        assert (tmp_path / "a" / "b" / "out.bin").read_bytes() == b"\0new\r\n"
        assert names(tmp_path / "a" / "b") == {"out.bin"}

    def test_an_existing_file_is_refused(self, target):
        target.write_bytes(b"old")
        with pytest.raises(OutputError, match=r"out\.png exists; use --overwrite"):
            write_file(target, b"new")
        assert target.read_bytes() == b"old"

    def test_overwrite_replaces(self, target):
        target.write_bytes(b"old")
        write_file(target, b"new", overwrite=True)
        assert target.read_bytes() == b"new"
        assert names(target.parent) == {"out.png"}

    def test_a_private_file_stays_private(self, target):
        target.touch(mode=0o600)
        write_file(target, b"new", overwrite=True)
        assert target.stat().st_mode & 0o777 == 0o600

    def test_a_file_that_appears_meanwhile_is_kept(self, target):
        def write_late() -> None:
            with open_atomic(target) as file:
                file.write(b"ours")
                target.write_bytes(b"theirs")

        with pytest.raises(OutputError, match="exists"):
            write_late()
        assert target.read_bytes() == b"theirs"
        assert names(target.parent) == {"out.png"}

    def test_an_exception_in_the_block_leaves_nothing(self, target):
        def write_half() -> None:
            with open_atomic(target) as file:
                file.write(b"half")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_half()
        assert names(target.parent) == set()

    @pytest.mark.parametrize("overwrite", [False, True])
    @pytest.mark.parametrize("step", ["fsync", "publish"])
    def test_a_full_disk_leaves_the_old_file(self, target, monkeypatch, step, overwrite):
        if overwrite:
            target.write_bytes(b"old")
        before = names(target.parent)

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        for name in ("fsync",) if step == "fsync" else ("link", "replace"):
            monkeypatch.setattr(os, name, full)
        with pytest.raises(OutputError, match=r"cannot write .*: no space left on device"):
            write_file(target, b"new", overwrite=overwrite)
        assert names(target.parent) == before
        assert not overwrite or target.read_bytes() == b"old"

    def test_of_many_writers_one_wins(self, target):
        count = 12
        barrier, wins, losses = threading.Barrier(count), [], []

        def write(number: int) -> None:
            content = bytes([number]) * 100_000
            barrier.wait()
            try:
                write_file(target, content)
            except OutputError:
                losses.append(number)
            else:
                wins.append(content)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(wins), len(losses)) == (1, count - 1)
        assert target.read_bytes() == wins[0]
        assert names(target.parent) == {"out.png"}


class TestTargets:
    def test_a_symlink_is_never_written_through(self, tmp_path, target):
        real = tmp_path / "real.png"
        real.write_bytes(b"old")
        target.symlink_to(real)
        for overwrite in (False, True):
            with pytest.raises(OutputError, match="is a symlink; name the real file"):
                write_file(target, b"new", overwrite=overwrite)
        assert real.read_bytes() == b"old"
        assert target.is_symlink()

    def test_a_dangling_symlink_is_refused(self, tmp_path, target):
        target.symlink_to(tmp_path / "elsewhere.png")
        with pytest.raises(OutputError, match="symlink"):
            write_file(target, b"new", overwrite=True)
        assert names(tmp_path) == {"out.png"}

    def test_a_symlink_that_appears_meanwhile_is_not_followed(self, tmp_path, target):
        other = tmp_path / "other.png"
        other.write_bytes(b"other")
        with open_atomic(target, overwrite=True) as file:
            file.write(b"new")
            target.symlink_to(other)
        assert other.read_bytes() == b"other"
        assert not target.is_symlink()

    @pytest.mark.parametrize("kind", ["folder", "pipe"])
    def test_only_regular_files(self, target, kind):
        if kind == "folder":
            target.mkdir()
        else:
            os.mkfifo(target)
        with pytest.raises(OutputError, match="not a regular file"):
            check_target(target, overwrite=True)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("file/out.png", "not a directory"), ("x" * 300, "file name too long"), ("a\0b", "null")],
    )
    def test_a_place_that_cannot_be(self, tmp_path, name, reason):
        (tmp_path / "file").touch()
        with pytest.raises(OutputError, match=reason):
            write_file(os.path.join(tmp_path, name), b"new")
        assert names(tmp_path) == {"file"}

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
    def test_a_read_only_folder(self, tmp_path, target):
        tmp_path.chmod(0o500)
        try:
            with pytest.raises(OutputError, match="permission denied"):
                write_file(target, b"new")
        finally:
            tmp_path.chmod(0o700)

    def test_a_read_only_filesystem(self, target, monkeypatch):
        def read_only(*_: object, **__: object) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        monkeypatch.setattr("builtins.open", read_only)
        with pytest.raises(OutputError, match="read-only file system"):
            write_file(target, b"new")


class TestStale:
    @pytest.fixture(autouse=True)
    def _forget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "_cleared", set())

    def test_the_next_run_clears_what_a_killed_one_left(self, tmp_path, target):
        killed = subprocess.Popen([sys.executable, "-c", ""])
        killed.wait()
        (tmp_path / f".cnnviz-{killed.pid}-{files._machine()}-0123abcd.tmp").write_bytes(b"half")
        write_file(target, b"new")
        assert names(tmp_path) == {"out.png"}

    def test_a_run_on_another_machine_is_left_alone_for_a_day(self, tmp_path, target):
        new, old = (tmp_path / f".cnnviz-1-0123abcd-{n}0000000.tmp" for n in range(2))
        for path in (new, old):
            path.touch()
        os.utime(new, times=(time.time() - 23 * 3600,) * 2)
        os.utime(old, times=(time.time() - 25 * 3600,) * 2)
        write_file(target, b"new")
        assert names(tmp_path) == {"out.png", new.name}

    def test_a_living_run_and_other_files_are_left_alone(self, tmp_path, target):
        ours = f".cnnviz-{os.getppid()}-{files._machine()}-0123abcd.tmp"
        kept = {ours, f"x{ours}", f"{ours}.png", ".cnnviz-x-0123abcd.tmp", "a.tmp"}
        for name in kept:
            (tmp_path / name).touch()
        write_file(target, b"new")
        assert names(tmp_path) == kept | {"out.png"}

    def test_each_folder_is_looked_through_once(self, tmp_path, monkeypatch):
        looked = []
        monkeypatch.setattr(files, "clear_stale", looked.append)
        for name in "abc":
            write_file(tmp_path / name, b"")
        assert looked == [os.path.realpath(tmp_path)]


def test_budget_names_both_sizes():
    check_bytes(100, "cat.png", limit=100)
    with pytest.raises(RefusedError, match=r"cat\.png needs 3\.0 GiB, more than .* 1\.0 GiB; use"):
        check_bytes(3 * 2**30, "cat.png", limit=2**30)
