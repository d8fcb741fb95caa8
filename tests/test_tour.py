"""docs/tour.md holds: its commands make its pictures, its figures are those of the library."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from pages import IMAGES, ROOT, Page, assert_alike, figures, make_images
from PIL import Image
from tour_claims import claims

PAGE = Page("docs/tour.md")
IMAGES_MADE = make_images()
MADE = IMAGES_MADE.commands("docs/tour.md")
BYTES = {".png": 300_000, ".gif": 500_000}  # the most that a picture may take
SLIDE = 1280, 720  # px


@pytest.fixture(autouse=True)
def _root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", MADE)
def test_a_picture_is_what_the_command_above_it_makes(name: str, tmp_path: Path) -> None:
    assert IMAGES_MADE.make(MADE[name], tmp_path / name) == 0
    assert_alike(IMAGES / name, tmp_path / name)
    kept = IMAGES / name
    assert kept.stat().st_size <= BYTES[kept.suffix]
    with Image.open(kept) as picture:
        width, height = picture.size
    assert min(SLIDE[0] / width, SLIDE[1] / height) > 0.8, "its small print is lost on a slide"


def test_pictures_are_those_of_the_page() -> None:
    kept = sorted(f"tour/{path.name}" for path in (IMAGES / "tour").iterdir())
    assert PAGE.pictures == list(MADE) == kept


def test_every_figure_is_claimed_and_right() -> None:
    text = PAGE.prose
    for claim in claims():
        assert claim in text
        text = text.replace(claim, "…")
    assert figures(text) == []


def test_commands_without_a_picture_run(tmp_path: Path) -> None:
    others = [words for words in map(shlex.split, PAGE.commands) if words[1:] not in MADE.values()]
    assert others
    for number, (_, *words) in enumerate(others):
        if "-o" not in words:
            assert IMAGES_MADE.make(words, tmp_path / f"{number}.png") == 0


def test_linked_files_exist() -> None:
    assert [path for path in PAGE.links if not (PAGE.path.parent / path).exists()] == []
