"""Show the channels of images as pictures and as numbers.

An image is an array of numbers: (H, W, 1) gray, (H, W, 3) colour, (1, H, W, 3) as a batch of one.
The figure shows R, G and B, the gray that average, Rec. 601, Rec. 709 and linear light make of
them, and the numbers of one patch; it goes to cnnviz-out/ unless -o says where. --locality also
measures how alike two pixels are by their distance.

\b
Examples:
  cnnviz channels photo.jpg
  cnnviz channels photo.jpg --at 40,60 --patch 5
  cnnviz channels photo.jpg --locality
  cnnviz channels photo.jpg -o channels.npz -o figure.svg
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz.cli import options, words
from cnnviz.cli.option import after, fixed, option
from cnnviz.cli.option import command as declare
from cnnviz.cli.types import PLACE, SIZE

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.channels import ChannelSet


@declare("channels", __doc__)
@words.images
@option(
    "--at",
    type=PLACE,
    section="Patch",
    label=lambda place: f"at{place[0]},{place[1]}",
    metavar="ROW,COL",
    help="First pixel of the patch.  [default: where the colours vary most]",
)
@option(
    "--patch",
    type=SIZE,
    default="8",
    section="Patch",
    label=after("patch"),
    metavar="N|HxW",
    help="Size of the patch, at most 16.",
)
@option(
    "--locality",
    is_flag=True,
    show_default=False,
    section="Patch",
    label=fixed("locality"),
    help="Show how the correlation of two pixels falls with their distance.",
)
@options.style
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    at: tuple[int, int] | None,
    patch: tuple[int, int],
    locality: bool,
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Take every image apart."""
    from cnnviz.cli import pictures
    from cnnviz.report.channels import channels

    def work(image: Image) -> ChannelSet:
        return channels(
            image.pixels,
            at=at,
            patch=patch,
            locality=locality,
            name=image.name,
            is_photo=image.is_photo,
        )

    return pictures.make(images, work, reading=reading, look=look, key="channels", **writing)
