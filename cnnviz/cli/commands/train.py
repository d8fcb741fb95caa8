"""Train a network on pictures, and watch its kernels form.

DATA are labelled pictures: a folder or zip with a folder of images for each class (or such folders
in train and test), an .npz with x and y, IDX files (MNIST's family), or a CSV with a label and the
pixels in each row.

The weights go to NAME.safetensors, for --weights of every command. A folder NAME beside it has
curves, confusions, the worst mistakes, the first layer's kernels as they form, a picture before and
after, metrics.csv, metrics.json and a page that shows them all. Without -o, see cnnviz-out/.
Ctrl-C keeps a checkpoint, and --resume goes on to the same weights, also after a crash.

\b
Examples:
  cnnviz train digits.npz --model lenet5 --epochs 1 -o digits.safetensors
  cnnviz train shapes.npz --model small.toml --shift 1 --mirror --epochs 2
  cnnviz train shapes.npz --model small.toml --set conv1.filters=2,4
  cnnviz train shapes.npz --model small.toml --flip -o turned.safetensors
"""

from __future__ import annotations

from typing import Any

import click

from cnnviz.cli import options
from cnnviz.cli.option import command as declare
from cnnviz.cli.suggest import Text
from cnnviz.cli.training import options as own


@declare("train", __doc__)
@click.argument("data", metavar="DATA", type=Text(files="file"))
@own.network
@own.recipe
@own.augmentation
@own.dividing
@own.naming
@own.running
@options.style
@own.bounds
@own.limiting
@own.writing
def command(data: str, writing: dict[str, Any], **asked: Any) -> int:
    """Train, print, write."""
    from cnnviz.ops.threads import take_cores

    take_cores()  # before anything else loads NumPy
    from cnnviz.cli.training.making import make

    return make(data, **asked, **writing)
