"""Pool images and compare what each type of pooling keeps.

A type is max, average, min, lp:P, global-max or global-average; several stand side by side. The
figure shows the image before and after, and the values and bytes that pooling saves. It goes to
cnnviz-out/ unless -o says where.

\b
Examples:
  cnnviz pool photo.jpg --size 2
  cnnviz pool photo.jpg --size 3 --stride 2 --type max --type average
  cnnviz pool matrix.csv --size 2 --winners
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz.cli import options, words
from cnnviz.cli.option import command as declare
from cnnviz.cli.option import fixed, option

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.maps import MapSet


@declare("pool", __doc__)
@words.images
@option(
    "--type",
    "types",
    type=words.POOLING,
    multiple=True,
    default=["max"],
    section="Window",
    label=str,
    metavar="TYPE",
    help="max, average, min, lp:P, global-max or global-average. Repeatable.",
)
@words.window_size(help="Size of the window.")
@options.pooling
@option(
    "--winners",
    is_flag=True,
    show_default=False,
    section="Look",
    label=fixed("winners"),
    help="Show which pixel won each max.",
)
@options.look
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    types: tuple[str, ...],
    pool_size: tuple[int, int],
    winners: bool,
    settings: dict[str, Any],
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Pool every image in all ways that were asked for."""
    from cnnviz.cli import pictures
    from cnnviz.report import pooling

    settings |= {"pool_size": pool_size, "winners": winners}

    def work(image: Image) -> MapSet:
        return pooling.pool(
            image.pixels, types, name=image.name, is_photo=image.is_photo, **settings
        )

    return pictures.make(images, work, reading=reading, look=look, **writing)
