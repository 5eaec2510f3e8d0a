"""YOLOv8 nano, as Ultralytics' yolov8.yaml has it, with random weights: [N, 84, cells]."""

from __future__ import annotations

import math

import torch
from layers import Conv, Spp, outputs_of
from torch import Tensor, nn

BINS = 16  # of a distance


class Bottleneck(nn.Module):
    def __init__(self, channels: int, adds: bool) -> None:
        super().__init__()
        self.one, self.two, self.adds = Conv(channels, channels, 3), Conv(channels, channels, 3), adds

    def forward(self, x: Tensor) -> Tensor:
        y = self.two(self.one(x))
        return x + y if self.adds else y


class C2f(nn.Module):
    def __init__(self, inputs: int, outputs: int, depth: int, *, adds: bool) -> None:
        super().__init__()
        half = outputs // 2
        self.one, self.two = Conv(inputs, outputs), Conv((2 + depth) * half, outputs)
        self.blocks = nn.ModuleList(Bottleneck(half, adds) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.one(x).chunk(2, 1))
        for block in self.blocks:
            parts.append(block(parts[-1]))
        return self.two(torch.cat(parts, 1))


class Head(nn.Module):
    def __init__(self, inputs: int, box: int, of_class: int, classes: int) -> None:
        super().__init__()
        self.box = nn.Sequential(Conv(inputs, box, 3), Conv(box, box, 3), nn.Conv2d(box, 4 * BINS, 1))
        self.of_class = nn.Sequential(
            Conv(inputs, of_class, 3), Conv(of_class, of_class, 3), nn.Conv2d(of_class, classes, 1)
        )
        nn.init.constant_(self.of_class[-1].bias, -math.log((1 - 0.01) / 0.01))  # as training begins

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.box(x).flatten(2), self.of_class(x).flatten(2)


class Yolov8n(nn.Module):
    def __init__(self, size: int = 640, classes: int = 80) -> None:
        super().__init__()
        c = (16, 32, 64, 128, 256)
        self.stem = Conv(3, c[0], 3, 2)
        depths = (1, 2, 2, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(Conv(c[i], c[i + 1], 3, 2), C2f(c[i + 1], c[i + 1], depths[i], adds=True)) for i in range(4)
        )
        self.spp, self.larger = Spp(c[4]), nn.Upsample(scale_factor=2)
        self.down1, self.down2 = C2f(c[4] + c[3], c[3], 1, adds=False), C2f(c[3] + c[2], c[2], 1, adds=False)
        self.shrink1, self.shrink2 = Conv(c[2], c[2], 3, 2), Conv(c[3], c[3], 3, 2)
        self.up1, self.up2 = C2f(c[2] + c[3], c[3], 1, adds=False), C2f(c[3] + c[4], c[4], 1, adds=False)
        self.heads = nn.ModuleList(Head(i, max(16, c[2] // 4, 4 * BINS), max(c[2], classes), classes) for i in c[2:])
        places, strides = [], []
        for stride in (8, 16, 32):
            cells = size // stride
            y, x = torch.meshgrid(torch.arange(cells) + 0.5, torch.arange(cells) + 0.5, indexing="ij")
            places.append(torch.stack([x, y]).flatten(1))
            strides.append(torch.full((1, cells * cells), float(stride)))
        self.register_buffer("places", torch.cat(places, 1))
        self.register_buffer("strides", torch.cat(strides, 1))
        self.register_buffer("bins", torch.arange(float(BINS)).view(1, 1, BINS, 1))

    def forward(self, x: Tensor) -> Tensor:
        found = outputs_of(self.stages, self.stem(x))
        p3, p4, p5 = found[1], found[2], self.spp(found[3])
        n4 = self.down1(torch.cat([self.larger(p5), p4], 1))
        n3 = self.down2(torch.cat([self.larger(n4), p3], 1))
        n4 = self.up1(torch.cat([self.shrink1(n3), n4], 1))
        n5 = self.up2(torch.cat([self.shrink2(n4), p5], 1))
        both = [head(x) for head, x in zip(self.heads, (n3, n4, n5), strict=True)]
        boxes, scores = (torch.cat(part, 2) for part in zip(*both, strict=True))
        return torch.cat([self._decoded(boxes), scores.sigmoid()], 1)

    def _decoded(self, boxes: Tensor) -> Tensor:
        n, _, cells = boxes.shape
        distances = (boxes.view(n, 4, BINS, cells).softmax(2) * self.bins).sum(2)
        before, behind = self.places - distances[:, :2], self.places + distances[:, 2:]
        return torch.cat([(before + behind) / 2, behind - before], 1) * self.strides
