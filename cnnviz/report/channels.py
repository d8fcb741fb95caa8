"""An image as the numbers it is: its channels, gray by four formulas, one patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.files import check_bytes
from cnnviz.geometry import Size
from cnnviz.images.gray import FORMULAS, LUMA, to_gray
from cnnviz.report.maps import Ranged, on_pixel_scale
from cnnviz.report.numbers import number_tables
from cnnviz.report.patch import Patch, choose
from cnnviz.report.result import Result

if TYPE_CHECKING:
    from cnnviz.report.locality import Locality

TITLES = {
    "average": "average",
    "luma601": "Rec. 601 luma",
    "luma709": "Rec. 709 luma",
    "linear": "linear light",
}
MOST_TABLES = 8  # channels whose numbers are printed


@dataclass(eq=False, repr=False)
class Channel(Ranged):
    """One channel `(H, W)`, or a gray with the `formula` that made it."""

    name: str
    values: np.ndarray
    formula: str = ""

    @property
    def title(self) -> str:
        """Its name in a sentence, `Rec. 601 luma` for `gray-luma601`."""
        return TITLES.get(self.name.removeprefix("gray-"), self.name)


@dataclass(eq=False, repr=False)
class ChannelSet(Result):
    """The channels of one image, its grays (of a colour image on the 0-255 scale), one patch."""

    figure: ClassVar[str] = "channels"

    image: str
    source: np.ndarray
    channels: tuple[Channel, ...]
    grays: tuple[Channel, ...]
    patch: Patch
    is_photo: bool = True
    locality: Locality | None = None

    @property
    def subject(self) -> str:
        """The image."""
        return self.image

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays that it holds."""
        return self.source.nbytes + super().nbytes

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them: the image as a photo, in floats before."""
        return 9 * self.source.size

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape `(H, W, C)`, of an array `(H, W)` too."""
        height, width = self.source.shape[:2]
        return height, width, len(self.channels)

    @property
    def names(self) -> list[str]:
        """The names of the channels; `A` is transparency."""
        return [c.name for c in self.channels]

    @property
    def aside(self) -> frozenset[str]:
        """Names of the arrays that are no channels: `.npy` is the image alone."""
        return frozenset(gray.name for gray in self.grays)

    @cached_property
    def disputed(self) -> tuple[int, int] | None:
        """Row and column at which the gray formulas differ most, None if they agree."""
        if not self.grays:
            return None
        stack = [gray.values for gray in self.grays]
        spread = np.maximum.reduce(stack) - np.minimum.reduce(stack)
        row, column = divmod(int(spread.argmax()), spread.shape[1])
        return (row, column) if spread[row, column] > 0.05 else None

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return every channel and every gray by its name."""
        return [(c.name, c.values) for c in (*self.channels, *self.grays)]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each channel and each gray."""
        return [
            {
                "image": self.image,
                "channel": c.name,
                "shape": list(c.shape),
                "batch_shape": [1, *c.shape, 1],
                "min": c.min,
                "max": c.max,
                "mean": c.mean,
                "formula": c.formula or None,
            }
            for c in (*self.channels, *self.grays)
        ]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return further rows for JSON: the image's shapes, the patch, the locality."""
        image, patch = {"image": self.image}, self.patch
        values = {name: patch.of(v).tolist() for name, v in self.arrays()}
        place = {"row": patch.row, "column": patch.column, "shape": [patch.height, patch.width]}
        shapes = {"shape": list(self.shape), "batch_shape": [1, *self.shape]}
        rows: dict[str, list[dict[str, Any]]] = {
            "images": [image | shapes],
            "patches": [image | place | {"values": values}],
        }
        if self.locality is not None:
            rows["locality"] = [image | row for row in self.locality.to_dicts()]
        return rows

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report in plain ASCII: shapes, ranges, grays, the numbers of the patch."""
        yield f"image    {self.image}  {self.shape} = (rows, columns, channels)"
        yield f"batch    {(1, *self.shape)} = (images, rows, columns, channels)"
        if len(self.channels) == 1:
            yield "gray     one channel; a colour image has three: R, G, B"
        elif not self.grays and "A" not in self.names:
            yield "gray     no formula: it takes R, G and B from 0 to 255"
        longest = max(len(c.name) for c in (*self.channels, *self.grays))
        for c in self.channels:
            yield f"channel  {c.name:<{longest}}  {_range(c)}"
        for c in self.grays:
            yield f"gray     {c.name:<{longest}}  {_range(c)}  {c.formula}"
        if self.disputed:
            yield f"differ   {dispute(self)}"
        yield f"patch    {self.patch.slices}"
        shown = (*self.channels, *self.grays[1:2])[:MOST_TABLES]
        tables = [(c.name, self.patch.of(c.values)) for c in shown]
        yield from number_tables(tables, width=width)
        if len(self.channels) > MOST_TABLES:
            yield f"and {len(self.channels) - MOST_TABLES} more channels"
        if self.locality is not None:
            yield from self.locality.lines()


def channels(
    image: np.ndarray,
    *,
    at: tuple[int, int] | None = None,
    patch: Size = 8,
    locality: bool = False,
    name: str = "image",
    is_photo: bool = True,
) -> ChannelSet:
    """Take an image apart into its channels.

    Parameters
    ----------
    image : ndarray, (H, W) or (H, W, C)
    at : (row, column), optional
        The first pixel of the patch; without it the patch whose colours vary most.
    patch : int or (h, w)
        Size of the patch, 16 at most; cut at the edge as a slice is.
    locality : bool
        Measure how the correlation of two pixels falls with their distance.

    Raises
    ------
    SpecError
        If the patch is larger than 16 or begins outside the image.
    RefusedError
        If the channels are over the byte budget.

    >>> image = np.array([[[200.0, 0.0, 0.0]]], np.float32)
    >>> [round(gray.mean, 1) for gray in channels(image).grays]
    [66.7, 59.8, 42.5, 98.2]
    """
    source = image if image.ndim == 3 else image[..., np.newaxis]
    check_bytes(2 * source.nbytes, f"the channels of {name}")  # the image, and each apart
    planes = tuple(
        Channel(label, np.ascontiguousarray(source[..., i]))
        for i, label in enumerate(_names(source.shape[2], is_photo))
    )
    grays: tuple[Channel, ...] = ()
    if _is_colour(source, is_photo):
        colour = source[..., :3]
        grays = tuple(
            Channel(f"gray-{f}", to_gray(colour, f)[..., 0], _formula(f)) for f in FORMULAS
        )
    made = ChannelSet(name, image, planes, grays, choose(source, patch, at), is_photo)
    if locality:
        from cnnviz.report.locality import locality as measure

        made.locality = measure(_gray(made))
    return made


def _gray(result: ChannelSet) -> np.ndarray:
    """Return the luma of a colour image, the mean of other channels but transparency."""
    if result.grays:
        return result.grays[FORMULAS.index("luma601")].values
    planes = [c.values for c in result.channels if c.name != "A"]
    return np.asarray(np.mean(planes, axis=0, dtype=np.float64))


def dispute(result: ChannelSet) -> str:
    """Return in words what the formulas make of the pixel on which they differ most.

    >>> dispute(channels(np.array([[[200.0, 0.0, 0.0]]], np.float32))).partition(":")[0]
    'R 200 G 0 B 0 at row 0, column 0'
    """
    row, column = result.disputed or (0, 0)
    colour = " ".join(f"{c.name} {c.values[row, column]:g}" for c in result.channels[:3])
    grays = ", ".join(f"{g.values[row, column]:.1f} {g.title}" for g in result.grays)
    return f"{colour} at row {row}, column {column}: {grays}"


def _names(count: int, is_photo: bool) -> Sequence[str]:
    """Return the names of the channels; a photo of two or four has transparency."""
    if count == 3:
        return "RGB"
    if is_photo and count in (2, 4):
        return "RGBA" if count == 4 else ("gray", "A")
    return ["gray"] if count == 1 else [str(i) for i in range(count)]


def _is_colour(source: np.ndarray, is_photo: bool) -> bool:
    """Tell whether the formulas hold: three channels on the 0-255 scale."""
    count = source.shape[2]
    if count != 3 and not (is_photo and count == 4):
        return False
    return on_pixel_scale(float(source.min()), float(source.max()), is_photo=is_photo)


def _formula(name: str) -> str:
    if name == "average":
        return "(R + G + B)/3"
    weights = LUMA["luma709" if name == "linear" else name]
    form = "light({})" if name == "linear" else "{}"
    terms = [f"{w:g} {form.format(c)}" for w, c in zip(weights, "RGB", strict=True)]
    return f"code({' + '.join(terms)})" if name == "linear" else " + ".join(terms)


def _range(c: Channel) -> str:
    return f"min {c.min:<8.6g} max {c.max:<8.6g} mean {c.mean:<8.6g}".rstrip()
