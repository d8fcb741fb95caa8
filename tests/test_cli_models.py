"""`cnnviz models`: the built-in models, and one of them as a spec."""

from __future__ import annotations

import json
import tomllib

import pytest

NAMES = {"lenet5", "alexnet-torchvision", "vgg16"}


def test_the_table(cnnviz):
    result = cnnviz("models")
    assert (result.code, result.err) == (0, "")
    first = {line.split()[0] for line in result.text.splitlines() if line}
    assert first >= NAMES
    assert "138,357,544" in result.text
    assert all(len(line) <= 80 for line in result.text.splitlines())


def test_json(cnnviz):
    rows = {row["name"]: row for row in json.loads(cnnviz("models", "--json").out)["models"]}
    assert set(rows) >= NAMES
    assert rows["vgg16"]["input_shape"] == [224, 224, 3]
    assert rows["alexnet-torchvision"]["params"] == 61_100_840


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_printed_spec_is_the_same_model(cnnviz, folder, name):
    assert cnnviz("models", name, "-o", "mine.toml", "-q").code == 0
    text = (folder / "mine.toml").read_text()
    assert text == cnnviz("models", name).text
    assert tomllib.loads(text)["name"] == name
    assert cnnviz("models", name, "-o", "-").text == text
    assert json.loads(cnnviz("models", name, "--json").out) == {"name": name, "spec": text}
    ours, theirs = (cnnviz("shapes", "--model", m, "--json").out for m in ("mine.toml", name))
    assert ours == theirs


def test_unknown(cnnviz):
    assert "vgg16" in cnnviz("models", "vgg").fault(2)
    assert "\x1b" not in cnnviz("models", "\x1b[2J").fault(2)


def test_an_existing_file_is_kept(cnnviz, folder):
    (folder / "net.toml").write_text("mine")
    assert "exists" in cnnviz("models", "lenet5", "-o", "net.toml").fault(4)
    assert (folder / "net.toml").read_text() == "mine"
