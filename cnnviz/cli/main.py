"""See what a convolutional network does to your own image.

Give it a picture and kernels, or a network, and it writes the feature maps, the arithmetic of
their shapes and the numbers behind them.

\b
Examples:
  cnnviz convolve photo.jpg --kernel edge
  cnnviz pool photo.jpg --size 2 --type max --type average
  cnnviz shapes --model vgg16
  cnnviz features photo.jpg --model lenet5
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec

import click

from cnnviz import __version__
from cnnviz.cli import commands

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Commands(click.Group):
    """A group whose commands are the modules of a package, each imported when it is called.

    `commands/receptive_field.py` holds the click command `command` of `cnnviz receptive-field`;
    the first line of its docstring is the summary in `cnnviz --help`.
    """

    package = commands.__name__

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the modules, as they are typed."""
        from pkgutil import iter_modules

        path = import_module(self.package).__path__
        return sorted(m.name.replace("_", "-") for m in iter_modules(path) if m.name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one module that is asked for."""
        if not _NAME.fullmatch(cmd_name):
            return None
        module = f"{self.package}.{cmd_name.replace('-', '_')}"
        if find_spec(module) is None:
            return None
        command: click.Command = import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name its nearest neighbours."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            from difflib import get_close_matches

            known = self.list_commands(ctx)
            near = get_close_matches(name, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(known)}"
            raise click.UsageError(f"no command {name!r}; {hint}", ctx)
        return name, command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.summary(name)) for name in self.list_commands(ctx)])

    def summary(self, name: str) -> str:
        """Return the first line of a command's docstring, read from its source."""
        spec = find_spec(f"{self.package}.{name.replace('-', '_')}")
        source = spec.loader.get_source(spec.name) if spec else None  # type: ignore[union-attr]
        return (source or "").partition("\n")[0].strip('"').rstrip(".")

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Complete a command's name without importing a command."""
        from click.shell_completion import CompletionItem

        names = [n for n in self.list_commands(ctx) if n.startswith(incomplete)]
        items = [CompletionItem(name, help=self.summary(name)) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=Commands,
    help=__doc__,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="cnnviz", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> int:
    """Show the help, as a mistake, where no command is named."""
    if ctx.invoked_subcommand is not None:
        return 0
    click.echo(ctx.get_help(), err=True)
    ctx.exit(2)
