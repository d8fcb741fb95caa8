"""What the shell is told at a <TAB>: the right words at every place, quickly, and never a fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shell_peer import Shell

from cnnviz import kernels
from cnnviz.cli import shells
from cnnviz.cli.main import cli
from cnnviz.model import zoo
from cnnviz.ops.pooling import pooling_types

ROOT = Path(__file__).resolve().parent.parent


def suggested(*words: str) -> list[str]:
    """Return the values that a shell with whole words is told."""
    lines = shells.answer("zsh_complete", words).splitlines()
    return [line.split("\t")[1] for line in lines if line.startswith("plain\t")]


def in_bash(line: str, replaced: str) -> list[str]:
    lines = shells.answer("bash_complete", [line, replaced]).splitlines()
    return [line.split("\t")[1] for line in lines if line.startswith("plain\t")]


def test_commands():
    assert suggested("") == cli.list_commands(click.Context(cli))
    assert suggested("sha") == ["shapes"]


@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
def test_every_option_of_every_command(name):
    command = cli.get_command(click.Context(cli), name)
    flags = {flag for param in command.params for flag in param.opts if flag.startswith("--")}
    assert flags <= set(suggested(name, "--"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pool", "--type", ""), list(pooling_types())),
        (("pool", "x.png", "--type", "global-m"), ["global-max"]),
        (("pool", "--type=global-m"), ["--type=global-max"]),
        (("shapes", "--model", ""), zoo.names()),
        (("models", ""), zoo.names()),
        (("convolve", "--display", "m"), ["minmax"]),
        (("convolve", "--padding", ""), ["valid", "same", "full"]),
        (("convolve", "--border", "s"), ["symmetric"]),
        (("convolve", "--colormap", "red"), ["red", "red-blue"]),
        (("convolve", "--activation", "relu"), ["relu", "relu6"]),
        (("shapes", "--model", "vgg16", "--set", "conv5"), ["conv5_1.", "conv5_2.", "conv5_3."]),
        (("shapes", "--model", "vgg16", "--set", "conv5_1.str"), ["conv5_1.strides="]),
        (("shapes", "--model", "vgg16", "--set", "conv5_1.strides="), []),
        (("shapes", "--model", "vgg16", "--set", "conv5_1.a"), ["conv5_1.activation="]),
        (("shapes", "--set", "conv"), []),
        (("shapes", "--model", "nothing", "--set", "conv"), []),
        (("convolve", "--stride", ""), []),
        (("completion", ""), ["bash", "zsh", "fish"]),
    ],
)
def test_values(words, expected):
    assert suggested(*words) == expected


def test_where_no_word_may_stand_the_options_do():
    assert "--model" in suggested("shapes", "")


def test_kernels_one_step_at_a_time():
    plain = [name for name in kernels.kernel_names() if ":" not in name]
    first = suggested("convolve", "--kernel", "")
    assert set(first) >= {*plain, "bank:", "file:"}
    assert len(first) == len(set(first))
    assert not [name for name in first if ":" in name[:-1]]
    banks = [f"bank:{name}" for name in kernels.banks()]
    assert suggested("convolve", "--kernel", "bank:") == banks
    assert suggested("convolve", "--kernel", "kirsch:n") == ["kirsch:n", "kirsch:ne", "kirsch:nw"]
    for name in kernels.kernel_names():
        assert name in suggested("convolve", "--kernel", name)


def test_names_come_with_what_they_are():
    edge = kernels.describe("edge").summary
    lines = shells.answer("zsh_complete", ["convolve", "--kernel", "edg"]).splitlines()
    assert lines == [f"plain\tedge\t{edge}"]
    lines = shells.answer("fish_complete", ["models", "vgg16"]).splitlines()
    assert lines == [f"plain\tvgg16\t{zoo.summary('vgg16')}"]


def test_kernels_of_other_tools_stand_behind_their_colon(monkeypatch):
    named = [SimpleNamespace(name=name, summary="") for name in ("edge", "tool:edge", "tool:blur")]
    monkeypatch.setattr(kernels, "entries", lambda: named)
    assert suggested("convolve", "--kernel", "to") == ["tool:"]
    assert suggested("convolve", "--kernel", "tool:") == ["tool:edge", "tool:blur"]
    assert in_bash("cnnviz convolve --kernel tool:e", "e") == ["edge"]


@pytest.mark.parametrize(
    ("words", "before_the_path"),
    [
        (("convolve", ""), ""),
        (("pool", "a.png", "b"), ""),
        (("convolve", "--kernel", "./x"), ""),
        (("convolve", "--kernel", "file:x"), "file:"),
        (("convolve", "--kernel=file:x"), "--kernel=file:"),
        (("shapes", "--model", "mine.t"), ""),
        (("pool", "a.png", "-o", ""), ""),
        (("pool", "a.png", "--output=x"), "--output="),
    ],
)
def test_files(words, before_the_path):
    assert shells.answer("fish_complete", words) == f"file\t{before_the_path}\t\n"


@pytest.mark.parametrize(
    ("line", "replaced", "expected"),
    [
        ("cnnviz convolve --kernel bank:ki", "ki", ["kirsch"]),
        ("cnnviz convolve --kernel bank:kirs", "bank:kirs", ["bank:kirsch"]),  # no colon breaks
        ("cnnviz convolve --kernel=bank:ki", "ki", ["kirsch"]),
        ("cnnviz convolve --kernel=ident", "ident", ["identity"]),
        ("cnnviz convolve --kernel 'bank:ki", "bank:ki", ["bank:kirsch"]),
        ("/opt/bin/cnnviz pool  --type   global-m", "global-m", ["global-max"]),
        ("cnnviz pool 'a b.png' --type global-m", "global-m", ["global-max"]),
        ("cnnviz pool a\\ b.png --type mi", "mi", ["min"]),
        ("cnnviz shapes --model vgg16 --set conv5_1.str", "conv5_1.str", ["conv5_1.strides="]),
        ("cnnviz", "", []),
    ],
)
def test_bash_replaces_what_stands_behind_a_break(line, replaced, expected):
    assert in_bash(line, replaced) == (expected or cli.list_commands(click.Context(cli)))


def test_bash_after_a_colon_replaces_nothing():
    assert "kirsch" in in_bash("cnnviz convolve --kernel bank:", "")
    assert "kirsch" in in_bash("cnnviz convolve --kernel bank:", ":")


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.sampled_from(["bash", "zsh", "fish"]),
    st.lists(
        st.text(max_size=8)
        | st.sampled_from(["convolve", "shapes", "--kernel", "--model", "--set", "--", "-", "="]),
        max_size=5,
    ),
)
def test_nothing_that_is_typed_is_a_fault(shell, words):
    text = shells.answer(f"{shell}_complete", words)
    for line in text.splitlines():
        assert line.count("\t") == 2
        assert line.isprintable() or "\t" in line
    shells.answer("bash_complete", [" ".join(words), words[-1] if words else ""])


def test_a_name_that_needs_quotes_is_not_suggested(folder):
    (folder / "m.json").write_text('{"name": "m", "input_shape": [4, 4, 1], "layers": ['
                                   '{"name": "a$(touch x)", "type": "Flatten"}, '
                                   '{"name": "b", "type": "Flatten"}]}')  # fmt: skip
    assert suggested("shapes", "--model", "m.json", "--set", "") == ["b."]


def test_a_model_that_is_a_pipe_does_not_hang(folder):
    os.mkfifo(folder / "m.json")
    assert suggested("shapes", "--model", "m.json", "--set", "") == []


def process(*words: str, code: str = "sys.exit(main())", **environ: str):
    return subprocess.run(
        [sys.executable, "-c", f"import sys; from cnnviz.__main__ import main; {code}", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "PYTHONPATH": str(ROOT), **environ},
    )


@pytest.mark.parametrize("request_", ["zsh_complete", "tcsh_complete", "bash_", "", "x"])
def test_the_process_ends_well(request_):
    result = process("convolve", "--kernel", "\x1b]0;", _CNNVIZ_COMPLETE=request_)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout in ("", "file\t\t\n")


@pytest.mark.parametrize(
    "words",
    [
        ("convolve", "--kernel", "so"),
        ("pool", "--type", "m"),
        ("convolve", "--colormap", ""),
        ("shapes", "--model", "v"),
        ("signal", "sine+n"),
        ("con",),
    ],
)
def test_names_are_known_without_numpy(words):
    """NumPy takes longer to import than all of the rest: no family may need it for its name."""
    code = "main(); sys.exit(str({'numpy.linalg', 'PIL', 'rich', 'scipy'} & set(sys.modules)))"
    result = process(*words, code=code, _CNNVIZ_COMPLETE="zsh_complete")
    assert result.stderr.strip() == "set()"
    assert result.stdout


def test_a_stand_in_becomes_the_module(monkeypatch):
    from cnnviz.cli.later import put_off

    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    put_off("colorsys")
    import colorsys

    before = colorsys
    assert colorsys.rgb_to_hsv(1, 0, 0) == (0, 1, 1)
    assert sys.modules["colorsys"] is not before
    assert before.ONE_THIRD == sys.modules["colorsys"].ONE_THIRD
    with pytest.raises(AttributeError):
        _ = before.nothing


class TestScript:
    @pytest.mark.parametrize("shell", shells.SHELLS)
    def test_it_is_printed(self, cnnviz, shell):
        result = cnnviz("completion", shell)
        assert (result.code, result.err) == (0, "")
        assert result.text == shells.script(shell)
        source = process(_CNNVIZ_COMPLETE=f"{shell}_source")
        assert source.stdout == result.text

    @pytest.mark.parametrize("shell", shells.SHELLS)
    def test_its_syntax_is_right(self, shell, tmp_path):
        if shutil.which(shell) is None:
            pytest.skip(f"no {shell}")
        (tmp_path / "script").write_text(shells.script(shell))
        done = subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_the_shell_in_use_is_the_default(self, cnnviz, monkeypatch):
        monkeypatch.setenv("SHELL", "/usr/bin/zsh")
        assert cnnviz("completion").text == shells.ZSH
        monkeypatch.setenv("SHELL", "/bin/tcsh")
        assert "'tcsh' is not one of bash, zsh, fish" in cnnviz("completion").fault(2)
        monkeypatch.delenv("SHELL")
        assert "name one of bash, zsh, fish" in cnnviz("completion").fault(2)

    def test_help_has_a_line_for_every_shell(self, cnnviz):
        text = cnnviz("completion", "--help").text
        for shell in shells.SHELLS:
            assert f"cnnviz completion {shell}" in text


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_in_a_real_shell(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    folder = tmp_path / "work"
    (folder / "nets").mkdir(parents=True)
    for name in ("photo one.png", "weights.npz", "nets/mine.toml"):
        (folder / name).touch()
    model, piped = "cnnviz shapes --model vgg16", "cnnviz convolve a.npy | cnnviz pool -"
    with Shell(shell, folder) as session:
        for typed, line in {
            "cnnviz conv": "cnnviz convolve ",
            "cnnviz convolve --disp": "cnnviz convolve --display ",
            "cnnviz convolve pho": "cnnviz convolve photo\\ one.png ",
            "cnnviz convolve --kernel ident": "cnnviz convolve --kernel identity ",
            "cnnviz convolve --kernel ban": "cnnviz convolve --kernel bank:",
            "cnnviz convolve --kernel bank:kir": "cnnviz convolve --kernel bank:kirsch ",
            "cnnviz convolve --kernel=bank:kir": "cnnviz convolve --kernel=bank:kirsch ",
            "cnnviz convolve --kernel 'bank:kir": "cnnviz convolve --kernel 'bank:kirsch' ",
            "cnnviz convolve --kernel file:wei": "cnnviz convolve --kernel file:weights.npz ",
            "cnnviz convolve --kernel wei": "cnnviz convolve --kernel weights.npz ",
            f"{model} --set conv1_1.str": f"{model} --set conv1_1.strides=",
            "cnnviz shapes --model nets/": "cnnviz shapes --model nets/mine.toml ",
            f"{piped} --type mi": f"{piped} --type min ",
            'cnnviz convolve --kernel "1 0; 0': 'cnnviz convolve --kernel "1 0; 0',
        }.items():
            assert session.complete(typed) == line
