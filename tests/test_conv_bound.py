"""Convolutions whose parts are bound to memory: run again they see what is in it by then."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

from cnnviz.geometry import Window
from cnnviz.ops import conv2d
from cnnviz.ops.conv.engine import Bound, prepared
from cnnviz.ops.scratch import LEAST, scratch

# Kernels, groups, and how they slide over an image of 20 by 20 with as many channels as they want.
CASES = {
    "runs of channels": ((3, 3, 24, 8), 1, {"strides": 2}),
    "padded": ((3, 3, 24, 8), 1, {"padding": 1, "strides": 2}),
    "planes": ((5, 5, 3, 8), 1, {"padding": 2}),
    "one channel": ((5, 5, 1, 8), 1, {}),
    "groups": ((3, 3, 16, 64), 2, {"padding": 1}),
    "points": ((1, 1, 32, 8), 2, {"strides": 2}),
    "tiles": ((3, 3, 32, 32), 1, {"padding": 1}),
    "tiles of groups": ((3, 3, 32, 64), 2, {"padding": 1}),
    "tiles of two": ((5, 5, 32, 32), 1, {"padding": 2}),
}


@pytest.mark.parametrize("name", CASES)
def test_tasks_see_what_the_arrays_hold_by_then(name):
    size, groups, slides = CASES[name]
    dice = np.random.default_rng(0)
    kernels = dice.standard_normal(size, dtype=np.float32)
    bias = dice.standard_normal(size[3], dtype=np.float32)
    axes = Window.of(size[:2], **slides).on((20, 20))
    ready = prepared(kernels, axes, groups=groups, bias=bias)
    batch = np.zeros((2, 20, 20, size[2] * groups), np.float32)
    wide = np.zeros((2, axes[0].output, axes[1].output, size[3] + 3), np.float32)
    out = wide[..., 2:-1]
    tasks = ready.tasks(batch, out)
    assert all(isinstance(task, Bound) for task in tasks)

    def run() -> None:
        for task in tasks:
            task()

    for turn in range(4):
        batch[...] = dice.standard_normal(batch.shape)
        if turn % 2:  # on a thread that has made no views yet
            thread = Thread(target=run)
            thread.start()
            thread.join()
        else:
            run()
        wanted = conv2d(
            batch.astype(float), kernels, groups=groups, bias=bias, precision="exact", **slides
        )
        assert np.abs(out - wanted).max() < 1e-4 * wanted.std()
    assert not wide[..., :2].any()
    assert not wide[..., -1].any()


def test_what_is_not_finite_is_in_its_own_windows_each_time():
    kernels = np.ones((3, 3, 32, 32), np.float32)
    axes = Window.of((3, 3), padding=1).on((12, 12))
    batch = np.ones((1, 12, 12, 32), np.float32)
    out = np.empty_like(batch)
    (task,) = prepared(kernels, axes).tasks(batch, out)
    for value in (1.0, np.inf, 1.0, np.nan):
        batch[0, 5, 5, 0] = value
        task()
        assert np.isfinite(out[0, :4]).all()
        assert np.isfinite(out[0, 7:]).all()
        assert np.isfinite(out[0, 4:7, 4:7]).all() == np.isfinite(value)


def test_a_larger_scratch_array_leaves_the_smaller_one_alone():
    float32 = np.dtype(np.float32)
    first = scratch("test_bound", (4,), float32)
    assert np.shares_memory(first, scratch("test_bound", (LEAST // 4,), float32))
    first[...] = 7
    scratch("test_bound", (LEAST,), float32)[...] = 1
    assert (first == 7).all()
