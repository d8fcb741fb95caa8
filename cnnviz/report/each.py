"""What each channel adds to a convolution of a colour image: R + G + B = sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, times
from cnnviz.kernels import Kernel
from cnnviz.report.maps import FeatureMap, MapSet

if TYPE_CHECKING:
    from cnnviz.report.convolution import Wanted

CHANNELS = "RGB"
TERMS = len(CHANNELS) + 1  # maps of one kernel: the addends, then their sum


@dataclass(eq=False, repr=False)
class EachSet(MapSet):
    """For each kernel four maps: of R, of G, of B, and what their sum becomes.

    `bias`, a kernel's offset and `activation` are applied to the sum alone, as in a layer.
    """

    figure: ClassVar[str] = "each"

    bias: float = 0.0
    activation: str | None = None

    @property
    def family(self) -> str:
        """Nothing: each kernel has a row of its own, under its whole name."""
        return ""

    @property
    def bands(self) -> list[tuple[FeatureMap, ...]]:
        """The four maps of each kernel."""
        return [self.maps[i : i + TERMS] for i in range(0, len(self.maps), TERMS)]

    def has_more(self, total: FeatureMap) -> bool:
        """Tell whether a kernel's map is more than the plain sum."""
        return bool(self.activation) or self._added(total) != 0

    def formula(self, total: FeatureMap) -> str:
        """Return how the addends make a kernel's map, `relu(edge[R] + edge[G] + edge[B] + 5)`."""
        terms = " + ".join(f"{total.name}[{c}]" for c in CHANNELS)
        added = self._added(total)
        if added:
            terms += f" {'-' if added < 0 else '+'} {abs(added):g}"
        return f"{self.activation}({terms})" if self.activation else terms

    def _added(self, total: FeatureMap) -> float:
        return self.bias + sum(kernel.offset for kernel in total.kernels)

    def workings(self) -> list[tuple[str, tuple[Axis, ...]]]:
        """Return each different size formula with the names of the sums it belongs to."""
        totals = tuple(total for *_, total in self.bands)
        return MapSet(self.command, self.image, self.source, totals).workings()

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the report of the maps, and how the last of each four comes from the others."""
        yield from super().lines(width)
        for *_, total in self.bands:
            yield f"sum      {total.name} = {self.formula(total)}"


def check(image: np.ndarray, groups: int, combine: str | None) -> None:
    """Refuse what has no R + G + B.

    Raises
    ------
    SpecError
        If the image has not three channels, or groups or `combine` are asked for too.

    >>> check(np.zeros((9, 9, 1)), 1, None)
    Traceback (most recent call last):
    cnnviz.errors.SpecError: channels each adds R, G and B, the image is 9x9x1; use --channels sum
    """
    if image.ndim != 3 or image.shape[2] != len(CHANNELS):
        raise SpecError(
            f"channels each adds R, G and B, the image is {times(image.shape)}",
            hint="use --channels sum",
        )
    if groups != 1:
        raise SpecError(
            f"channels each with groups {groups}: groups do not sum over the channels",
            hint="use one of the two",
        )
    if combine:
        raise SpecError(
            f"channels each with combine {combine}: it joins sums", hint="use --channels sum"
        )


def addends(total: Wanted) -> Iterator[Wanted]:
    """Yield what a map on a colour image is the sum of: the maps of R, G and B.

    Bias, offset and activation are of the sum alone.

    >>> from cnnviz.kernels import resolve
    >>> from cnnviz.report.convolution import convolve
    >>> apart = convolve(np.array([[[1.0, 2.0, 3.0]]]), resolve("10"), channels="each")
    >>> [(m.name, m.max) for m in apart.maps]
    [('custom[R]', 10.0), ('custom[G]', 20.0), ('custom[B]', 30.0), ('custom', 60.0)]
    """
    kernel = total.kernel
    for i, channel in enumerate(CHANNELS):
        weights = kernel.values if kernel.values.ndim == 2 else kernel.values[:, :, i]
        part = Kernel(f"{kernel.name}[{channel}]", weights, kernel.source)
        plane = total.source[:, :, i]
        yield total._replace(
            name=f"{total.name}[{channel}]", kernel=part, source=plane, added=0.0, act=None
        )
