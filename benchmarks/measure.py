"""Rounds in which all sides take turns, and what is kept of them."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from cases import BETTER, OURS, TORCH, TORCH_LAST, Case, Goal, load
from sides import Side

# Seconds that a side runs in a round, and that it is quiet before the next: idle threads spin.
BLOCK, PAUSE = 0.06, 0.1
ROUNDS = 5
# A side whose block takes so many seconds is in fewer rounds.
SLOW = {1.5: 3, 5.0: 1}
# Results may differ by so much of their size: Winograd's transforms round a little.
TOLERANCE = 2e-3

Result = dict[str, Any]


def group(name: str, text: str = "", *, quick: bool = False) -> Iterator[Result]:
    """Yield what came of each case of a group whose name has `text`."""
    module = load(name)
    rounds = 1 if quick else getattr(module, "ROUNDS", ROUNDS)
    sides: dict[str, Side] = {}
    try:
        for case in module.cases(quick):
            if text in case.name:
                for side in case.sides:
                    if side not in sides:
                        sides[side] = Side(name, side, quick=quick)
                yield _measured(name, case, sides, rounds)
    finally:
        for each in sides.values():
            each.close()


def _measured(group: str, case: Case, sides: dict[str, Side], rounds: int) -> Result:
    """Return what came of a case."""
    prepare(case, sides)
    found: dict[str, list[float]] = {name: [] for name in case.sides}
    most = dict.fromkeys(case.sides, rounds)
    for turn in range(rounds):
        for name in case.sides:
            if sides[name].missing or turn >= most[name]:
                continue
            time.sleep(PAUSE if rounds > 1 else 0)
            start = time.perf_counter()
            sides[name].ask(case.name, BLOCK if rounds > 1 else 0)
            found[name] += sides[name].answer()["readings"]
            took = time.perf_counter() - start
            most[name] = min([rounds, *(n for seconds, n in SLOW.items() if took > seconds)])
    return _result(group, case, {name: values for name, values in found.items() if values})


def prepare(case: Case, sides: dict[str, Side]) -> None:
    """Let all sides prepare a case at the same time, and refuse to compare unlike results."""
    asked = [name for name in case.sides if not sides[name].missing]
    for name in asked:
        sides[name].ask(case.name)
    said = {name: sides[name].answer() for name in asked}
    for name, answer in said.items():
        if "missing" in answer:
            print(f"{name} is left out: {answer['missing']}", file=sys.stderr)
    digests = {name: answer["digest"] for name, answer in said.items() if answer.get("digest")}
    first = digests.get(OURS, [])
    for name, values in digests.items():
        apart = max(abs(a - b) for a, b in zip(first, values, strict=True)) if first else 0
        if apart > TOLERANCE * max(1e-30, *map(abs, first)):
            sys.exit(f"{case.name}: {name} comes to something else, {values} and not {first}")


def _result(group: str, case: Case, found: dict[str, list[float]]) -> Result:
    sides = {side: _spread(values) for side, values in found.items()}
    return {
        "group": group,
        "case": case.name,
        "unit": case.unit,
        "sides": sides,
        "goals": {side: [goal.must, goal.aim] for side, goal in _goals(case, sides).items()},
        "curve": case.curve,
    }


def _spread(values: list[float]) -> dict[str, float]:
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return {"median": middle, "low": low, "high": high, "runs": len(values)}


def _goals(case: Case, sides: dict[str, dict[str, float]]) -> dict[str, Goal]:
    """Return the goals by side, that of torch's better layout at the faster one."""
    goals = dict(case.goals)
    better = goals.pop(BETTER, None)
    layouts = [side for side in (TORCH, TORCH_LAST) if side in sides]
    if better and layouts:
        goals[min(layouts, key=lambda side: sides[side]["median"])] = better
    return {side: goal for side, goal in goals.items() if side in sides}
