"""Where the numbers of the shape report come from: formulas with their numbers filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from cnnviz.contract import Unknown
from cnnviz.geometry import Axis, Shape
from cnnviz.geometry.transposed import TransposedAxis

Axes = Sequence[Axis] | Sequence[TransposedAxis]


def working(axes: Axes) -> str:
    """Return the size formula, the padding that "same" chose and what is left unread.

    >>> from cnnviz.geometry import Window
    >>> working(Window.of(3, strides=2, padding="same").on((8, 8)))
    'ceil(8/2) = 4, padding 0+1'
    """
    if not axes:
        return ""
    formula, sides = [axis.working() for axis in axes], [_sides(axis) for axis in axes]
    text = formula[0]
    if len(set(formula)) > 1:
        text = f"rows {formula[0]}, columns {formula[1]}"
    if any(axis.rule == "same" and axis.after for axis in axes):
        what = "padding" if isinstance(axes[0], Axis) else "cropped"
        text += f", {what} {sides[0] if len(set(sides)) == 1 else ' x '.join(sides)}"
    left = unread([axis.unread for axis in axes])
    return f"{text}, {left} unread" if left else text


def note(taken: Sequence[Shape], made: Shape) -> str:
    """Return where a number comes from that no window explains.

    >>> note([(7, 7, 512)], (25088,)), note([(28, 28, 64), (28, 28, 32)], (28, 28, 96))
    ('7 x 7 x 512 = 25088', '64 + 32 = 96')
    """
    first = taken[0]
    if len(taken) > 1:
        return _joined(taken, made)
    if len(first) > 1 and made == (prod(first),):
        return f"{' x '.join(map(str, first))} = {made[0]}"
    if len(first) > 1 and made == first[-1:]:
        place = f"{first[0]}x{first[1]} map" if len(first) == 3 else f"{first[0]} steps"
        return f"one value from each {place}"
    if prod(first) == prod(made) and sorted(first) != sorted(made):
        text = f"{prod(first)} = {' x '.join(map(str, made))}"
        return text if len(first) == 1 else f"{' x '.join(map(str, first))} = {text}"
    return ""


def unread(cells: Sequence[int]) -> str:
    """Return cells an axis in words.

    >>> unread([2, 1])
    '2 rows and 1 column'
    """
    words = zip(cells, ("row", "column"), strict=False)
    return " and ".join(f"{n} {word}{'s' * (n > 1)}" for n, word in words if n)


def sum_of_products(weights: Iterable[Shape]) -> str:
    """Return how many numbers are in arrays of these shapes.

    >>> sum_of_products([(3, 3, 64, 128), (128,)])
    '3*3*64*128 + 128 = 73856'
    """
    shapes = list(weights)
    if not shapes:
        return ""
    return " + ".join(map(_product, shapes)) + f" = {sum(map(prod, shapes))}"


def macs_formula(
    macs: int | Unknown,
    weights: Mapping[str, Shape],
    taken: Shape,
    made: Shape,
    batch: int = 1,
) -> str:
    """Return how the multiply-adds of one example come about: places times kernel weights.

    The places are those of the output, or of the input where that is what gives the number (a
    transposed convolution), or one (a dense layer, local kernels).

    >>> macs_formula(105415200, {"kernel": (11, 11, 3, 96)}, (227, 227, 3), (55, 55, 96))
    '55*55 * 11*11*3*96 = 105415200'
    """
    kernels = [shape for name, shape in weights.items() if "kernel" in name]
    if not macs or isinstance(macs, str) or not kernels:
        return ""
    for places in (made[:-1], taken[:-1], ()):
        if macs == prod(places) * sum(map(prod, kernels)):
            text = " + ".join(map(_product, kernels))
            text = f"({text})" if len(kernels) > 1 and (places or batch > 1) else text
            factors = [str(batch)] * (batch > 1) + [_product(places)] * bool(places)
            return " * ".join([*factors, text]) + f" = {batch * macs}"
    return ""


def _joined(taken: Sequence[Shape], made: Shape) -> str:
    """Return the sum along the axis on which inputs stand side by side."""
    for axis, total in enumerate(made):
        parts = [shape[axis] for shape in taken if len(shape) == len(made)]
        beside = all((*s[:axis], total, *s[axis + 1 :]) == made for s in taken)
        if beside and len(parts) == len(taken) and sum(parts) == total:
            shown = parts if len(parts) <= 8 else [*parts[:3], "...", parts[-1]]
            return f"{' + '.join(map(str, shown))} = {total}"
    return ""


def _product(shape: Shape) -> str:
    return "*".join(map(str, shape))


def _sides(axis: Axis | TransposedAxis) -> str:
    return f"{axis.before}" if axis.before == axis.after else f"{axis.before}+{axis.after}"
