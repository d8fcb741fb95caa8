"""An addition of every kind that is found by name touches one file."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import cnnviz.cli.commands
import cnnviz.kernels.tools
import cnnviz.layers
import cnnviz.model.zoo
import cnnviz.ops.activations
import cnnviz.ops.pooling
import cnnviz.render.backends
import cnnviz.render.figures
from cnnviz.__main__ import main


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that puts a module into a package, as a new file would be."""

    def put(package: ModuleType, name: str, code: str) -> None:
        folder = tmp_path / package.__name__
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        # The module leaves with the test, from the table and from its package.
        monkeypatch.setitem(sys.modules, f"{package.__name__}.{name}", None)
        del sys.modules[f"{package.__name__}.{name}"]
        monkeypatch.setattr(package, name, None, raising=False)

    return put


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cnnviz", *words])
    return main()


def test_a_kernel(drop) -> None:
    drop(
        cnnviz.kernels,
        "tilt",
        '"""A test kernel."""\n\n'
        "import numpy as np\n\n"
        "from cnnviz.kernels._entry import Entry\n\n\n"
        "def tilt():\n    return np.array([[0.0, 1.0], [-1.0, 0.0]])\n\n\n"
        "KERNELS = (Entry('tilt', tilt, 'A test kernel.', 'formula'),)\n",
    )
    assert cnnviz.kernel("tilt").tolist() == [[0, 1], [-1, 0]]
    assert "tilt" in cnnviz.kernels.kernel_names()


def test_a_tools_kernels(drop, monkeypatch, capsys) -> None:
    drop(
        cnnviz.kernels.tools,
        "abacus",
        '"""The kernels of a test tool."""\n\n'
        "import numpy as np\n\n"
        "from cnnviz.kernels._entry import Entry\n\n"
        "KERNELS = (\n"
        "    Entry('abacus:tilt', lambda: np.eye(2), 'A test kernel.', 'manual', offset=128),\n"
        ")\n",
    )
    (kernel,) = cnnviz.kernels.resolve("abacus:tilt")
    assert kernel.values.tolist() == [[1, 0], [0, 1]]
    assert kernel.offset == 128
    assert "abacus" in cnnviz.kernels.namespaces()
    assert run(monkeypatch, "kernels", "--search", "abacus") == 0
    assert "abacus:tilt" in capsys.readouterr().out


def test_a_family_of_activations(drop) -> None:
    drop(
        cnnviz.ops.activations,
        "steps",
        '"""A test family."""\n\n'
        "import numpy as np\n\n\n"
        "def heaviside(x):\n    return np.heaviside(x, 0)\n\n\n"
        "ACTIVATIONS = (heaviside,)\nALIASES = {'step': 'heaviside'}\n",
    )
    from cnnviz.report.convolution import convolve

    assert "heaviside" in cnnviz.ops.activations.activations()
    image = np.array([[-3.0, 0.0, 5.0]])
    result = convolve(image, cnnviz.kernels.resolve("1"), activation="step", is_photo=False)
    assert result.maps[0].values.tolist() == [[0, 0, 1]]


def test_a_layer(drop) -> None:
    drop(
        cnnviz.layers,
        "negation",
        '"""A test layer."""\n\n'
        "from dataclasses import dataclass\n\n"
        "from cnnviz.layers.activation import Activation\n\n\n"
        "@dataclass(frozen=True)\nclass Negate(Activation):\n    aliases = ('Minus',)\n",
    )
    cnnviz.layers._by_name.cache_clear()
    try:
        assert cnnviz.layers.find("Minus").__name__ == "Negate"
        assert "Negate" in cnnviz.layers.names()
    finally:
        cnnviz.layers._by_name.cache_clear()


def test_a_model(drop, monkeypatch, capsys) -> None:
    drop(
        cnnviz.model.zoo,
        "tiny",
        '"""A test family."""\n\n'
        "from cnnviz.model.zoo import lenet\n\n\n"
        'def tiny_net():\n    """A test model."""\n    return lenet.lenet5()\n',
    )
    assert cnnviz.model.zoo.build("tiny-net").input_shape == (28, 28, 1)
    assert run(monkeypatch, "models", "--no-color") == 0
    assert "tiny-net" in capsys.readouterr().out


def test_a_pooling_type(drop) -> None:
    drop(
        cnnviz.ops.pooling,
        "corner",
        '"""A test type: the first pixel of each window."""\n\n'
        "from cnnviz.ops.pooling import Pooling\n\n\n"
        "def apply(x, *, pool_size, strides, **rest):\n"
        "    return x[:: strides[0], :: strides[1]]\n\n\n"
        "POOLING = Pooling('corner', 'corner', False, apply)\n",
    )
    from cnnviz.report.pooling import pool

    image = np.arange(16, dtype=np.float32).reshape(4, 4)
    result = pool(image, ["corner"], pool_size=2, is_photo=False)
    assert result.maps[0].values.tolist() == [[0, 2], [8, 10]]
    assert "corner" in cnnviz.ops.pooling.pooling_types()


def test_a_command(drop, monkeypatch, capsys) -> None:
    drop(
        cnnviz.cli.commands,
        "say_hello",
        '"""Say hello."""\n\nimport click\n\n\n'
        '@click.command("say-hello")\n'
        "def command() -> int:\n"
        '    """Say hello."""\n'
        '    click.echo("hello")\n'
        "    return 0\n",
    )
    assert run(monkeypatch, "say-hello") == 0
    assert "hello" in capsys.readouterr().out
    assert run(monkeypatch, "--help") == 0
    assert "say-hello  Say hello" in " ".join(capsys.readouterr().out.split()).replace(
        "say-hello Say hello", "say-hello  Say hello"
    )


def test_a_picture_format(drop) -> None:
    drop(
        cnnviz.render.backends,
        "size",
        '"""A test format."""\n\n\n'
        "def write(scene, *, scale=1):\n"
        "    return f'{scene.width * scale:.0f}'.encode()\n",
    )
    from cnnviz.kernels import resolve
    from cnnviz.render import formats, render
    from cnnviz.report.convolution import convolve

    assert "size" in formats()
    maps = convolve(np.ones((9, 9), np.float32), resolve("edge"), is_photo=False)
    assert int(render(maps, "size")) > 100


def test_a_figure(drop) -> None:
    drop(
        cnnviz.render.figures,
        "names",
        '"""A test figure: a name below the other."""\n\n'
        "from cnnviz.render.scene import Scene\n"
        "from cnnviz.render.theme import theme\n\n\n"
        "def draw(result, look):\n"
        "    scene = Scene(theme(look.theme), title=result.subject, width=100, height=50)\n"
        "    for i, (name, _) in enumerate(result.arrays()):\n"
        "        scene.text(8, 20 * i + 16, name)\n"
        "    return scene\n",
    )
    from cnnviz.render import render, show
    from cnnviz.report.result import Result

    class Names(Result):
        figure = "names"
        subject = "two arrays"

        def lines(self, width=80):
            yield from ("a", "b")

        def to_dicts(self):
            return [{"name": name} for name in self.lines()]

        def arrays(self):
            return [(name, np.eye(4)) for name in self.lines()]

    drawing = render(Names(), "svg").decode()
    assert ">a</text>" in drawing
    assert "two arrays" in drawing
    assert "4x4" in show(Names(), colours="256", columns=80, lines=24)  # without tiles of its own
