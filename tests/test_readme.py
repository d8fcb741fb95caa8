"""The README holds: every command in it runs, every picture and file that it names is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import IMAGES, ROOT, Page, assert_alike, make_images

from cnnviz.cli.run import run
from cnnviz.kernels import kernel_names

PAGE = Page("README.md")
README, BLOCKS, COMMANDS = PAGE.text, PAGE.blocks, PAGE.commands


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has the sample images, two trained networks and nothing else of the project."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("sample_images", "tests/data/networks"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("line", COMMANDS)
def test_command_runs(line: str, workshop: Path) -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.replace("cnnviz ", f"{sys.executable} -m cnnviz ")],
        cwd=workshop,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_there_are_commands_for_every_command() -> None:
    from cnnviz.cli.main import cli

    named = {line.split()[1] for line in COMMANDS}
    # `completion` stands in the line that sets a shell up, which need not be one of the blocks.
    assert "completion" in README
    assert named | {"completion"} == set(cli.list_commands(None))


def test_two_commands_do_the_set_up() -> None:
    first, second = PAGE.setups
    assert first.endswith("cnnviz convolve sample_images/cat.png --kernel edge")
    assert second.endswith("python -m pytest")


@pytest.mark.parametrize("path", PAGE.links)
def test_linked_file_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_pictures_are_what_the_commands_above_them_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    images = make_images()
    made = images.commands("README.md")
    here = {name for name in PAGE.pictures if "/" not in name}  # the others are the tour's
    assert set(made) == set(PAGE.pictures)
    assert here == {path.name for path in IMAGES.glob("*.*")}
    for name, words in made.items():
        assert images.make(words, tmp_path / name) == 0
        assert_alike(IMAGES / name, tmp_path / name)


def test_the_list_of_kernels_is_that_of_the_library(tmp_path: Path) -> None:
    path = tmp_path / "kernels.md"
    assert run(["kernels", "-q", "-o", str(path)]) == 0
    listed = (ROOT / "docs" / "kernels.md").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8") == listed, "run cnnviz kernels -o docs/kernels.md"
    assert f"The library has {len(kernel_names())} kernels" in README


def test_python_example_runs_and_its_shapes_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = (block for language, block in BLOCKS if language == "python")
    names: dict[str, object] = {}
    exec(code, names)
    for line in code.splitlines():
        if match := re.search(r"^(\w+) = .*# (\([\d, ]+\))", line):
            assert str(names[match[1]].shape) == match[2]  # type: ignore[attr-defined]


def test_shape_report_is_the_real_one() -> None:
    (block,) = (block for language, block in BLOCKS if language == "text")
    done = subprocess.run(
        [sys.executable, "-m", "cnnviz", *SHAPES],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "80", "PATH": ""},
        cwd=ROOT,
    )
    assert block.strip("\n") in done.stdout


SHAPES = [
    "shapes",
    "--model",
    "Conv2D(16, (3, 3), strides=(2, 2), padding='valid') MaxPool2D((2, 2))",
    "--input",
    "28x28x1",
]
