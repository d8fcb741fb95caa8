"""Maps made in bands: what is thinned and made again is what is made whole, in bounded memory."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnviz.arrays import read_array
from cnnviz.errors import InputError, RefusedError, SpecError
from cnnviz.files import byte_budget
from cnnviz.kernels import Kernel, resolve
from cnnviz.report import bands
from cnnviz.report.convolution import convolve
from cnnviz.report.maps import MapSet

ROOT = Path(__file__).resolve().parent.parent
RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (61, 83, 3), dtype=np.uint8)
TAUGHT = [Kernel(f"k{i}", RNG.normal(size=(3, 3, 3)), "k") for i in range(8)]
KERNELS = {
    "one": resolve("edge"),
    "of two sizes": [*resolve("sobel-x"), *resolve("gaussian:5,1"), *resolve("sobel-y")],
    "many": resolve("bank:kirsch"),
    "for channels": TAUGHT,
}


@contextmanager
def small() -> Iterator[None]:
    """Treat small images as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("KEPT", 99), ("BAND", 9000), ("SMALL", 99), ("WORK", 99)):
            patch.setattr(bands, name, value)
        yield


def compare(image: np.ndarray, kernels: list[Kernel], **how: object) -> None:
    """Make maps whole, and in bands; all there is to ask of them is the same."""
    whole = convolve(image, kernels, **how)
    with small():
        same(convolve(image, kernels, **how), whole)


def same(found: MapSet, expected: MapSet) -> None:
    assert len(found.maps) == len(expected.maps)
    for m, whole in zip(found.maps, expected.maps, strict=True):
        assert (m.name, m.shape, m.axes) == (whole.name, whole.shape, whole.axes)
        assert m.steps[1] > 1
        assert whole.steps == (1, 1)
        near = 1e-5 * max(1.0, float(np.abs(whole.values).max()))
        figures = [(m.min, whole.min), (m.max, whole.max), (m.mean, whole.mean)]
        figures += [(m.values, whole.values)]
        figures += [(m.plane, whole.values[:: m.steps[0], :: m.steps[1]])]
        for ours, theirs in figures:
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=near)


@pytest.mark.parametrize("kernels", KERNELS.values(), ids=KERNELS)
@settings(deadline=None, max_examples=12)
@given(
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["valid", "same", "full", 7, ((30, 1), (0, 9))]),
    border=st.sampled_from(["zero", "edge", "reflect", "symmetric", "wrap", -3.5]),
    dilation_rate=st.integers(1, 2),
    flip=st.booleans(),
    activation=st.sampled_from([None, "relu", "softmax"]),
)
def test_bands_make_what_is_made_whole(kernels, **how):
    compare(PHOTO, kernels, bias=3, **how)


@pytest.mark.parametrize(
    "how",
    [
        {"channels": "each", "bias": 2.5, "activation": "relu"},
        {"channels": "gray"},
        {"groups": 3},
        {"groups": 3, "activation": "softmax"},
    ],
)
def test_channels(how):
    kernels = [*resolve("edge"), *resolve("sobel-x")]
    compare(PHOTO, kernels, **how)


def test_a_magnitude():
    kernels = [*resolve("sobel-x"), *resolve("sobel-y")]
    how = {"combine": "magnitude", "padding": "same", "activation": "relu"}
    compare(PHOTO, kernels, **how)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_types(dtype):
    image = PHOTO.astype(dtype)
    compare(image, TAUGHT)
    with small():
        values = convolve(image, TAUGHT).maps[0].values
    assert values.dtype == (np.float64 if dtype == np.float64 else np.float32)


def test_the_mean_is_that_of_float64():
    image = np.full((900, 800), 0.1, np.float32)
    (m,) = convolve(image, resolve("identity")).maps
    assert m.mean == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_values_that_are_not_finite_are_counted_over_all_bands():
    image = np.ones((60, 80), np.float32)
    image[[3, 30, 50], 7] = 3e38
    kernels = [*resolve("identity"), *resolve("4")]
    with (
        small(),
        pytest.raises(InputError, match=r"result of custom has 3 non-finite values .* 4800$"),
    ):
        convolve(image, kernels)


@pytest.mark.parametrize("kernels", ["many", "of two sizes"])
@pytest.mark.parametrize("format", ["npy", "npz"])
def test_files_are_written_as_maps_are_made_again(format, kernels):
    whole = convolve(PHOTO, KERNELS[kernels], padding="same")
    assert whole.writer(format, str) is None
    file = io.BytesIO()
    with small():
        convolve(PHOTO, KERNELS[kernels], padding="same").writer(format, str)(file)
    for i, (name, values) in enumerate(whole.arrays()):
        if format == "npy":
            read = read_array(file.getvalue(), name="maps.npy")[:, :, i]
        else:
            read = read_array(file.getvalue(), name="maps.npz", member=name)
        assert read.dtype == values.dtype
        np.testing.assert_allclose(read, values, rtol=0, atol=1e-3)


@pytest.mark.parametrize("target", ["npy:-", "npz:-"])
def test_standard_output(cnnviz, folder, target):
    Image.fromarray(PHOTO).save("photo.png")
    with small():
        data = cnnviz("convolve", "photo.png", "--kernel", "bank:kirsch", "-q", "-o", target).out
    (member, whole), *_ = convolve(PHOTO, KERNELS["many"]).arrays()
    member = None if target == "npy:-" else member
    read = read_array(data, name="stdout", member=member)
    np.testing.assert_array_equal(read if member else read[:, :, 0], whole)


def test_what_cannot_be_written_is_told_before():
    with small(), pytest.raises(SpecError, match="different shapes"):
        convolve(PHOTO, KERNELS["of two sizes"]).writer("npy", str)
    with small():
        mapset = convolve(PHOTO, KERNELS["one"])
    with byte_budget(mapset.nbytes), pytest.raises(RefusedError, match=r"as \.npz"):
        mapset.writer("npz", str)
    with byte_budget(mapset.nbytes), pytest.raises(RefusedError, match="the values of edge"):
        _ = mapset.maps[0].values


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc here")
def test_memory_does_not_grow_with_the_kernels(folder):
    """Whole runs within a budget, which all maps (128 and 512 MB) would break."""
    pixels = np.random.default_rng(0).integers(0, 256, (1250, 1600, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("photo.png", compress_level=0)
    code = "import sys; from cnnviz.cli.run import run; assert run(sys.argv[1:]) == 0; "
    code += "print(open('/proc/self/status').read())"
    peaks = {}
    for count in (1, 16, 64):
        np.save("kernels.npy", RNG.normal(size=(3, 3, 3, count)))
        words = ["convolve", "photo.png", "--kernel", "kernels.npy", "-o", "maps.png"]
        done = subprocess.run(
            [sys.executable, "-c", code, *words, "-q", "--overwrite", "--max-memory", "170M"],
            env=os.environ | {"PYTHONPATH": str(ROOT), "CNNVIZ_THREADS": "2"},
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[count] = 1024 * int(re.search(r"VmHWM:\s+([0-9]+) kB", done.stdout)[1])
    assert peaks[64] < 1.1 * peaks[16] < 250 * 2**20
