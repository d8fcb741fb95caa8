"""The confusion matrix: counts, shares and colours of every cell, and what is confused most."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hostile_names import NAMES
from scenes import assert_pictures_fit, assert_texts_fit, boxes

from cnnviz.errors import SpecError
from cnnviz.render import Look, render, show
from cnnviz.render.colormaps import colormap
from cnnviz.render.figures.confusion import RECALL, draw
from cnnviz.render.numbers import THIN, count
from cnnviz.render.scene import Picture, Rect, Scene
from cnnviz.render.theme import rgb
from cnnviz.report.confusion import Confusion, confusion

CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
LONG = [f"a name of many words that says rather more than there is room for, {i}" for i in range(5)]


def counts(classes: int, each: int = 500, right: float = 0.8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(classes, 0.3), classes) * (1 - right) + right * np.eye(classes)
    return np.stack([rng.multinomial(each, row) for row in shares])


def without(matrix: np.ndarray, row: int) -> np.ndarray:
    matrix[row] = 0
    return matrix


def of(matrix: object, labels: object = ()) -> Confusion:
    return confusion(matrix, labels=labels, model="small", data="digits.npz")


CASES = {
    "one": of([[3]]),
    "two": of([[48, 2], [7, 43]], ["cat", "dog"]),
    "ten": of(counts(10, 1000, 0.9), CIFAR),
    "numbers": of(counts(10)),
    "long": of(counts(5), LONG),
    "two long": of([[3, 0], [3, 0]], LONG[:2]),
    "uneven": of(counts(5), [LONG[0], *"abcd"]),
    "hostile": of(counts(11), NAMES[:11]),
    "no pictures of one": of(without(counts(10), 3), CIFAR),
    "no pictures": of(np.zeros((3, 3), int)),
    "many pictures": of(counts(10, 10**7), CIFAR),
    "perfect": of(np.eye(4, dtype=np.int64) * 9),
    "20": of(counts(20, 5000), [f"class {i}" for i in range(20)]),
    "40": of(counts(40), LONG * 8),
    "100": of(without(counts(100), 50)),
    "1001": of(counts(1001, 9)),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_everything_fits(case: str, theme: str) -> None:
    scene = draw(CASES[case], Look(theme=theme))
    assert_texts_fit(scene)
    assert_pictures_fit(scene)
    for item in scene.items:
        if isinstance(item, Rect):
            assert 23 <= item.x <= item.x + item.width <= scene.width - 23
            assert 0 <= item.y <= item.y + item.height <= scene.height


def cell(scene: Scene, result: Confusion, row: int, column: int) -> tuple[Rect, list[str]]:
    """Return the filled box of a cell, and the texts inside it."""
    fills = [i for i in scene.items if isinstance(i, Rect) and i.fill and i.height > 12]
    box = fills[row * len(result.labels) + column]
    inside = [
        text
        for left, top, right, bottom, text in boxes(scene)
        if box.x <= left and right <= box.x + box.width
        and box.y <= top and bottom <= box.y + box.height
    ]  # fmt: skip
    return box, inside


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_cell_has_its_count_its_share_and_its_colour(theme: str) -> None:
    result = CASES["ten"]
    scene, table = draw(result, Look(theme=theme)), colormap("blue", theme)
    for i in range(10):
        for j in range(10):
            box, texts = cell(scene, result, i, j)
            number = int(result.matrix[i, j])
            share = number / int(result.matrix[i].sum())
            assert rgb(box.fill) == tuple(table[round(255 * share**0.5)])
            assert texts == ([str(number), f"{100 * share:.1f}{THIN}%"] if number else [])


def test_what_is_right_stands_beside_its_row() -> None:
    result = CASES["no pictures of one"]
    scene = draw(result, Look())
    texts = [box[4] for box in boxes(scene)]
    there = [row for row in range(10) if row != 3]
    shares = result.matrix.diagonal()[there] / 500
    assert texts.count("no pictures") == 1
    for share in shares.tolist():
        assert f"{100 * share:.1f}{THIN}% of 500" in texts
    bars = [i for i in scene.items if isinstance(i, Rect) and i.fill and i.height == 12]
    assert [bar.width / RECALL for bar in bars] == pytest.approx(shares)
    assert sum(bool(i.hatch) for i in scene.items if isinstance(i, Rect)) == 1


def test_the_title_has_the_accuracy() -> None:
    result = CASES["ten"]
    scene = draw(result, Look())
    share = f"{100 * np.trace(result.matrix) / result.matrix.sum():.1f}{THIN}%"
    assert scene.title == f"small: {share} right, {count(result.right)} of 10{THIN}000"
    assert draw(CASES["no pictures"], Look()).title == "small: no pictures"


def test_the_worst_confusions_are_framed_and_written() -> None:
    result = CASES["ten"]
    off = [(-s, i, j) for (i, j), s in np.ndenumerate(result.matrix / 1000) if i != j]
    expected = sorted(off)[:8]
    assert [(-w.share, w.label, w.predicted) for w in result.worst(8)] == expected
    scene = draw(result, Look())
    framed = {(i.x, i.y) for i in scene.items
              if isinstance(i, Rect) and i.stroke == scene.theme.accent}  # fmt: skip
    places = [cell(scene, result, i, j)[0] for _, i, j in expected[:5]]
    assert framed == {(box.x, box.y) for box in places}


def test_many_classes_are_one_picture() -> None:
    result = CASES["100"]
    (picture,) = (i for i in draw(result, Look()).items
                  if isinstance(i, Picture) and i.title == "confusion matrix")  # fmt: skip
    assert picture.pixels.shape == (100, 100, 3)
    table = colormap("blue", "light")
    levels = np.rint(255 * np.sqrt(np.nan_to_num(result.shares))).astype(int)
    assert np.abs(picture.pixels.astype(int) - table[levels]).max() <= 3
    texts = [box[4] for box in boxes(draw(result, Look()))]
    assert {"0", "5", "95"} <= set(texts)
    assert "1" not in texts


def test_names_are_text_in_svg() -> None:
    data = render(CASES["hostile"], "svg").decode()
    ET.fromstring(data)
    assert "<script" not in data


def test_lines_are_the_matrix_where_it_fits() -> None:
    lines = list(CASES["ten"].lines())
    assert lines[1].split() == [*map(str, range(10)), "right"]
    assert lines[5].split()[:2] == ["3", "cat"]
    values = [int(v) if v != "." else 0 for v in lines[5].split()[2:-1]]
    assert values == CASES["ten"].matrix[3].tolist()
    for result in CASES.values():
        found = list(result.lines(80))
        assert len(found) <= 1 + 12 + 10
        assert all(len(line) <= 80 or "taken for" in line for line in found)
    assert show(CASES["100"], colours="256", columns=80, lines=24)


def test_recall_and_precision_by_counting() -> None:
    matrix = [[8, 2, 0, 0], [1, 9, 0, 0], [3, 4, 3, 0], [0, 0, 0, 0]]
    pairs = [(i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) for _ in range(n)]
    rows = of(matrix, ["cat", "dog", "cow", "yak"]).to_dicts()
    for i, row in enumerate(rows[:3]):
        taken = [j for label, j in pairs if label == i]
        right = [label for label, j in pairs if j == i]
        assert row["examples"] == len(taken)
        assert row["recall"] == taken.count(i) / len(taken)
        assert row["precision"] == right.count(i) / len(right)
        assert row["taken_for"] == [taken.count(j) for j in range(4)]
    assert [row["most_taken_for"] for row in rows] == ["dog", "cat", "dog", None]
    assert [row["as_often"] for row in rows] == [2, 1, 4, 0]
    assert rows[3]["recall"] is rows[3]["precision"] is None


@pytest.mark.parametrize(
    ("matrix", "labels", "said"),
    [
        ([[1, 2]], (), "shape"),
        (np.zeros((0, 0), int), (), "shape"),
        ([[0.5]], (), "counts"),
        ([[-1]], (), "counts"),
        ([[1]], ("a", "b"), "2 labels for 1 classes"),
    ],
)
def test_what_is_no_matrix_is_refused(matrix: object, labels: object, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        of(matrix, labels)
