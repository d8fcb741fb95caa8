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


class Page:
    """A Markdown file of the project: `Page("README.md")`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = ROOT / name
        self.text = self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[tuple[str, str]]:
        """Its blocks of code, each a language and a text."""
        return re.findall(r"^```(\w+)\n(.*?)^```", self.text, flags=re.M | re.S)

    def lines(self, start: str) -> list[str]:
        """Return the lines of its shell commands that begin with `start`."""
        shell = (block for language, block in self.blocks if language == "sh")
        return [line for block in shell for line in block.splitlines() if line.startswith(start)]

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
