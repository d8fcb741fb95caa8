"""docs/models.md holds: its specs load, and it names every layer and preprocessing field."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cnnviz import layers, load_model
from cnnviz.model.preprocess_table import READERS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "models.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert found is not None
    return found[1]


def test_the_specs_load_and_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(block("toml"), encoding="utf-8")
    inline, file = load_model(block("text")), load_model(path)
    shapes = [list(model.graph.shapes().values()) for model in (inline, file)]
    assert shapes[0][:-1] == shapes[1][:-1]
    assert set(file.trace(np.zeros((40, 40, 3), np.float32))) == {n.name for n in file.graph.nodes}


def test_every_layer_is_named() -> None:
    text = PAGE.partition("<!-- layers -->")[2].partition(".\n")[0]
    assert re.split(r",\s+", text.strip()) == layers.names()


def test_every_field_of_preprocessing_is_named() -> None:
    table = PAGE.partition("## Preprocessing")[2].partition("## Weights")[0]
    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, flags=re.M))))
    assert named == {*READERS, "preset"}
