"""Schedules at points whose factors are known, whatever the way there."""

from __future__ import annotations

import json

import pytest

from cnnviz.errors import SpecError
from cnnviz.training.schedules import Constant, Cosine, OneCycle, Steps, schedule

ALL = [
    Constant(),
    Cosine(total=50, floor=0.1),
    Steps(every=10, factor=0.5),
    Steps(milestones=(5, 30)),
    OneCycle(total=50),
]


def test_a_cosine_passes_its_middle():
    made = Cosine(total=110, warmup=10, floor=0.2)
    assert [made(10), made(60), made(110), made(500)] == pytest.approx([1, 0.6, 0.2, 0.2])
    assert made(35) == pytest.approx(0.2 + 0.8 * (1 + 2**-0.5) / 2)
    assert sum(made(s) for s in range(10, 110)) == pytest.approx(100 * 0.6 + 0.4)


def test_milestones_and_every_agree():
    stones = Steps(milestones=(7, 14, 21), factor=0.3)
    assert [Steps(every=7, factor=0.3)(s) for s in range(28)] == [stones(s) for s in range(28)]
    assert [stones(s) for s in (6, 7, 13, 14)] == pytest.approx([1, 0.3, 0.3, 0.09])


def test_one_cycle_begins_tops_and_ends_where_the_paper_says():
    made = OneCycle(total=101, rise=0.5, start=10, end=100)
    assert [made(0), made(100), made(1000)] == pytest.approx([0.1, 0.001, 0.001])
    values = [made(s) for s in range(101)]
    assert 0.999 < max(values) <= 1
    assert values.index(max(values)) in (49, 50)
    assert OneCycle(total=10, rise=0)(0) == 1
    assert OneCycle(total=10, rise=1)(9) == 1


@pytest.mark.parametrize("made", ALL, ids=repr)
def test_warm_up_is_linear_from_the_first_step(made):
    settings = {**made.settings, "warmup": 4}
    warm = schedule(**settings)
    if not isinstance(made, Cosine):  # whose curve begins behind the warm-up
        assert [warm(s) / made(s) for s in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    else:
        assert [warm(s) for s in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1, 1])


@pytest.mark.parametrize("made", ALL, ids=repr)
def test_settings_survive_json(made):
    assert schedule(**json.loads(json.dumps(made.settings))) == made


def test_faults():
    with pytest.raises(SpecError, match="unknown schedule 'cosin'; did you mean cosine"):
        schedule("cosin")
    with pytest.raises(SpecError, match="unknown setting of step 'evry'; did you mean every"):
        schedule("step", evry=3)
    with pytest.raises(SpecError, match="schedule cosine: total is missing"):
        schedule("cosine")
    with pytest.raises(SpecError, match="takes every or milestones, one of them"):
        schedule("step", every=3, milestones=(2,))
    with pytest.raises(SpecError, match="warmup 5 is not below the total of 5 steps"):
        schedule("cosine", total=5, warmup=5)
    with pytest.raises(SpecError, match=r"warmup 1\.5 is not a whole number of at least 0"):
        schedule("constant", warmup=1.5)
    with pytest.raises(SpecError, match="floor 2 is over 1"):
        schedule("cosine", total=5, floor=2)
    with pytest.raises(SpecError, match="a rise and a fall, and the run one step; train for more"):
        schedule("one-cycle", total=1)
