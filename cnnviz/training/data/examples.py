"""The examples of a data set: pictures in files, or pixels that are in memory already."""

from __future__ import annotations

import contextlib
import io
import zlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from cnnviz.errors import CnnvizError, InputError
from cnnviz.geometry import Shape
from cnnviz.training.data.tree import Tree

if TYPE_CHECKING:
    from cnnviz.contract import Array
    from cnnviz.images import Image


class Wanted(NamedTuple):
    """What a source is asked to keep to: the model's input, and how large one picture may be."""

    input_shape: Shape
    max_pixels: int


class Examples(ABC):
    """Pictures, each with the number of its class.

    Attributes
    ----------
    y : ndarray of int64, (N,)
    pixels : ndarray of uint8, (N, H, W, C), or None
        All of them, where they are in memory.
    """

    y: Array
    pixels: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    @abstractmethod
    def name(self, index: int) -> str:
        """Return what messages call a picture."""

    @abstractmethod
    def image(self, index: int) -> Image:
        """Return a picture as it is; raise a `CnnvizError` if it cannot be read."""

    @abstractmethod
    def fingerprint(self) -> int:
        """Return a number that is another one, most likely, for other pictures or classes."""


class Found(NamedTuple):
    """What a source holds.

    Attributes
    ----------
    kind : str
        What it is: `class folders`, `IDX`.
    labels : tuple of str
        A name for each class.
    train : Examples
    held : Examples or None
        Its own part for validation or test.
    notes : tuple of str
        What was left out or changed.
    """

    kind: str
    labels: tuple[str, ...]
    train: Examples
    held: Examples | None = None
    notes: tuple[str, ...] = ()


class Pictures(Examples):
    """Files of a tree, decoded when their turn comes."""

    def __init__(self, tree: Tree, files: list[str], y: Array, max_pixels: int) -> None:
        self.y = y
        self._tree, self._files, self._max_pixels = tree, files, max_pixels

    def name(self, index: int) -> str:
        """See `Examples`."""
        return self._tree.where(self._files[index])

    def image(self, index: int) -> Image:
        """See `Examples`."""
        from cnnviz.images import load_image

        file = self._files[index]
        return load_image(
            _Named(self._tree.read(file), self._tree.where(file)), max_pixels=self._max_pixels
        )

    def fingerprint(self) -> int:
        """See `Examples`; pictures are told apart by their names and sizes, and are not read."""
        found = zlib.crc32(self.y.data)
        for file in self._files:
            size = -1
            with contextlib.suppress(InputError):  # when its turn comes, it is a failure
                size = self._tree.size(file)
            found = zlib.crc32(f"{file}\0{size}\n".encode("utf-8", "surrogateescape"), found)
        return found


class Pixels(Examples):
    """An array in memory.

    Parameters
    ----------
    pixels : ndarray of uint8, (N, H, W, C)
    y : ndarray of int64, (N,)
    where : str
        What messages call the array.
    """

    def __init__(self, pixels: Array, y: Array, where: str) -> None:
        self.pixels, self.y, self._where = pixels, y, where

    def name(self, index: int) -> str:
        """See `Examples`."""
        return f"{self._where}[{index}]"

    def image(self, index: int) -> Image:
        """See `Examples`."""
        from cnnviz.images import Image

        assert self.pixels is not None
        return Image(self._where, self.name(index), self.pixels[index], "array")

    def fingerprint(self) -> int:
        """See `Examples`."""
        assert self.pixels is not None
        return zlib.crc32(self.pixels.data, zlib.crc32(self.y.data))


class _Named(io.BytesIO):
    """Bytes that know what messages call them."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


class Failure(NamedTuple):
    """A picture that could not be used."""

    path: str
    code: int
    message: str

    @classmethod
    def of(cls, name: str, error: CnnvizError) -> Failure:
        """Return the failure that an error is, which may not name the picture itself."""
        return cls(name, error.code, str(error).removeprefix(f"{name}: "))
