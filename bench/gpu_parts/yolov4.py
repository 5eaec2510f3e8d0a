"""YOLOv4 and its tiny one (arXiv 2004.10934, 2011.08036) with random weights, decoded: [N, cells, 5 + classes]."""

from __future__ import annotations

import math

import torch
from layers import Conv, outputs_of
from torch import Tensor, nn


class Residual(nn.Module):
    def __init__(self, channels: int, middle: int) -> None:
        super().__init__()
        self.one, self.two = Conv(channels, middle, act="mish"), Conv(middle, channels, 3, act="mish")

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(self.one(x))


class Stage(nn.Module):
    """Of CSPDarknet53: half as large, and so many residuals on one of two ways."""

    def __init__(self, inputs: int, outputs: int, depth: int) -> None:
        super().__init__()
        half = outputs if depth == 1 else outputs // 2  # the first stage does not split
        self.down = Conv(inputs, outputs, 3, 2, act="mish")
        self.left, self.right = Conv(outputs, half, act="mish"), Conv(outputs, half, act="mish")
        middle = outputs // 2 if depth == 1 else half
        self.blocks = nn.Sequential(*(Residual(half, middle) for _ in range(depth)), Conv(half, half, act="mish"))
        self.join = Conv(2 * half, outputs, act="mish")

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        return self.join(torch.cat([self.blocks(self.left(x)), self.right(x)], 1))


def several(inputs: int, channels: int, count: int) -> nn.Sequential:
    """1x1 and 3x3 in turn, as between the neck's joins."""
    layers: list[nn.Module] = []
    for i in range(count):
        is_wide = i % 2 == 1
        layers.append(Conv(inputs, channels * 2 if is_wide else channels, 3 if is_wide else 1, act="leaky"))
        inputs = channels * 2 if is_wide else channels
    return nn.Sequential(*layers)


class Decode(nn.Module):
    """Three anchors a cell: centre and size in pixels, probabilities."""

    def __init__(self, inputs: int, classes: int, stride: int) -> None:
        super().__init__()
        self.conv, self.columns, self.stride = nn.Conv2d(inputs, 3 * (5 + classes), 1), 5 + classes, stride
        with torch.no_grad():
            self.conv.bias.view(3, -1)[:, 4:] = -math.log((1 - 0.01) / 0.01)  # as training begins: nothing is there

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        x = self.conv(x).view(n, 3, self.columns, h * w).permute(0, 1, 3, 2)
        place, size, scores = x[..., :2], x[..., 2:4], x[..., 4:]
        parts = [place.sigmoid() * self.stride, size.exp() * self.stride, scores.sigmoid()]
        return torch.cat(parts, -1).flatten(1, 2)


class Yolov4(nn.Module):
    def __init__(self, classes: int = 80) -> None:
        super().__init__()
        self.stem = Conv(3, 32, 3, act="mish")
        shapes = ((32, 64, 1), (64, 128, 2), (128, 256, 8), (256, 512, 8), (512, 1024, 4))
        self.stages = nn.ModuleList(Stage(*shape) for shape in shapes)
        self.before, self.after = several(1024, 512, 3), several(2048, 512, 3)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.narrow = nn.ModuleList([Conv(512, 256, act="leaky"), Conv(256, 128, act="leaky")])
        self.side = nn.ModuleList([Conv(512, 256, act="leaky"), Conv(256, 128, act="leaky")])
        self.up = nn.ModuleList([several(512, 256, 5), several(256, 128, 5)])
        self.shrink = nn.ModuleList([Conv(128, 256, 3, 2, act="leaky"), Conv(256, 512, 3, 2, act="leaky")])
        self.down = nn.ModuleList([several(512, 256, 5), several(1024, 512, 5)])
        self.widen = nn.ModuleList(Conv(c, 2 * c, 3, act="leaky") for c in (128, 256, 512))
        self.heads = nn.ModuleList(Decode(2 * c, classes, s) for c, s in ((128, 8), (256, 16), (512, 32)))
        self.larger = nn.Upsample(scale_factor=2)

    def forward(self, x: Tensor) -> Tensor:
        c3, c4, c5 = outputs_of(self.stages, self.stem(x))[2:]
        c5 = self.before(c5)
        pooled = [c5]
        for _ in range(3):  # of 5, 9 and 13 pixels: the larger ones are pools of the smaller
            pooled.append(self.pool(pooled[-1]))
        p5 = self.after(torch.cat(pooled, 1))
        p4 = self.up[0](torch.cat([self.side[0](c4), self.larger(self.narrow[0](p5))], 1))
        p3 = self.up[1](torch.cat([self.side[1](c3), self.larger(self.narrow[1](p4))], 1))
        n4 = self.down[0](torch.cat([self.shrink[0](p3), p4], 1))
        n5 = self.down[1](torch.cat([self.shrink[1](n4), p5], 1))
        grids = zip(self.heads, self.widen, (p3, n4, n5), strict=True)
        return torch.cat([head(widen(x)) for head, widen, x in grids], 1)


class Partial(nn.Module):
    """Of the tiny one: half of the channels go the long way. Gives what goes on, and what the neck takes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.first = Conv(channels, channels, 3, act="leaky")
        self.two, self.three = Conv(half, half, 3, act="leaky"), Conv(half, half, 3, act="leaky")
        self.join, self.pool = Conv(channels, channels, act="leaky"), nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.first(x)
        two = self.two(x.chunk(2, 1)[1])
        joined = self.join(torch.cat([self.three(two), two], 1))
        return self.pool(torch.cat([x, joined], 1)), joined


class Yolov4Tiny(nn.Module):
    def __init__(self, classes: int = 80) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 32, 3, 2, act="leaky"), Conv(32, 64, 3, 2, act="leaky"))
        self.parts = nn.ModuleList(Partial(c) for c in (64, 128, 256))
        self.last = nn.Sequential(Conv(512, 512, 3, act="leaky"), Conv(512, 256, act="leaky"))
        self.narrow, self.larger = Conv(256, 128, act="leaky"), nn.Upsample(scale_factor=2)
        self.wide = nn.ModuleList([Conv(256, 512, 3, act="leaky"), Conv(384, 256, 3, act="leaky")])
        self.heads = nn.ModuleList([Decode(512, classes, 32), Decode(256, classes, 16)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for part in self.parts:
            x, side = part(x)
        x = self.last(x)
        finer = torch.cat([self.larger(self.narrow(x)), side], 1)
        return torch.cat([self.heads[0](self.wide[0](x)), self.heads[1](self.wide[1](finer))], 1)
