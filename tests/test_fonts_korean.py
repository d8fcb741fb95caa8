"""Korean text in pictures: drawn with its own signs, as wide as measured, loaded only for it."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from importlib.resources import files

import numpy as np
import pytest

from cnnviz.render.backends import png, svg
from cnnviz.render.fonts import Face, composed, font, measure, runs, shorten
from cnnviz.render.scene import Scene
from cnnviz.render.theme import THEMES

FACES: tuple[Face, ...] = ("regular", "bold", "mono")
LINE = "conv1 합성곱 층 3×3: 뷁, 〈ㄱ〉 ①"


def drawn(text: str, face: Face = "regular", size: float = 32, scale: int = 1) -> np.ndarray:
    """Return where a text's ink is, `(H, W)`."""
    scene = Scene(THEMES["light"], width=640, height=64)
    scene.text(8, 48, text, size=size, face=face)
    pixels = np.asarray(png.draw(scene, scale)).astype(int)
    return np.abs(pixels - pixels[0, 0]).sum(axis=2) > 0


@pytest.mark.parametrize("face", FACES)
def test_syllables_letters_and_punctuation_are_drawn_and_are_not_the_box(face: Face) -> None:
    box = drawn("\U000f0000", face)
    assert box.any()
    seen = {drawn(sign, face).tobytes() for sign in "가각힣뷁펲ㄱㅏㆎ。〈《【①㉮（ＡＺ※"}
    assert len(seen) == 18
    assert box.tobytes() not in seen
    missing = [sign for sign in map(chr, range(0xAC00, 0xD7A4)) if not _has_ink(sign, face)]
    assert missing == []


def _has_ink(sign: str, face: Face) -> bool:
    ((part, chosen),) = runs(sign, face)
    taken = font(chosen, 24)
    return bytes(taken.getmask(part)) not in (b"", bytes(taken.getmask("\U000f0000")))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("size", [8, 8.5, 11, 13, 18])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_line_is_as_wide_as_measured(face: Face, size: float, scale: int) -> None:
    width = measure(LINE, size, face) * scale
    columns = np.flatnonzero(drawn(LINE, face, size, scale).any(axis=0))
    assert columns[0] >= 8 * scale - 1
    assert 0.9 * width <= columns[-1] - 8 * scale <= width + 1


@pytest.mark.parametrize("face", FACES)
def test_parts_are_drawn_side_by_side_with_the_face_that_has_them(face: Face) -> None:
    korean = "hangul-bold" if face == "bold" else "hangul"
    assert runs("층 conv", face) == [("층", korean), (" conv", face)]
    assert runs("conv", face) == [("conv", face)]
    assert runs("漢字 한자", face) == [("漢字 ", face), ("한자", korean)]
    assert runs("", face) == [("", face)]
    whole = measure("층conv", 64, face)
    assert whole == pytest.approx(measure("층", 64, face) + measure("conv", 64, face))


def test_a_name_in_parts_as_macos_writes_it_is_that_of_whole_syllables() -> None:
    for name in ("고양이 사진.png", "값1", "café 층"):
        apart = unicodedata.normalize("NFD", name)
        assert unicodedata.normalize("NFC", composed(apart)) == name
        assert (drawn(apart) == drawn(name)).all() or "é" in name
        assert len(apart) > len(name)
    assert composed("가" + "\u11a8") == "각"
    assert composed(unicodedata.normalize("NFD", "é")) != "é"


def test_a_long_korean_name_is_cut_to_its_room() -> None:
    for room in (40, 90, 200):
        cut = shorten("아주 긴 합성곱 층의 이름" * 20, 13, "bold", room)
        assert "…" in cut
        assert measure(cut, 13, "bold") <= room


def test_svg_names_korean_system_families() -> None:
    scene = Scene(THEMES["dark"], title="층", width=100, height=40)
    scene.text(0, 20, "합성곱")
    text = svg.write(scene).decode()
    assert ">합성곱</text>" in text
    for family in ("Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic"):
        assert text.count(f"'{family}'") == 3


def test_the_files_are_read_only_for_korean() -> None:
    code = """if True:
        import sys
        from cnnviz.render import fonts
        fonts.measure("conv1 3×3 − é", 13)
        asked = fonts.font.cache_info().misses
        assert "unicodedata" not in sys.modules
        fonts.measure("층", 13)
        print(asked, fonts.font.cache_info().misses)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "6"]


def test_the_modified_fonts_do_not_bear_the_reserved_name() -> None:
    """OFL 1.1, condition 3; and the licence lies beside them."""
    folder = files("cnnviz.render.fonts")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".woff"))
    assert names == ["CnnvizHangul-Regular.woff", "CnnvizHangul-SemiBold.woff"]
    for face, style in (("hangul", "Regular"), ("hangul-bold", "SemiBold")):
        family, _ = font(face, 12).getname()
        assert family is not None
        assert family.startswith("Cnnviz Hangul")
        assert "Plex" not in family
        assert f"CnnvizHangul-{style}.woff" in folder.joinpath("README.md").read_text("utf-8")
    assert 'Reserved Font Name "Plex"' in folder.joinpath("LICENSE").read_text("utf-8")
