"""Headless Chromium, asked once what it makes of SVG files."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS = 60  # that a page may take
CELL = 24  # px of a picture that a mean is taken of
# Every file is taken in three ways: as a document of its own, pasted into a page, as a picture.
_PAGE = """<!doctype html><meta charset="utf-8"><title>figures</title>
<script>
const said = [], names = NAMES;
for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = x => said.push(name + x);
addEventListener("error", e => said.push(e.message || e.target.outerHTML.slice(0, 200)), true);
function active(tree) {
  const found = [];
  for (const node of tree.querySelectorAll("*")) {
    const name = node.localName.toLowerCase();
    if (["script", "foreignobject", "iframe", "a", "use", "animate", "set", "parsererror",
         "object", "embed", "img", "link", "meta", "base"].includes(name)) found.push(name);
    if (name == "style" && /url|@import|:\\/\\//.test(node.textContent)) found.push("style");
    for (const {name, value} of node.attributes)
      if (name.startsWith("on") || /href|src|style|fill|stroke/.test(name)
          && /:|url/.test(value) && !/^data:image\\/png;base64,|^url\\(#|^image-rend/.test(value))
        found.push(name + "=" + value.slice(0, 99));
  }
  return found;
}
function means(picture) {
  if (!picture.naturalWidth) return [];
  const canvas = document.createElement("canvas"), [w, h] = [picture.width, picture.height];
  canvas.width = w; canvas.height = h;
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  let data, rows = [];
  try { data = pen.getImageData(0, 0, w, h).data; } catch { return []; }
  for (let y = 0; y + CELL <= h; y += CELL) for (let x = 0; x + CELL <= w; x += CELL) {
    const sum = [0, 0, 0];
    for (let i = y; i < y + CELL; i++) for (let j = x; j < x + CELL; j++)
      for (let c = 0; c < 3; c++) sum[c] += data[4 * (i * w + j) + c];
    rows.push(...sum.map(v => Math.round(v / CELL / CELL)));
  }
  return rows;
}
addEventListener("load", () => {
  const answers = names.map((name, i) => {
    const frame = document.querySelector("#frame" + i).contentDocument;
    const pasted = document.querySelector("#pasted" + i), picture = document.images[i];
    return {
      root: frame.documentElement.localName, alone: active(frame), pasted: active(pasted),
      roots: [...pasted.children].map(c => c.localName), title: frame.title,
      texts: [...frame.querySelectorAll("text")].map(t => t.textContent),
      size: [picture.naturalWidth, picture.naturalHeight], means: means(picture),
    };
  });
  const text = JSON.stringify({said, answers});
  document.body.innerHTML = "<pre id=answer></pre>";
  document.querySelector("#answer").textContent = btoa(unescape(encodeURIComponent(text)));
});
</script><body>
"""


@dataclass(frozen=True)
class Answer:
    """What the browser made of one file: what is active in it, its texts, the means of cells."""

    root: str
    alone: list[str]
    pasted: list[str]
    roots: list[str]
    title: str
    texts: list[str]
    size: list[int]
    means: list[int]


def look(paths: list[Path], folder: Path) -> tuple[list[str], list[Answer]]:
    """Return what scripts, failed loads and the console said, and an answer a file."""
    page = _PAGE.replace("NAMES", json.dumps([p.name for p in paths])).replace("CELL", str(CELL))
    for i, path in enumerate(paths):
        source = html.escape(path.name)
        page += f'<iframe id="frame{i}" src="{source}"></iframe><img src="{source}">'
        page += f'<div id="pasted{i}">{path.read_text("utf-8")}</div>\n'
    (folder / "page.html").write_text(page, encoding="utf-8")
    dom, told = _dump(folder / "page.html", folder / "profile")
    found = re.search('<pre id="answer">([^<]*)</pre>', dom)
    assert found, told[-2000:]
    answer = json.loads(base64.b64decode(found[1]))
    answers = [Answer(**each) for each in answer["answers"]]
    console = [line for line in told.splitlines() if "CONSOLE" in line]
    return answer["said"] + console, answers


def why_not(folder: Path) -> str:
    """Return why Chromium does not show an empty page here, "" where it does."""
    if CHROMIUM is None:
        return "needs chromium"
    page = folder / "empty.html"
    page.write_text("<!doctype html><p>shown")
    try:
        dom, told = _dump(page, folder / "profile")
    except Stuck as error:
        return str(error)
    last = told.strip().splitlines()[-1:] or ["no message"]
    return "" if "<p>shown" in dom else f"{CHROMIUM} shows no page: {last[0]}"


class Stuck(Exception):
    """Chromium did not end."""


def _dump(page: Path, profile: Path) -> tuple[str, str]:
    """Return the document that a page has become, and what Chromium said meanwhile."""
    assert CHROMIUM is not None
    command = [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--allow-file-access-from-files", "--enable-logging=stderr", "--no-first-run"),
        *(f"--user-data-dir={profile}", "--dump-dom", str(page)),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise Stuck(f"{CHROMIUM} did not end within {SECONDS} s") from None
        finally:
            # What it started holds the pipes, and would outlive it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return out.decode(), err.decode(errors="replace")
