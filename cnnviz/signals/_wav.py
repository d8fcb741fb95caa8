"""Sounds: WAV files of whole or floating numbers, on the scale from -1 to 1."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from cnnviz.errors import InputError, SpecError
from cnnviz.files import check_bytes
from cnnviz.images.source import Source
from cnnviz.signals._entry import Array
from cnnviz.signals._grammar import Signal


def read_wav(opened: Source, channel: int | None) -> Signal:
    """Return a sound: one channel, else the mean of all.

    Whole numbers are divided so that full scale is 1, as sound software shows them.

    Raises
    ------
    InputError
        If the file is truncated, corrupt or compressed.
    SpecError
        If there is no such channel.
    """
    rate, data = _decoded(opened)
    if data.size == 0 or rate < 1:
        raise InputError(f"{opened.path}: holds no samples", path=opened.path)
    check_bytes(data.nbytes + 24 * len(data), opened.path)
    channels = 1 if data.ndim == 1 else data.shape[1]
    table = data.reshape(len(data), channels)
    if channel is not None and channel >= channels:
        raise SpecError(
            f"{opened.path}: no channel {channel}", hint=f"they are 0 to {channels - 1}"
        )
    notes = [f"{rate} samples per second, {channels} channel{'s' * (channels > 1)}"]
    if channel is None and channels > 1:
        notes.append(f"the mean of {channels} channels; --channel chooses one")
    chosen = range(channels) if channel is None else [channel]
    values = np.zeros(len(table))
    for one in chosen:  # one by one, so that no second table of floats is held
        values += table[:, one]
    offset, full = _scale(data.dtype)
    values = (values / len(chosen) - offset) / full
    return Signal(opened.name, values, opened.path, rate=rate, notes=tuple(notes))


def write_wav(values: Array, rate: int) -> bytes:
    """Return values as a sound of 32-bit floats, in which nothing is clipped."""
    from scipy.io import wavfile

    file = io.BytesIO()
    wavfile.write(file, rate, values.astype(np.float32))
    return file.getvalue()


def _decoded(opened: Source) -> tuple[int, np.ndarray[Any, Any]]:
    from scipy.io import wavfile

    content = io.BytesIO(opened.read())
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            rate, data = wavfile.read(content)
    except MemoryError:
        raise
    except Exception as error:  # SciPy raises what happens to go wrong in a corrupt file
        why = " ".join(str(error).split())[:120] if isinstance(error, ValueError) else "corrupt"
        raise InputError(
            f"{opened.path}: is no WAV that can be read ({why})", path=opened.path
        ) from error
    if any("EOF" in str(each.message) for each in said):
        raise InputError(f"{opened.path}: is truncated", path=opened.path)
    return int(rate), data


def _scale(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the value of silence and that of full scale above it."""
    if dtype == np.uint8:
        return 128.0, 128.0
    return 0.0, float(2 ** (8 * dtype.itemsize - 1)) if dtype.kind == "i" else 1.0
