"""The library: every entry, banks, namespaces, look-ups, and that a file dropped in is found."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

import cnnviz.kernels
import cnnviz.kernels.tools
from cnnviz import SpecError, kernel
from cnnviz.kernels import banks, describe, entries, kernel_names, namespaces, resolve

COMPASS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


def same(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-15)


# What a kernel does to a plain image: keeps it, or answers 0; the rest is in OTHER_SUMS.
AVERAGES = (
    *("binomial", "box", "cross", "diamond", "disk", "gaussian", "motion", "octagon", "plus"),
    *("rectangle", "ring", "square", "tent", "imagemagick:blur", "imagemagick:comet"),
    *("imagemagick:gaussian", "matlab:average", "matlab:disk", "matlab:gaussian"),
    *("matlab:motion", "opencv:box", "opencv:gaussian", "pillow:blur", "pillow:smooth"),
    *("pillow:smooth-more", "scikit-image:gaussian", "setosa:blur", "setosa:identity"),
    *("identity", "imagemagick:unity"),
)
KEEP_LEVEL = (
    *("sharpen", "unsharp", "unsharp-binomial", "emboss", "matlab:unsharp", "pillow:detail"),
    *("pillow:edge-enhance", "pillow:edge-enhance-more", "pillow:sharpen", "setosa:emboss"),
    *("setosa:sharpen", "scikit-image:unsharp-mask"),
)
OTHER_SUMS = {
    "haar-sum": 2,
    "imagemagick:binomial": 16,
    "imagemagick:cross": 9,
    "imagemagick:diamond": 5,
    "imagemagick:disk": 61,
    "imagemagick:octagon": 21,
    "imagemagick:plus": 9,
    "imagemagick:rectangle": 9,
    "imagemagick:ring": 16,
    "imagemagick:square": 9,
}


def loaded():
    """Return the modules of kernels that have been imported."""
    start = "cnnviz.kernels."
    names = {name.removeprefix(start) for name in sys.modules if name.startswith(start)}
    return {name for name in names if not name.startswith("_")}


class TestLibrary:
    @pytest.mark.parametrize("name", kernel_names())
    def test_every_entry(self, name):
        entry, (found,) = describe(name), resolve(name)
        assert (found.name, found.source) == (name, entry.source)
        assert found.values.dtype == np.float64
        assert found.values.ndim == 2
        assert found.values is not resolve(name)[0].values
        for line in (entry.summary, entry.source):
            assert line
            assert line.isascii()
            assert "\n" not in line
        assert entry.signature.startswith(name)

    @pytest.mark.parametrize("name", kernel_names())
    def test_sums(self, name):
        values = kernel(name)
        if name in AVERAGES:
            assert values.min() >= 0
        if name == "gabor":
            assert abs(values.sum()) < 0.03 * np.abs(values).sum()
        else:
            expected = OTHER_SUMS.get(name, 1 if name in AVERAGES + KEEP_LEVEL else 0)
            assert values.sum() == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("name", ["box", "gaussian", "binomial", "motion", "plus", "tent"])
    @pytest.mark.parametrize("size", [1, 3, 101, 1023])
    def test_averages_of_any_size_sum_to_1(self, name, size):
        values = kernel(f"{name}:{size}")
        assert values.shape == (size, size)
        assert values.sum() == pytest.approx(1, abs=1e-9)

    def test_at_least_130_and_no_name_twice(self):
        assert len(kernel_names()) >= 130
        assert len(set(kernel_names())) == len(kernel_names())
        assert len(set(banks())) == len(banks())

    @pytest.mark.parametrize("bank", banks())
    def test_banks(self, bank):
        found = resolve(f"bank:{bank}")
        assert len({k.name for k in found}) == len(found) > 1
        alike = len({each.values.shape for each in found}) == 1
        stack = kernel(f"bank:{bank}") if alike else None
        for i, each in enumerate(found):
            (alone,) = resolve(each.name)
            assert alone.name == each.name
            same(alone.values, each.values)
            if stack is not None:
                same(stack[:, :, 0, i], each.values)

    def test_what_banks_hold(self):
        names = {bank: [k.name for k in resolve(f"bank:{bank}")] for bank in banks()}
        assert names["sobel"] == ["sobel-x", "sobel-y"]
        assert names["kirsch"] == [f"kirsch-{d}" for d in COMPASS]
        assert cnnviz.kernels.bank("kirsch")["kirsch-ne"] == "kirsch:ne"
        assert names["gabor8"][:3] == ["gabor-0", "gabor-22.5", "gabor-45"]
        assert kernel("bank:gabor8").shape == (15, 15, 1, 8)
        same(kernel("gabor-45"), kernel("gabor:15,45"))

    def test_a_tool_is_a_bank(self):
        for tool in namespaces():
            names = [name for name in kernel_names() if name.startswith(f"{tool}:")]
            assert [each.name for each in resolve(f"bank:{tool}")] == names
            assert all(describe(name).family == tool for name in names)
        assert namespaces() == sorted(namespaces())
        tools = {"imagemagick", "matlab", "opencv", "pillow", "scikit-image", "setosa"}
        assert tools <= set(namespaces())

    def test_entries_are_what_a_table_needs(self):
        for entry in entries():
            assert entry.family
            assert entry.name.startswith(entry.family)
            assert entry.values().shape == resolve(entry.name)[0].values.shape
        assert [entry.name for entry in entries()] == kernel_names()

    def test_describe_takes_what_is_typed(self):
        assert describe("kirsch-ne") is describe("kirsch:e") is describe("kirsch")
        assert describe("matlab:gaussian:5,2") is describe("matlab:gaussian")
        with pytest.raises(SpecError, match="nearest: sobel-x"):
            describe("sobel")

    def test_bank_of_different_shapes_does_not_stack(self):
        with pytest.raises(SpecError, match="differ in shape"):
            kernel("bank:gradient")

    def test_one_kernel_imports_one_family(self):
        before = {name: m for name, m in sys.modules.items() if name.startswith("cnnviz.kernels")}
        for name in before:
            del sys.modules[name]
        try:
            library = importlib.import_module("cnnviz.kernels")
            library.kernel("sobel-x:5")
            assert loaded() == {"sobel"}
            library.kernel("pillow:emboss")
            assert loaded() == {"sobel", "tools", "tools.pillow"}
        finally:
            for name in [n for n in sys.modules if n.startswith("cnnviz.kernels")]:
                del sys.modules[name]
            sys.modules.update(before)
            cnnviz.kernels = before["cnnviz.kernels"]
