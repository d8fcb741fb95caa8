"""How fast cnnviz is beside what else people would install: medians of rounds in which all turn.

    python benchmarks [--only GROUP[:TEXT]...] [--quick] [-o FILE.json] [--write PAGE.md]

Every side has a process of its own with two threads; see `sides.py`. A library that is not
installed is left out. Ratios are what counts: below 1 cnnviz is faster.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import machine
import measure
import tables
from cases import group_names, load


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="GROUP[:TEXT]",
        help=f"groups, or their cases whose name has a text: {', '.join(group_names())}",
    )
    parser.add_argument("--quick", action="store_true", help="one round of tiny cases")
    parser.add_argument(
        "-o", dest="file", type=Path, help="write JSON; what it has and is not measured stays"
    )
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="put tables and pictures in a page"
    )
    parser.add_argument("--kept", action="store_true", help="show what -o FILE has")
    found = parser.parse_args()
    for only in found.only or ():
        if only.partition(":")[0] not in group_names():
            parser.error(f"there is no group {only.partition(':')[0]}")
    if found.kept and not (found.file and found.file.exists()):
        parser.error("--kept wants -o with the file of an earlier run")
    return found


def run(wanted: list[str], quick: bool, file: Path | None) -> dict[str, Any]:
    """Measure groups one after another, print their tables and write each row when it is known."""
    described = machine.describe()
    print(*machine.lines(described), sep="\n")
    if warning := machine.busy(described):
        print(f"warning: {warning}", file=sys.stderr)
    kept = tables.read(file)["results"] if file and file.exists() else []
    found: dict[str, Any] = {"machine": described, "results": kept}
    for only in wanted:
        name, _, text = only.partition(":")
        if not text:
            found["results"] = [one for one in found["results"] if one["group"] != name]
        print(f"\n## {load(name).TITLE}\n", *tables.HEADER, sep="\n", flush=True)
        for result in measure.group(name, text, quick=quick):
            print(*tables.rows(result), sep="\n", flush=True)
            found["results"] = tables.merged(found["results"], result)
            if file:
                tables.save(file, found)
    return found


def main() -> None:
    """Measure, or read; print, and write what is asked for."""
    asked = arguments()
    if asked.kept:
        found = tables.read(asked.file)
    else:
        found = run(asked.only or group_names(), asked.quick, asked.file)
    if asked.kept or not asked.only:
        print("\n## What must be shown\n", tables.goals(found["results"]), sep="\n")
    if asked.write:
        import pictures

        tables.fill(asked.write, found)
        pictures.draw(found["results"], asked.write.with_suffix(""))


if __name__ == "__main__":
    main()
