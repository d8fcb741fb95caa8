"""Convolutions whose parts are bound to memory: run again they see what is in it by then."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

from cnnviz.geometry import Window
from cnnviz.ops import conv2d
from cnnviz.ops.conv.engine import prepared
from cnnviz.ops.written import Written

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
    assert all(isinstance(task, Written) for task in tasks)

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
