"""Two signals, one sliding over the other: every output value, and the terms of any of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Any, ClassVar, NamedTuple

import numpy as np

from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Axis, Window
from cnnviz.ops import conv1d
from cnnviz.report.result import Result
from cnnviz.report.signal_words import (
    formula,
    index_words,
    noise_words,
    sum_words,
    term_words,
    total,
)
from cnnviz.signals import Signal

SHOWN, MOST_SHOWN = 4, 8  # places in a figure
MOST_PRODUCTS = 10**11  # of one run: a minute
MOST_VALUES = 4096  # in JSON


class Term(NamedTuple):
    """One product: `x[m] h[i]`."""

    m: int
    i: int
    x: float
    h: float

    @property
    def product(self) -> float:
        """What it adds."""
        return self.x * self.h


@dataclass(frozen=True, eq=False, repr=False)
class Sliding(Result):
    """A kernel slid over a signal.

    Attributes
    ----------
    signal, kernel : Signal
    output : ndarray, (N,)
        float64, as `conv1d` computes it.
    axis : Axis
        Which cells of the signal each output value reads.
    padding : str
        `valid`, `same` or `full`.
    correlate : bool
        Whether the kernel is laid on as it is; a convolution turns it around.
    at : tuple of int
        The output values that are asked for.
    """

    signal: Signal
    kernel: Signal
    output: np.ndarray
    axis: Axis
    padding: str
    correlate: bool
    at: tuple[int, ...] = ()
    figure: ClassVar[str] = "signal"

    @property
    def subject(self) -> str:
        """Both signals."""
        return f"{self.signal.name} {self.sign} {self.kernel.name}"

    @property
    def sign(self) -> str:
        """The sign of the operation in ASCII."""
        return "(corr)" if self.correlate else "*"

    @property
    def operation(self) -> str:
        """Its name."""
        return "cross-correlation" if self.correlate else "convolution"

    @property
    def orientation(self) -> str:
        """Which way round the kernel is, and the other way."""
        return (
            "the kernel is NOT flipped, as in the layers that are called convolution"
            if self.correlate
            else "the kernel is FLIPPED; layers of networks leave that out, as --correlate does"
        )

    @property
    def settings(self) -> list[str]:
        """Padding, and stride and dilation where they are not 1."""
        words = [f"padding {self.padding}"]
        words += [f"stride {self.axis.stride}"] if self.axis.stride > 1 else []
        return words + ([f"dilation {self.axis.dilation}"] if self.axis.dilation > 1 else [])

    @cached_property
    def laid(self) -> np.ndarray:
        """The kernel as it lies on the signal: turned around by a convolution."""
        return self.kernel.values if self.correlate else self.kernel.values[::-1]

    @property
    def is_average(self) -> bool:
        """Whether each output value is an average: it lies among the values that it is made of."""
        values = self.kernel.values
        sums_to_one = abs(float(values.sum()) - 1) < 1e-9
        return len(values) > 1 and bool(values.min() >= 0) and sums_to_one

    @cached_property
    def strongest(self) -> int:
        """The output value that is largest without its sign."""
        return int(np.abs(self.output).argmax())

    def places(self) -> tuple[int, ...]:
        """Return the output values that the figure shows: those asked for, or a few all along.

        The strongest is among them.
        """
        if self.at:
            return self.at
        last = len(self.output) - 1
        found = [round((i + 0.6) / (SHOWN + 0.2) * last) for i in range(SHOWN)]
        nearest = min(range(SHOWN), key=lambda i: abs(found[i] - self.strongest))
        found[nearest] = self.strongest
        return tuple(dict.fromkeys(found))

    def place(self, n: int) -> int:
        """Return the cell of the signal below which an output value stands.

        It is where the kernel's `h[0]` lies; with `same` the cell of the same number.
        """
        if self.padding == "same":
            return n * self.axis.stride
        return self.axis.start(n) + (0 if self.correlate else self.axis.extent - 1)

    def middle(self, n: int) -> float:
        """Return the middle of the cells that an output value is made of."""
        return self.axis.start(n) + (self.axis.extent - 1) / 2

    def span(self) -> tuple[int, int]:
        """Return the first and the last cell that anything stands on, padding included."""
        last = self.axis.start(len(self.output) - 1) + self.axis.extent - 1
        return min(0, self.axis.start(0)), max(len(self.signal) - 1, last)

    def terms(self, n: int) -> list[Term]:
        """Return the products of an output value, those with padding left out, as `x` runs."""
        cells, size = self.axis.cells(n), len(self.kernel)
        found = []
        for j, m in enumerate(cells):
            if 0 <= m < len(self.signal):
                i = j if self.correlate else size - 1 - j
                x, h = float(self.signal.values[m]), float(self.kernel.values[i])
                found.append(Term(m, i, x, h))
        return found

    def noise(self) -> tuple[float, float] | None:
        """Return the root mean square of the noise before and after; None where it is not known.

        It is what differs from the clean signal where the whole kernel lies on the signal.
        """
        clean, axis = self.signal.clean, self.axis
        if clean is None or not self.is_average or axis.extent % 2 == 0:
            return None
        starts = np.arange(len(self.output)) * axis.stride - axis.before
        inside = (starts >= 0) & (starts + axis.extent <= len(clean))
        if not inside.any():
            return None
        at = starts[inside] + axis.extent // 2
        pairs = self.signal.values[at] - clean[at], self.output[inside] - clean[at]
        before, after = (float(np.sqrt(np.mean(np.square(one)))) for one in pairs)
        return before, after

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield the formula, the terms of the chosen values, and what is to be said of both."""
        yield formula(self)
        for n in self.at or (self.strongest,):
            yield term_words(self, n, width)
        yield from self.remarks()

    def remarks(self) -> Iterator[str]:
        """Yield what the numbers show."""
        if self.padding == "full" and self.axis.stride == 1:
            yield sum_words(self)
        if (found := self.noise()) is not None:
            yield noise_words(*found)
        for note in dict.fromkeys((*self.signal.notes, *self.kernel.notes)):
            yield f"note: {note}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each of the three signals."""
        of = self.signal.values, self.kernel.values, self.output
        names = self.signal.name, self.kernel.name, self.subject
        roles = "signal", "kernel", "output"
        rows = []
        for role, name, values in zip(roles, names, of, strict=True):
            row: dict[str, Any] = {"role": role, "name": name, "length": len(values)}
            row |= {"min": float(values.min()), "max": float(values.max())}
            added = total(values)
            row |= {"mean": added / len(values), "sum": added}
            row["values"] = values.tolist() if len(values) <= MOST_VALUES else None
            rows.append(row)
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        rows = {row.pop("role"): row for row in self.to_dicts()}
        rows["signal"] |= {"sample_rate": self.signal.rate, "start": self.signal.start}
        axis, noise = self.axis, self.noise()
        terms = [
            {
                "n": n,
                "value": fsum(t.product for t in self.terms(n)),
                "engine": float(self.output[n]),
                "terms": [{**t._asdict(), "product": t.product} for t in self.terms(n)],
            }
            for n in self.at or (self.strongest,)
        ]
        return {
            "operation": self.operation,
            "flip": not self.correlate,
            "formula": f"y[n] = sum of x[{index_words(self)}] h[i]",
            "padding": self.padding,
            "pads": [axis.before, axis.after],
            "stride": axis.stride,
            "dilation": axis.dilation,
            **rows,
            "at": terms,
            "noise": None if noise is None else dict(zip(("before", "after"), noise, strict=True)),
            "notes": list(self.signal.notes),
        }

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the three signals."""
        of = self.signal.values, self.kernel.values, self.output
        return list(zip(("signal", "kernel", "output"), of, strict=True))

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them: it draws the extremes only."""
        return 2 * len(self.output)


def slide(
    signal: Signal,
    kernel: Signal,
    *,
    padding: str = "full",
    strides: int = 1,
    dilation_rate: int = 1,
    correlate: bool = False,
    at: Sequence[int] = (),
) -> Sliding:
    """Convolve two signals, or correlate them.

    Parameters
    ----------
    padding : {"full", "same", "valid"}
        Every output value of which anything of the kernel lies on the signal (as textbooks and
        `numpy.convolve` have it); as many as the signal has; those where all of it does.
    strides, dilation_rate : int
        Cells between two outputs, and between two values of the kernel.
    correlate : bool
        Lay the kernel on as it is.
    at : sequence of int
        Output values that are asked for.

    Raises
    ------
    SpecError
        If the kernel does not fit, or there is no such output value.
    RefusedError
        If it takes too much memory or too many products.
    InputError
        If a value of the output is not finite.

    Examples
    --------
    >>> from cnnviz.signals import resolve
    >>> slide(resolve("1 2 3"), resolve("0 1 0.5")).output.tolist()
    [0.0, 1.0, 2.5, 4.0, 1.5]
    """
    size = len(kernel)
    window = Window.of(size, strides=strides, padding=padding, dilation_rate=dilation_rate, rank=1)
    (axis,) = window.on((len(signal),))
    for n in at:
        if n >= axis.output:
            raise SpecError(f"no output {n}", hint=f"they are 0 to {axis.output - 1}")
    if len(at) > MOST_SHOWN:
        raise SpecError(f"{len(at)} places are more than {MOST_SHOWN}", hint="leave some out")
    name = f"{signal.name} and {kernel.name}"
    if axis.output * size > MOST_PRODUCTS:
        raise RefusedError(
            f"{name}: {axis.output} x {size} products are too many",
            hint="use --part, --stride or a shorter kernel",
        )
    needed = 8 * (3 * (axis.size + axis.before + axis.after) + 2 * axis.output)
    check_bytes(needed, name, hint="use --part, a smaller --dilation or a higher --max-memory")
    with np.errstate(over="ignore", invalid="ignore"):
        output = conv1d(
            signal.values,
            kernel.values,
            strides=strides,
            padding=padding,
            dilation_rate=dilation_rate,
            flip=not correlate,
        )
    bad = len(output) - int(np.count_nonzero(np.isfinite(output)))
    if bad:
        raise InputError(f"{name}: {bad} of {len(output)} output values are not finite")
    return Sliding(signal, kernel, output, axis, padding, correlate, tuple(at))
