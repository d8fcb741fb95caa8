"""Which run made a file: a text chunk in a PNG, a comment in HTML or GIF; it replaces its own."""

from __future__ import annotations

import os
import zlib

import click

from cnnviz.cli.option import Option

_KEYWORD = b"cnnviz-run\0"
_COMMENT = b"<!-- cnnviz-run "  # the first line of an HTML file
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GIF = b"GIF89a"
_GIF_HEADER = 13  # its palette follows, 3 bytes each of a power of two of colours
_LOOP = b"\x21\xff\x0bNETSCAPE2.0"  # and 5 bytes
_HEADER = len(_SIGNATURE) + 25  # the signature and IHDR, which has 13 bytes of data
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a pipe in the place of a file must not hang the run
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def fingerprint(context: click.Context, source: str, content: bytes | memoryview = b"") -> str:
    """Return what identifies a run: the command, every setting that shows, and the input.

    The input is known by its path, and by its `content` where it has none (standard input).
    Checksums do, since it is accidents that they prevent, and cost no import.
    """
    settings = [
        (param.name, context.params.get(param.name or ""))
        for param in context.command.params
        if isinstance(param, Option) and param.label
    ]
    place = source if source == "-" else os.path.realpath(source)
    text = repr((context.info_name, place, settings)).encode("utf-8", "backslashreplace")
    return f"{zlib.crc32(text):08x}{zlib.adler32(text):08x}{zlib.crc32(content):08x}"


def stamped(png: bytes, run: str) -> bytes:
    """Return a PNG with the fingerprint in a `tEXt` chunk behind its header; others unchanged.

    HTML has it in a comment ahead of all, a GIF in a comment behind its palette.
    """
    if png.startswith(b"<!DOCTYPE html>"):
        return _COMMENT + run.encode() + b" -->\n" + png
    if png.startswith(_GIF):
        text = _KEYWORD + run.encode()
        comment = b"\x21\xfe" + bytes([len(text)]) + text + b"\0"
        return png[: _gif_start(png)] + comment + png[_gif_start(png) :]
    if not png.startswith(_SIGNATURE):
        return png
    data = _KEYWORD + run.encode()
    check = zlib.crc32(b"tEXt" + data)
    chunk = len(data).to_bytes(4, "big") + b"tEXt" + data + check.to_bytes(4, "big")
    return png[:_HEADER] + chunk + png[_HEADER:]


def read(path: str) -> str | None:
    """Return the fingerprint in a PNG, GIF or HTML file.

    None where there is none, and behind a symlink.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW | _NONBLOCK)
        with open(descriptor, "rb") as file:
            begin = file.read(_GIF_HEADER + 3 * 256 + 100)
    except (OSError, ValueError):
        return None
    if begin.startswith(_COMMENT):
        return begin[len(_COMMENT) :].split(b" ")[0].decode("ascii", "replace")
    if begin.startswith(_GIF):
        block = begin[_gif_start(begin) :]
        if block[:2] != b"\x21\xfe" or not block.startswith(_KEYWORD, 3):
            return None
        return block[3 + len(_KEYWORD) : 3 + block[2]].decode("ascii", "replace")
    chunk = begin[_HEADER:]
    end = 8 + int.from_bytes(chunk[:4], "big")
    if chunk[4:8] != b"tEXt" or not chunk[8:end].startswith(_KEYWORD):
        return None
    return chunk[8 + len(_KEYWORD) : end].decode("ascii", "replace")


def _gif_start(data: bytes) -> int:
    """Return where a comment of a GIF belongs: behind its palette, and what says that it loops."""
    flags = data[10] if len(data) > 10 else 0
    start = _GIF_HEADER + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    return start + len(_LOOP) + 5 if data.startswith(_LOOP, start) else start
