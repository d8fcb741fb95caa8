"""Residual networks in PyTorch, as torchvision names them."""

from __future__ import annotations

from torch import Tensor, nn
from twins.joints import Sum

# Blocks a stage, convolutions a block.
SIZES = {
    "resnet18": ((2, 2, 2, 2), 2),
    "resnet34": ((3, 4, 6, 3), 2),
    "resnet50": ((3, 4, 6, 3), 3),
}


class Block(nn.Module):
    """Two 3x3 convolutions, or 1x1, 3x3 and 1x1; the first 3x3 moves by the stride."""

    def __init__(self, before: int, width: int, stride: int, convolutions: int) -> None:
        super().__init__()
        self.convolutions = convolutions
        after = 4 * width if convolutions == 3 else width
        if convolutions == 3:
            self.conv1 = nn.Conv2d(before, width, 1, bias=False)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.conv3 = nn.Conv2d(width, after, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(after)
        else:
            self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.relu, self.sum = nn.ReLU(), Sum()
        self.downsample = None
        if before != after or stride != 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if self.convolutions == 3:
            y = self.bn3(self.conv3(self.relu(y)))
        past = x if self.downsample is None else self.downsample(x)
        return self.relu(self.sum(y, past))


class ResNet(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        depths, convolutions = SIZES[name]
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(64), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        before = 64
        for stage, depth in enumerate(depths):
            width, blocks = 64 * 2**stage, []
            for place in range(depth):
                stride = 2 if stage and not place else 1
                blocks.append(Block(before, width, stride, convolutions))
                before = 4 * width if convolutions == 3 else width
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))
