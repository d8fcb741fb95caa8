"""An addition of every kind that is found by name touches one file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import test_layers
import test_layers_gradients
from layer_cases.case import Case

import cnnviz
from cnnviz import SpecError, kernels, layers, load_model
from cnnviz.arrays import archives
from cnnviz.cli import commands
from cnnviz.kernels import namespaces, resolve, tools
from cnnviz.model import zoo
from cnnviz.ops import activations, pooling
from cnnviz.render import Look, backends, figures, formats, render, show
from cnnviz.report import writers
from cnnviz.report.convolution import convolve
from cnnviz.report.pooling import pool
from cnnviz.report.result import Result
from cnnviz.signals import named, signal


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


def test_a_kernel_and_a_bank(drop) -> None:
    drop(
        cnnviz.kernels,
        "wave",
        "import numpy as np\n"
        "from cnnviz.kernels._entry import Entry, odd_size\n"
        "KERNELS = (Entry('wave-up', lambda n: np.eye(n), 'waves', 'a test', (odd_size(3),)),)\n"
        "BANKS = {'wave2': {'wave-up': 'wave-up', 'wave-big': 'wave-up:5'}}\n",
    )
    assert cnnviz.kernel("wave-up:5").tolist() == np.eye(5).tolist()
    assert [k.name for k in resolve("bank:wave2")] == ["wave-up", "wave-big"]
    assert "wave-up" in cnnviz.kernels.kernel_names()
    assert "wave2" in cnnviz.kernels.banks()
    with pytest.raises(SpecError, match="nearest: wave-up"):
        resolve("wave-uo")


def test_a_tools_kernels(drop, cnnviz) -> None:
    drop(
        tools,
        "paint_it",
        "import numpy as np\n"
        "from cnnviz.kernels._entry import Entry, odd_size\n"
        "KERNELS = (Entry('paint-it:soft', lambda n: np.eye(n), 'soft', 'a test',"
        " (odd_size(3),), scale=4, offset=9),)\n",
    )
    (found,) = resolve("paint-it:soft:5")
    assert found.values.tolist() == (np.eye(5) / 4).tolist()
    assert (found.scale, found.offset) == (4, 9)
    assert "paint-it" in namespaces()
    assert [each.name for each in resolve("bank:paint-it")] == ["paint-it:soft"]
    with pytest.raises(SpecError, match="nearest: paint-it:soft"):
        resolve("paint-it:sof")
    assert "paint-it:soft" in cnnviz("kernels", "--search", "paint-it").text


def test_a_family_of_activations(drop) -> None:
    drop(
        activations,
        "waves",
        "import numpy as np\n\n\ndef sine(x):\n    return np.sin(x)\n\n\n"
        "def sine_gradient(gradient, x, y):\n    return gradient * np.cos(x)\n\n\n"
        "ACTIVATIONS = (sine,)\nALIASES = {'sin': 'sine'}\n",
    )
    assert "sine" in activations.activations()
    assert activations.sine is activations.activation("sin")
    image = np.array([[0.0, np.pi / 2]])
    result = convolve(image, resolve("1"), activation="sin", is_photo=False)
    assert result.maps[0].values.tolist() == [[0, 1]]
    assert activations.gradient("sin")(image + 1, 0 * image, image).tolist() == [[1, 1 + np.pi / 2]]


def test_a_weight_format(drop, folder, cnnviz) -> None:
    drop(
        archives,
        "plain",
        "import numpy as np\n"
        "from cnnviz.arrays import contents\n"
        "WEIGHTS = True\n"
        "def sniff(head, tail=b''):\n"
        "    return 2 * head.startswith(b'PLAIN')\n"
        "class Archive(contents.Archive):\n"
        "    format = 'plain'\n"
        "    tensors = {'conv1.weight': contents.Tensor((2, 3, 5, 5), 'float32'),\n"
        "               'conv1.bias': contents.Tensor((2,), 'float32')}\n"
        "    def stored(self, member):\n"
        "        shape = self.tensors[member].shape\n"
        "        return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)\n"
        "def convert(file, stream):\n"
        "    stream.write(f'PLAIN {len(file.tensors)}'.encode())\n",
    )
    Path("w.plain").write_bytes(b"PLAIN weights")
    stored = np.arange(150, dtype=np.float32).reshape(2, 3, 5, 5)
    assert "plain" in archives.formats()
    assert np.array_equal(kernels.resolve("w.plain:conv1")[1].values, stored[1].transpose(1, 2, 0))
    assert "conv 5x5, 3 -> 2" in cnnviz("weights", "w.plain").text
    assert "conv1.weight" in cnnviz("kernels", "w.plain").text
    assert cnnviz("weights", "w.plain", "-o", "w.npz", "-q").code == 0
    with np.load("w.npz") as written:
        assert np.array_equal(written["conv1.weight"], stored)
    assert cnnviz("weights", "w.npz", "-o", "again.plain", "-q").code == 0
    assert Path("again.plain").read_bytes() == b"PLAIN 2"
    model = load_model("Conv2D(2, 5)", input_shape=(5, 5, 3), weights="w.plain")
    made = model.forward(np.ones((1, 5, 5, 3)))
    assert made.ravel().tolist() == [stored[0].sum(), stored[1].sum() + 1]


def test_a_pooling_type(drop) -> None:
    drop(
        pooling,
        "top_left",
        "from cnnviz.ops.pooling import Pooling\n"
        "def corner(x, *, pool_size, strides, **settings):\n"
        "    return x[:: strides[0], :: strides[1]]\n"
        "POOLING = Pooling('top-left', 'top-left', False, corner)\n",
    )
    assert "top-left" in pooling.pooling_types()
    image = np.arange(16, dtype=np.float32).reshape(4, 4)
    result = pool(image, ["top-left"], pool_size=2, is_photo=False)
    assert result.maps[0].values.tolist() == [[0, 2], [8, 10]]


def test_a_layer(drop, folder, cnnviz) -> None:
    drop(
        layers,
        "scale_by",
        "from dataclasses import dataclass\n"
        "from cnnviz.contract import Layer\n"
        "from cnnviz.layers import checks\n"
        "@dataclass(frozen=True)\n"
        "class ScaleBy(Layer):\n"
        "    factor: float = 2\n"
        "    aliases = ('Times',)\n"
        "    def output_shape(self, *in_shapes):\n"
        "        return checks.one(in_shapes)\n"
        "    def weight_shapes(self, *in_shapes):\n"
        "        return {'bias': in_shapes[0][-1:]}\n"
        "    def forward(self, weights, *xs):\n"
        "        def backward(gradient, *, of_inputs=True):\n"
        "            bias = gradient.reshape(-1, gradient.shape[-1]).sum(axis=0)\n"
        "            return (self.factor * gradient,) if of_inputs else (), {'bias': bias}\n"
        "        return xs[0].dtype.type(self.factor) * xs[0] + weights['bias'], backward\n",
    )
    layers._by_name.cache_clear()
    try:
        assert "ScaleBy" in layers.names()
        for ask in (*test_layers.CONTRACT, *test_layers_gradients.CONTRACT):
            ask(Case("Times", {"factor": 3}, ((4, 3, 2),), (4, 3, 2), params=2))
        np.savez("w.npz", **{"times.bias": [1, 2]})
        spec = "ScaleBy(3, name='times') Flatten()"
        model = load_model(spec, input_shape=(1, 1, 2), weights="w.npz")
        assert model.forward(np.ones((1, 1, 1, 2))).tolist() == [[4, 5]]
        Path("net.toml").write_text(model.to_toml(), encoding="utf-8")
        assert load_model("net.toml").graph.nodes == model.graph.nodes
        assert re.search(r"times +ScaleBy +1x1x2 +2 ", cnnviz("shapes", "--model", "net.toml").text)
    finally:
        layers._by_name.cache_clear()


def test_a_model(drop, cnnviz) -> None:
    drop(
        zoo,
        "family",
        "from cnnviz.graph import Graph, sequential\n"
        "from cnnviz.layers.dense import Dense\n"
        "def another_one() -> Graph:\n"
        "    'A line (2014).'\n"
        "    return sequential('another-one', (3,), {'fc': Dense(2)})\n"
        "def _helper(): pass\n",
    )
    assert load_model("another-one").shapes().totals["params"] == 8
    before = set(zoo.names())
    assert "another-one" in before
    assert "-helper" not in before
    assert cnnviz("models", "another-one").text.startswith('name = "another-one"')


def test_a_command(drop, cnnviz) -> None:
    drop(
        commands,
        "say_hello",
        '"""Say hello to an image."""\n\nimport click\n\n'
        "@click.command()\n@click.argument('name')\n"
        "def command(name):\n    click.echo(f'hello {name}')\n",
    )
    assert re.search(r"  say-hello +Say hello to an image\n", cnnviz("--help").text)
    assert "cnnviz.cli.commands.say_hello" not in sys.modules
    assert cnnviz("say-hello", "cat").text == "hello cat\n"


def test_a_signal(drop, cnnviz) -> None:
    drop(
        named,
        "ramps",
        "import numpy as np\n"
        "from cnnviz.signals._entry import Entry, length\n"
        "SIGNALS = (Entry('ramp', lambda n: np.arange(n) * 1.0, 'up', 'a test', (length(4),)),)\n",
    )
    assert signal("ramp+ramp:3").tolist() == [0, 2, 4]
    assert "ramp[:LENGTH]" in cnnviz("signal", "--list").text


def test_a_report_format(drop, folder, cnnviz) -> None:
    drop(writers, "names", "def write(report):\n    return ' '.join(r['name'] for r in report)\n")
    assert "names" in writers.formats()
    assert cnnviz("shapes", "--model", "lenet5", "-o", "x.names", "-q").code == 0
    assert Path("x.names").read_text().split() == [
        row["name"] for row in load_model("lenet5").shapes()
    ]
    assert cnnviz("models", "-o", "y.names", "-q").code == 0
    assert Path("y.names").read_text().split() == list(zoo.names())


def test_a_picture_format(drop) -> None:
    drop(
        backends,
        "size",
        "def write(scene, *, scale=1):\n    return f'{scene.width * scale:.0f}'.encode()\n",
    )
    assert "size" in formats()
    maps = convolve(np.ones((9, 9), np.float32), resolve("edge"), is_photo=False)
    assert int(render(maps, "size", Look(scale=2))) == 2 * int(render(maps, "size"))


def test_a_figure(drop) -> None:
    drop(
        figures,
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
