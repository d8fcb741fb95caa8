"""An HTML page that lists pictures which lie beside it: no script, nothing from elsewhere."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from html import escape as quoted
from typing import TYPE_CHECKING
from urllib.parse import quote

from cnnviz.render.terminal import escape

if TYPE_CHECKING:
    from cnnviz.report.result import Result

# The pictures may be opened from a disk, where no origin is the page's own.
_POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'"
_STYLE = """
body { margin: 24px; background: #fff; color: #1b1f24;
  font: 13px 'IBM Plex Sans', system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif }
h1 { font-size: 18px; margin: 0 0 8px } h2 { font-size: 13px; margin: 32px 0 8px }
p, li { color: #57606a }
.head { white-space: pre-wrap; font-family: ui-monospace, 'IBM Plex Mono', Consolas, monospace }
ul { columns: 19em; padding: 0; list-style: none }
a { color: #1f6feb } img { max-width: 100%; height: auto; border: 1px solid #c4cad1 }
strong { color: #8a5a00 }
@media (prefers-color-scheme: dark) {
  body { background: #12161c; color: #e9edf2 } p, li { color: #9aa5b1 } a { color: #6ea8fe }
  img { border-color: #3d4650 } strong { color: #e3b341 } }
@media print { section { break-inside: avoid } h2 { break-after: avoid } ul { display: none }
  img { max-height: 90vh; width: auto } }
@media print, (prefers-reduced-motion: reduce) { .moving { display: none } }
"""


def listing(
    result: Result,
    overview: str,
    parts: Sequence[tuple[str | Sequence[str], Result]],
    files: Sequence[str] = (),
) -> bytes:
    """Return the page of a result: its overview, then a section for each part.

    Parameters
    ----------
    overview : str
        The file with the picture of all.
    parts : sequence of (str or sequence of str, Result)
        The file of each part. Its lines are the picture's text for those who cannot see it. Of
        several files an animation is left out in print, and where motion is not wanted.
    files : sequence of str
        Further files that the page links to.
    """
    title = _text(result.heading)
    links = "".join(
        f'<li><a href="#{_anchor(i)}">{_text(p.heading)}</a></li>\n'
        for i, (_, p) in enumerate(parts)
    )
    warnings = "".join(f"<p><strong>{_text(text)}</strong></p>\n" for text in result.warnings)
    sections = "".join(_section(i, file, part) for i, (file, part) in enumerate(parts))
    named = [f'<a href="{_link(f)}">{_text(posixpath.basename(f))}</a>' for f in files]
    beside = f"<p>Files: {', '.join(named)}</p>\n" if named else ""
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
{warnings}<p class="head">{"<br>".join(_text(line) for line in result.head() if line)}</p>
<p>{_picture(overview, result)}</p>
<ul>
{links}</ul>
{sections}{beside}</body>
</html>
"""
    return page.encode("utf-8", "backslashreplace")


def _section(number: int, file: str | Sequence[str], part: Result) -> str:
    files = [file] if isinstance(file, str) else file
    pictures = ""
    for each in files:
        is_moving = len(files) > 1 and each.endswith(".gif")
        attribute = ' class="moving"' if is_moving else ""
        pictures += f"<p{attribute}>{_picture(each, part)}</p>\n"
    return (
        f'<section id="{_anchor(number)}">\n<h2>{_text(part.heading)}</h2>\n{pictures}</section>\n'
    )


def _picture(file: str, result: Result) -> str:
    words = _text(". ".join(" ".join(line.split()) for line in result.lines()))
    return f'<a href="{_link(file)}"><img src="{_link(file)}" alt="{words}" loading="lazy"></a>'


def _link(file: str) -> str:
    return quoted(quote(f"./{file}", errors="surrogateescape"))


def _anchor(number: int) -> str:
    return f"part-{number + 1}"


def _text(text: str) -> str:
    return quoted(escape(text))
