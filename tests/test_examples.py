"""The examples in the help are true: every one of every command runs, in this process."""

from __future__ import annotations

import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
import pytest
from conftest import SAMPLES, Run
from PIL import Image
from safetensors.numpy import save_file
from scipy.io import wavfile
from torch_files import TORCH

from cnnviz.cli.main import cli

NAMES = ["", *cli.list_commands(click.Context(cli))]
ARRAY = SAMPLES / "matrix5x5.csv"
SMALL = """
input_shape = [8, 8, 1]
layers = [
    { type = "Conv2D", name = "conv1", filters = 4, kernel_size = 3 },
    { type = "Flatten" },
    { type = "Dense", units = 10 },
]
"""
NETWORKS = Path(__file__).parent / "data" / "networks"


def examples(name: str) -> list[str]:
    """Return the lines below `Examples:` in the help of a command, of cnnviz itself for ""."""
    command = cli.get_command(click.Context(cli), name) if name else cli
    assert command is not None
    text = (command.help or "").partition("Examples:\n")[2]
    return [line.strip() for line in text.splitlines() if line.strip()]


EXAMPLES = [(name, line) for name in NAMES for line in examples(name)]


def stages(line: str) -> tuple[list[list[str]], str | None]:
    """Return the commands of a pipeline as words, and the file that it is redirected to."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    words, target = list(lexer), None
    if ">" in words:
        place = words.index(">")
        target, words = words[place + 1], words[:place]
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            commands.append([])
        else:
            commands[-1].append(word)
    return commands, target


def provide(words: list[str], folder: Path) -> None:
    """Put the inputs that an example names into the folder: a small photo, matrix or layer."""
    for before, word in zip(["", *words], words, strict=False):
        path = folder / word.partition(":")[0]
        if before in ("-o", "--output") or path.exists():
            continue
        if path.suffix in (".jpg", ".png"):
            with Image.open(SAMPLES / "cat.png") as photo:
                photo.convert("RGB").resize((90, 60)).save(path)
        elif ".safetensors" in word:
            weights = np.random.default_rng(0).normal(size=(8, 3, 5, 5))
            save_file({"conv1.weight": weights}, path)
        elif path.stem == "mnist":
            shutil.copy(NETWORKS / path.name, path)
        elif path.suffix == ".wav":
            wavfile.write(path, 8000, np.sin(np.arange(4000) / 9).astype(np.float32))
        elif path.suffix == ".pth":
            shutil.copy(TORCH / "net.pth", path)
        elif path.suffix == ".csv":
            shutil.copy(ARRAY, path)
        elif path.suffix == ".npz":
            x = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
            np.savez(path, x=x, y=np.arange(40) % 10)
        elif path.name == "small.toml":
            path.write_text(SMALL, encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_there_are_examples(name: str) -> None:
    lines = examples(name)
    assert lines
    assert all(line.startswith(f"cnnviz {name}".strip()) for line in lines)
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(("name", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_example_runs(name: str, line: str, cnnviz: Run, folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    commands, target = stages(line)
    data = b""
    for program, *words in commands:
        assert program == "cnnviz"
        provide(words, folder)
        result = cnnviz(*words, stdin=data)
        assert result.code == 0, result.err
        assert "error" not in result.err
        data = result.out
        for path in (new for old, new in pairwise(words) if old == "-o"):
            assert path.endswith(":-") or (folder / path).stat().st_size
    if target:
        assert data
        assert not (folder / target).exists()


def test_a_pipeline_is_read_as_a_shell_reads_it() -> None:
    assert stages('cnnviz a --k "1; 2 | 3" -o npy:- | cnnviz b - > c.txt') == (
        [["cnnviz", "a", "--k", "1; 2 | 3", "-o", "npy:-"], ["cnnviz", "b", "-"]],
        "c.txt",
    )
