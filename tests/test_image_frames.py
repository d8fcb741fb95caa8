"""Animations and pages: one frame, as a viewer shows it."""

from __future__ import annotations

import numpy as np
import pytest
from image_files import saved
from PIL import Image as Pillow

from cnnviz.images import read_image


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_of_several_frames(form):
    frames = [Pillow.new("RGB", (8, 6), c) for c in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(read_image(data), np.tile([255, 0, 0], (6, 8, 1)))
