"""The kernels that are watched as they form: which, and at which steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.graph import Graph

KERNEL = "kernel"
FRAMES = 60
_MOST_BYTES = 2**26  # of all that are kept


def first_kernel(graph: Graph) -> str | None:
    """Return the name of the first node that slides a kernel, else the first that has one.

    >>> from cnnviz.model import zoo
    >>> first_kernel(zoo.build("lenet5"))
    'c1'
    """
    shapes = graph.shapes()
    found: str | None = None
    for node in graph.nodes:
        taken = [shapes[name] for name in node.inputs]
        shape = node.layer.weight_shapes(*taken).get(KERNEL)
        if shape is not None and len(shape) == 4:
            return node.name
        if shape is not None and found is None:
            found = node.name
    return found


def watched_steps(total: int, size: int = 0, count: int = FRAMES) -> list[int]:
    """Return the steps at which kernels are kept, from 0 to `total`: more of the early ones.

    They grow with the square, as most is seen to happen in the beginning. Of kernels of many bytes,
    `size`, fewer are kept, at least the first and the last.

    >>> watched_steps(100, count=5)
    [0, 6, 25, 56, 100]
    >>> watched_steps(100, 2**30)
    [0, 100]
    """
    last = max(min(count, _MOST_BYTES // size if size else count) - 1, 1)
    return sorted({round(total * (i / last) ** 2) for i in range(last + 1)})
