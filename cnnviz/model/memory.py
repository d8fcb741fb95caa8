"""Where the values of a network lie while it runs: views of each other, and memory used again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING

from cnnviz.geometry import Shape
from cnnviz.graph import INPUT

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.model.steps import Step

    View = Callable[[Array], Array]
    Wave = list[list[Step]]

# Values between the beginnings of two buffers: whole lines of the cache.
LINE = 16
# Multiply-adds of a step below which a branch of several is the work of one thread.
SMALL = 2 * 10**8


@dataclass(frozen=True, eq=False)
class Memory:
    """Where the values lie, in float32 numbers.

    Parameters
    ----------
    views : mapping
        What lies in another value's memory, with how it is got from that one.
    offsets : mapping
        Where in the shared memory the buffers begin.
    shapes : mapping
        Of all values, with the batch axis.
    size : int
        Of the shared memory.
    waves : list of lists of lists of Step
        Strands of steps, each of which needs the one before it and what the waves before made.
    """

    views: Mapping[str, tuple[str, View]]
    offsets: Mapping[str, int]
    shapes: Mapping[str, Shape]
    size: int
    waves: list[Wave]

    def arrays(self, memory: Array) -> dict[str, Array]:
        """Return all values as views of `memory`, which has `size` numbers."""
        made: dict[str, Array] = {}

        def array(name: str) -> Array:
            if name not in made:
                if name in self.views:
                    base, view = self.views[name]
                    made[name] = view(array(base))
                else:
                    start, shape = self.offsets[name], self.shapes[name]
                    made[name] = memory[start : start + prod(shape)].reshape(shape)
            return made[name]

        return {name: array(name) for name in self.shapes}


def memory_of(
    steps: Sequence[Step], input_shape: Shape, keep: Collection[str], batch: int
) -> Memory:
    """Lay out what the steps make of `batch` examples.

    What is in `keep` is there until the end.
    """
    shapes = {INPUT: (batch, *input_shape)}
    for step in steps:
        taken = (shapes[name][1:] for name in step.inputs)
        shapes[step.name] = (batch, *step.layer.output_shape(*taken))
    waves, views = _waves(steps, shapes), _views(steps, shapes, keep)
    lives = _lives(waves, views, keep)
    offsets, size = _packed({name: prod(shapes[name]) for name in lives}, lives)
    return Memory(views, offsets, shapes, size, waves)


def _waves(steps: Sequence[Step], shapes: Mapping[str, Shape]) -> list[Wave]:
    """Return strands of steps by how many steps must come before them.

    Branches of small steps that go on side by side are a wave, each of them a strand: threads that
    meet after each step wait for each other most of the time (GoogLeNet: 33 ms for 37).
    """
    depth: dict[str, int] = {INPUT: 0}
    levels: list[list[Step]] = []
    for step in steps:
        own = max(depth[name] for name in step.inputs) + (not step.layer.is_view)
        depth[step.name] = own
        levels.extend([] for _ in range(own - len(levels) + 1))
        levels[own].append(step)
    waves: list[Wave] = []
    for level in levels:
        ends = {strand[-1].name: strand for strand in waves[-1]} if waves else {}
        follows = all(len(step.inputs) == 1 and step.inputs[0] in ends for step in level)
        several = min(len(level), len(ends)) > 1
        # A view, which is at the depth of what it shows, would be a strand beside that.
        small = all(
            _macs(step, shapes) < SMALL and not step.layer.is_view
            for step in (*level, *flat(waves[-1:]))
        )
        if follows and several and small and len({step.inputs for step in level}) == len(level):
            for step in level:
                ends[step.inputs[0]].append(step)
        else:
            waves.append([[step] for step in level])
    return [sorted(wave, key=len, reverse=True) for wave in waves]


def _macs(step: Step, shapes: Mapping[str, Shape]) -> float:
    """Return the multiply-adds of a step on a batch."""
    macs = step.layer.macs(*(shapes[name][1:] for name in step.inputs))
    return 0 if isinstance(macs, str) else macs * shapes[step.name][0]


def flat(waves: Sequence[Wave]) -> list[Step]:
    """Return the steps of waves."""
    return [step for wave in waves for strand in wave for step in strand]


def _views(
    steps: Sequence[Step], shapes: Mapping[str, Shape], keep: Collection[str]
) -> dict[str, tuple[str, View]]:
    """Return what needs no memory of its own: values reshaped, joined or overwritten."""
    makers = {step.name: step for step in steps}
    readers: dict[str, list[Step]] = {}
    for step in steps:
        for name in step.inputs:
            readers.setdefault(name, []).append(step)
    views: dict[str, tuple[str, View]] = {}
    for step in steps:
        name, first = step.name, step.inputs[0]
        if step.layer.is_view:
            views[name] = first, partial(_reshaped, shape=shapes[name])
        parts = step.layer.channels(*(shapes[each][1:] for each in step.inputs))
        for each, channels in zip(step.inputs, parts, strict=False):
            maker = makers.get(each)
            reshaped = any(reader.layer.is_view for reader in readers[each])
            once = step.inputs.count(each) == 1 and each not in views
            # What is done to the whole is not done to a part that others take too.
            once = once and (not step.endings or (len(readers[each]) == 1 and each not in keep))
            if maker is not None and once and not (maker.layer.is_view or reshaped):
                views[each] = name, partial(_channels, channels=channels)
    # A value that others are parts of is not overwritten either.
    whole = {base for base, _ in views.values()}
    for step in steps:
        name, first = step.name, step.inputs[0]
        alone = len(readers[first]) == 1 and first not in (*views, *whole, *keep, INPUT)
        if step.layer.is_local and alone and name not in views and shapes[first] == shapes[name]:
            views[name] = first, _same
    return views


def _lives(
    waves: Sequence[Wave], views: Mapping[str, tuple[str, View]], keep: Collection[str]
) -> dict[str, tuple[int, int]]:
    """Return the first and the last wave in which each buffer is in use."""

    def owner(name: str) -> str:
        return owner(views[name][0]) if name in views else name

    lives = {INPUT: (0, 0)}
    for number, wave in enumerate(waves):
        for step in flat([wave]):
            for each in map(owner, (step.name, *step.inputs)):
                lives[each] = lives.get(each, (number, number))[0], number
    for name in keep:
        lives[owner(name)] = lives[owner(name)][0], len(waves)
    return lives


def _packed(
    sizes: Mapping[str, int], lives: Mapping[str, tuple[int, int]]
) -> tuple[dict[str, int], int]:
    """Return where buffers begin so that those in use at a time are apart, and where they end.

    The largest first, each as low as it may be.

    >>> _packed({"a": 16, "b": 32, "c": 16}, {"a": (0, 1), "b": (1, 2), "c": (2, 3)})
    ({'b': 0, 'a': 32, 'c': 32}, 48)
    """
    offsets: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        first, last = lives[name]
        beside = sorted(
            (offsets[other], offsets[other] + sizes[other])
            for other in offsets
            if lives[other][0] <= last and first <= lives[other][1]
        )
        start = 0
        for low, high in beside:
            if start + sizes[name] <= low:
                break
            start = max(start, -(-high // LINE) * LINE)
        offsets[name] = start
    return offsets, max(offsets[name] + sizes[name] for name in offsets)


def _reshaped(base: Array, shape: Shape) -> Array:
    return base.reshape(shape)


def _channels(base: Array, channels: slice) -> Array:
    return base[..., channels]


def _same(base: Array) -> Array:
    return base
