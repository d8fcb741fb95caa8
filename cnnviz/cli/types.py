"""How the words of a command line become values: a command receives `(3, 3)`, never `"3x3"`.

A value that does not parse is a usage error which names it and the forms that would do.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, NoReturn

import click

from cnnviz.cli import suggest
from cnnviz.cli.suggest import Suggested
from cnnviz.errors import CnnvizError
from cnnviz.geometry import NAMED_PADDINGS

Pair = tuple[int, int]
BORDERS = ("zero", "constant", "edge", "reflect", "symmetric", "wrap")


class _Word(Suggested):
    """A value written in one word; `forms` says how, in the error message."""

    forms = ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            parsed = self.parse(value.strip())
        except CnnvizError as error:
            self.fail(str(error), param, ctx)
        except (ValueError, OverflowError):
            parsed = None
        if parsed is None:
            self.fail(f"{value!r} is not {self.forms}", param, ctx)
        return parsed

    def parse(self, text: str) -> Any:
        """Return the value, or None if `text` is not one."""
        raise NotImplementedError


class Size(_Word):
    """`2` or `2x3`, height first: `(2, 2)`, `(2, 3)`."""

    name = "size"
    forms = "a positive whole number N or HxW"

    def parse(self, text: str) -> Pair | None:
        numbers = _by(text)
        if len(numbers) not in (1, 2) or min(numbers) < 1:
            return None
        return numbers[0], numbers[-1]


class PaddingType(_Word):
    """A named padding, `n`, `HxW` or `top,bottom,left,right`; pairs of (before, after)."""

    name = "padding"
    forms = "valid, same, full, N, HxW or TOP,BOTTOM,LEFT,RIGHT"
    names = staticmethod(lambda ctx, word: NAMED_PADDINGS)

    def parse(self, text: str) -> str | tuple[Pair, Pair] | None:
        if text.lower() in NAMED_PADDINGS:
            return text.lower()
        if "," in text:
            top, bottom, left, right = _naturals(text.split(","))
            return (top, bottom), (left, right)
        numbers = _by(text)
        height, width = numbers[0], numbers[-1]
        return ((height, height), (width, width)) if len(numbers) in (1, 2) else None


class Border(_Word):
    """What lies in the padding: a rule by name, or a number."""

    name = "border"
    forms = f"{', '.join(BORDERS)} or a number"
    names = staticmethod(lambda ctx, word: BORDERS)

    def parse(self, text: str) -> str | float | None:
        if text.lower() in BORDERS:
            return "zero" if text.lower() == "constant" else text.lower()
        return _finite(text)


class Region(_Word):
    """`X,Y,W,H` in pixels from the top left corner."""

    name = "region"
    forms = "X,Y,W,H in whole pixels, W and H at least 1"

    def parse(self, text: str) -> tuple[int, int, int, int] | None:
        x, y, width, height = _naturals(text.split(","))
        return (x, y, width, height) if width and height else None


class Resize(_Word):
    """`N` for the longer side, or `WxH`, width first as image tools write it."""

    name = "resize"
    forms = "N (the longer side) or WxH, in pixels"

    def parse(self, text: str) -> int | Pair | None:
        numbers = _by(text)
        if len(numbers) not in (1, 2) or min(numbers) < 1:
            return None
        return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


class Range(_Word):
    """`LO,HI`: the values that become 0 and 255."""

    name = "range"
    forms = "two numbers LO,HI with LO below HI"

    def parse(self, text: str) -> tuple[float, float] | None:
        low, high = (_finite(part) for part in text.split(","))
        return (low, high) if low < high else None


class Place(_Word):
    """`ROW,COL` of a pixel, counted from 0."""

    name = "place"
    forms = "ROW,COL in whole pixels from 0"

    def parse(self, text: str) -> Pair | None:
        row, column = _naturals(text.split(","))
        return row, column


class Stretch(_Word):
    """`START,LENGTH` in samples, or with an `s` in seconds: each a number, and whether so."""

    name = "part"
    forms = "START,LENGTH in whole samples, or in seconds with an s (1.5s,0.2s)"

    def parse(self, text: str) -> tuple[tuple[float, bool], tuple[float, bool]] | None:
        start, count = (_samples(part.strip()) for part in text.split(","))
        return (start, count) if count[0] > 0 else None


class InputShape(_Word):
    """`HxWxC`, or `HxW` for one channel."""

    name = "shape"
    forms = "HxWxC (224x224x3)"

    def parse(self, text: str) -> tuple[int, int, int] | None:
        numbers = _by(text)
        if len(numbers) not in (2, 3) or min(numbers) < 1:
            return None
        return numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 1


class Counts(_Word):
    """`N`, `HxW` or `HxWxC`, as it is."""

    name = "counts"
    forms = "positive whole numbers N, HxW or HxWxC"

    def parse(self, text: str) -> tuple[int, ...] | None:
        numbers = tuple(_by(text))
        return numbers if len(numbers) <= 3 and min(numbers) >= 1 else None


class Number(_Word):
    """A finite number (click's FLOAT takes nan and inf)."""

    name = "number"
    forms = "a finite number"

    def parse(self, text: str) -> float:
        return _finite(text)


class Bytes(_Word):
    """A number of bytes; K, M and G are powers of 1024 as in `head -c`, kB, MB and GB of 1000."""

    name = "bytes"
    forms = "a number of bytes such as 500M, 2G, 2GiB or 1000000"
    _UNITS: ClassVar = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}

    def parse(self, text: str) -> int | None:
        found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) ?([kmgt]?)(ib|b|)", text.lower())
        if found is None:
            return None
        number, unit, ending = found.groups()
        base = 1000 if ending == "b" else 1024
        count = int(float(number) * base ** self._UNITS[unit])
        return count if count >= 1 else None


class Seconds(_Word):
    """A positive number of seconds, up to a day."""

    name = "seconds"
    forms = "a number of seconds above 0 and up to 86400"

    def parse(self, text: str) -> float | None:
        number = _finite(text)
        return number if 0 < number <= 86400 else None


class Part(_Word):
    """A share from 0 to below 1, or the path of a data set."""

    name = "share"
    forms = "a share from 0 to below 1 or a path"
    files = "file"

    def parse(self, text: str) -> float | str | None:
        try:
            share = float(text)
        except ValueError:
            return text or None
        return share if 0 <= share < 1 else None


class Setting(_Word):
    """`LAYER.FIELD=VALUE`, as `--set` takes it; kept as text for the model to read."""

    name = "setting"
    forms = "LAYER.FIELD=VALUE (conv1.strides=2)"
    names = staticmethod(suggest.settings)

    def parse(self, text: str) -> str | None:
        name, _, value = text.partition("=")
        layer, _, field = name.strip().rpartition(".")
        return text if layer and field and value.strip() else None


class Words(_Word):
    """A short text that is printed as it is."""

    name = "text"
    forms = "up to 80 printable characters"

    def parse(self, text: str) -> str | None:
        return text if 0 < len(text) <= 80 and text.isprintable() else None


class Checked(_Word):
    """A word that a function of the core knows; `check` raises with what would do."""

    def __init__(self, name: str, check: Callable[[str], Any], names: suggest.Names) -> None:
        self.name = name
        self.check = check
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the word, but not while a shell completes the line: that need not import."""
        return value if ctx and ctx.resilient_parsing else super().convert(value, param, ctx)

    def parse(self, text: str) -> str:
        self.check(text)
        return text


class Target(NamedTuple):
    """Where one output goes: a file, a folder that is to name it, or stdout, and in which format.

    `format` is None where the kind of result decides (a folder or `-`).
    """

    kind: str
    path: str
    format: str | None


class Output(Suggested):
    """`FILE`, `DIR/` or `FORMAT:-`; the suffix or FORMAT picks the writer."""

    name = "output"
    files = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, Target):
            return value
        if value == "-":
            return Target("stdout", "-", None)
        if value.endswith(":-"):
            return Target("stdout", "-", value[:-2].lower())
        if not value or "\0" in value:
            self.fail(f"{value!r} is not FILE, DIR/, - or FORMAT:-", param, ctx)
        if value.endswith(("/", os.sep)) or os.path.isdir(value):
            return Target("folder", value, None)
        suffix = os.path.splitext(value)[1]
        if not suffix[1:]:
            self._refuse(value, param, ctx)
        return Target("file", value, suffix[1:].lower())

    def _refuse(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> NoReturn:
        self.fail(
            f"{value!r} has no suffix to pick a format by; for a folder write {value + '/'!r}",
            param,
            ctx,
        )


def _naturals(texts: list[str]) -> list[int]:
    """Return whole numbers that are not negative; `int` alone takes `1_0`, `+1` and `١`."""
    if not all(re.fullmatch(r"[0-9]{1,9}", text.strip()) for text in texts):
        raise ValueError(texts)
    return [int(text) for text in texts]


def _by(text: str) -> list[int]:
    return _naturals(text.lower().split("x"))


def _samples(text: str) -> tuple[float, bool]:
    """Return `1.5s` as (1.5, True), `200` as (200, False)."""
    if not text.endswith("s"):
        return _naturals([text])[0], False
    seconds = _finite(text[:-1])
    if seconds < 0:
        raise ValueError(text)
    return seconds, True


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


SIZE, PADDING, BORDER, REGION = Size(), PaddingType(), Border(), Region()
RESIZE, RANGE, INPUT_SHAPE, NUMBER = Resize(), Range(), InputShape(), Number()
COUNTS, STRETCH = Counts(), Stretch()
BYTES, SECONDS, SETTING, OUTPUT, PLACE = Bytes(), Seconds(), Setting(), Output(), Place()
