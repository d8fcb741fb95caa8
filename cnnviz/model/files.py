"""Small text files that belong to a model: specs, labels."""

from __future__ import annotations

import os
import stat

from cnnviz.errors import InputError


def read_file(path: str, most: int) -> bytes:
    """Return at most so many bytes of a regular file.

    Raises
    ------
    InputError
        If it is missing, no regular file or cannot be read.
    """
    try:
        # Opening a pipe or a device could wait for ever.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError("is not a file", path=path)
        with open(path, "rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason.lower()}", path=path) from error
