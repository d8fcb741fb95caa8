"""What tests share: the command line run in this process in an empty folder, and text goldens."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz.cli.run import run

SAMPLES = Path(__file__).resolve().parent.parent / "sample_images"
GOLDEN = Path(__file__).resolve().parent / "golden"
# What needs PyTorch and is no test: not to be imported where there is none.
collect_ignore_glob = ["data/torch/*.py", "peers/twins/*.py"]


@dataclass(frozen=True)
class Result:
    """What one run of cnnviz left behind."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    def fault(self, code: int) -> str:
        """Return the one line of an error that ends in `code`, without its prefix."""
        assert self.code == code, self
        lines = self.err.splitlines()
        assert len(lines) == 1, lines
        assert self.err.endswith("\n")
        assert self.err.startswith("cnnviz: error: ")
        return lines[0].removeprefix("cnnviz: error: ")


Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, in a terminal that promises nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "CNNVIZ_DEBUG", "_CNNVIZ_COMPLETE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def cnnviz(folder: Path, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `cnnviz ARGS` in this process."""

    def call(*args: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsysbinary.readouterr()
        code = run([os.fspath(arg) if isinstance(arg, Path) else str(arg) for arg in args])
        captured = capsysbinary.readouterr()
        return Result(code, captured.out, captured.err.decode())

    return call


@pytest.fixture
def photo(folder: Path) -> Path:
    """A small colour photo in the working folder, `photo.png`."""
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    return Path("photo.png")


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `cnnviz/trained/`, with untrained weights that say otherwise."""
    from cnnviz.model import Model, zoo
    from cnnviz.model.initial import he_weights
    from cnnviz.trained.about import About

    folder = tmp_path_factory.mktemp("trained")
    clothes = tuple(f"cloth {i}" for i in range(10))
    for name, about in {
        "cifar-net": About(data="CIFAR-10", accuracy=0.8514, seed=3, command="cnnviz train c"),
        "lenet5": About(data="Fashion-MNIST", accuracy=0.912, license="MIT", labels=clothes),
    }.items():
        graph = zoo.build(name)
        made = Model(graph, he_weights(graph, seed=3))
        made.save(folder / f"{name}.safetensors", about=about)
    return folder


@pytest.fixture
def box(stand_ins: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-ins in the place of what is in the box."""
    from cnnviz import trained

    monkeypatch.setattr(trained, "__path__", [str(stand_ins)])
    return stand_ins


def files(folder: Path) -> set[str]:
    """Return every file below `folder`, temporary ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --overwrite-goldens` accepts the texts of now."""
    parser.addoption("--overwrite-goldens", action="store_true", help="accept the texts of now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--overwrite-goldens"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8")

    return compare
