"""Colour profiles: the numbers of the file stay, and a note says what was passed over."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from image_files import RGB, SAMPLES, png, saved
from PIL import Image as Pillow
from PIL import ImageCms

from cnnviz.images import load_image
from cnnviz.images.profiles import profile_notes

IGNORED = "ICC colour profile ignored"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def version_2(name: bytes) -> bytes:
    """A profile of version 2 with nothing but its name."""
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + b"\0"
    return bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, len(text)) + text


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_profiles_are_ignored_with_a_note(form):
    options = {"lossless": True} if form == "WEBP" else {}
    plain = load_image(saved(Pillow.fromarray(RGB), form, **options))
    for profile, notes in ((LAB, (IGNORED,)), (SRGB, ()), (version_2(b"Adobe RGB"), (IGNORED,))):
        image = load_image(saved(Pillow.fromarray(RGB), form, icc_profile=profile, **options))
        assert image.notes == notes
        assert np.array_equal(image.pixels, plain.pixels)


def test_srgb_is_told_by_its_name():
    assert profile_notes({"icc_profile": version_2(b"sRGB IEC61966-2.1")}) == ()
    assert profile_notes({"icc_profile": version_2(b"Not sRGB")}) == (IGNORED,)
    assert profile_notes({"icc_profile": SRGB}) == ()


@pytest.mark.parametrize("end", [0, 1, 127, 130, 140, 150, 160])
def test_broken_profiles_are_ignored_too(end):
    for profile in (SRGB[:end], version_2(b"sR")[:end], bytes(128) + b"\xff" * end):
        assert profile_notes({"icc_profile": profile}) == ((IGNORED,) if profile else ())


def chunked(**chunks: bytes) -> tuple[str, ...]:
    return load_image(png((1, 1, 8, 2), [b"\1\2\3"], **chunks)).notes


def test_gamma_and_primaries_of_png():
    srgb = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    wide = struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    assert chunked(gAMA=struct.pack(">I", 45455)) == ()
    assert chunked(gAMA=struct.pack(">I", 45000)) == ()
    assert chunked(gAMA=struct.pack(">I", 45455), cHRM=srgb) == ()
    assert chunked(gAMA=struct.pack(">I", 100000)) == ("gamma 1 ignored",)
    assert chunked(cHRM=wide) == ("primaries ignored",)
    assert chunked(gAMA=struct.pack(">I", 100000), sRGB=b"\0") == ()


def test_the_samples_have_nothing_to_ignore():
    for path in sorted(SAMPLES.glob("*.*g")):
        assert load_image(path).notes == (), path
