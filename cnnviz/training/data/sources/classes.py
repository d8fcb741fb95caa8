"""A folder of images for each class, in a folder or a zip file; `train` and `test` above them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cnnviz.arrays.contents import shown
from cnnviz.errors import InputError
from cnnviz.trained.about import MAX_LABEL
from cnnviz.training.data.examples import Found, Pictures, Wanted
from cnnviz.training.data.numbered import MAX_CLASSES

if TYPE_CHECKING:
    from cnnviz.training.data.tree import Tree

_TRAIN = ("train", "training")
_HELD = ("val", "valid", "validation", "test", "testing")  # the first that is there


def sniff(tree: Tree) -> int:
    """Take whatever has folders, if no other kind does."""
    return int(bool(tree.folders))


def read(tree: Tree, wanted: Wanted) -> Found:
    """Return the pictures below each folder, classes in the order of their names."""
    root = _root(tree)
    tops = [name[len(root) :] for name in tree.folders if _depth(name, root) == 1]
    named = {top.lower(): top for top in reversed(tops)}
    train = next((named[name] for name in _TRAIN if name in named), None)
    helds = [named[name] for name in _HELD if name in named]
    if train is None or not helds or _has_files(tree, f"{root}{train}/"):
        labels = _labels(tree, root)
        return Found("class folders", labels, _part(tree, root, labels, wanted))
    used = {train, helds[0]}
    notes = tuple(f"folder {shown(top)} is not used" for top in tops if top not in used)
    kind = f"class folders in {shown(train)} and {shown(helds[0])}"
    labels = _labels(tree, f"{root}{train}/")
    held = f"{root}{helds[0]}/"
    for other in _labels(tree, held, is_train=False):
        if other not in labels:
            what = f"class {shown(other)} is in {shown(helds[0])} but not in {shown(train)}"
            raise InputError(what, path=tree.path)
    parts = [_part(tree, folder, labels, wanted) for folder in (f"{root}{train}/", held)]
    return Found(kind, labels, parts[0], parts[1], notes)


def _part(tree: Tree, root: str, labels: tuple[str, ...], wanted: Wanted) -> Pictures:
    import numpy as np

    numbers = {label: number for number, label in enumerate(labels)}
    files = [f for f in tree.files if f.startswith(root) and "/" in f[len(root) :]]
    classes = [numbers[f[len(root) :].partition("/")[0]] for f in files]
    return Pictures(tree, files, np.array(classes, np.int64), wanted.max_pixels)


def _labels(tree: Tree, root: str, *, is_train: bool = True) -> tuple[str, ...]:
    labels = [name[len(root) :] for name in tree.folders if _depth(name, root) == 1]
    labels.sort()
    where = (tree.path if not root else f"{tree.path}, {shown(root.rstrip('/'))}") + ": "
    for label in labels:
        if not label.isprintable() or len(label) > MAX_LABEL:
            what = f"class {shown(label)} is not up to {MAX_LABEL} printable characters"
            raise InputError(where + what, path=tree.path)
    if not is_train:
        return tuple(labels)
    if not 2 <= len(labels) <= MAX_CLASSES:
        one = f"one folder of images ({shown(labels[0])})" if len(labels) == 1 else ""
        what = f"{one or f'{len(labels)} folders of images'}, not 2 to {MAX_CLASSES}"
        raise InputError(where + what, path=tree.path, hint="make a folder for each class")
    counts = Counter(
        f[len(root) :].partition("/")[0]
        for f in tree.files
        if f.startswith(root) and "/" in f[len(root) :]
    )
    for label in labels:
        if not counts[label]:
            raise InputError(f"{where}class {shown(label)} has no images", path=tree.path)
    return tuple(labels)


def _root(tree: Tree) -> str:
    """Return the only folder that all the others are in, as zip files often have one."""
    root = ""
    while True:
        inside = [name for name in tree.folders if _depth(name, root) == 1]
        if len(inside) != 1 or not any(_depth(name, f"{inside[0]}/") == 1 for name in tree.folders):
            return root
        root = f"{inside[0]}/"


def _depth(name: str, root: str) -> int:
    return name.count("/", len(root)) + 1 if name.startswith(root) else 0


def _has_files(tree: Tree, folder: str) -> bool:
    return any(name.startswith(folder) and "/" not in name[len(folder) :] for name in tree.files)
