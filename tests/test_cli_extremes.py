"""Values at the edge of float32 and names of any length: documented exits, never a warning.

Warnings are errors in these tests, so that one would end a run as "unexpected".
"""

from __future__ import annotations

import json

import numpy as np
import pytest

MOST = float(np.finfo(np.float32).max)
ARRAYS = {
    "all": np.full((9, 9, 3), 1e38),
    "both": np.where(np.arange(243).reshape(9, 9, 3) % 5 < 2, MOST, -MOST),
    "step": np.repeat([[MOST], [-MOST]], 9, axis=0) * np.ones(9),
    "ramp": np.linspace(0, MOST, 400).reshape(20, 20),
    "subnormal": np.arange(81).reshape(9, 9) * 1e-45,
    "one": np.full((1, 1), -MOST),
    "whole": np.full((9, 9, 4), -(2**62)),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize(
    "words",
    [
        ["channels"],
        ["channels", "--locality", "-o", "x.svg"],
        ["convolve", "--kernel", "1"],
        ["convolve", "--kernel", "edge", "--padding", "same", "--peaks", "3"],
        [
            "convolve",
            "--kernel",
            "bank:sobel",
            "--padding",
            "1",
            "--combine",
            "magnitude",
            "--display",
            "abs",
        ],
        ["pool", "--size", "1", "--type", "average", "--type", "lp:2"],
        ["pool", "--size", "1", "--winners", "-o", "x.svg"],
    ],
    ids=" ".join,
)
def test_images(cnnviz, folder, words, name):
    np.save(folder / "a.npy", ARRAYS[name].astype(np.float32))
    command, *rest = words
    result = cnnviz(command, "a.npy", *rest)
    assert result.code in (0, 1), result
    assert "unexpected" not in result.err


@pytest.mark.parametrize("shape", [(3, 3), (1, 5), (3, 3, 3, 4), (3, 3, 2, 4), (1, 1, 8, 4)])
@pytest.mark.parametrize("output", ["x.png", "x.svg", "x.npy", "json"])
class TestKernels:
    def written(self, cnnviz, folder, values, output):
        np.save(folder / "k.npy", values)
        return cnnviz("kernels", "k.npy", *(["--json"] if output == "json" else ["-o", output]))

    def test_as_large_as_float32(self, cnnviz, folder, shape, output):
        values = np.full(shape, MOST)
        values.flat[::2] = -1e38
        assert self.written(cnnviz, folder, values, output).code == 0

    def test_subnormal(self, cnnviz, folder, shape, output):
        assert self.written(cnnviz, folder, np.full(shape, 5e-324), output).code == 0

    @pytest.mark.parametrize("kind", [np.float64, np.longdouble])
    def test_larger(self, cnnviz, folder, shape, output, kind):
        values = np.ones(shape, kind)
        values.flat[:2] = np.finfo(kind).max
        message = self.written(cnnviz, folder, values, output).fault(1)
        assert f"2 of {values.size} values " in message


def test_a_matrix_larger_than_float32(cnnviz, photo):
    message = cnnviz("convolve", photo, "--kernel", "1e300 1").fault(1)
    assert "1 of 2 values beyond 3.4e+38" in message


def test_names_without_end(cnnviz, folder):
    from safetensors.numpy import save_file

    names = ["a" * 1_000_000, "b" * 1_000_000]
    save_file({name: np.ones((3, 3, 3, 8), np.float32) for name in names}, folder / "w.safetensors")
    for word in ("w.safetensors:c", "w.safetensors:*", "w.safetensors:" + "c" * 1000):
        assert len(cnnviz("kernels", word).fault(2)) < 1000
    data = json.loads(cnnviz("kernels", "w.safetensors:a*", "--json").out)
    assert data["name"] == names[0], list(data)
