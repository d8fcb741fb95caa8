"""Make the pictures of the README: each is what the first command above it writes.

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
BLOCK = re.compile(r"^```sh\n(.*?)^```|^!\[.*?\]\(docs/images/(.*?)\)$", re.M | re.S)


def commands(readme: str) -> dict[str, list[str]]:
    """Return the words of the command that makes each picture, by the picture's name."""
    found = {"convolve-edge.png": ["convolve", "sample_images/cat.png", "--kernel", "edge"]}
    block: list[str] = []
    for code, picture in BLOCK.findall(readme):
        if code:
            block = [line for line in code.splitlines() if line.startswith("cnnviz ")]
        elif picture not in found:
            found[picture] = _without_target(shlex.split(block[0], comments=True)[1:])
    return found


def _without_target(words: list[str]) -> list[str]:
    """Leave out where a command of the README writes to: here it is the pictures' folder."""
    at = words.index("-o") if "-o" in words else len(words)
    return words[:at] + words[at + 2 :]


def main(folder: Path) -> int:
    """Write every picture into `folder`; return the largest exit code."""
    folder = folder.resolve()
    os.chdir(ROOT)  # where the commands are run
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return max(
        run([*words, "-q", "--overwrite", "-o", str(folder / picture)])
        for picture, words in commands(readme).items()
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
