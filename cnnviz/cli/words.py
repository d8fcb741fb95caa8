"""The words that name what a command works on: images, kernels, poolings."""

from __future__ import annotations

from functools import partial

import click

from cnnviz.cli.option import after, option
from cnnviz.cli.suggest import Text, kernel_names, pooling_types
from cnnviz.cli.types import SIZE, Checked

images = click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, type=Text(files="file")
)


class _Kernel(Text):
    """A kernel as it is typed; the core resolves it."""

    name = "kernel"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """Name some to begin with."""
        return "Try --kernel edge, --kernel sobel-x or --kernel gaussian:5"


KERNEL = _Kernel(kernel_names, files="file", skip="file:")
kernels = option(
    "--kernel",
    "kernels",
    type=KERNEL,
    multiple=True,
    required=True,
    section="Kernels",
    label=after("", str),
    metavar="KERNEL",
    help='A name (gaussian:7,2), a matrix ("1 0 -1; 2 0 -2") or a file. Repeatable.',
)

layout = option(
    "--layout",
    type=click.Choice(["hwio", "oihw", "ohwi"]),
    section="Kernels",
    label=str,
    help="Order of the axes of stored weights, where the file does not tell: Keras's is hwio, "
    "PyTorch's oihw.",
)


def _pooling(name: str) -> None:
    from cnnviz.ops.pooling import pooling

    pooling(name)


POOLING = Checked("type", _pooling, pooling_types)
window_size = partial(
    option,
    "--size",
    "pool_size",
    type=SIZE,
    default="2",
    section="Window",
    label=after(""),
    metavar="N|HxW",
)
