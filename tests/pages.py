"""Pages of the documentation as tests ask for them: their commands, links and pictures."""

from __future__ import annotations

import re
from functools import cached_property
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image, ImageSequence

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"


class Text:
    """Markdown, whole or a part of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def prose(self) -> str:
        """The text on one line, without its code."""
        text = re.sub(r"^```.*?^```$", "", self.text, flags=re.M | re.S)
        return " ".join(re.sub(r"^> ?", "", text, flags=re.M).split())

    @cached_property
    def figures(self) -> list[str]:
        """The numbers of its prose that need a witness: longer than two characters."""
        return figures(self.prose)


class Page(Text):
    """A Markdown file of the project: `Page("README.md")`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = ROOT / name
        super().__init__(self.path.read_text(encoding="utf-8"))

    @cached_property
    def sections(self) -> dict[str, Text]:
        """What is below each heading of the second level, by the heading."""
        _, *parts = re.split(r"^## ", self.text, flags=re.M)
        return {title: Text(text) for title, _, text in (part.partition("\n") for part in parts)}

    @cached_property
    def blocks(self) -> list[tuple[str, str]]:
        """Its blocks of code, each a language and a text."""
        return re.findall(r"^```(\w+)\n(.*?)^```", self.text, flags=re.M | re.S)

    def code(self, language: str) -> list[str]:
        return [block for name, block in self.blocks if name == language]

    def lines(self, start: str) -> list[str]:
        """Return the lines of its shell commands that begin with `start`."""
        lines = "".join(self.code("sh")).splitlines()
        return [line for line in lines if line.startswith(start)]

    @cached_property
    def commands(self) -> list[str]:
        return self.lines("cnnviz ")

    @cached_property
    def setups(self) -> list[str]:
        return self.lines("python3 -m venv")

    @cached_property
    def links(self) -> list[str]:
        """The files that it links to, pictures too, relative to it."""
        return sorted(set(re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", self.text)))

    @cached_property
    def pictures(self) -> list[str]:
        """Its pictures below `docs/images`, as paths from there, in their order."""
        return re.findall(r"!\[.*?\]\((?:docs/)?images/(.*?)\)", self.text)


def figures(prose: str) -> list[str]:
    """Return numbers longer than two characters, without those of names, code and links."""
    text = re.sub(r"\]\(.*?\)|`.*?`|<!--.*?-->", " ", prose)
    text = re.sub(r"(LeNet|VGG|CIFAR|ResNet)-\d+|Rec\. \d+|\((19|20)\d\d\)", " ", text)
    found = re.findall(r"(?<![\w.])[−+]?\d[\d,]*(?:\.\d+)?%?", text)
    return [number for number in (word.rstrip(",") for word in found) if len(number) > 2]


def make_images() -> ModuleType:
    """Return the program that makes the pictures, as a module."""
    spec = spec_from_file_location("make_images", ROOT / "docs" / "make_images.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_alike(then: Path, now: Path) -> None:
    """Hold a picture, every frame of it, to a new one; fonts may be smoothed otherwise."""
    for old, new in zip(_frames(then), _frames(now), strict=True):
        assert old.shape == new.shape, then.name
        assert np.abs(old - new).mean() < 1, f"{then.name}: run python docs/make_images.py"


def _frames(path: Path) -> list[np.ndarray]:
    with Image.open(path) as picture:
        frames = ImageSequence.Iterator(picture)
        return [np.asarray(frame.convert("RGB"), np.int16) for frame in frames]
