"""The benchmarks run; what they find is for people to look at, never a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = "what it was\n<!-- benchmark {} -->\nold\n<!-- end -->\nwhat follows\n"


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks", "-o", folder / "found.json", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_groups_are_measured_kept_and_put_in_a_page(tmp_path: Path) -> None:
    printed = run(tmp_path, "--quick", "--only", "operations:relu", "roofline")
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    groups = [(one["group"], set(one["sides"])) for one in found["results"]]
    assert groups == [("operations", {"cnnviz", "ONNX Runtime"}), *[("roofline", {"cnnviz"})] * 3]
    (row,) = (line for line in printed.splitlines() if line.startswith("| relu"))
    sides = found["results"][0]["sides"]
    ratio = sides["cnnviz"]["median"] / sides["ONNX Runtime"]["median"]
    assert float(row.split("**")[1]) == pytest.approx(ratio, abs=0.006)
    page = tmp_path / "page.md"
    page.write_text(PAGE.format("operations"), encoding="utf-8")
    run(tmp_path, "--kept", "--write", str(page))
    text = page.read_text(encoding="utf-8")
    assert f", **{ratio:.2f}** |" in text
    assert "old" not in text
    assert text.startswith("what it was\n")
    assert text.endswith("<!-- end -->\nwhat follows\n")


def test_a_result_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import measure
    from cases import Case

    class Side:
        missing = ""

        def __init__(self, *values: float) -> None:
            self.values = values

        def ask(self, case: str) -> None: ...

        def answer(self) -> dict:
            return {"digest": list(self.values)}

    case = Case("a case", {"cnnviz": print, "torch": print})
    alike = {"cnnviz": Side(1.0, 2.0, 5.0), "torch": Side(1.001, 2.0, 5.0)}
    measure.prepare(case, alike)  # type: ignore[arg-type]
    with pytest.raises(SystemExit, match="a case: torch comes to something else"):
        measure.prepare(case, alike | {"torch": Side(1.0, 2.1, 5.0)})  # type: ignore[dict-item]
