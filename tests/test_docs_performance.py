"""docs/performance.md holds: every strategy is explained, and its tables are of kept results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
KEPT = json.loads((ROOT / "docs" / "performance.json").read_text(encoding="utf-8"))
PLACES = dict(re.findall(r"<!-- benchmark (\S+) -->\n(.*?)<!-- end -->", PAGE, flags=re.S))
STRATEGIES = [
    path.name
    for path in sorted((ROOT / "cnnviz" / "ops" / "conv").glob("*.py"))
    if "\ndef prepare(" in path.read_text(encoding="utf-8")
]


def test_every_strategy_is_in_the_table() -> None:
    assert STRATEGIES
    assert [name for name in STRATEGIES if f"| `{name}` |" not in PAGE] == []


def test_every_group_has_its_place() -> None:
    groups = {path.stem for path in (ROOT / "benchmarks" / "groups").glob("[a-z]*.py")}
    assert set(PLACES) - {"machine", "goals"} == groups - {"growth"}  # which is a picture
    assert KEPT["machine"]["processor"] in PLACES["machine"]


@pytest.mark.parametrize("result", KEPT["results"], ids=lambda result: result["case"])
def test_a_row_is_what_was_kept(result: dict) -> None:
    if result["group"] in PLACES:
        (row,) = (line for line in PLACES[result["group"]].splitlines()
                  if line.startswith(f"| {result['case']} |"))  # fmt: skip
        ours, *others = (side["median"] for side in result["sides"].values())
        ratios = sorted(map(float, re.findall(r"\*\*([\d.]+)\*\*", row)))
        assert ratios == pytest.approx(sorted(ours / other for other in others), abs=0.006)


@pytest.mark.parametrize(("line", "group", "case"), [
    ("a 3×3 kernel over 12 MP", "kernels", "3x3 full rank, 12 MP gray"),
    ("a 31×31 kernel over 12 MP", "kernels", "31x31 full rank, 12 MP gray"),
    ("VGG-16, one image", "networks", "vgg16"),
    ("GoogLeNet, one image", "networks", "googlenet"),
    ("AlexNet, one image", "networks", "alexnet"),
    ("a step of LeNet-5, 64 images", "training", "step of LeNet-5"),
    ("12 MP JPEG to a PNG of its edges, whole process", "processes", "12 MP JPEG to PNG, edge"),
])  # fmt: skip
def test_the_readme_says_what_was_kept(line: str, group: str, case: str) -> None:
    (row,) = re.findall(rf"^\| {re.escape(line)} \|(.*)\|$", README, flags=re.M)
    (kept,) = (r for r in KEPT["results"] if (r["group"], r["case"]) == (group, case))
    medians = {side: value["median"] for side, value in kept["sides"].items()}
    layouts = [median for side, median in medians.items() if side.startswith("torch")]
    medians |= {"torch": min(layouts)} if layouts else {}
    sides = "cnnviz", "OpenCV", "SciPy", "torch", "ONNX Runtime"
    for side, said in zip(sides, row.split("|"), strict=True):
        assert not said.strip() or float(said) == pytest.approx(medians[side], rel=0.03)
