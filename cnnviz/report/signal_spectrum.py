"""Convolution multiplies spectra: the magnitudes of two signals and of what they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import check_bytes
from cnnviz.report.result import Result
from cnnviz.report.signal import MOST_VALUES, Sliding

WIDE = 300  # times its median that the signal's largest magnitude may be on a linear scale
LEAST = 1024  # samples of a transform, so that the curves of short signals are smooth


@dataclass(frozen=True, eq=False, repr=False)
class Spectra(Result):
    """Magnitude spectra of signal, kernel and output.

    Attributes
    ----------
    sliding : Sliding
    size : int
        Samples of the transforms: all three are filled up with zeros to it.
    frequencies : ndarray, (size // 2 + 1,)
        From 0 to half the sample rate, in Hz where it is known, else in cycles per sample.
    signal, kernel, output : ndarray
        |X|, |H| and |Y| at these frequencies.
    """

    sliding: Sliding
    size: int
    frequencies: np.ndarray
    signal: np.ndarray
    kernel: np.ndarray
    output: np.ndarray
    figure: ClassVar[str] = "signal_spectrum"

    @property
    def subject(self) -> str:
        """Both signals."""
        return self.sliding.subject

    @property
    def unit(self) -> str:
        """What the frequencies are counted in."""
        return "cycles per sample" if self.sliding.signal.rate is None else "Hz"

    @property
    def difference(self) -> float:
        """The largest difference of |X||H| and |Y|, as a part of the largest |Y|."""
        top = float(self.output.max())
        far = float(np.abs(self.signal * self.kernel - self.output).max())
        return far / top if top else far

    @cached_property
    def is_wide(self) -> bool:
        """Whether one frequency is so strong that a linear scale hides all the others."""
        return float(self.signal.max()) > WIDE * float(np.median(self.signal)) > 0

    @property
    def peak(self) -> float:
        """The frequency, other than zero, at which the signal is strongest."""
        return float(self.frequencies[1 + int(self.signal[1:].argmax())])

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what the spectra show."""
        yield f"spectra: |Y| = |X| |H| at {len(self.frequencies)} frequencies from 0 to {self.top}"
        yield f"largest difference {self.difference:.1e} of the largest |Y|, by rounding"
        yield f"x is strongest at {self.peak:.4g} {self.unit} (apart from 0)"
        half = self.half()
        if half is not None:
            yield f"h lets less than half through from {half:.4g} {self.unit} on"
        yield from self.sliding.remarks()

    @property
    def top(self) -> str:
        """The last frequency with its unit."""
        return f"{self.frequencies[-1]:.6g} {self.unit}"

    def half(self) -> float | None:
        """Return the frequency from which a kernel that smooths lets less than half through."""
        gain = self.kernel
        if gain[0] < 0.999 * gain.max() or gain[0] == 0:
            return None
        below = np.flatnonzero(gain < gain[0] / 2)
        return float(self.frequencies[below[0]]) if len(below) else None

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each of the three signals."""
        return self.sliding.to_dicts()

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as one object of plain data."""
        short = len(self.frequencies) <= MOST_VALUES
        named = self.arrays()
        spectra = {name: values.tolist() if short else None for name, values in named}
        facts = {"unit": self.unit, "size": self.size, "difference": self.difference}
        return self.sliding.to_dict() | {"spectrum": {**facts, "half_gain": self.half(), **spectra}}

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the frequencies and the three magnitudes."""
        of = self.frequencies, self.signal, self.kernel, self.output
        return list(zip(("frequency", "signal", "kernel", "output"), of, strict=True))

    @property
    def figure_nbytes(self) -> int:
        """Bytes that a figure needs beside them: it draws the extremes only."""
        return 2 * len(self.output)


def spectra(sliding: Sliding) -> Spectra:
    """Return the magnitude spectra.

    Raises
    ------
    SpecError
        If the output is not the whole convolution: its spectrum is no product then.
    RefusedError
        If the transforms are over the byte budget.

    Examples
    --------
    >>> from cnnviz.report.signal import slide
    >>> from cnnviz.signals import resolve
    >>> found = spectra(slide(resolve("sine:64,8"), resolve("average:8")))
    >>> found.peak, found.difference < 1e-12
    (0.125, True)
    """
    axis = sliding.axis
    if sliding.padding != "full" or axis.stride != 1:
        raise SpecError(
            "--spectrum is of the whole convolution", hint="use --padding full and --stride 1"
        )
    size = _fast(max(LEAST, len(sliding.output)))
    check_bytes(40 * size + 24 * len(sliding.output), f"spectra of {sliding.subject}")
    spread = np.zeros(axis.extent)
    spread[:: axis.dilation] = sliding.kernel.values
    of = sliding.signal.values, spread, sliding.output
    x, h, y = (np.abs(np.fft.rfft(values, size)) for values in of)
    rate = sliding.signal.rate
    frequencies = np.arange(size // 2 + 1) / size * (1 if rate is None else rate)
    return Spectra(sliding, size, frequencies, x, h, y)


def _fast(least: int) -> int:
    """Return the first number from `least` on of which a transform is fast: 2^a, 3 2^a or 5 2^a."""
    power = 1 << max(0, least - 1).bit_length()
    return next(n for n in (5 * power // 8, 3 * power // 4, power) if n >= least)
