"""Every SVG that the project writes is XML, draws what the PNG draws, and does nothing else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import browser
import numpy as np
import pytest
from hostile_names import NAMES
from PIL import Image
from written_figures import COMMANDS, RESULTS, write

from cnnviz.cli.run import run

KINDS = [*COMMANDS, *RESULTS]
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "text", "image"}
DRAWN |= {"line", "polygon", "polyline"}
BAD = """<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48"
onload="parent.alert(' by onload')"><title>bad</title><script>parent.alert(" by script")</script>
<style>@import '//x';</style><foreignObject width="9" height="9"/>
<rect width="48" height="48" fill="url(//x)"/><image href="file:///nowhere.png"/></svg>"""
needs_chromium = pytest.mark.usefixtures("chromium")
Written = dict[str, tuple[Path, Path]]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where Chromium is not there, or is and shows nothing."""
    if reason := browser.why_not(tmp_path_factory.mktemp("empty")):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    """SVG and PNG of every kind of figure."""
    folder = tmp_path_factory.mktemp("figures")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield {kind: paths for kind, *paths in write(folder, run)}


@pytest.fixture(scope="module")
def seen(chromium: None, written: Written) -> dict[str, browser.Answer]:
    """What Chromium makes of them, started once; nothing was called and nothing failed."""
    paths = [svg for svg, _ in written.values()]
    said, answers = browser.look(paths, paths[0].parent)
    assert said == []
    return dict(zip(KINDS, answers, strict=True))


def test_every_kind_of_figure_is_in_the_table() -> None:
    sources = Path(__file__).parents[1].joinpath("cnnviz", "report").glob("*.py")
    known = r'^    figure: ClassVar\[str\] = "(\w+)"'
    declared = {name for path in sources for name in re.findall(known, path.read_text(), re.M)}
    assert len(declared) > 15
    assert {kind.partition(":")[0] for kind in KINDS} == declared


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_xml_that_draws_and_names_nothing_outside(kind: str, written: Written) -> None:
    text = written[kind][0].read_text("utf-8")
    for node in ET.fromstring(text).iter():
        assert node.tag.removeprefix(SVG) in DRAWN
        for name, value in node.attrib.items():
            assert not name.lower().startswith("on")
            if "href" in name:
                assert value.startswith("data:image/png;base64,")
            assert not re.search(r"url\((?!#)", value)
    assert "<!" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


@needs_chromium
@pytest.mark.parametrize("kind", KINDS)
def test_chromium_shows_it_as_the_png_and_finds_nothing_to_run(
    kind: str, written: Written, seen: dict[str, browser.Answer]
) -> None:
    answer = seen[kind]
    assert (answer.root, answer.roots) == ("svg", ["svg"])
    assert answer.alone == answer.pasted == []
    root = ET.parse(written[kind][0]).getroot()
    assert answer.texts == ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    drawn = Image.open(written[kind][1]).convert("RGB")
    assert answer.size == list(drawn.size)
    # Other fonts, at the same places and as wide: what differs is within the letters.
    apart = np.abs(_means(np.asarray(drawn, float)) - answer.means)
    assert apart.mean() < 2
    assert apart.max() < 40


def _means(pixels: np.ndarray) -> np.ndarray:
    cell = browser.CELL
    rows, columns = (size // cell for size in pixels.shape[:2])
    whole = pixels[: rows * cell, : columns * cell]
    return whole.reshape(rows, cell, columns, cell, 3).mean((1, 3)).ravel()


@needs_chromium
def test_names_that_are_markup_are_texts_and_titles(seen: dict[str, browser.Answer]) -> None:
    assert {*NAMES[:4]} <= {*seen["confusion"].texts}
    assert NAMES[8] in seen["architecture"].texts
    titles = {"architecture": NAMES[1:2], "sweep": NAMES[10:12], "forming": NAMES[13:16]}
    for kind, names in titles.items():
        assert all(name in seen[kind].title for name in names)


@pytest.mark.parametrize(
    ("script", "seconds", "reason"),
    [
        ("echo 'Running as root without' >&2; exit 1", 60, " shows no page: Running as root"),
        ("sleep 60 & sleep 60", 0.2, " did not end within 0.2 s"),
    ],
)
def test_where_chromium_does_not_work_it_says_why(
    script: str, seconds: float, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(browser, "CHROMIUM", str(program))
    monkeypatch.setattr(browser, "SECONDS", seconds)
    assert f"{program}{reason}" in browser.why_not(tmp_path)


@needs_chromium
def test_what_does_run_or_load_is_found(tmp_path: Path) -> None:
    (tmp_path / "bad.svg").write_text(BAD)
    (tmp_path / "broken.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><a> & </svg>")
    said, answers = browser.look([tmp_path / "bad.svg", tmp_path / "broken.svg"], tmp_path)
    assert {"alert by onload", "alert by script"} <= set(said)
    assert any("file://x/" in line for line in said)
    for found in (answers[0].alone, answers[0].pasted):
        assert {"script", "style", "foreignobject"} <= set(found)
        assert {name.partition("=")[0] for name in found} >= {"onload", "fill", "href"}
    assert "parsererror" in answers[1].alone
    assert answers[1].means == []
