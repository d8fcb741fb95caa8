"""Convolve images with kernels and write their feature maps.

Each kernel makes one map. The figure shows the input, the kernels with their numbers and every
map with its shape, range and colour bar. It goes to cnnviz-out/ unless -o says where.

An image is a photo (PNG, JPEG, GIF, BMP, TIFF, WebP, PPM), an array (.npy, .npz, .csv, .txt), or
- for standard input. A kernel is a name with parameters, a matrix with rows by ";", a file, or
those of a network in the box (trained:NAME).

\b
Examples:
  cnnviz convolve photo.jpg --kernel edge --show
  cnnviz convolve photo.jpg --kernel sobel-x --kernel gaussian:7,2 --stride 2
  cnnviz convolve photo.jpg --kernel "1 0 -1; 2 0 -2; 1 0 -1" --padding same
  cnnviz convolve photo.jpg --kernel sobel-x --channels each
  cnnviz convolve photo.jpg --kernel bank:kirsch -o maps.npz -o figure.svg
  cnnviz convolve photo.jpg --kernel trained:cifar
  cnnviz convolve photo.jpg --kernel edge -o npy:- | cnnviz pool - --size 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviz.cli import options, words
from cnnviz.cli.option import command as declare

if TYPE_CHECKING:
    from cnnviz.images import Image
    from cnnviz.report.maps import MapSet


@declare("convolve", __doc__)
@words.images
@words.kernels
@words.layout
@options.convolution
@options.look
@options.reading
@options.writing
def command(
    images: tuple[str, ...],
    kernels: tuple[str, ...],
    layout: str | None,
    settings: dict[str, Any],
    look: dict[str, Any],
    reading: dict[str, Any],
    writing: dict[str, Any],
) -> int:
    """Resolve the kernels first: a wrong one is known before an image is read."""
    from cnnviz.cli import clock, pictures
    from cnnviz.errors import SpecError
    from cnnviz.kernels import resolve
    from cnnviz.report import convolution

    resolved = []
    for text in kernels:
        with clock.timed(text):
            resolved += resolve(text, layout)
    if settings["gray"]:
        if settings["channels"] == "each":
            raise SpecError("--gray has one channel, --channels each needs three", hint="drop one")
        settings["channels"] = "gray"
    settings["gray"] = settings["gray"] or "luma601"
    reading["gray"] = settings["gray"] if settings["channels"] == "gray" else None

    def work(image: Image) -> MapSet:
        return convolution.convolve(
            image.stored, resolved, name=image.name, is_photo=image.is_photo, **settings
        )

    inputs = [kernel.source for kernel in resolved]
    return pictures.make(images, work, reading=reading, look=look, inputs=inputs, **writing)
