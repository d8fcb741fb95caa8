"""VGG in PyTorch, as torchvision names it."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

DEPTHS = {
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}


class VGG(nn.Module):
    """Adaptive pooling to 7x7 is left out: at 224x224 it changes nothing."""

    def __init__(self, name: str, *, side: int = 224) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for depth, (before, width) in zip(
            DEPTHS[name], pairwise((3, 64, 128, 256, 512, 512)), strict=True
        ):
            for place in range(depth):
                layers += [nn.Conv2d(width if place else before, width, 3, padding=1), nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(
            *(nn.Linear(512 * (side // 32) ** 2, 4096), nn.ReLU(), nn.Dropout()),
            *(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()),
            nn.Linear(4096, 1000),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.flatten(self.features(x)))
