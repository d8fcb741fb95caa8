"""Adding a kernel, a pooling type, a command or a format touches one file: it is found by name."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import cnnviz.cli.commands
import cnnviz.kernels
import cnnviz.ops.pooling
import cnnviz.render.backends
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
