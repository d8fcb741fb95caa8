"""Make the pictures of the README and the tour: each is what the first command above it writes.

python docs/make_images.py [FOLDER]
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from cnnviz.cli.run import run

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/tour.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```|^!\[.*?\]\((?:docs/)?images/(.*?)\)$", re.M | re.S)
# A README's first picture stands above the command that sets cnnviz up and makes it.
_EDGE = {"convolve-edge.png": ["convolve", "sample_images/cat.png", "--kernel", "edge"]}


def commands(page: str) -> dict[str, list[str]]:
    """Return the words of the command that makes each picture of a page, by the picture's name.

    Names are paths below `docs/images`; what other pages have there is not made again.
    """
    found = dict(_EDGE) if page.startswith("README") else {}
    block: list[str] = []
    for code, picture in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if code:
            block = [line for line in code.splitlines() if line.startswith("cnnviz ")]
        elif picture not in found:
            found[picture] = _without_target(shlex.split(block[0], comments=True)[1:])
    return found


def make(words: list[str], path: Path) -> int:
    """Write the picture that a command makes; return its exit code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return run([*words, "-q", "--overwrite", "-o", str(path)])


def _without_target(words: list[str]) -> list[str]:
    """Leave out where a page's command writes to: here it is the pictures' folder."""
    at = words.index("-o") if "-o" in words else len(words)
    return words[:at] + words[at + 2 :]


def main(folder: Path) -> int:
    """Write every picture into `folder`; return the largest exit code."""
    folder = folder.resolve()
    os.chdir(ROOT)  # where the commands are run
    pictures = {name: words for page in PAGES for name, words in commands(page).items()}
    return max(make(words, folder / name) for name, words in pictures.items())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
