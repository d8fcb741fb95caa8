"""What a layer makes of an image before and after training, with the same filters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.geometry import times
from cnnviz.report.layer_features import Seen
from cnnviz.report.result import Result
from cnnviz.report.sample import sample

MOST = 16  # filters in a picture


@dataclass(eq=False, repr=False)
class Side:
    """A layer at one moment: its kernels and what they make of the image.

    Attributes
    ----------
    kernel : ndarray, (kh, kw, C, filters)
    maps : ndarray, (H, W, filters)
    step : int
        How many steps of training it has had.
    begun : str
        What its kernels are before the first.
    """

    kernel: np.ndarray
    maps: np.ndarray
    step: int
    begun: str = "random"

    @property
    def stage(self) -> str:
        """What its kernels are."""
        return "trained" if self.step else self.begun


@dataclass(eq=False, repr=False)
class BeforeAfter(Result):
    """The maps of one layer for one image before and after training.

    Attributes
    ----------
    seen : Seen
        The image and the network.
    layer, data : str
        The layer, and what it was trained on.
    before, after : Side
    """

    figure: ClassVar[str] = "before_after"

    seen: Seen
    layer: str
    data: str
    before: Side
    after: Side

    @property
    def subject(self) -> str:
        """Layer and image."""
        return f"{self.layer} of {self.seen.image}"

    @property
    def heading(self) -> str:
        """What it shows."""
        return f"{self.layer} before and after training"

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both, in the order of time."""
        return self.before, self.after

    @property
    def count(self) -> int:
        """How many filters there are."""
        return int(self.before.maps.shape[2])

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The numbers of the filters in the picture."""
        return sample(range(self.count), MOST)

    @property
    def is_average(self) -> bool:
        """Whether each kernel is shown as the mean over its input channels."""
        return self.before.kernel.shape[2] not in (1, 3)

    def thumbnail(self, side: Side, index: int) -> np.ndarray:
        """Return what is shown of a kernel, `(kh, kw)`, or `(kh, kw, 3)` in colour."""
        kernel = side.kernel[..., index]
        if kernel.shape[2] == 3:
            return kernel
        mean: np.ndarray = kernel.mean(axis=2)
        return mean

    def kernel_words(self) -> str:
        """Return what is shown of each kernel, in words."""
        channels = self.before.kernel.shape[2]
        if self.is_average:
            return f"kernels as the average over {channels} input channels"
        if channels == 3:
            return "kernels with their input channels as red, green and blue; gray is zero"
        return ""

    def page_words(self) -> str:
        """Return which filters are shown, in words; empty if all are."""
        if len(self.shown) == self.count:
            return ""
        return f"{len(self.shown)} of {self.count} filters, evenly sampled"

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what there is to say, in plain ASCII."""
        yield f"layer    {self.layer} of {self.seen.model}, {times(self.before.maps.shape)}"
        yield f"input    {self.seen.image}, seen as {times(self.seen.pixels.shape)}"
        for side in self.sides:
            low, high = float(side.maps.min()), float(side.maps.max())
            yield f"{side.stage:<8} step {side.step}: min {low:.4g}, max {high:.4g}"
        yield f"trained  on {self.data}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row a filter, with the range of its map before and after."""
        rows = []
        for i in range(self.count):
            row: dict[str, Any] = {"image": self.seen.image, "layer": self.layer, "filter": i}
            for name, side in (("before", self.before), ("after", self.after)):
                plane = side.maps[..., i]
                low, high = float(plane.min()), float(plane.max())
                row[name] = {"step": side.step, "min": low, "max": high}
            rows.append(row)
        return rows

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the maps before and after."""
        return [("before", self.before.maps), ("after", self.after.maps)]


def before_after(seen: Seen, before: Side, after: Side, *, layer: str, data: str) -> BeforeAfter:
    """Return a layer's maps of an image before and after training.

    Parameters
    ----------
    seen : Seen
        The image as the network takes it, and the network's name.
    before, after : Side
        Of the same shapes.
    layer, data : str
        What they are called.

    Raises
    ------
    SpecError
        If the layer is no 2-D convolution, and so has no maps or kernels to look at.
    """
    for side in (before, after):
        if side.maps.ndim != 3 or side.kernel.ndim != 4:
            raise SpecError(
                f"{layer}: kernels {times(side.kernel.shape)} and an output of "
                f"{times(side.maps.shape)} are not those of a 2-D convolution"
            )
    return BeforeAfter(seen, layer, data, before, after)
