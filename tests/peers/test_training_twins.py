"""A training run beside PyTorch's: equal weights and batches make equal losses, step by step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnviz import load_model
from cnnviz.training.augmentation import Augmentation
from cnnviz.training.data import open_data
from cnnviz.training.initial import initial_weights
from cnnviz.training.loop import Run
from cnnviz.training.recipe import Recipe

torch = pytest.importorskip("torch")
nn = torch.nn

STEPS, WARMUP = 50, 100
CHANGES = Augmentation(shift=2, flip=True)


class LeNet(nn.Module):
    """LeNet-5 as it is built today."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5, padding=2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.output = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        """Two convolutions, each averaged, and three dense layers."""
        x = nn.functional.avg_pool2d(torch.tanh(self.c1(x)), 2)
        x = nn.functional.avg_pool2d(torch.tanh(self.c3(x)), 2)
        # Our dense weights take rows, columns and channels in this order.
        x = x.permute(0, 2, 3, 1).flatten(1)
        return self.output(torch.tanh(self.f6(torch.tanh(self.c5(x)))))


class ColourNet(nn.Module):
    """The small net for CIFAR-10's photos."""

    def __init__(self) -> None:
        super().__init__()
        sizes = {"conv1": (3, 24, 5), "conv2": (24, 64, 3), "conv3": (64, 128, 3)}
        sizes |= {"conv4": (128, 128, 3), "conv5": (128, 256, 3)}
        for name, (taken, made, kernel) in sizes.items():
            conv = nn.Conv2d(taken, made, kernel, padding=kernel // 2, bias=False)
            setattr(self, name, conv)
            setattr(self, f"{name}_bn", nn.BatchNorm2d(made, eps=1e-3))
        self.fc = nn.Linear(256, 10)

    def forward(self, x):
        """Five convolutions, three poolings between them, and a mean over all places."""
        for name in ("conv1", "conv2", "conv3", "conv4", "conv5"):
            x = torch.relu(getattr(self, f"{name}_bn")(getattr(self, name)(x)))
            if name in ("conv1", "conv2", "conv4"):
                x = nn.functional.max_pool2d(x, 2)
        return self.fc(x.mean((2, 3)))


# With the learning rate after the warm-up.
NETWORKS = {"lenet5": (LeNet, (28, 28, 1), 0.1), "cifar-net": (ColourNet, (32, 32, 3), 0.02)}


def pictures(path: Path, shape: tuple[int, ...], count: int) -> Path:
    """Write ten classes, each a wave of its own under noise."""
    dice, y = np.random.default_rng(3), np.arange(count) % 10
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    waves = [np.sin(rows * (k + 1) / 9 + columns * (10 - k) / 9) for k in range(10)]
    x = 128 + 50 * np.stack([waves[k] for k in y])[..., None] + dice.normal(0, 40, (count, *shape))
    np.savez(path, x=np.clip(x, 0, 255).astype(np.uint8), y=y)
    return path


def take_over(twin, weights) -> None:
    """Give a twin our weights."""
    with torch.no_grad():
        for node, own in weights.items():
            layer = getattr(twin, node)
            for name, values in own.items():
                if "moving" in name:
                    continue
                order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[values.ndim]
                kind = "bias" if name in ("bias", "beta") else "weight"
                getattr(layer, kind).copy_(torch.from_numpy(values.transpose(order).copy()))


@pytest.mark.parametrize("name", NETWORKS)
def test_losses_are_those_of_a_twin(tmp_path, name):
    build, shape, lr = NETWORKS[name]
    graph, batch_size = load_model(name).graph, 32
    recipe = Recipe(
        epochs=2, batch_size=batch_size, seed=5, augmentation=CHANGES, label_smoothing=0.1,
        optimizer={"name": "sgd", "lr": lr, "momentum": 0.9, "weight_decay": 5e-4},
        schedule={"name": "constant", "warmup": WARMUP},
    )  # fmt: skip
    path = pictures(tmp_path / "waves.npz", shape, STEPS * batch_size // 2)
    with open_data(path, input_shape=shape, validation=0) as data:
        run = Run(graph, data, recipe)
        for _ in run.events():
            pass
        ours = [moment.loss for moment in run.history.of("train")]
        theirs = twin_losses(build(), graph, data, recipe)
    assert len(ours) == STEPS
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-3)
    assert np.mean(ours[-10:]) < ours[0] - 0.2


def twin_losses(twin, graph, data, recipe) -> list[float]:
    """Train a twin from our first weights on our batches, with PyTorch's loss and optimiser.

    In float64: rounding alone moves losses of the colour net by 0.0008 in fifty steps, PyTorch's in
    float32 from its own in float64. The rate rises slowly, as it should: at a high one it is 0.005.
    """
    twin = twin.double()
    take_over(twin, initial_weights(graph, recipe.seed))
    lr = recipe.optimizer["lr"]
    decayed = [p for p in twin.parameters() if p.ndim > 1]
    others = [p for p in twin.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": others}]
    optimizer = torch.optim.SGD(groups, lr=lr, momentum=0.9)
    table, losses = graph.preprocess, []
    mean, std = (np.asarray(table.get(key, fill), "f4") for key, fill in (("mean", 0), ("std", 1)))
    for epoch in range(recipe.epochs):
        for batch in data.train.batches(recipe.batch_size, epoch=epoch, seed=recipe.seed):
            x = recipe.augmentation(batch.x, batch.places, seed=recipe.seed, epoch=epoch)
            x = torch.from_numpy(
                ((x / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
            ).double()
            for group in optimizer.param_groups:
                group["lr"] = lr * (len(losses) + 1) / WARMUP
            loss = nn.functional.cross_entropy(
                twin(x), torch.from_numpy(batch.y), label_smoothing=recipe.label_smoothing
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
