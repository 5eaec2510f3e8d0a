"""Classifiers with random weights: ResNet-50 (arXiv 1512.03385), [N, 1000], and one as small as can be."""

from __future__ import annotations

from layers import Conv
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, inputs: int, middle: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * middle
        last = nn.Sequential(nn.Conv2d(middle, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.way = nn.Sequential(Conv(inputs, middle, act="relu"), Conv(middle, middle, 3, stride, act="relu"), last)
        short = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.short = short if inputs != outputs else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.way(x) + self.short(x))


class Resnet50(nn.Module):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 64, 7, 2, act="relu"), nn.MaxPool2d(3, 2, 1))
        layers: list[nn.Module] = []
        inputs = 64
        for middle, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            for i in range(depth):
                layers.append(Block(inputs, middle, stride if i == 0 else 1))
                inputs = 4 * middle
        self.blocks = nn.Sequential(*layers)
        self.last = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.blocks(self.stem(x)).mean((2, 3))).softmax(1)


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = Conv(3, 16, 3, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).mean((2, 3)).softmax(1)
