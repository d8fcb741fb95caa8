"""A network of PyTorch's own modules: its state dict, read by name, gives the same outputs."""

from __future__ import annotations

import numpy as np
import pytest
import stored

from cnnviz.graph import sequential
from cnnviz.layers import find
from cnnviz.model import Model
from cnnviz.model.match import read_weights

torch = pytest.importorskip("torch")


class Separable(torch.nn.Module):
    def __init__(self, taken: int, made: int) -> None:
        super().__init__()
        self.depthwise = torch.nn.Conv2d(taken, taken, 3, groups=taken, bias=False)
        self.pointwise = torch.nn.Conv2d(taken, made, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Network(torch.nn.Module):
    """What `stored.network` describes."""

    def __init__(self) -> None:
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1, groups=3)
        self.bn1 = nn.BatchNorm2d(6, eps=1e-3)
        self.dw = nn.Conv2d(6, 12, 3, groups=6, bias=False)
        self.prelu = nn.PReLU(12)
        self.sep = Separable(12, 5)
        self.up = nn.ConvTranspose2d(5, 4, (2, 3), stride=2)
        self.fc1 = nn.LazyLinear(7)
        self.fc2 = nn.Linear(7, 4)

    def forward(self, x):
        x = self.bn1(self.conv1(x).relu())
        x = self.up(self.sep(self.prelu(self.dw(x))))
        return self.fc2(self.fc1(x.flatten(1)).tanh())


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_the_same_outputs(tmp_path, wrapped, old):
    torch.manual_seed(0)
    module = Network()
    x = torch.randn(2, 3, 8, 9)
    module.train()(x)  # so that the running statistics are none of the defaults
    module.eval()
    state = module.state_dict()
    path = tmp_path / "w.pth"
    torch.save(
        {"state_dict": state, "epoch": 3} if wrapped else state,
        path,
        _use_new_zipfile_serialization=not old,
    )
    graph = stored.network()
    own = Model(graph, read_weights(path, graph).weights).forward(x.permute(0, 2, 3, 1).numpy())
    np.testing.assert_allclose(own, module(x).detach().numpy(), atol=1e-5)


def test_a_sequence(tmp_path):
    nn = torch.nn
    module = nn.Sequential(nn.Conv1d(2, 6, 3, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(42, 3))
    torch.save(module.state_dict(), tmp_path / "w.pth")
    layers = {
        "0": find("Conv1D")(6, 3, groups=2, activation="relu"),
        "2": find("Flatten")(),
        "3": find("Dense")(3),
    }
    graph = sequential("m", (9, 2), layers)
    x = torch.randn(4, 2, 9)
    own = Model(graph, read_weights(tmp_path / "w.pth", graph).weights)
    made = own.forward(x.permute(0, 2, 1).numpy())
    np.testing.assert_allclose(made, module(x).detach().numpy(), atol=1e-5)
