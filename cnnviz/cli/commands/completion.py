"""Print the script that lets a shell complete cnnviz's words.

A press of <TAB> then completes commands, options, kernels, models, layers and files. The shell is
bash, zsh or fish; without a name it is the one in $SHELL. To have it in every new shell, put the
line of yours into the file that it reads at its start:

\b
  bash  ~/.bashrc                   eval "$(cnnviz completion bash)"
  zsh   ~/.zshrc                    eval "$(cnnviz completion zsh)"
  fish  ~/.config/fish/config.fish  cnnviz completion fish | source

\b
Examples:
  cnnviz completion
  cnnviz completion bash > cnnviz.bash
"""

from __future__ import annotations

import os

import click

from cnnviz.cli import shells, streams
from cnnviz.cli.option import command as declare
from cnnviz.errors import SpecError


@declare("completion", __doc__)
@click.argument("shell", metavar="[SHELL]", required=False, type=click.Choice(shells.SHELLS))
def command(shell: str | None) -> int:
    """Print the script for the named shell, or for the one in use."""
    if shell is None:
        shell = os.path.basename(os.environ.get("SHELL", "")).removesuffix(".exe")
        if shell not in shells.SHELLS:
            known = ", ".join(shells.SHELLS)
            raise SpecError(f"SHELL: {shell!r} is not one of {known}", hint=f"name one of {known}")
    streams.emit(shells.script(shell).rstrip("\n"))
    return 0
