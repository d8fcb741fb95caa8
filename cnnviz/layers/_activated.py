"""The activation at the end of a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.contract import Array, Ending

    Before = Callable[[Array], Array]


def activated(y: Array, name: str | None) -> tuple[Array, Before]:
    """Return `y` after the activation of that name, in its memory if it may be: it is the layer's.

    And a function from the gradient of the result to that of `y`, in one run of memory.
    """
    result = _run(y, name)
    return result, lambda gradient: _gradient(gradient, y, result, name)


def in_place(name: str | None) -> Ending | None:
    """Return the activation of that name as a function that overwrites its values, None for none.

    Raises
    ------
    LookupError
        If it is no function of each value alone.
    """
    if name is None or name == "linear":
        return None
    import numpy as np

    if name == "relu":
        from cnnviz.ops.activations.piecewise import rectify

        return rectify
    if name == "tanh":
        return lambda part: np.tanh(part, out=part)
    from cnnviz.ops import activation

    function = activation(name)
    if function.__module__.endswith(".probabilities"):
        raise LookupError(name)
    return lambda part: np.copyto(part, function(part))


def both(first: Ending | None, second: Ending | None) -> Ending | None:
    """Return what does the one and then the other, either of which may be nothing."""
    if first is None or second is None:
        return first or second

    def ending(part: Array) -> None:
        first(part)
        second(part)

    return ending


def _run(y: Array, name: str | None) -> Array:
    if name is None or name == "linear":
        return y
    if name in ("relu", "tanh"):
        # Their derivatives are known from the result alone.
        import numpy as np

        return np.maximum(y, 0, out=y) if name == "relu" else np.tanh(y, out=y)
    from cnnviz.ops import activation

    return activation(name)(y)


def _gradient(gradient: Array, x: Array, y: Array, name: str | None) -> Array:
    import numpy as np

    if name is not None and name != "linear":
        from cnnviz.ops.activations import gradient as derivative

        gradient = derivative(name)(gradient, x, y)
    return np.ascontiguousarray(gradient)
