"""Pixels to GIF bytes: one palette for all frames, of each only what changes, looping for ever.

Of a frame is kept what differs from the one before, compressed, until all colours are known; only
two frames are held as pixels (Graphics Interchange Format, version 89a, CompuServe, 1990).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from cnnviz.errors import RefusedError
from cnnviz.files import check_bytes
from cnnviz.render import palette
from cnnviz.render.oklab import from_srgb

MOST_SIDE = 65_535  # px that the format can say
UNCHANGED = 255  # the transparent entry: what was there stays
MOST_COLOURS, KEPT = 1 << 14, 1 << 10  # counted exactly; beyond, all but so many are rounded
UNSEEN = 0.012  # in OKLab: half of the least difference that is noticed between fields
SHORTEST, LONGEST = 2, 65_535  # hundredths of a second: less is taken for a tenth by viewers
_HINT = "use a smaller --scale, fewer frames or a higher --max-memory"
_LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
# The colour of the entry that is never seen: Pillow takes all pixels of it for transparent.
_NOWHERE = b"\xfe\x01\xfd"
_KEEP = 1 << 2 | 1  # of a frame: it stays under the next one, and has a transparent entry


def encode(
    frames: Iterable[tuple[np.ndarray, float]], *, exact: Sequence[int] = (), comment: str = ""
) -> bytes:
    """Return frames as the bytes of an animated GIF.

    Parameters
    ----------
    frames : iterable of (ndarray of uint8 (H, W, 3), float)
        Pixels, all of one size, and seconds. They are taken one by one.
    exact : sequence of int, optional
        Colours, 0xRRGGBB, that are not to change however little they cover.
    comment : str, optional
        A text to store, in ASCII.

    Raises
    ------
    RefusedError
        If a side is longer than the format can say, or what is kept is over the byte budget.
    """
    changes: list[_Change] = []
    colours, counts = np.zeros(0, np.uint32), np.zeros(0, np.int64)
    end, kept, size = 0.0, 0, (0, 0)
    before: np.ndarray | None = None
    for pixels, seconds in frames:
        size = pixels.shape[:2]
        _check_size(size)
        delay, end = _hundredths(end, end + seconds), end + seconds
        packed = _packed(pixels)
        change, numbers = _changed(before, packed, delay)
        changes.append(change)
        kept += change.nbytes
        check_bytes(kept + 16 * packed.size, "an animation", hint=_HINT)
        # What is seen for longer counts for more.
        colours, counts = _together([colours, change.colours], [counts, numbers * delay])
        before = packed
    table = palette.choose(colours, counts, UNCHANGED, exact=exact)
    alike = _alike(table, exact)
    return b"".join(_written(size, table, alike, changes, comment))


@dataclass(eq=False, repr=False)
class _Change:
    """What one frame changes.

    Attributes
    ----------
    delay : int
        Hundredths of a second that it is shown.
    corner, shape : (int, int)
        The box that holds all changes: its top and left, its height and width.
    colours : ndarray of uint32, (n,)
        The new colours.
    places : bytes
        For each pixel of the box 0, or 1 + the place of its colour; compressed.
    """

    delay: int
    corner: tuple[int, int]
    shape: tuple[int, int]
    colours: np.ndarray
    places: bytes

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.colours.nbytes + len(self.places)

    def entries(self, table: np.ndarray) -> np.ndarray:
        """Return the box as entries of a palette, uint8."""
        kind = np.min_scalar_type(len(self.colours))
        places = np.frombuffer(zlib.decompress(self.places), kind).reshape(self.shape)
        found = np.full(1 + len(self.colours), UNCHANGED, np.uint8)
        found[1:] = palette.nearest(self.colours, table)
        entries: np.ndarray = found[places]
        return entries


def _changed(
    before: np.ndarray | None, packed: np.ndarray, delay: int
) -> tuple[_Change, np.ndarray]:
    """Return what differs from the frame before, and how many pixels have each new colour."""
    changed = np.ones(packed.shape, bool) if before is None else packed != before
    rows, columns = _box(changed)
    inside = changed[rows, columns]
    values = packed[rows, columns][inside]
    # Runs rather than pixels are sorted: in a figure there are far fewer of them.
    begins = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=len(values))
    colours, places = np.unique(values[starts], return_inverse=True)
    counts = np.zeros(len(colours), np.int64)
    np.add.at(counts, places, lengths)
    box = np.zeros(inside.shape, np.min_scalar_type(len(colours)))
    box[inside] = np.repeat(places.astype(box.dtype) + 1, lengths)
    data = zlib.compress(box.tobytes(), 1)
    return _Change(delay, (rows.start, columns.start), box.shape, colours, data), counts


def _box(marked: np.ndarray) -> tuple[slice, slice]:
    """Return rows and columns of the smallest box that holds all marked pixels, never empty."""
    spans = []
    for axis in (1, 0):
        found = np.flatnonzero(marked.any(axis=axis))
        spans.append(slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 1))
    return spans[0], spans[1]


def _together(colours: list[np.ndarray], counts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the different colours of several lists, with their counts.

    Beyond `MOST_COLOURS`, the rare ones are rounded to 5 bits a channel: at most twice as many are
    ever held.
    """
    found, places = np.unique(np.concatenate(colours), return_inverse=True)
    sums = np.zeros(len(found), np.int64)
    np.add.at(sums, places, np.concatenate(counts))
    if len(found) > MOST_COLOURS:
        rare = np.argsort(-sums, kind="stable")[KEPT:]
        rounded = found.copy()
        rounded[rare] = rounded[rare] & 0xF8F8F8 | 0x040404
        if not np.array_equal(rounded, found):
            return _together([rounded], [sums])
    return found, sums


def _alike(table: np.ndarray, exact: Sequence[int]) -> np.ndarray:
    """Tell which entries need not be drawn where which are shown, `(256, 256)` bool.

    Those that nobody can tell apart, but for the `exact` ones; and none where nothing changes.
    """
    lab = from_srgb(table)
    near = np.square(lab[:, None] - lab).sum(axis=2) < UNSEEN**2
    near[np.isin(_packed(table), np.array(exact, np.uint32))] = False
    np.fill_diagonal(near, True)
    alike = np.zeros((256, 256), bool)
    alike[: len(table), : len(table)] = near
    alike[UNCHANGED] = True
    return alike


def _packed(pixels: np.ndarray) -> np.ndarray:
    """Return pixels `(..., 3)` as 0xRRGGBB, uint32."""
    packed: np.ndarray = pixels[..., 0].astype(np.uint32)
    for channel in (1, 2):
        packed <<= 8
        packed |= pixels[..., channel]
    return packed


def _hundredths(start: float, end: float) -> int:
    """Return the delay from start to end, such that the sum of delays does not drift."""
    return min(max(round(100 * end) - round(100 * start), SHORTEST), LONGEST)


def _check_size(size: tuple[int, ...]) -> None:
    if max(size) > MOST_SIDE:
        raise RefusedError(
            f"a GIF of {size[1]}x{size[0]} is larger than the format's {MOST_SIDE} px", hint=_HINT
        )


def _written(
    size: tuple[int, ...],
    table: np.ndarray,
    alike: np.ndarray,
    changes: list[_Change],
    comment: str,
) -> Iterator[bytes]:
    """Yield the blocks of the file."""
    yield b"GIF89a" + struct.pack("<HHBBB", size[1], size[0], 0xF7, 0, 0)  # 256 colours for all
    yield table.tobytes().ljust(3 * UNCHANGED, b"\0") + _NOWHERE
    yield _LOOP
    if comment:
        yield b"\x21\xfe" + _blocks(comment.encode("ascii", "replace"))
    shown = np.full(size, UNCHANGED, np.uint8)
    for change in changes:
        (top, left), (height, width) = change.corner, change.shape
        below = shown[top : top + height, left : left + width]
        entries = change.entries(table)
        changed = ~alike[entries, below]
        rows, columns = _box(changed)
        new = np.where(changed, entries, UNCHANGED)[rows, columns]
        below[changed] = entries[changed]
        yield struct.pack("<BBBBHBB", 0x21, 0xF9, 4, _KEEP, change.delay, UNCHANGED, 0)
        corner = left + columns.start, top + rows.start
        yield struct.pack("<BHHHHB", 0x2C, *corner, new.shape[1], new.shape[0], 0)
        yield _compressed(new)
    yield b";"


def _blocks(data: bytes) -> bytes:
    parts = [data[i : i + 255] for i in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _compressed(entries: np.ndarray) -> bytes:
    """Return entries `(H, W)` as LZW data: what Pillow writes of them, in a file of one frame."""
    from PIL import Image

    file = BytesIO()
    Image.fromarray(entries).save(file, "GIF", optimize=False, interlace=False)
    data = file.getvalue()
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)  # behind the header and its palette
    return data[start + 10 : -1]  # behind the frame's own header, before the file's end
