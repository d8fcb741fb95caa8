"""Which run made a picture: a text chunk in the PNG, so that the same run replaces its own file."""

from __future__ import annotations

import os
import struct
import zlib
from hashlib import sha256
from pathlib import Path

import click

from cnnviz.cli.option import Option

_KEYWORD = b"cnnviz-run\0"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = len(_SIGNATURE) + 25  # the signature and IHDR, which has 13 bytes of data
_CHUNK = 8 + len(_KEYWORD) + 64 + 4


def fingerprint(context: click.Context, source: str, content: bytes | memoryview = b"") -> str:
    """Return what identifies a run: the command, every setting that shows, and the input.

    The input is known by its path, and by its `content` where it has none (standard input).
    """
    settings = [
        (param.name, context.params.get(param.name or ""))
        for param in context.command.params
        if isinstance(param, Option) and param.label
    ]
    place = source if source == "-" else os.path.realpath(source)
    digest = sha256(repr((context.info_name, place, settings)).encode("utf-8", "backslashreplace"))
    digest.update(content)
    return digest.hexdigest()


def stamped(png: bytes, run: str) -> bytes:
    """Return a PNG with the fingerprint in a `tEXt` chunk behind its header; others unchanged."""
    if not png.startswith(_SIGNATURE):
        return png
    body = b"tEXt" + _KEYWORD + run.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_HEADER] + chunk + png[_HEADER:]


def read(path: Path) -> str | None:
    """Return the fingerprint in a PNG file, None where there is none (or behind a symlink)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | _NONBLOCK)
        with open(descriptor, "rb") as file:
            chunk = file.read(_HEADER + _CHUNK)[_HEADER:]
    except (OSError, ValueError):
        return None
    if chunk[4:8] != b"tEXt" or not chunk[8:].startswith(_KEYWORD):
        return None
    return chunk[8 + len(_KEYWORD) : -4].decode("ascii", "replace")


_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a pipe in the place of a file must not hang the run
