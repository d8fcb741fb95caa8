"""A reader of the little LaTeX that reports are written in: anything else is an error."""

from __future__ import annotations

import re

WORDS = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\`{}": "`",
    r"{\ttfamily\char34}": '"',
    r"{\times}": "x",
    "$-$": "-",
    "{,}": ",",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "{'}": "'",
    "{}": "",
    **{rf"\{sign}": sign for sign in "{}&%$#_"},
}
_WORD = re.compile("|".join(re.escape(word) for word in sorted(WORDS, key=len, reverse=True)))
_ACTIVE = set("\\{}$&#^_~%")
_LIGATURES = ("--", ",,", "``", "''", "?`", "!`", "<<", ">>")


def text(source: str) -> str:
    """Return what LaTeX would print for one cell or paragraph."""
    if re.fullmatch(r"\$[0-9]+(\{\\times\}[0-9]+)+\$", source):
        source = source.strip("$")
    assert not any(pair in source for pair in _LIGATURES), source
    result, place = "", 0
    while place < len(source):
        found = _WORD.match(source, place)
        if found:
            result += WORDS[found[0]]
            place = found.end()
        else:
            assert source[place] not in _ACTIVE, source[place:]
            result += source[place]
            place += 1
    return result


def tables(source: str) -> list[list[list[str]]]:
    """Return the cells of every tabular and longtable, as they are printed, headings first."""
    found = re.findall(r"\\begin\{(tabular|longtable)\}\{([lr]+)\}\n(.*?)\\end\{\1\}", source, re.S)
    result = []
    for _, form, body in found:
        lines = [line for line in body.split("\n") if line.endswith(" \\\\")]
        rows = [re.split(r"(?<!\\)&", line[: -len(" \\\\")]) for line in lines]
        assert all(len(row) == len(form) for row in rows)
        result.append([[text(cell.strip(" ")) for cell in row] for row in rows])
    return result


def frame(source: str) -> set[str]:
    """Return the lines that are neither rows nor paragraphs: the commands of the tables."""
    prose = r"\{\\footnotesize\\noindent (?P<note>.*)\\par\}|\\caption\{(?P<title>.*)\}(?:\\\\)?"
    lines = set()
    for line in source.splitlines():
        if (found := re.fullmatch(prose, line)) is not None:
            text(found["note"] or found["title"])
        elif not line.endswith(" \\\\"):
            lines.add(line)
    return lines
