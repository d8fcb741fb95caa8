"""Metrics beside SciPy's contingency tables and plain counting; the history as data."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats.contingency import crosstab

from cnnviz.errors import SpecError
from cnnviz.training.history import History, Moment
from cnnviz.training.metrics import Evaluation

DICE = np.random.default_rng(4)
LOGITS = DICE.normal(0, 2, (300, 5))
LABELS = DICE.integers(0, 5, 300)
PREDICTED = LOGITS.argmax(1)
NUMBERS = DICE.permutation(1000)[:300]


def evaluated(size: int, most: int = 16) -> Evaluation:
    found = Evaluation(5, most)
    for first in range(0, 300, size):
        part = slice(first, first + size)
        found.add(LOGITS[part], LABELS[part], NUMBERS[part])
    return found


def test_the_matrix_is_scipys_table():
    table = crosstab(LABELS, PREDICTED, levels=(range(5), range(5))).count
    np.testing.assert_array_equal(evaluated(64).matrix, table)


def test_loss_and_accuracy_over_batches():
    found = evaluated(64)
    losses = -log_softmax(LOGITS, axis=1)[np.arange(300), LABELS]
    assert found.count == 300
    assert found.loss == pytest.approx(losses.mean(), rel=1e-12)
    assert found.accuracy == np.mean(PREDICTED == LABELS)
    assert math.isnan(Evaluation(5).accuracy)
    assert math.isnan(Evaluation(5).loss)


def test_worst_mistakes_whatever_the_batches():
    losses = -log_softmax(LOGITS, axis=1)[np.arange(300), LABELS]
    wrong = sorted(np.flatnonzero(PREDICTED != LABELS), key=lambda i: -losses[i])[:7]
    for size in (1, 64, 300):
        worst = evaluated(size, 7).worst
        assert [one.number for one in worst] == NUMBERS[wrong].tolist()
        assert [one.predicted for one in worst] == PREDICTED[wrong].tolist()
        assert [one.label for one in worst] == LABELS[wrong].tolist()
        assert [one.loss for one in worst] == pytest.approx(losses[wrong])
        highest = softmax(LOGITS, axis=1)[wrong].max(axis=1)
        assert [one.confidence for one in worst] == pytest.approx(highest)


def test_of_equal_mistakes_the_lower_number_stays():
    found = Evaluation(2, most=2)
    found.add(np.tile([0.0, 1.0], (5, 1)), np.zeros(5, int), [9, 4, 7, 2, 5])
    found.add([[np.nan, 1.0]], [1], [8])
    assert [(one.number, one.loss) for one in found.worst] == [
        (8, math.inf),
        (2, pytest.approx(math.log(1 + math.e))),
    ]
    assert found.loss == math.inf


def history() -> History:
    made = History()
    made.add(
        Moment(
            step=10, epoch=1, loss=0.5, accuracy=0.75, examples=640, lr=0.1, examples_per_second=1e3
        )
    )
    made.add(Moment(step=10, epoch=1, part="validation", loss=math.nan, accuracy=0.5))
    return made


def test_a_history_is_csv_and_json():
    made = history().report("net", {"seed": 3})
    rows = list(csv.DictReader(io.StringIO(made.to_csv())))
    assert [row["loss"] for row in rows] == ["0.5", ""]
    facts = json.loads(made.to_json())
    assert (facts["model"], facts["seed"]) == ("net", 3)
    assert [row["part"] for row in facts["history"]] == ["train", "validation"]
    assert facts["history"][1]["loss"] is facts["history"][1]["lr"] is None
    assert "75.00%" in made.to_markdown()


def test_a_history_survives_json():
    columns = json.loads(json.dumps(history().to_columns()))
    again = History.from_columns(columns)
    assert again == history()
    assert [moment.step for moment in again.of("validation")] == [10]
    for key, value in (("loss", []), ("step", ["1", "2"]), ("part", [1, 2])):
        with pytest.raises(SpecError, match="a history"):
            History.from_columns({**columns, key: value})
    with pytest.raises(SpecError, match="equally many values of step, epoch, part"):
        History.from_columns({"step": [1]})


def test_what_a_run_took():
    """640 pictures at 32 a second, and 1,000 more, the last batch of a few, at 50 a second."""
    made = history()
    made.moments[0] = replace(made.moments[0], examples_per_second=32.0)
    made.add(replace(made.moments[0], step=26, examples=1000, examples_per_second=50.0))
    assert made.seconds == 20 + 20


def test_faults():
    with pytest.raises(SpecError, match=r"logits \(300, 5\) and numbers \(300,\) are not \(N, 4\)"):
        Evaluation(4).add(LOGITS, LABELS, NUMBERS)
