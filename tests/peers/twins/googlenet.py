"""GoogLeNet in PyTorch: torchvision's, under its names, and the paper's, under ours."""

from __future__ import annotations

from torch import Tensor, nn
from twins.joints import Concat

# Table 1 of the paper: input channels, 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
BLOCKS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


class Unit(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, before: int, after: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=0.001)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """The fourth kernel is 3x3 in torchvision, whatever the paper says."""

    def __init__(self, before: int, *widths: int) -> None:
        super().__init__()
        one, three_reduce, three, five_reduce, five, pool = widths
        self.branch1 = Unit(before, one, 1)
        self.branch2 = nn.Sequential(Unit(before, three_reduce, 1), Unit(three_reduce, three, 3))
        self.branch3 = nn.Sequential(Unit(before, five_reduce, 1), Unit(five_reduce, five, 3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), Unit(before, pool, 1))
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        return self.concat(self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x))


class GoogLeNet(nn.Module):
    """As torchvision names it, without the auxiliary classifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = Unit(3, 64, 7, 2), Unit(64, 64, 1)
        self.conv3 = Unit(64, 192, 3)
        for name, widths in BLOCKS.items():
            self.add_module(f"inception{name}", Inception(*widths))
        self.maxpool1, self.maxpool2, self.maxpool3 = (
            nn.MaxPool2d(3, 2, ceil_mode=True) for _ in range(3)
        )
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.avgpool, self.dropout = nn.AdaptiveAvgPool2d(1), nn.Dropout(0.2)
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
        for name in BLOCKS:
            x = getattr(self, f"inception{name}")(x)
            if name == "3b":
                x = self.maxpool3(x)
            elif name == "4e":
                x = self.maxpool4(x)
        return self.fc(self.dropout(self.avgpool(x)).flatten(1))


class PublishedGoogLeNet(nn.Module):
    """With 5x5 kernels, biases and response normalisation; alpha is divided by the window of 5."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.concat = nn.ReLU(), Concat()
        self.norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1)
        self.shrink = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.avgpool, self.dropout, self.flatten = nn.AvgPool2d(7, 1), nn.Dropout(), nn.Flatten()
        self.add_module("conv1", nn.Conv2d(3, 64, 7, 2, 3))
        self.add_module("conv2/3x3_reduce", nn.Conv2d(64, 64, 1))
        self.add_module("conv2/3x3", nn.Conv2d(64, 192, 3, padding=1))
        for name, (before, one, reduce3, three, reduce5, five, pool) in BLOCKS.items():
            block = {
                "1x1": nn.Conv2d(before, one, 1),
                "3x3_reduce": nn.Conv2d(before, reduce3, 1),
                "3x3": nn.Conv2d(reduce3, three, 3, padding=1),
                "5x5_reduce": nn.Conv2d(before, reduce5, 1),
                "5x5": nn.Conv2d(reduce5, five, 5, padding=2),
                "pool_proj": nn.Conv2d(before, pool, 1),
            }
            for own, convolution in block.items():
                self.add_module(f"inception_{name}/{own}", convolution)
        self.fc = nn.Linear(1024, 1000)

    def conv(self, name: str, x: Tensor) -> Tensor:
        return self.relu(self.get_submodule(name)(x))

    def inception(self, name: str, x: Tensor) -> Tensor:
        one = self.conv(f"{name}/1x1", x)
        three = self.conv(f"{name}/3x3", self.conv(f"{name}/3x3_reduce", x))
        five = self.conv(f"{name}/5x5", self.conv(f"{name}/5x5_reduce", x))
        return self.concat(one, three, five, self.conv(f"{name}/pool_proj", self.pool(x)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.shrink(self.conv("conv1", x)))
        x = self.shrink(self.norm(self.conv("conv2/3x3", self.conv("conv2/3x3_reduce", x))))
        for name in BLOCKS:
            x = self.inception(f"inception_{name}", x)
            x = self.shrink(x) if name in ("3b", "4e") else x
        return self.fc(self.flatten(self.dropout(self.avgpool(x))))
