"""What order examples come in: by seeds alone, whatever is cached, bad, or was read before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_files import png, unzipped
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.training.data import Data, open_data
from cnnviz.training.data.order import divided, epoch_order

FEW = settings(deadline=None, derandomize=True, max_examples=60)
SHAPE = (5, 6, 1)
BAD = (4, 11, 12, 29)
SEEDS = st.integers(0, 2**63)


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pictures in three classes; picture n has the value n, and some are none."""
    files = {f"{'abc'[n // 10]}/{n:02}.png": png(n) for n in range(30)}
    files |= {f"{'abc'[n // 10]}/{n:02}.png": png(n)[:40] for n in BAD}
    return unzipped(tmp_path_factory.mktemp("order") / "set", files)


def batches(data: Data, size: int, **how: int) -> list[tuple[list[int], list[int]]]:
    return [(x[:, 0, 0, 0].tolist(), y.tolist()) for x, y, _ in data.train.batches(size, **how)]


@FEW
@given(size=st.integers(1, 31), seed=SEEDS, kept=st.integers(0, 40), before=st.integers(0, 30))
def test_batches_do_not_depend_on_what_is_cached_or_known_to_be_bad(
    spoiled: Path, size: int, seed: int, kept: int, before: int
) -> None:
    settings = {"input_shape": SHAPE, "validation": 0}
    with open_data(spoiled, **settings) as fresh:
        expected = batches(fresh, size, epoch=3, seed=seed)
    with open_data(spoiled, cache_bytes=30 * kept, **settings) as used:
        for number, _ in enumerate(used.train.batches(2, epoch=1, seed=9)):
            if number >= before:
                break
        assert batches(used, size, epoch=3, seed=seed) == expected
        used.read_all()
        assert batches(used, size, epoch=3, seed=seed) == expected
        assert len(used.failures) == len(BAD)
    values = [value for x, _ in expected for value in x]
    assert sorted(values) == [n for n in range(30) if n not in BAD]
    assert all(label == value // 10 for x, y in expected for value, label in zip(x, y, strict=True))


@FEW
@given(size=st.integers(1, 31), seed=SEEDS, start=st.integers(0, 31))
def test_a_resumed_epoch_goes_on_past_bad_pictures(
    spoiled: Path, size: int, seed: int, start: int
) -> None:
    """Batch k holds places k size to (k + 1) size of the order, less those that are bad."""
    with open_data(spoiled, input_shape=SHAPE, validation=0) as data:
        order = data.train.order(epoch=2, seed=seed)
        rest = batches(data, size, epoch=2, seed=seed, start=start)
    places = [order[k : k + size] for k in range(start * size, 30, size)]
    expected = [[int(n) for n in part if n not in BAD] for part in places]
    assert [x for x, _ in rest] == expected


def test_the_order_is_that_of_the_raw_bits_of_pcg64() -> None:
    """Written out once more: it must stay the same, or no run could be resumed or repeated."""
    keys = np.random.PCG64(np.random.SeedSequence([7, 1, 2])).random_raw(100)
    assert epoch_order(100, 7, 2).tolist() == sorted(range(100), key=lambda place: keys[place])
    assert epoch_order(8, 0, 0).tolist() == [7, 4, 5, 1, 6, 2, 0, 3]


def test_orders_are_even() -> None:
    """Each picture is as likely in one half of an epoch as in the other: 2000 tosses."""
    first = sum(epoch_order(10, seed, epoch)[0] for seed in range(40) for epoch in range(50))
    assert first / 2000 == pytest.approx(4.5, abs=5 * 2.87 / 2000**0.5)


@FEW
@given(
    counts=st.lists(st.integers(1, 60), min_size=2, max_size=6),
    share=st.floats(0, 0.999),
    seed=SEEDS,
)
def test_each_class_gives_its_share(counts: list[int], share: float, seed: int) -> None:
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    train, held = divided(y, share, seed)
    assert sorted([*train, *held]) == list(range(len(y)))
    for number, count in enumerate(counts):
        taken = int((y[held] == number).sum())
        assert taken == 0 if share == 0 or count == 1 else 1 <= taken < count
        if 1 <= count * share <= count - 1:
            assert abs(taken - count * share) <= 0.5


def test_the_division_is_by_seed() -> None:
    y = np.arange(100) % 5
    held = [tuple(divided(y, 0.2, seed)[1]) for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]
    assert all(np.bincount(y[list(places)]).tolist() == [4] * 5 for places in held)


def test_batches_are_the_callers_own(spoiled: Path) -> None:
    with open_data(spoiled, input_shape=SHAPE, validation=0) as data:
        first = batches(data, 7, epoch=0)
        for x, y, _ in data.train.batches(7, epoch=0):
            x[:], y[:] = 0, 0
        assert batches(data, 7, epoch=0) == first
