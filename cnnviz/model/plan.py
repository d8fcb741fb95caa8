"""The whole network at once: its steps, its memory and its weights prepared for many runs."""

from __future__ import annotations

from _thread import allocate_lock
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import isfinite, prod
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.contract import Ending
from cnnviz.errors import CnnvizError, RefusedError
from cnnviz.files import check_bytes
from cnnviz.geometry import Shape
from cnnviz.graph import INPUT, Graph
from cnnviz.model.executor import Sequential
from cnnviz.model.memory import LINE, Memory, flat, memory_of
from cnnviz.model.steps import Step, fits, steps
from cnnviz.ops.scratch import small_buffers
from cnnviz.ops.threads import on_one_core, one_blas_thread, share

if TYPE_CHECKING:
    from cnnviz.calls import Do
    from cnnviz.contract import Array, ModelWeights, Ready, Task

# Plans that are kept, each with its memory: for other sizes of a batch, and other outputs.
PLANS = 4


class Planned:
    """Runs a graph by plans: each is made for one size of a batch and the outputs that are kept.

    What is not finite is looked for in each band while it is in the cache; which node it comes from
    is then found by the plain way, node by node.
    """

    def __init__(self, graph: Graph, weights: ModelWeights) -> None:
        self._graph, self._weights = graph, weights
        self._plain = Sequential(graph, weights)
        self._stock = Stock()
        self._plans: OrderedDict[tuple[int, tuple[str, ...]], Plan | None] = OrderedDict()
        self._changing = allocate_lock()

    def __reduce__(self) -> tuple[type[Planned], tuple[Graph, ModelWeights]]:
        """Leave plans behind when a model is copied or goes to another process."""
        return Planned, (self._graph, self._weights)

    def run(self, x: Array, keep: Collection[str]) -> dict[str, Array]:
        """Return the outputs of the nodes in `keep`."""
        everything = set(keep).issuperset(node.name for node in self._graph.nodes)
        known = x.dtype == np.float32 and x.shape[1:] == self._graph.input_shape
        plan = self._plan(len(x), keep) if known and not everything else None
        made = None
        if plan is not None:
            with suppress(CnnvizError):  # which has no name of a node
                made = plan.run(x)
        return self._plain.run(x, keep) if made is None else made

    def _plan(self, batch: int, keep: Collection[str]) -> Plan | None:
        """Return the plan, made now or before; None where there is none, and the plain way is."""
        key = batch, tuple(sorted(set(keep)))
        with self._changing:
            if key not in self._plans:
                self._plans[key] = self._made(batch, keep)
            self._plans.move_to_end(key)
            while len(self._plans) > PLANS:
                self._plans.popitem(last=False)
            return self._plans[key]

    def _made(self, batch: int, keep: Collection[str]) -> Plan | None:
        if not fits(self._graph, self._weights, keep):
            return None
        try:
            return Plan(self._graph, self._weights, keep, batch, self._stock)
        except RefusedError:
            self._stock = Stock()  # what has been laid out is let go
        except CnnvizError:
            pass
        return None


class Plan:
    """A network compiled for one size of a batch and the outputs that are asked for.

    Waves of tasks over fixed memory. The tasks of a wave do not wait for each other: bands of one
    layer, and layers of branches side by side.

    Parameters
    ----------
    graph : Graph
    weights : mapping
        Of the shapes that the layers want. Some are laid out anew: what changes in them later may
        not be seen.
    keep : collection of str
    batch : int
    stock : Stock, optional
        Layers that other plans of the network have prepared.
    """

    def __init__(
        self,
        graph: Graph,
        weights: ModelWeights,
        keep: Collection[str],
        batch: int = 1,
        stock: Stock | None = None,
    ) -> None:
        self._keep = [n for n in (INPUT, *(node.name for node in graph.nodes)) if n in set(keep)]
        found = steps(graph, weights, keep)
        self._memory = memory_of(found, graph.input_shape, keep, batch)
        stock = stock or Stock()
        self._watch = stock.watch
        given = sum(values.nbytes for own in weights.values() for values in own.values())
        working = [step for step in found if not step.layer.is_view]
        self._ready = stock.ready(working, self._memory.shapes)
        check_bytes(self.nbytes + stock.nbytes + given, f"running {graph.name}")
        self._free: list[_Program] = []

    @property
    def nbytes(self) -> int:
        """Bytes of the memory that its steps share, and of what is returned."""
        kept = sum(prod(self._memory.shapes[name]) for name in self._keep)
        return 4 * (self._memory.size + kept)

    def run(self, x: Array) -> dict[str, Array] | None:
        """Return the outputs that are kept for a batch, or None if something may not be finite."""
        try:
            program = self._free.pop()
        except IndexError:  # the first run, or another thread has it
            program = _Program(self._memory, self._ready)
        before = self._watch.count
        values = program.run(x)
        if self._watch.count != before or not np.isfinite(x).all():
            return None
        made = {name: values[name].copy() for name in self._keep}
        self._free.append(program)
        return made


class Stock:
    """Layers that are prepared, for all plans of a network."""

    def __init__(self) -> None:
        self.watch = Watch()
        self._ready: dict[tuple[str, ...], Ready] = {}

    @property
    def nbytes(self) -> int:
        """Bytes that are held beside the weights."""
        return sum(ready.nbytes for ready in self._ready.values())

    def ready(self, steps: Sequence[Step], shapes: Mapping[str, Shape]) -> dict[str, Ready]:
        """Return the layers of steps by name, prepared now or before; `shapes` are of batches."""

        def prepared(step: Step) -> Ready:
            taken = [shapes[name][1:] for name in step.inputs]
            ready = step.layer.prepare(step.weights, *taken, ending=self._ending(step))
            return replace(ready, nbytes=ready.nbytes + step.nbytes)

        missing = [step for step in steps if step.nodes not in self._ready]
        made = share(prepared, missing)
        self._ready.update(zip((step.nodes for step in missing), made, strict=True))
        return {step.name: self._ready[step.nodes] for step in steps}

    def _ending(self, step: Step) -> Ending | None:
        """Return what is done to the bands of a step: the look at them, and the nodes behind it."""
        watch = Ending(self.watch)
        endings: list[Ending | None] = [] if step.layer.stays_finite else [watch]
        for layer in step.endings:
            endings.append(layer.ending())
            if not layer.stays_finite:
                endings.append(watch)
        return Ending.of(*endings)


class Watch:
    """Counts the bands that have values which are NaN or infinite."""

    count = 0

    def __call__(self, part: Array, do: Do) -> None:
        """Look at a band."""
        contiguous = part.flags.c_contiguous
        do(*((self._line, part.reshape(-1)) if contiguous else (self._part, part)))

    def _line(self, line: Array) -> None:
        """Look at values; squares above 3e38 count too, which the plain way then allows."""
        if not isfinite(np.dot(line, line)):  # one call for two
            self.count += 1

    def _part(self, part: Array) -> None:
        if not np.isfinite(part).all():
            self.count += 1


class _Program:
    """A plan's tasks, bound to memory of their own."""

    def __init__(self, memory: Memory, ready: Mapping[str, Ready]) -> None:
        self._values = values = memory.arrays(_aligned(memory.size))
        bound = {
            step.name: ready[step.name].bind(values[step.name], *(values[n] for n in step.inputs))
            for step in flat(memory.waves)
            if step.name in ready
        }
        self._waves = [
            [task for strand in wave for task in _tasks([bound.get(s.name, ()) for s in strand])]
            for wave in memory.waves
        ]

    def run(self, x: Array) -> Mapping[str, Array]:
        """Compute all values of a batch; those whose memory is used again are gone."""
        np.copyto(self._values[INPUT], x)
        with on_one_core(), one_blas_thread(), small_buffers():
            for tasks in self._waves:
                share(_call, tasks)
        return self._values


def _aligned(size: int) -> Array:
    """Return so many float32 numbers that begin at a line of the cache."""
    memory = np.empty(size + LINE, np.float32)
    return memory[-(memory.ctypes.data // 4) % LINE :][:size]


def _tasks(strand: Sequence[Sequence[Task]]) -> Sequence[Task]:
    """Return the tasks of a strand of steps: of several, one that does them all."""
    if len(strand) == 1:
        return strand[0]
    in_turn = [task for tasks in strand for task in tasks]
    return [partial(_all, in_turn)]


def _all(tasks: Sequence[Task]) -> None:
    for task in tasks:
        task()


def _call(task: Task) -> object:
    return task()
