"""docs/training.md holds: its commands made the files in the box, and its figures are theirs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cnnviz import trained
from cnnviz.cli.main import cli

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
COMMANDS = [
    " ".join(block.replace("\\\n", " ").split())
    for block in re.findall(r"^```text\n(.*?)^```", PAGE, flags=re.M | re.S)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one(command: str) -> None:
    program, name, *words = shlex.split(command)
    assert program == "cnnviz"
    found = cli.get_command(None, name)
    assert found.make_context(name, words, resilient_parsing=True).params["data"]


@pytest.mark.parametrize("name", ["cifar-net", "lenet5"])
def test_what_is_in_the_box_is_what_the_page_says(name: str) -> None:
    about = trained.origin(name)
    assert " ".join(about.command.split()) in COMMANDS
    assert f"{100 * about.accuracy:.2f}% of the 10,000" in PAGE
