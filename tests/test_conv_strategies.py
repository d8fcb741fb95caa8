"""Every strategy forced in turn over all that it may be chosen for, against the plain formula.

What it works in is filled with NaN first, so that what is read before it is written shows.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from drawn import dtypes, many, pairs, seeds
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.geometry import Window
from cnnviz.ops import conv, scratch
from cnnviz.ops.conv import engine
from cnnviz.ops.conv.engine import Prepared
from cnnviz.ops.conv.job import Finish, Job
from cnnviz.ops.padding import Padded

MODULES = {path.stem: import_module(f"cnnviz.ops.conv.{path.stem}") for path in
           Path(conv.__path__[0]).glob("[a-z]*.py")}  # fmt: skip
STRATEGIES = sorted(name for name, module in MODULES.items() if hasattr(module, "prepare"))
# Each as small as can be, so that small images have many bands, tiles, panels and parts.
SMALL = {
    "toeplitz": {"SMALL": 2000, "VALUES": 200, "MORE": 300},
    "separable": {"VALUES": 300},
    "fourier": {"TILE": 40},
    "shifted": {"PLANE": 60},
    "channelwise": {"BAND": 40},
    "im2col": {"WORK": 1, "BAND": 64, "FEW": 16, "WIDE": 8},
    "winograd": {"WORK": 1, "TILES": 1, "FEW": 2, "SMALL": 30},
    "products": {"DIRECT": 2000, "ROWS": 4},
    "parts": {"WORK": 1},
}


@pytest.fixture(params=["whole", "in pieces"], autouse=True)
def poisoned(request, monkeypatch) -> None:
    kept = scratch.scratch

    def unusable(*asked) -> np.ndarray:
        room = kept(*asked)
        room.fill(np.nan)
        return room

    for name, module in MODULES.items():
        if hasattr(module, "scratch"):
            monkeypatch.setattr(module, "scratch", unusable)
        for constant, value in SMALL.get(name, {}).items() if request.param != "whole" else ():
            monkeypatch.setattr(module, constant, value)


@st.composite
def convolutions(draw: st.DrawFn, name: str) -> dict:
    """Return settings of what the planner may give to a strategy."""
    groups, channels, each = (draw(st.integers(1, most)) for most in (3, 4, 4))
    kernel, strides, dilation = draw(pairs(1, 9)), draw(pairs(1, 3)), draw(pairs(1, 3))
    padding = draw(st.tuples(pairs(0, 5), pairs(0, 5)))
    summed = False
    if name in ("pointwise", "winograd"):
        groups, dilation = 1, (1, 1)
        kernel = draw(st.sampled_from([(3, 3), (5, 5)])) if name == "winograd" else (1, 1)
        strides = (1, 1) if name == "winograd" else strides
        padding = padding if name == "winograd" else ((0, 0), (0, 0))
        channels, each = draw(pairs(1, 40))
    elif name == "channelwise":
        groups, channels = draw(st.integers(1, 9)), 1
    elif name == "sequence":
        groups, dilation, kernel = 1, (1, 1), (kernel[0], 1)
        padding = (padding[0], (0, 0))
    elif name != "im2col":
        strides = (1, 1) if name == "fourier" else strides
        summed = draw(st.booleans())
        channels = 1 if summed or name == "separable" else channels
        groups = 1 if summed else groups
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    low = (max(1, e - a - b) for e, (a, b) in zip(extent, padding, strict=True))
    size = tuple(n + m for n, m in zip(low, draw(pairs(0, 30)), strict=True))
    if name == "sequence":
        size = size[0], 1
    return {
        "shape": (draw(st.integers(1, 3)), *size, channels * (3 if summed else groups)),
        "kernel": (*kernel, channels, each * groups),
        "window": {"strides": strides, "dilation_rate": dilation, "padding": padding},
        "border": draw(st.sampled_from(["zero", "edge", "reflect", "symmetric", "wrap", 7.5])),
        "groups": groups,
        "summed": summed,
    }  # fmt: skip


def plain(x: np.ndarray, kernels: np.ndarray, how: dict) -> np.ndarray:
    """Return the formula's sums, a window at a time, in float64."""
    border, window, groups = how["border"], how["window"], how["groups"]
    if how["summed"]:
        # A border that is a number is of each channel.
        kernels = kernels.repeat(x.shape[3], axis=2)
    sides = ((0, 0), *window["padding"], (0, 0))
    if isinstance(border, str):
        padded = np.pad(x.astype(float), sides, mode={"zero": "constant"}.get(border, border))
    else:
        padded = np.pad(x.astype(float), sides, constant_values=border)
    (down, across), (by, over) = window["strides"], window["dilation_rate"]
    kh, kw, channels, filters = kernels.shape
    high, wide = by * (kh - 1) + 1, over * (kw - 1) + 1
    rows = range(0, padded.shape[1] - high + 1, down)
    columns = range(0, padded.shape[2] - wide + 1, across)
    made = np.empty((len(x), len(rows), len(columns), filters))
    for group in range(groups):
        mine = slice(group * filters // groups, (group + 1) * filters // groups)
        read = padded[..., group * channels : (group + 1) * channels]
        for o, top in enumerate(rows):
            for p, left in enumerate(columns):
                cells = read[:, top : top + high : by, left : left + wide : over]
                made[:, o, p, mine] = np.tensordot(cells, kernels[..., mine].astype(float), 3)
    return made


def convolved(name: str, x: np.ndarray, kernels: np.ndarray, how: dict, finish: Finish, out):
    axes = Window.of(kernels.shape[:2], **how["window"]).on(x.shape[1:3])
    job = Job(*axes, Padded.of(axes, how["border"]), how["groups"], how["summed"], finish)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "choose", lambda *_: name)
        Prepared.of(kernels, job).run(x, out)


def relu(part: np.ndarray, *_: object) -> None:
    np.maximum(part, 0, out=part)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_makes_what_the_formula_says(name):
    @many(60)
    @given(convolutions(name), seeds, dtypes, st.booleans(), st.integers(0, 2))
    def check(how, seed, dtype, apart, beside):
        rng = np.random.default_rng(seed)
        count, height, width, channels = how["shape"]
        dtype = np.float32 if name == "winograd" else dtype
        wide = rng.normal(0.5, 1, (count, 2 * height, width, channels + 2)).astype(dtype)
        x = wide[:, ::2, :, 1:-1] if apart else wide[:, :height, :, 2:].copy()
        kernels = rng.standard_normal(how["kernel"])
        if name == "separable":
            kernels = kernels[:1] * rng.standard_normal((len(kernels), *kernels.shape[1:]))[:, :1]
        kernels, bias = kernels.astype(dtype), rng.standard_normal(kernels.shape[3]).astype(dtype)
        expected = np.maximum(plain(x, kernels, how) + bias, 0)
        room = np.full((*expected.shape[:3], bias.size + 2 * beside), 7, dtype)
        out = room[..., beside : beside + bias.size]
        out[...] = np.nan
        convolved(name, x, kernels, how, Finish(bias, relu), out)
        most = np.abs(x).max() * np.abs(kernels).sum(axis=(0, 1, 2)).max()
        scale = max(np.abs(expected).max(), 0.05 * most * (3 if how["summed"] else 1))
        error = np.abs(out - expected).max()
        assert error <= (3e-4 if name == "winograd" else 1e-5) * scale
        assert (np.delete(room, np.s_[beside : beside + bias.size], axis=3) == 7).all()

    check()


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_is_not_finite_stays_in_its_windows(name):
    @many(40)
    @given(convolutions(name), seeds, st.sampled_from([np.nan, np.inf, -np.inf]))
    def check(how, seed, value):
        rng = np.random.default_rng(seed)
        x = rng.normal(0.5, 1, how["shape"]).astype(np.float32)
        x[tuple(rng.integers(0, how["shape"]))] = value
        kernels = rng.uniform(0.5, 1, how["kernel"])
        if name == "separable":
            kernels = kernels[:1] * kernels[:, :1]
        kernels = kernels.astype(np.float32)
        with np.errstate(invalid="ignore"):
            expected = plain(x, kernels, how)
        out = np.zeros(expected.shape, np.float32)
        convolved(name, x, kernels, how, Finish(), out)
        np.testing.assert_array_equal(np.isfinite(out), np.isfinite(expected))

    check()


def test_all_strategies_are_here():
    assert STRATEGIES == [
        "channelwise", "fourier", "im2col", "pointwise", "separable", "sequence", "shifted",
        "toeplitz", "winograd",
    ]  # fmt: skip
