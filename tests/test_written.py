"""Calls that are written down once a thread, and made on arrays of that thread."""

from __future__ import annotations

from threading import Barrier, Thread

import numpy as np

from cnnviz.ops.scratch import scratch
from cnnviz.ops.written import Written

SINGLE = np.dtype(np.float32)


def test_each_thread_works_in_memory_of_its_own():
    x = np.arange(5, dtype=SINGLE)
    made: dict[int, np.ndarray] = {}
    both = Barrier(2)

    def write(do) -> None:
        room = scratch("test of calls", (5,), SINGLE)
        do(np.multiply, x, 2, out=room)
        do(both.wait)  # the other thread has written to its memory too
        do(lambda: made.setdefault(id(room), room.copy()))

    task = Written(write)
    threads = [Thread(target=task) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    for values in made.values():
        np.testing.assert_array_equal(values, 2 * x)


def test_memory_that_has_become_larger_is_not_held():
    rooms: list[np.ndarray] = []

    def write(do) -> None:
        rooms.append(scratch("test of renewed calls", (3,), SINGLE))
        do(rooms[-1].fill, len(rooms))

    def work() -> None:
        task = Written(write)
        task()  # is given new memory
        task()
        assert len(rooms) == 2
        task()
        assert len(rooms) == 2
        larger = scratch("test of renewed calls", (30,), SINGLE)
        task()
        assert len(rooms) == 3
        assert np.shares_memory(rooms[-1], larger)

    work()


def test_what_is_too_large_to_be_kept_is_made_anew():
    written = []

    def write(do) -> None:
        written.append(scratch("test of large calls", (2**23 + 1,), SINGLE).size)

    task = Written(write)
    for _ in range(3):
        task()
    assert len(written) == 3
