"""Where a sliding window lands: output sizes, padding, unread cells and receptive fields.

The only size formula of the project; ops, layers, reports and figures all ask `Window`.
Conventions: sizes, strides and starts are tuples with one entry an axis, `(height, width)` in 2-D.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Literal

from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.geometry.field import Field, Sight

__all__ = [
    "CAUSAL", "LARGEST", "NAMED_PADDINGS", "Axis", "Field", "Padding", "Shape", "Sight", "Size",
    "Window", "by", "pads", "sizes", "times",
]  # fmt: skip

Shape = tuple[int, ...]
Size = int | Sequence[int]
Padding = str | int | Sequence[int] | Sequence[Sequence[int]]
NAMED_PADDINGS = ("valid", "same", "full")
# Above it, sums and products of sizes would not fit into an array's index.
LARGEST = 2**31 - 1
# A window over time that reads nothing of the future.
CAUSAL = "causal"


def __getattr__(name: str) -> object:
    """Return `Field` or `Sight`, which most commands do without."""
    if name in ("Field", "Sight"):
        from cnnviz.geometry import field

        return getattr(field, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class Axis:
    """One axis of a window laid on `size` cells.

    `output` windows start at `o * stride - before`, and each reads `kernel_size` cells that are
    `dilation` apart.
    """

    size: int
    kernel_size: int
    stride: int
    dilation: int
    before: int
    after: int
    output: int
    rule: Literal["floor", "ceil", "same"]

    @property
    def extent(self) -> int:
        """Cells from the first to the last one that a window reads, `d(k - 1) + 1`."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def unread(self) -> int:
        """Input cells behind the last window, which floor leaves unread; cropped ones are not."""
        last = (self.output - 1) * self.stride + self.extent - self.before
        return max(0, self.size + min(0, self.after) - last)

    @property
    def leftover(self) -> int:
        """Unread cells beyond those that a stride over the window skips everywhere."""
        return max(0, self.unread - max(0, self.stride - self.extent))

    @property
    def pace(self) -> tuple[int, int]:
        """Input cells passed by how many output cells."""
        return self.stride, 1

    def start(self, output: int) -> int:
        """First cell that output cell `output` reads; negative inside the padding."""
        return output * self.stride - self.before

    def cells(self, output: int) -> range:
        """Cells that output cell `output` reads; those outside `[0, size)` are padding."""
        first = self.start(output)
        return range(first, first + self.extent, self.dilation)

    def working(self) -> str:
        """Return the size formula with its numbers, `floor((224 + 2*3 - 7)/2) + 1 = 112`."""
        if self.rule == "same":
            return f"ceil({self.size}/{self.stride}) = {self.output}"
        padded = f"{self.size}{_sides(self.before, self.after)}"
        if self.extent == self.stride == 1 and padded != f"{self.size}":
            return f"{padded} = {self.output}"  # nothing but padding, or cropping
        kernel = (
            f"{self.kernel_size}"
            if self.dilation == 1
            else f"{self.dilation}*({self.kernel_size} - 1) - 1"
        )
        text = f"{self.rule}(({padded} - {kernel})/{self.stride}) + 1"
        span = self.size + self.before + self.after - self.extent
        if self.rule == "ceil" and -(-span // self.stride) + 1 > self.output:
            text += " - 1"  # the last window would have started in the end padding
        return f"{text} = {self.output}"


@dataclass(frozen=True)
class Window:
    """A window of `kernel_size` cells that slides over an array.

    Parameters
    ----------
    kernel_size, strides, dilation_rate : tuple of int
        One entry an axis.
    padding : str or tuple of (before, after)
        `"valid"`, `"same"` (TensorFlow's: output `ceil(n/s)`, the odd cell at the end),
        `"full"` (`d(k - 1)` on each side), `"causal"` (all of it before, on one axis only), or the
        cells on each side of each axis.
    ceil_mode : bool
        Round the number of windows up, but drop a last one that would start in the end padding
        (PyTorch's rule for pooling).
    """

    kernel_size: Shape
    strides: Shape
    padding: str | tuple[tuple[int, int], ...]
    dilation_rate: Shape
    ceil_mode: bool = False

    @classmethod
    def of(
        cls,
        kernel_size: Size,
        *,
        strides: Size = 1,
        padding: Padding = "valid",
        dilation_rate: Size = 1,
        ceil_mode: bool = False,
        rank: int = 2,
    ) -> Window:
        """Build a window from the short forms that users write: `n`, `(h, w)`, `"same"`, …

        Raises
        ------
        SpecError
            If a value is not a positive integer (padding: not negative) or has another rank.
        """
        return cls(
            sizes(kernel_size, "kernel_size", rank=rank),
            sizes(strides, "strides", rank=rank),
            pads(padding, rank=rank),
            sizes(dilation_rate, "dilation_rate", rank=rank),
            bool(ceil_mode),
        )

    def on(self, shape: Sequence[int]) -> tuple[Axis, ...]:
        """Lay the window on an input of `shape` (the spatial axes only).

        Raises
        ------
        SpecError
            If the window does not fit, with the sizes and what would do.
        """
        if len(shape) != len(self.kernel_size):
            raise SpecError(f"the window has {len(self.kernel_size)} axes, the input {len(shape)}")
        axes = tuple(self._axis(axis, n) for axis, n in enumerate(shape))
        if any(axis.output < 1 for axis in axes):
            where, text = times(shape), by(self.kernel_size)
            if any(d > 1 for d in self.dilation_rate):
                text += f" with dilation {times(self.dilation_rate)}"
            if min(shape) < 1:
                raise SpecError(f"the input is empty ({where})")
            raise SpecError(
                f"kernel_size {text} does not fit in {where}",
                hint='use padding "same" or a smaller kernel',
            )
        return axes

    def output_shape(self, shape: Sequence[int]) -> Shape:
        """Return the number of windows along each axis of an input of `shape`."""
        return tuple(axis.output for axis in self.on(shape))

    def _axis(self, i: int, n: int) -> Axis:
        k, s, d = self.kernel_size[i], self.strides[i], self.dilation_rate[i]
        extent = d * (k - 1) + 1
        rule: Literal["floor", "ceil", "same"] = "ceil" if self.ceil_mode else "floor"
        if self.padding == "same":
            output = -(-n // s)
            total = max(0, (output - 1) * s + extent - n)
            return Axis(n, k, s, d, total // 2, total - total // 2, output if n else 0, "same")
        if self.padding == "valid":
            before = after = 0
        elif self.padding == "full":
            before = after = extent - 1
        elif self.padding == CAUSAL:
            before, after = extent - 1, 0
        else:
            assert not isinstance(self.padding, str)
            before, after = self.padding[i]
        span = n + before + after - extent
        output = (-(-span // s) if self.ceil_mode else span // s) + 1
        if self.ceil_mode and (output - 1) * s >= n + before:
            output -= 1
        return Axis(n, k, s, d, before, after, max(0, output) if n else 0, rule)


def _sides(before: int, after: int) -> str:
    """Return the cells added at both ends as terms of a sum: ` + 2*3`, ` - 2 - 1`."""
    if before == after:
        return f" {'-' if before < 0 else '+'} 2*{abs(before)}" if before else ""
    return "".join(f" {'-' if n < 0 else '+'} {abs(n)}" for n in (before, after))


def times(shape: Iterable[int]) -> str:
    """Return a shape in ASCII, `300x451x3`."""
    return "x".join(map(str, shape))


def by(size: Size) -> str:
    """Return `n`, or `HxW` where the two differ.

    >>> by(2), by((3, 3)), by((1, 5))
    ('2', '3', '1x5')
    """
    values = (size,) if isinstance(size, int) else tuple(size)
    return str(values[0]) if len(set(values)) == 1 else times(values)


def sizes(value: Size, name: str, *, rank: int = 2, least: int = 1) -> Shape:
    """Return `n` or `(h, w)` as a tuple of `rank` integers, each at least `least`."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * rank
    try:
        result = tuple(index(v) for v in values)
    except TypeError:
        result = ()
    if len(result) != rank or min(result) < least or any(isinstance(v, bool) for v in values):
        kind = "a positive integer" if least > 0 else "an integer that is not negative"
        several = f" or {rank} of them" if rank > 1 else ""
        raise SpecError(f"{name} {value!r} is not {kind}{several}")
    if max(result) > LARGEST:
        raise SpecError(f"{name} {max(result)} is above {LARGEST}")
    return result


def pads(
    value: Padding, *, rank: int = 2, name: str = "padding"
) -> str | tuple[tuple[int, int], ...]:
    """Return a padding as its lower-case name or as `(before, after)` for each axis.

    On one axis a plain pair is `(before, after)`.
    """
    if isinstance(value, str):
        names = (*NAMED_PADDINGS, CAUSAL) if rank == 1 else NAMED_PADDINGS
        if value.lower() in names:
            return value.lower()
        raise SpecError(f"{name} {value!r} is not one of {', '.join(names)} or a number")
    if rank == 1 and isinstance(value, Sequence) and len(value) == 2:
        value = (value,)  # type: ignore[assignment]
    if isinstance(value, Sequence) and value and all(isinstance(v, Sequence) for v in value):
        if len(value) != rank:
            raise SpecError(f"{name} {value!r} does not have {rank} pairs")
        pairs = [sizes(v, name, rank=2, least=0) for v in value]  # type: ignore[arg-type]
        return tuple((before, after) for before, after in pairs)
    each = sizes(value, name, rank=rank, least=0)  # type: ignore[arg-type]
    return tuple((n, n) for n in each)
