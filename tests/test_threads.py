"""Parts of a batch on several threads: the same bits, the same errors, no waiting in a circle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from threading import get_ident

import numpy as np
import pytest

from cnnviz.errors import RefusedError
from cnnviz.files import byte_budget, check_bytes
from cnnviz.layers import find
from cnnviz.ops import conv2d, threads
from cnnviz.ops.conv import engine, im2col, parts, winograd


@pytest.fixture(params=[1, 3])
def count(request, monkeypatch) -> int:
    """Return how many threads are made to share everything."""
    threads._crews.clear()
    monkeypatch.setattr(threads, "threads", lambda: request.param)
    monkeypatch.setattr(threads, "WORK", 0)
    yield request.param
    threads._crews.clear()


def gradients(name: str, settings: dict, images: int) -> list[np.ndarray]:
    dice = np.random.default_rng(0)
    layer, x = find(name)(**settings), dice.standard_normal((images, 9, 9, 4)).astype(np.float32)
    shapes = layer.weight_shapes((9, 9, 4))
    weights = {key: dice.standard_normal(shape, np.float32) for key, shape in shapes.items()}
    y, backward = layer.forward(weights, x)
    of_inputs, of_weights = backward(dice.standard_normal(y.shape, np.float32))
    return [y, *of_inputs, *of_weights.values()]


@pytest.mark.parametrize("settings", [
    {"filters": 6, "kernel_size": 3, "padding": "same"},
    {"filters": 8, "kernel_size": (2, 3), "strides": 2, "groups": 2},
    {"filters": 2, "kernel_size": 3, "dilation_rate": 2},
])  # fmt: skip
@pytest.mark.parametrize("images", [1, 40])
def test_bits_do_not_depend_on_threads(monkeypatch, settings, images):
    monkeypatch.setattr(threads, "WORK", 0)
    monkeypatch.setattr(threads, "threads", lambda: 1)
    alone = gradients("Conv2D", settings, images)
    threads._crews.clear()
    monkeypatch.setattr(threads, "threads", lambda: 3)
    for _ in range(3):
        for one, other in zip(alone, gradients("Conv2D", settings, images), strict=True):
            np.testing.assert_array_equal(one, other)
    threads._crews.clear()


@pytest.mark.parametrize(("kernel", "settings"), [
    ((3, 3, 4, 6), {"padding": "same"}), ((3, 2, 4, 2), {"strides": 2}), ((3, 3), {}),
    ((3, 3, 2, 8), {"groups": 2, "padding": 2, "border": "reflect"}),
    ((5, 3, 1, 8), {"groups": 4, "dilation_rate": 2}),
])  # fmt: skip
@pytest.mark.parametrize("images", [1, 3, 40])
def test_parts_join_to_the_whole(monkeypatch, kernel, settings, images):
    dice = np.random.default_rng(1)
    x, k = dice.standard_normal((images, 70, 19, 4)), dice.standard_normal(kernel)
    settings = {**settings, "bias": dice.standard_normal(k.shape[3:])}
    seen = []
    monkeypatch.setattr(engine, "share", lambda work, parts: seen.extend(map(work, parts)))
    made = []
    for least in (np.inf, 0):
        seen.clear()
        for module in (im2col, parts, winograd):
            monkeypatch.setattr(module, "WORK", least)
        made.append(conv2d(x, k, **settings))
    np.testing.assert_allclose(*made, rtol=0, atol=1e-12)
    assert len(seen) > 1


def test_parts_are_in_order_and_whole(count):
    parts = threads.spread(lambda part: list(range(100)[part]), 100, 1)
    assert [cell for part in parts for cell in part] == list(range(100))
    assert len(parts) == 7
    assert max(map(len, parts)) <= threads.PART


def test_little_work_is_not_divided(monkeypatch):
    monkeypatch.setattr(threads, "threads", lambda: 3)
    assert threads.spread(lambda part: part, 100, threads.WORK - 1) == [slice(0, 100)]


def test_an_error_of_a_part_is_raised(count):
    def fail(part: slice) -> None:
        if part.stop == 100:
            raise IndexError("the last one")

    with pytest.raises(IndexError, match="the last one"):
        threads.spread(fail, 100, 1)


def test_numpy_settings_go_along(count):
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        threads.spread(lambda part: np.full(9, 1e38, np.float32) * np.float32(10), 100, 1)
    with np.errstate(all="ignore"):  # or a warning, which is an error here
        threads.spread(lambda part: np.full(9, 1e38, np.float32) * np.float32(10), 100, 1)


def test_parts_of_parts_do_not_wait_for_each_other(count):
    def inner(part: slice) -> int:
        return sum(threads.spread(lambda own: own.stop - own.start, 50, 1))

    assert threads.spread(inner, 100, 1) == [50] * 7


def test_an_error_ends_all_parts_and_the_next_are_shared_again(count):
    seen = []

    def fail(part: int) -> None:
        seen.append(part)
        raise IndexError("at once")

    for _ in range(3):
        with pytest.raises(IndexError, match="at once"):
            threads.share(fail, range(1000))
    assert len(seen) <= 3 * count
    assert threads.share(lambda part: part + 1, range(5)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [3], indirect=True)
def test_turns_of_the_interpreter_are_short_only_meanwhile(count):
    usual = sys.getswitchinterval()
    assert all(threads.share(lambda part: sys.getswitchinterval() < usual, range(4)))
    assert sys.getswitchinterval() == usual
    with pytest.raises(ZeroDivisionError):
        threads.share(lambda part: 1 / 0, range(4))
    assert sys.getswitchinterval() == usual
    threads._crew_of_all()._take_turns()
    threads._forget()  # as a child does that another thread forked meanwhile
    assert sys.getswitchinterval() == usual


@pytest.mark.parametrize("count", [3], indirect=True)
@pytest.mark.parametrize("interval", [0.05, 0.0041, 5e-5])
def test_an_interval_of_ones_own_is_kept(count, interval):
    usual = sys.getswitchinterval()
    try:
        sys.setswitchinterval(interval)
        own = sys.getswitchinterval()
        for _ in range(9):
            assert max(threads.share(lambda part: sys.getswitchinterval(), range(4))) <= own
        assert sys.getswitchinterval() == own
    finally:
        sys.setswitchinterval(usual)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no cores to choose among")
def test_helpers_keep_off_the_core_of_whoever_asks(count, monkeypatch):
    cores = os.sched_getaffinity(0)
    for core in cores:
        monkeypatch.setattr(threads, "_core", lambda core=core: lambda: core)
        for _ in range(2):  # at its first task a thread may not have told its number yet
            threads.share(lambda part: time.sleep(0.01), range(6))
        found = threads.share(
            lambda part: (time.sleep(0.01), get_ident(), os.sched_getaffinity(0)), range(6)
        )
        for _, thread, at in found:
            alone = thread == get_ident() or len(cores) == 1
            assert at == (cores if alone else cores - {core})


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no cores to choose among")
def test_a_thread_stays_on_its_core_and_helpers_keep_off_it(count):
    cores = os.sched_getaffinity(0)
    for _ in range(3):
        with threads.on_one_core(), threads.on_one_core():
            (core,) = kept = os.sched_getaffinity(0) if len(cores) > 1 and count > 1 else {0}
            threads.share(lambda part: time.sleep(0.01), range(6))
            found = threads.share(
                lambda part: (time.sleep(0.01), get_ident(), os.sched_getaffinity(0)), range(6)
            )
        if len(cores) > 1 and count > 1:
            for _, thread, at in found:
                assert at == (kept if thread == get_ident() else cores - {core})
        assert os.sched_getaffinity(0) == cores
    with pytest.raises(ZeroDivisionError), threads.on_one_core():
        threads.share(lambda part: 1 / part, range(6))
    assert os.sched_getaffinity(0) == cores


def test_the_byte_budget_goes_along(count):
    with byte_budget(1000), pytest.raises(RefusedError, match=r"2\.0 KiB"):
        threads.share(lambda part: check_bytes(2048 * (part == 4), "a part"), range(5))


def test_blas_has_one_thread_meanwhile_and_its_own_afterwards():
    blas = threads._blas()
    if blas is None:
        pytest.skip("NumPy has another BLAS")
    before = blas.get()
    with threads.one_blas_thread():
        with threads.one_blas_thread():
            assert blas.get() == 1
        assert blas.get() == 1
    assert blas.get() == before


@pytest.mark.parametrize(("asked", "expected"), [("", None), ("1", 1), ("3", 3), ("many", None)])
def test_threads_are_as_many_as_cores_or_as_asked_for(asked, expected):
    code = "from cnnviz.ops.threads import threads; print(threads())"
    run = [sys.executable, "-c", code]
    environment = os.environ | {"CNNVIZ_THREADS": asked, "OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
    assert int(told) == (expected or len(os.sched_getaffinity(0)))
