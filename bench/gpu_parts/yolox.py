"""YOLOX with random weights: speed does not depend on them.

As in the paper (arXiv 2107.08430) and its tables: CSPDarknet, PAFPN, decoupled head, SiLU. What comes out is what
its export without decoding gives: [N, cells, 5 + classes], places in the grid, probabilities.
"""

from __future__ import annotations

import math

import torch
from layers import Conv, Spp, outputs_of
from torch import Tensor, nn


class DepthwiseConv(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1) -> None:
        super().__init__(Conv(inputs, inputs, size, stride, groups=inputs), Conv(inputs, outputs))


class Bottleneck(nn.Module):
    def __init__(self, channels: int, adds: bool, conv: type[nn.Module]) -> None:
        super().__init__()
        self.one, self.two, self.adds = Conv(channels, channels), conv(channels, channels, 3), adds

    def forward(self, x: Tensor) -> Tensor:
        y = self.two(self.one(x))
        return x + y if self.adds else y


class Csp(nn.Module):
    def __init__(self, inputs: int, outputs: int, depth: int, *, adds: bool, conv: type[nn.Module]) -> None:
        super().__init__()
        half = outputs // 2
        self.left, self.right, self.join = Conv(inputs, half), Conv(inputs, half), Conv(2 * half, outputs)
        self.blocks = nn.Sequential(*(Bottleneck(half, adds, conv) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.join(torch.cat([self.blocks(self.left(x)), self.right(x)], 1))


class Focus(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv(12, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        parts = [x[..., r::2, c::2] for r, c in ((0, 0), (1, 0), (0, 1), (1, 1))]
        return self.conv(torch.cat(parts, 1))


class Head(nn.Module):
    def __init__(self, inputs: int, width: int, classes: int, conv: type[nn.Module]) -> None:
        super().__init__()
        self.stem = Conv(inputs, width)
        self.of_class = nn.Sequential(conv(width, width, 3), conv(width, width, 3), nn.Conv2d(width, classes, 1))
        self.of_box = nn.Sequential(conv(width, width, 3), conv(width, width, 3))
        self.box, self.objectness = nn.Conv2d(width, 4, 1), nn.Conv2d(width, 1, 1)
        for layer in (self.of_class[-1], self.objectness):
            nn.init.constant_(layer.bias, -math.log((1 - 0.01) / 0.01))  # as training begins: nothing is there

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        box = self.of_box(x)
        parts = [self.box(box), self.objectness(box).sigmoid(), self.of_class(x).sigmoid()]
        return torch.cat(parts, 1).flatten(2)


class Yolox(nn.Module):
    """Args: depth and width multiply the large network's; nano has depthwise convolutions."""

    def __init__(self, depth: float, width: float, depthwise: bool = False, classes: int = 80) -> None:
        super().__init__()
        conv: type[nn.Module] = DepthwiseConv if depthwise else Conv
        c = [int(n * width) for n in (64, 128, 256, 512, 1024)]
        n = max(1, round(3 * depth))

        def stage(i: int, blocks: int, last: bool = False) -> nn.Sequential:
            layers = [conv(c[i], c[i + 1], 3, 2), *([Spp(c[i + 1])] if last else [])]
            return nn.Sequential(*layers, Csp(c[i + 1], c[i + 1], blocks, adds=not last, conv=conv))

        def join(half: int, outputs: int) -> Csp:
            return Csp(2 * half, outputs, n, adds=False, conv=conv)

        self.stem = Focus(c[0])
        self.stages = nn.ModuleList([stage(0, n), stage(1, 3 * n), stage(2, 3 * n), stage(3, n, True)])
        self.lateral, self.reduce = Conv(c[4], c[3]), Conv(c[3], c[2])
        self.down1, self.down2 = join(c[3], c[3]), join(c[2], c[2])
        self.pool1, self.pool2 = conv(c[2], c[2], 3, 2), conv(c[3], c[3], 3, 2)
        self.up1, self.up2 = join(c[2], c[3]), join(c[3], c[4])
        self.larger = nn.Upsample(scale_factor=2)
        self.heads = nn.ModuleList(Head(i, int(256 * width), classes, conv) for i in c[2:])

    def forward(self, x: Tensor) -> Tensor:
        _, c3, c4, c5 = outputs_of(self.stages, self.stem(x))
        p5 = self.lateral(c5)
        p4 = self.reduce(self.down1(torch.cat([self.larger(p5), c4], 1)))
        p3 = self.down2(torch.cat([self.larger(p4), c3], 1))
        n4 = self.up1(torch.cat([self.pool1(p3), p4], 1))
        n5 = self.up2(torch.cat([self.pool2(n4), p5], 1))
        rows = [head(x) for head, x in zip(self.heads, (p3, n4, n5), strict=True)]
        return torch.cat(rows, 2).permute(0, 2, 1)


def yolox_nano() -> Yolox:
    return Yolox(0.33, 0.25, depthwise=True).eval()


def yolox_s() -> Yolox:
    return Yolox(0.33, 0.50).eval()
