"""The words that name what a command works on: images, kernels."""

from __future__ import annotations

import click

from cnnviz.cli.option import after, option
from cnnviz.cli.types import ParamType

images = click.argument("images", metavar="IMAGE...", nargs=-1, required=True)


class _Kernel(ParamType):
    """A kernel as it is typed; the core resolves it."""

    name = "kernel"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """Name some to begin with."""
        return "Try --kernel edge, --kernel sobel-x or --kernel gaussian:5"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Complete a name of the library."""
        from click.shell_completion import CompletionItem

        from cnnviz import kernels

        return [
            CompletionItem(name) for name in kernels.kernel_names() if name.startswith(incomplete)
        ]


KERNEL = _Kernel()
kernels = option(
    "--kernel",
    "kernels",
    type=KERNEL,
    multiple=True,
    required=True,
    section="Kernels",
    label=after("", str),
    metavar="KERNEL",
    help='A name (gaussian:7,2), a matrix ("1 0 -1; 2 0 -2; 1 0 -1") or a file. Repeatable.',
)

layout = option(
    "--layout",
    type=click.Choice(["hwio", "oihw", "ohwi"]),
    section="Kernels",
    label=str,
    help="Order of the axes of stored weights, where the file does not tell: Keras's is hwio, "
    "PyTorch's oihw.",
)
