"""Results as Markdown, as JSON, and in the places of a page that want them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import machine
from cases import OURS, group_names, load
from measure import Result

HEADER = (
    "| | cnnviz | beside | | ratio | must | aim | met |",
    "|---|--:|---|--:|--:|--:|--:|---|",
)
# A place in a page: everything up to the end is replaced.
_PLACE = re.compile(r"(<!-- benchmark (\S+) -->\n).*?(<!-- end -->)", re.S)


def rows(result: Result) -> list[str]:
    """Return a row for each side beside ours, or one alone."""
    sides = dict(result["sides"])
    ours = sides.pop(OURS)
    unit = result["unit"]
    name, own = result["case"], _figure(ours, unit)
    if not sides:
        return [f"| {name} | {own} | | | | | | |"]
    found = []
    for side, other in sides.items():
        ratio = ours["median"] / other["median"]
        must, aim = result["goals"].get(side, (None, None))
        cells = [name, own, side, _figure(other, unit), f"**{ratio:.2f}**", _at_most(must)]
        found.append(f"| {' | '.join([*cells, _at_most(aim), met(ratio, must, aim)])} |")
        name = own = ""
    return found


def met(ratio: float, must: float | None, aim: float | None) -> str:
    """Return whether goals are met, in a word."""
    if must is None:
        return ""
    if round(ratio, 2) > must:
        return "no"
    return "yes, the aim too" if aim is not None and round(ratio, 2) <= aim else "yes"


def table(results: Iterable[Result]) -> str:
    """Return a table of results."""
    return "\n".join([*HEADER, *(row for result in results for row in rows(result))]) + "\n"


def wide(results: list[Result]) -> str:
    """Return a table with a row a case: times, and in bold ours as a multiple of each."""
    sides = list(dict.fromkeys(side for result in results for side in result["sides"]))
    lines = [f"| | {' | '.join(sides)} |", f"|---{'|--:' * len(sides)}|"]
    for result in results:
        ours, cells = result["sides"][OURS]["median"], [result["case"]]
        for side in sides:
            median = result["sides"].get(side, {}).get("median")
            text = f"{_three(median)} {result['unit']}" if median else ""
            cells.append(f"{text}, **{ours / median:.2f}**" if text and side != OURS else text)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def goals(results: Iterable[Result]) -> str:
    """Return a table of the rows that have goals."""
    found = []
    for result in results:
        wanted = {OURS, *result["goals"]}
        sides = {side: spread for side, spread in result["sides"].items() if side in wanted}
        if result["goals"]:
            found.append({**result, "sides": sides})
    return table(found)


def merged(old: list[Result], result: Result) -> list[Result]:
    """Return earlier results with one more, in the place of an older one of the same case."""

    def key(one: Result) -> tuple[str, str]:
        return one["group"], one["case"]

    found = {key(one): one for one in old} | {key(result): result}
    order = group_names()
    return sorted(found.values(), key=lambda one: order.index(one["group"]))


def read(path: Path) -> dict[str, Any]:
    """Return what an earlier run wrote."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def save(path: Path, found: dict[str, Any]) -> None:
    """Write results, a line each."""
    lines = ",\n".join(json.dumps(result, ensure_ascii=False) for result in found["results"])
    head = json.dumps(found["machine"], ensure_ascii=False)
    path.write_text(f'{{"machine": {head}, "results": [\n{lines}\n]}}\n', encoding="utf-8")


def fill(page: Path, found: dict[str, Any]) -> None:
    """Put tables in the places of a page: `machine`, `goals`, or the name of a group."""

    def text(place: re.Match[str]) -> str:
        name = place[2]
        if name == "machine":
            made = "\n".join(machine.lines(found["machine"])) + "\n"
        elif name == "goals":
            made = goals(found["results"])
        else:
            load(name)  # a name that is none fails here
            made = wide([one for one in found["results"] if one["group"] == name])
        return f"{place[1]}{made}{place[3]}"

    old = page.read_text(encoding="utf-8")
    page.write_text(_PLACE.sub(text, old), encoding="utf-8")


def _figure(spread: dict[str, float], unit: str) -> str:
    """Return a median with its unit, and its quartiles if there are any."""
    text = f"{_three(spread['median'])} {unit}"
    if spread["runs"] > 1 and unit == "ms":
        text += f" ({_three(spread['low'])}–{_three(spread['high'])})"
    return text


def _three(value: float) -> str:
    """Return a number to three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _at_most(value: float | None) -> str:
    return "" if value is None else f"≤ {value:g}"
