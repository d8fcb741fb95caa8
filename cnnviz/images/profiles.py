"""Colour profiles: pixels keep the numbers of the file, and a note says what that passes over."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

# IEC 61966-2-1: white point, red, green and blue; the gamma that PNG gives for it.
_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_SRGB_GAMMA = 1 / 2.2  # often written as 0.45
_ENTRY = 12  # bytes of an entry in the profile's table of tags, which begins at 128


def profile_notes(info: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return a note for an ICC profile or PNG gamma other than sRGB, which would change nothing."""
    profile = info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return () if _description(profile).startswith("sRGB") else ("ICC colour profile ignored",)
    if "srgb" in info:
        return ()
    gamma, primaries = info.get("gamma"), info.get("chromaticity")
    if gamma and abs(gamma - _SRGB_GAMMA) > 0.005:
        return (f"gamma {gamma:g} ignored",)
    if primaries and any(
        abs(a - b) > 0.001 for a, b in zip(primaries, _SRGB_PRIMARIES, strict=False)
    ):
        return ("primaries ignored",)
    return ()


def _description(profile: bytes) -> str:
    """Return the name in the `desc` tag (ICC.1:2022 7.3 and 9.2.41), whatever can be read of it."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for i in range(min(count, 100)):
            kind, start, size = struct.unpack_from(">4sII", profile, 132 + _ENTRY * i)
            if kind == b"desc":
                text = profile[start : start + size]
                if text[:4] == b"mluc":  # version 4: by language, of which the first will do
                    length, offset = struct.unpack_from(">II", text, 20)
                    return text[offset : offset + min(length, 200)].decode("utf-16-be", "ignore")
                return text[12:200].decode("ascii", "ignore")
    except struct.error:
        pass
    return ""
