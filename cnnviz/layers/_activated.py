"""The activation at the end of a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.contract import Array

    Before = Callable[[Array], Array]


def activated(y: Array, name: str | None) -> tuple[Array, Before]:
    """Return `y` after the activation of that name, in its memory if it may be: it is the layer's.

    And a function from the gradient of the result to that of `y`, in one run of memory.
    """
    result = _run(y, name)
    return result, lambda gradient: _gradient(gradient, y, result, name)


def of_each_value(name: str | None) -> bool:
    """Tell whether the activation of that name looks at no value but the one that it changes."""
    if name is None:
        return True
    from cnnviz.ops import activation

    return not activation(name).__module__.endswith(".probabilities")


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
