"""Make the Korean fallback font of the figures out of IBM Plex Sans KR, by hand when that changes.

    python docs/make_fonts.py FOLDER

FOLDER has IBMPlexSansKR-{Regular,SemiBold}.woff2, out of `fonts/complete/woff2/hinted` of the npm
package `@ibm/plex-sans-kr`. fontTools and Brotli must be installed; cnnviz itself needs neither.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset, ttLib

FONTS = Path(__file__).parents[1] / "cnnviz" / "render" / "fonts"
KEPT = (
    "203B,2460-2473,3000-3003,300A-3011,3013-301C,3131-318E,3200-321E,3260-327F,AC00-D7A3,"
    "FF01-FF5D,FFE6"
)
# The Korean brackets 〈〉 stand in the original under code points that nobody types.
BRACKETS = {0x3008: 0x2329, 0x3009: 0x232A}
COPYRIGHT, LICENCE, ADDRESS = 0, 13, 14  # numbers of names


def main(folder: Path) -> None:
    """Write both weights."""
    for weight in ("Regular", "SemiBold"):
        font = ttLib.TTFont(folder / f"IBMPlexSansKR-{weight}.woff2")
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap.update({new: table.cmap[old] for new, old in BRACKETS.items()})
        _cut(font)
        _rename(font, weight)
        font.flavor = "woff"  # a third of the size, and every FreeType reads it
        font.save(FONTS / f"CnnvizHangul-{weight}.woff")


def _cut(font: ttLib.TTFont) -> None:
    """Keep the characters that the Latin faces lack; what Pillow's basic layout never asks goes."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"])
    options.drop_tables += ["vhea", "vmtx", "GSUB", "GPOS"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[*subset.parse_unicodes(KEPT), *BRACKETS])
    subsetter.subset(font)


def _rename(font: ttLib.TTFont, weight: str) -> None:
    """Give the font a name of its own: "Plex" is reserved for the original."""
    names = font["name"]
    family, kept = "Cnnviz Hangul", (COPYRIGHT, LICENCE, ADDRESS)
    texts = {number: names.getDebugName(number) for number in kept} | {
        1: family if weight == "Regular" else f"{family} {weight}",
        2: "Regular",
        3: f"1.003;cnnviz;CnnvizHangul-{weight}",
        4: f"{family} {weight}",
        5: "Version 1.003",
        6: f"CnnvizHangul-{weight}",
        10: "Korean characters of IBM Plex Sans KR 1.003, unhinted, renamed as its licence asks.",
        16: family,
        17: weight,
    }
    names.names = []
    for number, text in texts.items():
        names.setName(text, number, 3, 1, 0x409)
    font["OS/2"].achVendID = "    "


if __name__ == "__main__":
    main(Path(sys.argv[1]))
