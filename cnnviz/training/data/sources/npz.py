"""`.npz`: `x` and `y`, or `x_train`, `y_train`, `x_test`, `y_test` as Keras's MNIST has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.arrays.contents import listed
from cnnviz.errors import InputError
from cnnviz.training.data.examples import Found, Wanted
from cnnviz.training.data.numbered import Part, found

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Opened
    from cnnviz.training.data.tree import Tree

# Pixels and labels by name; MedMNIST's are the later ones.
_TRAIN = (("x_train", "y_train"), ("x", "y"), ("train_images", "train_labels"))
_HELD = (
    ("x_val", "y_val"),
    ("val_images", "val_labels"),
    ("x_test", "y_test"),
    ("test_images", "test_labels"),
)


def sniff(tree: Tree) -> int:
    """Tell a zip file of arrays."""
    if tree.folders or not tree.files:
        return 0
    return 2 * all(name.endswith(".npy") for name in tree.files)


def read(tree: Tree, wanted: Wanted) -> Found:
    """Return the pictures of the arrays."""
    from cnnviz.arrays import open_arrays

    with open_arrays(tree.path, name=tree.path) as file:
        train, held = _named(file, _TRAIN), _named(file, _HELD)
        if train is None:
            what = f"holds {listed(file.tensors)}, not x and y"
            raise InputError(what, path=tree.path, hint="name the pixels x and the labels y")
        parts = [_part(file, names, tree.path) for names in (train, held) if names]
    return found("npz", parts[0], parts[1] if held else None, wanted)


def _named(file: Opened, pairs: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
    return next((pair for pair in pairs if set(pair) <= set(file.tensors)), None)


def _part(file: Opened, names: tuple[str, str], path: str) -> Part:
    x, y = (file.read(name) for name in names)
    if x.ndim < 2:
        raise InputError(f"pictures are (N, H, W, C), not ({x.size},)", path=f"{path}:{names[0]}")
    return Part(x, y, f"{path}:{names[0]}", f"{path}:{names[1]}")
