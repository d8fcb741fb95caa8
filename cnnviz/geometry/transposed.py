"""Where a transposed window writes: the sizes of transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Literal

from cnnviz.errors import SpecError
from cnnviz.geometry import Axis, Padding, Shape, Size, Window, sizes, times


@dataclass(frozen=True)
class TransposedAxis:
    """One axis of a transposed window: what `Axis` reads, it writes.

    Input cell `i` is written to `kernel_size` cells from `i * stride - before` on, `dilation`
    apart; those outside `[0, output)` are cropped.
    """

    size: int
    kernel_size: int
    stride: int
    dilation: int
    before: int
    after: int
    output_padding: int
    output: int
    rule: Literal["sum", "same"]
    # Every input cell is written somewhere; what is cropped is the output's.
    unread = leftover = 0

    @property
    def extent(self) -> int:
        """Cells from the first to the last one that an input cell is written to."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def adjoint(self) -> Axis:
        """The axis of the convolution whose transpose this is, from `output` cells to `size`."""
        return Axis(
            self.output, self.kernel_size, self.stride, self.dilation,
            self.before, self.after, self.size, "floor",
        )  # fmt: skip

    @property
    def pace(self) -> tuple[int, int]:
        """Input cells passed by how many output cells."""
        return 1, self.stride

    def cells(self, output: int) -> range:
        """Input cells that are written to output cell `output`; some may be outside `[0, size)`.

        Those `i` for which `output + before - i * stride` is one of `0, d, …, d(k - 1)`.
        """
        at = output + self.before
        common = gcd(self.stride, self.dilation)
        if at % common:
            return range(0)
        step = self.dilation // common
        least = -((self.extent - 1 - at) // self.stride)
        solution = at // common * pow(self.stride // common, -1, step)
        return range(least + (solution - least) % step, at // self.stride + 1, step)

    def working(self) -> str:
        """Return the size formula with its numbers, `(7 - 1)*2 + 3 - 2*1 + 1 = 14`."""
        if self.rule == "same":
            return f"{self.size}*{self.stride} = {self.output}"
        text = f"({self.size} - 1)*{self.stride} + "
        k, d = self.kernel_size, self.dilation
        text += f"{k}" if d == 1 else f"{d}*({k} - 1) + 1"
        if self.before != self.after:
            text += f" - {self.before} - {self.after}"
        elif self.before:
            text += f" - 2*{self.before}"
        if self.output_padding:
            text += f" + {self.output_padding}"
        return f"{text} = {self.output}"


@dataclass(frozen=True)
class TransposedWindow:
    """A window that writes where `Window` reads: a transposed convolution.

    Parameters
    ----------
    window : Window
        That of the convolution which is transposed. Its padding is cropped from the output;
        `"same"` gives `n s` cells (TensorFlow's and Keras's).
    output_padding : tuple of int
        Cells added at the end, fewer than the stride: a convolution takes `strides` sizes to one
        size, and this chooses among them.
    """

    window: Window
    output_padding: Shape

    @classmethod
    def of(
        cls,
        kernel_size: Size,
        *,
        strides: Size = 1,
        padding: Padding = "valid",
        output_padding: Size = 0,
        dilation_rate: Size = 1,
        rank: int = 2,
    ) -> TransposedWindow:
        """Build a transposed window from the short forms that users write.

        Raises
        ------
        SpecError
            If a value is out of range, or `output_padding` is given beside `"same"`.
        """
        window = Window.of(
            kernel_size, strides=strides, padding=padding, dilation_rate=dilation_rate, rank=rank
        )
        added = sizes(output_padding, "output_padding", rank=rank, least=0)
        if window.padding == "same" and any(added):
            raise SpecError(
                f'output_padding {output_padding!r} beside padding "same", which gives n * strides',
                hint="give the padding in numbers",
            )
        for stride, n in zip(window.strides, added, strict=True):
            if n >= stride:
                raise SpecError(f"output_padding {n} is not below the stride, {stride}")
        return cls(window, added)

    def on(self, shape: Sequence[int]) -> tuple[TransposedAxis, ...]:
        """Lay the window on an input of `shape` (the spatial axes only).

        Raises
        ------
        SpecError
            If nothing would be left of the output.
        """
        if len(shape) != len(self.output_padding):
            raise SpecError(f"the window has {len(self.output_padding)} axes, not {len(shape)}")
        if min(shape) < 1:
            raise SpecError(f"the input is empty ({times(shape)})")
        window, same = self.window, self.window.padding == "same"
        # What a convolution pads depends on its input where the padding is "same": n s cells.
        steps = zip(shape, window.kernel_size, window.strides, window.dilation_rate, strict=True)
        padded = window.on([n * s if same else n * s + k * d for n, k, s, d in steps])
        added = (None if same else n for n in self.output_padding)
        axes = tuple(map(_transposed, padded, shape, added))
        for axis in axes:
            if axis.output < 1:
                raise SpecError(
                    f"padding {axis.before}+{axis.after} leaves nothing of {axis.size} cells: "
                    f"{axis.working()}",
                    hint="use less padding",
                )
        return axes

    def output_shape(self, shape: Sequence[int]) -> Shape:
        """Return the number of output cells along each axis of an input of `shape`."""
        return tuple(axis.output for axis in self.on(shape))


def _transposed(axis: Axis, n: int, added: int | None) -> TransposedAxis:
    """Return the transpose of `axis` on `n` cells, with `n s` cells if none are `added`."""
    k, s, d = axis.kernel_size, axis.stride, axis.dilation
    pads = axis.before, axis.after
    whole = (n - 1) * s + axis.extent - sum(pads)
    if added is None:
        return TransposedAxis(n, k, s, d, *pads, n * s - whole, n * s, "same")
    return TransposedAxis(n, k, s, d, *pads, added, whole + added, "sum")
