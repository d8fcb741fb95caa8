"""The group of commands: found by file name, imported when called, documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cnnviz.cli.main import cli

NAMES = cli.list_commands(click.Context(cli))


def python(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parent.parent), **environ},
    )


def test_help_lists_every_command_with_its_summary(cnnviz):
    result = cnnviz("--help")
    assert result.code == 0
    assert {"convolve", "pool", "shapes", "models"} <= set(NAMES)
    for name in NAMES:
        line = next(line for line in result.text.splitlines() if line.startswith(f"  {name} "))
        assert line.split(None, 1)[1] == cli.summary(name)
        assert len(cli.summary(name)) < 59, "it is to fit beside the longest name"


@pytest.mark.parametrize("name", NAMES)
def test_command_has_a_summary_help_and_examples(cnnviz, name):
    result = cnnviz(name, "-h")
    assert result.code == 0
    lines = [line.strip() for line in result.text.splitlines()]
    assert lines[2] == cli.summary(name) + "."
    assert any(line.startswith(f"cnnviz {name}") for line in lines[lines.index("Examples:") :])
    assert result.text == cnnviz(name, "--help").text


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_the_terminal(cnnviz, monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = cnnviz(*[name] * bool(name), "--help").text
    assert max(map(len, text.splitlines())) <= columns


@pytest.mark.parametrize("name", NAMES)
def test_what_options_do_stands_in_one_column(cnnviz, name):
    options = cnnviz(name, "--help").text.partition("Examples:\n")[2].partition("\n\n")[2]
    starts = [re.match(r"  -\S.*?\S(  +)\S", line) for line in options.splitlines()]
    assert len({match.end() for match in starts if match}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_command_names_the_nearest_of_its_options(cnnviz, name):
    command = cli.get_command(click.Context(cli), name)
    options = [param for param in command.params if isinstance(param, click.Option)]
    for flag in {max(param.opts, key=len) for param in options if len(max(param.opts)) > 5}:
        wrong = flag[:-2] + flag[-1]
        assert f"no option {wrong}; did you mean {flag}?" in cnnviz(name, wrong).fault(2)
    assert f"did you mean {name}" in cnnviz(name[:-2] + name[-1]).fault(2)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_does(name):
    command = cli.get_command(click.Context(cli), name)
    for param in command.params:
        assert not isinstance(param, click.Option) or param.help, param.name


def test_version(cnnviz):
    from cnnviz import __version__

    assert cnnviz("--version").text == f"cnnviz {__version__}\n"


def test_without_a_command_the_help_is_an_error(cnnviz):
    result = cnnviz()
    assert (result.code, result.out) == (2, b"")
    assert result.err == cnnviz("--help").text


@pytest.mark.parametrize("name", ["convlve", "Convolve", "convolve_", "../convolve", "__init__"])
def test_unknown_command_names_the_nearest(cnnviz, name):
    assert repr(name) in cnnviz(name, "x.png").fault(2)


def test_unknown_command_and_option_suggest(cnnviz):
    assert cnnviz("convlve").fault(2) == "no command 'convlve'; did you mean convolve?"
    message = cnnviz("convolve", "x.png", "--kernl", "edge").fault(2)
    assert message == "no option --kernl; did you mean --kernel?"


def test_missing_argument_says_where_help_is(cnnviz):
    message = cnnviz("pool").fault(2)
    assert "IMAGE" in message
    assert message.endswith("see 'cnnviz pool --help'")
