"""Reports as Markdown, LaTeX, HTML and CSV: what is in them, and that no name gets out of them."""

from __future__ import annotations

import csv
import html
import re
from html.parser import HTMLParser
from io import StringIO

import latex_peer
import pytest
from hostile_names import NAMES, spec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnviz import load_model
from cnnviz.report.compare import compare
from cnnviz.report.report import Column, Report
from cnnviz.report.writers import tex

FORMATS = {"md": "to_markdown", "tex": "to_latex", "html": "to_html", "repr.html": "_repr_html_"}
FRAME = {
    "% needs no package", "% needs \\usepackage{longtable}",
    "\\begin{table}[htbp]", "\\end{table}", "\\hline", "\\end{tabular}",
    "\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}",
    "{\\footnotesize\\setlength{\\tabcolsep}{4pt}",
    "\\endfirsthead", "\\endhead", "\\endfoot", "\\endlastfoot", "\\end{longtable}}",
}  # fmt: skip


class Page(HTMLParser):
    """The elements of a page with their attributes, and the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.in_cell = False
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = tmp_path_factory.mktemp("spec") / "net.json"
    path.write_text(spec(), encoding="utf-8")
    return load_model(path).shapes()


def reports() -> dict[str, Report]:
    lenet, vgg = (load_model(name).shapes() for name in ("lenet5", "vgg16"))
    return {"lenet5": lenet, "compared": compare([lenet, vgg])}


@pytest.mark.parametrize("name", ["lenet5", "compared"])
@pytest.mark.parametrize("suffix", list(FORMATS))
def test_golden(name: str, suffix: str, golden) -> None:
    golden(f"report-{name}.{suffix}", getattr(reports()[name], FORMATS[suffix])())


@pytest.mark.parametrize("name", ["lenet5", "compared"])
def test_html_and_latex_hold_the_cells_of_the_table(name: str) -> None:
    report = reports()[name]
    expected = [[c.heading for c in report.columns], *report.table.cells()]
    assert Page(report.to_html()).rows[: len(expected)] == expected
    assert Page(report._repr_html_()).rows[: len(expected)] == expected
    shown = latex_peer.tables(report.to_latex())[0]
    places = [0]
    for heading in shown[0][1:]:
        places.append(expected[0].index(heading, places[-1] + 1))
    assert {"params", "MACs"} <= set(shown[0])
    assert shown == [[line[place] for place in places] for line in expected]


@pytest.mark.parametrize("name", ["lenet5", "googlenet"])
def test_totals_in_print_are_sums_of_the_numbers_in_print(name: str) -> None:
    report = load_model(name).shapes()
    latex_rows = latex_peer.tables(report.to_latex())[0]
    head = latex_rows[0]
    latex_rows = [row for row in latex_rows if row != head]  # a long table repeats it
    html_rows = Page(report.to_html()).rows[: len(report.rows) + 2]
    for heads, rows in ((head, latex_rows), (html_rows[0], html_rows[1:])):
        for heading in ("params", "MACs"):
            numbers = [int(row[heads.index(heading)].replace(",", "")) for row in rows]
            assert sum(numbers[:-1]) == numbers[-1] > 0


def test_a_long_table_breaks_over_pages() -> None:
    source = load_model("googlenet").shapes().to_latex()
    assert source.startswith("% needs \\usepackage{longtable}\n")
    assert source.count("\\begin{longtable}") == 1
    assert reports()["lenet5"].to_latex().startswith("% needs no package\n")


def test_a_page_loads_nothing_and_runs_nothing(hostile: Report) -> None:
    page = Page(hostile.to_html())
    values = {(name, value) for _, name, value in page.attributes}
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert ("content", policy) in values
    assert not {"script", "img", "iframe", "a", "link", "base", "svg", "object"} & set(page.tags)
    names = {name for _, name, _ in page.attributes}
    assert names == {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "style"}
    styles = [value for _, name, value in page.attributes if name == "style"]
    assert all(re.fullmatch(r"--part: [0-9.]+%", style or "") for style in styles)
    assert "url(" not in hostile.to_html().split("</style>")[0]


@pytest.mark.parametrize("form", ["to_html", "_repr_html_"])
def test_hostile_names_are_text_in_html(hostile: Report, form: str) -> None:
    written = getattr(hostile, form)()
    page, plain = Page(written), Page(getattr(renamed(hostile), form)())
    assert page.tags == plain.tags
    assert page.attributes == plain.attributes
    cells = [row[0] for row in page.rows[1 : len(NAMES) + 1]]
    assert cells == NAMES
    for name in NAMES:
        assert html.escape(name) in written


def test_hostile_names_are_text_in_latex(hostile: Report) -> None:
    source = hostile.to_latex()
    rows = latex_peer.tables(source)[0]
    heads = rows[0]
    assert [row[0] for row in rows if row != heads][: len(NAMES)] == NAMES
    rest = {line for line in latex_peer.frame(source) if not line.startswith("\\begin{")}
    assert rest <= FRAME


def test_hostile_names_are_cells_in_markdown_and_csv(hostile: Report) -> None:
    lines = hostile.to_markdown().splitlines()
    bars = {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")}
    assert len(bars) == 2  # of both tables
    assert not re.search(r"(?<!\\)[<>`]", hostile.to_markdown())
    rows = list(csv.DictReader(StringIO(hostile.to_csv())))
    # What a spreadsheet would take for a formula gets a mark that keeps it a text.
    assert {"'=cmd()", "'-- --- ?` !` << >> ,, ''"} <= {row["name"] for row in rows}
    shown = [row["name"] for row in rows][: len(NAMES)]
    assert not any(name[0] in "=+-@" for name in shown)
    assert [name.removeprefix("'") for name in shown] == [n.removeprefix("'") for n in NAMES]


@pytest.mark.parametrize("text", ["-5", "+1.5e-3", "-90", "conv=1", "relu"])
def test_numbers_are_no_formulas_in_csv(text: str) -> None:
    report = Report("r", {}, ({"name": text, "n": -5, "at": [-90, -90]},), {}, (), (), ())
    assert report.to_csv() == f"name,n,at\n{text},-5,-90x-90\n"


def renamed(report: Report) -> Report:
    """Return the same report with names that nothing could take amiss."""
    from dataclasses import replace

    rows = tuple({**row, "name": "plain"} for row in report.rows)
    warnings = tuple("plain" for _ in report.warnings)
    return replace(report, name="plain", rows=rows, warnings=warnings)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=40))
@example("---,,,``''?`!`<<>>")
@example("\\\\[1cm]")
@example("{}$&#^_~%\\")
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_any_text_reads_back_from_latex(text: str) -> None:
    assert latex_peer.text(tex.escape(text)) == text


def test_control_characters_do_not_reach_latex() -> None:
    assert latex_peer.text(tex.escape("a\nb\x1b\u202e")) == "a\\x0ab\\x1b\\x202e"


def test_the_reader_of_latex_refuses_what_is_not_escaped() -> None:
    for source in ("a_b", "50%", "$x$", "\\input{x}", "{", "a--b", "#", "x^2", "~"):
        with pytest.raises(AssertionError):
            latex_peer.text(source)


def test_unknown_figures_are_written_as_such() -> None:
    columns = (Column("n", lambda row: str(row["n"]), right=True),)
    report = Report("net", {}, ({"n": 1}, {"n": "unknown"}), {"n": "unknown"}, (), columns)
    assert latex_peer.tables(report.to_latex()) == [[["n"], ["1"], ["unknown"], ["unknown"]]]
    assert Page(report.to_html()).rows == [["n"], ["1"], ["unknown"], ["unknown"]]
