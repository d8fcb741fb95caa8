"""`open_data`: a data set of any kind, divided and ready to be streamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import prod
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cnnviz.arrays.contents import listed, shown
from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.geometry import Shape, times
from cnnviz.training.data import sources
from cnnviz.training.data.examples import Examples, Failure, Found, Pixels, Wanted
from cnnviz.training.data.order import divided
from cnnviz.training.data.reader import Reader
from cnnviz.training.data.split import Split
from cnnviz.training.data.tree import Tree, open_tree

if TYPE_CHECKING:
    from cnnviz.model.preprocess import Preprocess

CACHE_BYTES = 2**30
MAX_FILES = 200_000
MAX_PIXELS = 100_000_000
SHARE = 0.1
_HINT = "give a smaller cache, or a higher --max-memory"
PathLike = str | os.PathLike[str]


class Data:
    """Labelled pictures to train on, to validate with and to test with; `open_data` makes one.

    Attributes
    ----------
    labels : tuple of str
        The names of the classes, by number.
    train, validation, test : Split
        The last two may be empty. What validation decides (which weights are the best) makes its
        figures too good: those of the test are for a report.
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        parts: tuple[Split, Split, Split],
        readers: list[Reader],
        trees: list[Tree],
        about: dict[str, Any],
    ) -> None:
        self.labels, (self.train, self.validation, self.test) = labels, parts
        self._readers, self._trees, self._about = readers, trees, about

    @property
    def failures(self) -> list[Failure]:
        """The pictures left out so far, by path: `path`, exit `code` and `message` of each."""
        return sorted(failure for reader in self._readers for failure in reader.failures)

    def read_all(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Read every picture once, so that all failures are known and the cache is filled.

        No batch depends on whether this was done. Where the cache holds all, it costs nothing: the
        first epoch is the faster for it.

        Parameters
        ----------
        progress : callable, optional
            Called with how many have been read, and of how many.

        Raises
        ------
        InputError
            If no picture of some class can be read; for the first bad one in a strict data set.
        """
        splits = (self.train, self.validation, self.test)
        done, total = 0, sum(map(len, splits))
        for split in splits:
            read = 0
            for read in split.read_all():
                if progress:
                    progress(done + read, total)
            done += read
        for label, count in zip(self.labels, self.train.counts(len(self.labels)), strict=True):
            if not count:
                first = next(iter(self.failures), None)
                hint = f"{first.path}: {first.message}" if first else None
                what = f"no picture of class {label} can be read"
                raise InputError(what, path=self._about["path"], hint=hint)

    def describe(self) -> dict[str, Any]:
        """Return what the data set is, for a report.

        Counts are of the pictures not found to be bad so far.

        Returns
        -------
        dict
            `path`, `kind`, `input_shape`, `divided` (how), `classes` (a list of `label`, `train`,
            `validation`, `test`), `train`, `validation`, `test`, `failed`, `cache_bytes`, `notes`.
        """
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        counts = {name: split.counts(len(self.labels)) for name, split in splits.items()}
        rows: list[dict[str, Any]] = [{"label": label} for label in self.labels]
        for name, own in counts.items():
            for row, count in zip(rows, own, strict=True):
                row[name] = count
        return self._about | {
            "classes": rows,
            **{name: sum(own) for name, own in counts.items()},
            "failed": len(self.failures),
            "cache_bytes": sum(reader.cache_bytes for reader in self._readers),
        }

    def close(self) -> None:
        """Close the files that are open; no more batches can be read."""
        for tree in self._trees:
            tree.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def open_data(
    path: PathLike,
    *,
    input_shape: Shape,
    validation: float | PathLike | None = None,
    test: PathLike | None = None,
    seed: int = 0,
    strict: bool = False,
    preprocess: Preprocess | None = None,
    cache_bytes: int = CACHE_BYTES,
    max_pixels: int = MAX_PIXELS,
    max_files: int = MAX_FILES,
) -> Data:
    """Open labelled pictures: what kind they are is told by names and content.

    A folder or a zip file with a folder of images a class, or with such folders in `train` and
    `test` (or `val`); `.npz` with `x` and `y`; IDX files of MNIST's family, by their folder, zip
    file or the beginning of their names; CSV with a label and the pixels in each row. Nothing is
    unpacked, and pictures are decoded when they are first asked for.

    Parameters
    ----------
    path : path
    input_shape : (int, int, int)
        Rows, columns and channels that the model takes; pictures are made so.
    validation : float or path, optional
        The share of each class to validate with, 0 for none, or another data set. Unless given, the
        data's own part for it, or else 0.1.
    test : path, optional
        Another data set to test with at the end. Unless given, the data's own part where it is not
        used to validate with, or else none.
    seed : int
        Decides which examples the share takes.
    strict : bool
        Raise for a picture that cannot be read, at once: all are read first. Else it is left out.
    preprocess : Preprocess, optional
        How pictures are brought to the input's shape, its `seen`; the rest of it (order of the
        channels, scale, mean, std) is left to whoever trains. Just covering it unless given.
    cache_bytes : int
        How much may be kept of what was decoded; the first that come are kept.
    max_pixels, max_files : int
        Larger pictures are refused, and data sets of more files.

    Raises
    ------
    InputError
        If there are no examples, a class has none, there are fewer than two, or labels are wrong.
    RefusedError
        If a limit or the byte budget is exceeded, or a file is hostile.
    SpecError
        If a setting is wrong.

    Examples
    --------
    >>> import os, tempfile
    >>> from cnnviz.arrays import store
    >>> folder = tempfile.mkdtemp()
    >>> y = np.arange(40) % 2
    >>> x = np.full((40, 4, 4), 100, np.uint8) * y[:, None, None].astype(np.uint8)
    >>> with open(os.path.join(folder, "two.npz"), "wb") as file:
    ...     _ = file.write(store("npz", {"x": x, "y": y}))
    >>> data = open_data(os.path.join(folder, "two.npz"), input_shape=(8, 8, 1))
    >>> data.labels, len(data.train), len(data.validation)
    (('0', '1'), 36, 4)
    >>> x, y, _ = next(data.train.batches(16, epoch=0, seed=0))
    >>> x.shape, x.dtype, bool((x[y == 1] == 100).all())
    ((16, 8, 8, 1), dtype('uint8'), True)
    """
    from cnnviz.model.preprocess import Preprocess

    _check(input_shape, validation, seed)
    prepare = preprocess or Preprocess(input_shape)
    if prepare.input_shape != input_shape:
        raise SpecError(f"preprocess makes {prepare.input_shape}, the model takes {input_shape}")
    wanted = Wanted(input_shape, max_pixels)
    trees = [open_tree(os.fspath(path), max_files)]
    found = sources.read(trees[0], wanted)

    def other(path: PathLike) -> Examples:
        trees.append(open_tree(os.fspath(path), max_files))
        return _in_classes(found, sources.read(trees[-1], wanted), trees[-1].path)

    parts = _parts(found, validation, test, other)
    readers: list[Reader] = []
    for examples in parts:
        room = cache_bytes - sum(reader.cache_bytes for reader in readers)
        limits = {"max_pixels": max_pixels, "cache_bytes": max(room, 0)}
        readers.append(Reader(examples, prepare, strict=strict, **limits))
    in_memory = sum(r.cache_bytes + getattr(r.examples.pixels, "nbytes", 0) for r in readers)
    check_bytes(in_memory, f"{trees[0].path}: its pictures in memory", hint=_HINT)
    splits, how = _divided(readers, validation, seed)
    about = {"path": trees[0].path, "kind": found.kind, "input_shape": list(input_shape)}
    notes = [*found.notes, *["its own part is not used"] * (found.held not in (None, *parts))]
    data = Data(found.labels, splits, readers, trees, about | {"divided": how, "notes": notes})
    if strict:
        data.read_all()
    return data


def _check(input_shape: Shape, validation: object, seed: int) -> None:
    if len(input_shape) != 3 or min(input_shape) < 1:
        raise SpecError(f"input_shape {input_shape} is not (H, W, C) of a picture")
    check_bytes(prod(input_shape), f"a picture of {times(input_shape)}", hint="use smaller ones")
    if seed < 0:
        raise SpecError(f"seed {seed} is not 0 or more")
    if isinstance(validation, int | float) and not 0 <= validation < 1:  # nor is NaN
        raise SpecError(f"validation {validation} is not a share from 0 to below 1")


def _parts(
    found: Found,
    validation: float | PathLike | None,
    test: PathLike | None,
    other: Callable[[PathLike], Examples],
) -> list[Examples]:
    """Return what to train on, to validate with (unless it is a share) and to test with."""
    own = found.held
    held = None
    if isinstance(validation, str | os.PathLike):
        held = other(validation)
    elif validation is None:
        held, own = own, None
    kept = own if test is None else other(test)
    nothing = Pixels(np.empty((0, 1, 1, 1), np.uint8), np.empty(0, np.int64), "nothing")
    return [found.train, held or nothing, kept or nothing]


def _divided(
    readers: list[Reader], validation: float | PathLike | None, seed: int
) -> tuple[tuple[Split, Split, Split], str]:
    """Return the parts, and how that for validation was found."""
    every = [np.arange(len(reader.examples)) for reader in readers]
    held, how = readers[1], "its own part" if validation is None else str(validation)
    if not len(held.examples):
        share = validation if isinstance(validation, int | float) else SHARE
        every[0], every[1] = divided(readers[0].examples.y, share, seed)
        held = readers[0]
        how = f"{share:g} of each class, seed {seed}" if share else "nothing held back"
    train = Split(readers[0], every[0], shuffled=True)
    validate, test = (
        Split(reader, places, shuffled=False)
        for reader, places in ((held, every[1]), (readers[2], every[2]))
    )
    return (train, validate, test), how


def _in_classes(found: Found, other: Found, path: str) -> Examples:
    """Return the held part, or else all, of another data set, in the classes of the first."""
    part = other.train if other.held is None else other.held
    for label in other.labels:
        if label not in found.labels:
            what = f"class {shown(label)} is not among those to train on"
            raise InputError(what, path=path, hint=f"they are {listed(found.labels)}")
    numbers = np.array([found.labels.index(label) for label in other.labels])
    part.y = numbers[part.y]
    return part
