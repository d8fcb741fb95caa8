"""The Korean pages hold: their commands, pictures and figures are those of the English ones."""

from __future__ import annotations

import re

import pytest
from pages import Page, Text, make_images

from cnnviz.cli.main import cli

README, TOUR = Page("README.md"), Page("docs/tour.md")
KOREAN_README, KOREAN_TOUR = Page("README.ko.md"), Page("docs/tour.ko.md")
KOREAN = [KOREAN_README, KOREAN_TOUR]


@pytest.mark.parametrize("page", KOREAN, ids=lambda page: page.name)
def test_linked_files_exist(page: Page) -> None:
    assert [path for path in page.links if not (page.path.parent / path).exists()] == []


def test_the_tours_have_the_same_code_and_pictures() -> None:
    assert KOREAN_TOUR.pictures == TOUR.pictures
    for language in ("sh", "python"):
        assert KOREAN_TOUR.code(language) == TOUR.code(language)


def test_the_tours_have_the_same_figures_in_each_section() -> None:
    english, korean = _numbered(TOUR), _numbered(KOREAN_TOUR)
    assert list(english) == list(korean) == [f"{n}." for n in range(1, 19)]
    for number, section in english.items():
        assert sorted(korean[number].figures) == sorted(section.figures)
        assert korean[number].text.count("> **“") == section.text.count('> **"')


def test_readme_sets_up_in_the_same_way() -> None:
    assert len(KOREAN_README.setups) == 2
    assert KOREAN_README.setups == README.setups
    for language in ("python", "text"):
        assert KOREAN_README.code(language) == README.code(language)


def test_readme_has_every_command_each_as_the_english_pages_have_it() -> None:
    assert set(KOREAN_README.commands) <= {*README.commands, *TOUR.commands}
    named = {line.split()[1] for line in KOREAN_README.commands}
    assert named | {"completion"} == set(cli.list_commands(None))
    assert "completion" in KOREAN_README.text


def test_readme_has_each_picture_below_the_command_that_makes_it() -> None:
    commands = make_images().commands
    english = commands("README.md") | commands("docs/tour.md")
    korean = commands("README.ko.md")
    assert korean
    assert korean.items() <= english.items()


def test_readme_counts_what_the_english_one_counts() -> None:
    said = {
        "The library has (\\d+) kernels": "커널 (\\d+)개의 목록",
        "the (\\d+) built-in ones": "내장 모델 (\\d+)개",
        "GoogLeNet's (\\d+) layers": "GoogLeNet의 (\\d+)개 층",
        "pixels, ([\\d.]+)% of the image": "영상의 ([\\d.]+)%를 보고",
    }
    for english, korean in said.items():
        assert re.findall(english, README.text) == re.findall(korean, KOREAN_README.text) != []


def _numbered(page: Page) -> dict[str, Text]:
    """Return the sections that have a number, by it; the Korean tour also has a glossary."""
    sections = {title.partition(" ")[0]: text for title, text in page.sections.items()}
    return {number: text for number, text in sections.items() if number[0].isdigit()}
