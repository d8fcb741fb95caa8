"""The kernels of a layer as they form: what they were at moments of a training run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.geometry import Shape, times
from cnnviz.report.columns import known
from cnnviz.report.result import Result
from cnnviz.report.sample import sample

MOST = 64  # filters in a picture
MOST_ROWS, MOST_COLUMNS = 8, 16  # filters and input channels of deep kernels in a picture


@dataclass(eq=False, repr=False)
class Snapshot:
    """The kernels of a layer at one moment of a run.

    Attributes
    ----------
    step, epoch : int
        How many steps have been taken, and in which epoch, from 1 on.
    loss, accuracy : float or None
        Those of the last moment of training that was noted; None before the first.
    kernel : ndarray
        `(kh, kw, C, filters)`, `(k, C, filters)` or, of a dense layer, `(inputs, units)`.
    """

    step: int
    epoch: int
    loss: float | None
    accuracy: float | None
    kernel: np.ndarray


@dataclass(eq=False, repr=False)
class Forming(Result):
    """The kernels of one layer at moments of a run, each shown as a picture.

    Attributes
    ----------
    frames : tuple of Snapshot
    model, layer : str
    data : str
        What it was trained on.
    steps : int
        Steps of the whole run.
    laid_out : Shape, optional
        What a dense layer's inputs are when they are laid out, `(H, W, C)` or `(L, C)`.
    begun : str
        What the kernels are before the first step.
    """

    figure: ClassVar[str] = "forming"

    frames: tuple[Snapshot, ...]
    model: str
    layer: str
    data: str
    steps: int
    laid_out: Shape | None = None
    begun: str = "random"

    @property
    def subject(self) -> str:
        """Layer and network."""
        return f"{self.layer} of {self.model}"

    @property
    def heading(self) -> str:
        """What it shows."""
        return f"The kernels of {self.layer} as they form"

    @property
    def shape(self) -> Shape:
        """The shape of the kernels, as the layer has them."""
        return self.frames[0].kernel.shape

    @property
    def noun(self) -> str:
        """What the last axis counts."""
        return "unit" if self.laid_out else "filter"

    @property
    def count(self) -> int:
        """How many filters there are."""
        return self.shape[-1]

    @property
    def one(self) -> Shape:
        """The shape of one filter."""
        return self.laid_out or self.shape[:-1]

    @property
    def in_colour(self) -> bool:
        """Whether the input channels are shown as red, green and blue."""
        return len(self.one) == 3 and self.one[2] == 3

    @property
    def is_deep(self) -> bool:
        """Whether each filter is shown as a row of pictures, one an input channel."""
        return len(self.one) == 3 and self.one[2] not in (1, 3)

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The numbers of the filters in the picture."""
        return sample(range(self.count), MOST_ROWS if self.is_deep else MOST)

    @cached_property
    def channels(self) -> tuple[int, ...]:
        """The numbers of the input channels in the picture, where each has its own."""
        return sample(range(self.one[2]), MOST_COLUMNS) if self.is_deep else ()

    def pictures(self, kernel: np.ndarray) -> np.ndarray:
        """Return what is shown of a snapshot's kernel: `(n, h, w)`, or `(n, h, w, 3)` in colour.

        Of deep kernels a picture for each input channel of each filter; of kernels that slide
        along a sequence the steps run to the right and the input channels down.
        """
        filters = np.moveaxis(kernel[..., list(self.shown)], -1, 0)
        filters = filters.reshape(-1, *self.one).astype(np.float32, copy=False)
        if len(self.one) == 2:
            return filters.swapaxes(1, 2)
        if self.is_deep:
            planes = np.moveaxis(filters[..., list(self.channels)], -1, 1)
            return planes.reshape(-1, *self.one[:2])
        return filters if self.in_colour else filters[..., 0]

    def limits(self, kernel: np.ndarray) -> np.ndarray:
        """Return the largest absolute weight of each picture, `(n,)`; one for all of a deep filter.

        What is not finite does not count.
        """
        sizes = np.abs(self.pictures(kernel))
        sizes[~np.isfinite(sizes)] = 0
        rows = len(self.shown) if self.is_deep else len(sizes)
        limits: np.ndarray = sizes.reshape(rows, -1).max(axis=1)
        return np.repeat(limits, len(sizes) // rows)

    @cached_property
    def largest(self) -> float:
        """The largest absolute weight that is shown of any moment."""
        return max(float(self.limits(frame.kernel).max()) for frame in self.frames)

    def view_words(self) -> str:
        """Return what is shown of each filter, in words."""
        if self.in_colour:
            words = "input channels as red, green and blue; gray is zero"
        elif self.is_deep:
            words = "a row a filter, a column an input channel"
        elif len(self.one) == 3:
            words = "one input channel"
        else:
            words = "steps to the right" + (", input channels down" if self.one[1] > 1 else "")
        return f"weights laid out as the input, {words}" if self.laid_out else words

    def page_words(self) -> str:
        """Return which filters are shown, in words; empty if all are."""
        parts = []
        if len(self.shown) < self.count:
            parts.append(f"{len(self.shown)} of {self.count} {self.noun}s")
        if self.is_deep and len(self.channels) < self.one[2]:
            parts.append(f"{len(self.channels)} of {self.one[2]} input channels")
        return f"{' and '.join(parts)}, evenly sampled" if parts else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """That weights are not finite."""
        bad = int(np.count_nonzero(~np.isfinite(self.frames[-1].kernel)))
        return (f"{self.layer}: {bad} weights are not finite at the end",) if bad else ()

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what there is to say, in plain ASCII."""
        noun = self.noun if self.count == 1 else f"{self.noun}s"
        yield f"kernels  {self.subject}, {self.count} {noun} of {times(self.one)}"
        first, last = self.frames[0], self.frames[-1]
        yield f"trained  on {self.data}, steps {first.step} to {last.step} of {self.steps}"
        yield f"picture  {'; '.join(filter(None, (self.view_words(), self.page_words())))}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row a moment, with how far the kernels have come from the first."""
        start = self.frames[0].kernel
        size = np.linalg.norm(start)
        return [
            {
                "step": frame.step,
                "epoch": frame.epoch,
                "loss": frame.loss,
                "accuracy": frame.accuracy,
                "largest": known(float(np.abs(frame.kernel).max())),
                "change": known(float(np.linalg.norm(frame.kernel - start) / size)),
            }
            for frame in self.frames
        ]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the kernels of each moment by its step."""
        return [(f"step-{frame.step}", frame.kernel) for frame in self.frames]


def forming(
    frames: Iterable[Snapshot],
    *,
    model: str,
    layer: str,
    data: str,
    steps: int | None = None,
    input_shape: Sequence[int] | None = None,
    begun: str = "random",
) -> Forming:
    """Return the kernels of a layer as they form, to be drawn as an animation or before and after.

    Parameters
    ----------
    frames : iterable of Snapshot
        In order; all kernels of one shape.
    model, layer, data : str
        What they are called.
    steps : int, optional
        Steps of the whole run; without, those of the last frame.
    input_shape : sequence of int, optional
        What a dense layer takes before it is flattened, `(H, W, C)` or `(L, C)`.
    begun : str
        What the kernels are before the first step.

    Raises
    ------
    SpecError
        If there are no frames, or kernels that cannot be laid out as pictures.

    Examples
    --------
    >>> kernel = np.ones((5, 5, 3, 8), np.float32)
    >>> frames = [Snapshot(0, 1, None, None, kernel), Snapshot(10, 1, 2.1, 0.2, 2 * kernel)]
    >>> made = forming(frames, model="net", layer="conv1", data="photos")
    >>> made.pictures(kernel).shape, float(made.largest)
    ((8, 5, 5, 3), 2.0)
    """
    kept = tuple(frames)
    if not kept:
        raise SpecError(f"{layer}: no snapshots of its kernels were kept")
    shape, laid_out = kept[0].kernel.shape, None
    if len(shape) == 2:
        taken = tuple(input_shape or ())
        if len(taken) not in (2, 3) or int(np.prod(taken)) != shape[0]:
            raise SpecError(
                f"{layer}: weights {times(shape)} of a dense layer make no pictures",
                hint="only those of a dense layer on a flattened image do",
            )
        laid_out = taken
    elif len(shape) not in (3, 4):
        raise SpecError(f"{layer}: weights {times(shape)} make no pictures of kernels")
    return Forming(kept, model, layer, data, steps or kept[-1].step, laid_out, begun)
