"""The detector: CSP backbone, PAFPN, decoupled heads without anchors.

Shape as YOLOX (Ge et al. 2021, arXiv:2107.08430), without its objectness: a class's score alone says that an object is
there, so that what is not labelled in a picture can be left out class by class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["SIZES", "STRIDES", "Detector", "Size", "centres"]

STRIDES = (8, 16, 32)
_CHANNELS = (64, 128, 256, 512, 1024)  # of the whole network, times its width
_PRIOR = 0.01  # score of every place before anything is learnt
# Side of every box then, in strides. With 1 large objects overlap no box by enough to be learnt from: mAP .002 in place
# of .023 after 25 epochs of 223 pictures.
_FIRST_SIDE = 4.0


@dataclass(frozen=True)
class Size:
    """How wide and deep.

    Attributes:
        width: Times 64 to 1024 channels.
        depth: Times 3, 9, 9, 3 blocks.
        is_depthwise: 3x3 convolutions work channel by channel, a 1x1 joins them.
    """

    width: float
    depth: float
    is_depthwise: bool = False


SIZES = {
    "pico": Size(0.25, 0.33, is_depthwise=True),
    "nano": Size(0.25, 0.33),
    "tiny": Size(0.375, 0.33),
    "small": Size(0.5, 0.33),
}


class Conv(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, size: int = 1, stride: int = 1, *, groups: int = 1) -> None:
        border = (size - 1) // 2  # an even kernel looks as far to the left as to the right of a cell's middle
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, border, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.1),
            nn.SiLU(inplace=True),
        )


def _conv3(inputs: int, outputs: int, stride: int = 1, *, is_depthwise: bool) -> nn.Module:
    if not is_depthwise:
        return Conv(inputs, outputs, 3, stride)
    return nn.Sequential(Conv(inputs, inputs, 3, stride, groups=inputs), Conv(inputs, outputs))


class Bottleneck(nn.Module):
    def __init__(self, channels: int, *, adds: bool, is_depthwise: bool) -> None:
        super().__init__()
        self.one, self.two = Conv(channels, channels), _conv3(channels, channels, is_depthwise=is_depthwise)
        self.adds = adds

    def forward(self, x: Tensor) -> Tensor:
        y = self.two(self.one(x))
        return x + y if self.adds else y


class Csp(nn.Module):
    """Half of the channels go through the blocks, half pass by (Wang et al. 2019, arXiv:1911.11929)."""

    def __init__(self, inputs: int, outputs: int, depth: int, *, adds: bool, is_depthwise: bool) -> None:
        super().__init__()
        half = outputs // 2
        self.left, self.right, self.join = Conv(inputs, half), Conv(inputs, half), Conv(2 * half, outputs)
        self.blocks = nn.Sequential(
            *(Bottleneck(half, adds=adds, is_depthwise=is_depthwise) for _ in range(depth)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.join(torch.cat([self.blocks(self.left(x)), self.right(x)], 1))


class Spp(nn.Module):
    """Pooled over 5, 9 and 13 cells, one after another: the same maxima as side by side, cheaper."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.two = Conv(channels, channels // 2), Conv(channels * 2, channels)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.one(x)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.two(torch.cat(parts, 1))


class Backbone(nn.Module):
    """Returns maps of strides 8, 16, 32."""

    def __init__(self, channels: list[int], blocks: list[int], *, is_depthwise: bool) -> None:
        super().__init__()
        self.stem = Conv(3, channels[0], 6, 2)
        self.stages = nn.ModuleList()
        for i, depth in enumerate(blocks):
            into, out = channels[i], channels[i + 1]
            parts = [_conv3(into, out, 2, is_depthwise=is_depthwise)]
            is_last = i == len(blocks) - 1
            if is_last:
                parts.append(Spp(out))
            parts.append(Csp(out, out, depth, adds=not is_last, is_depthwise=is_depthwise))
            self.stages.append(nn.Sequential(*parts))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps[1:]


class Neck(nn.Module):
    """Top down, then bottom up (Liu et al. 2018, arXiv:1803.01534)."""

    def __init__(self, channels: list[int], depth: int, *, is_depthwise: bool) -> None:
        super().__init__()
        c3, c4, c5 = channels

        def csp(inputs: int, outputs: int) -> Csp:
            return Csp(inputs, outputs, depth, adds=False, is_depthwise=is_depthwise)

        self.narrow5, self.narrow4 = Conv(c5, c4), Conv(c4, c3)
        self.up4, self.up3 = csp(2 * c4, c4), csp(2 * c3, c3)
        self.down3 = _conv3(c3, c3, 2, is_depthwise=is_depthwise)
        self.down4 = _conv3(c4, c4, 2, is_depthwise=is_depthwise)
        self.out4, self.out5 = csp(2 * c3, c4), csp(2 * c4, c5)
        self.larger = nn.Upsample(scale_factor=2)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        x3, x4, x5 = maps
        n5 = self.narrow5(x5)
        n4 = self.narrow4(self.up4(torch.cat([self.larger(n5), x4], 1)))
        p3 = self.up3(torch.cat([self.larger(n4), x3], 1))
        p4 = self.out4(torch.cat([self.down3(p3), n4], 1))
        return [p3, p4, self.out5(torch.cat([self.down4(p4), n5], 1))]


class Head(nn.Module):
    def __init__(self, inputs: int, width: int, classes: int, *, is_depthwise: bool) -> None:
        super().__init__()

        def branch(outputs: int) -> nn.Sequential:
            return nn.Sequential(
                *(_conv3(width, width, is_depthwise=is_depthwise) for _ in range(2)), nn.Conv2d(width, outputs, 1)
            )

        self.stem, self.of_class, self.of_box = Conv(inputs, width), branch(classes), branch(4)
        nn.init.constant_(self.of_class[-1].bias, -math.log((1 - _PRIOR) / _PRIOR))
        nn.init.constant_(self.of_box[-1].bias[2:], math.log(_FIRST_SIDE))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return torch.cat([self.of_box(x), self.of_class(x)], 1)


class Detector(nn.Module):
    """Pictures to boxes and scores.

    Args:
        classes: Number of them.
        size: A name of SIZES.
    """

    def __init__(self, classes: int, size: str = "nano") -> None:
        super().__init__()
        of = SIZES[size]
        channels = [max(8, round(c * of.width / 8) * 8) for c in _CHANNELS]
        blocks = [max(1, round(n * of.depth)) for n in (3, 9, 9, 3)]
        self.backbone = Backbone(channels, blocks, is_depthwise=of.is_depthwise)
        self.neck = Neck(channels[2:], max(1, round(3 * of.depth)), is_depthwise=of.is_depthwise)
        width = channels[2]
        self.heads = nn.ModuleList(Head(c, width, classes, is_depthwise=of.is_depthwise) for c in channels[2:])

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Of every place of every stride.

        Args:
            pictures: [N, 3, H, W], RGB, 0..1, sides multiples of 32.

        Returns:
            Boxes [N, places, 4], centre and size in pixels; scores [N, places, classes] before the sigmoid.
        """
        boxes, scores = [], []
        for head, features, stride in zip(self.heads, self.neck(self.backbone(pictures)), STRIDES, strict=True):
            out = head(features)
            height, width = out.shape[2:]
            middle = centres(height, width, stride, out.device).T  # [2, places]
            flat = out.flatten(2)
            if flat.dtype != torch.float32:  # a pixel of 400 needs more than ten bits
                flat = flat.float()
            place = flat[:, :2] * stride + middle
            side = flat[:, 2:4].clamp(max=8).exp() * stride
            boxes.append(torch.cat([place, side], 1))
            scores.append(flat[:, 4:])
        return torch.cat(boxes, 2).transpose(1, 2), torch.cat(scores, 2).transpose(1, 2)


def centres(height: int, width: int, stride: int, device: torch.device | str = "cpu") -> Tensor:
    """Middles of a map's cells: [height * width, 2], x and y in pixels, row by row."""
    y, x = torch.meshgrid(torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij")
    return (torch.stack([x, y], -1).reshape(-1, 2).float() + 0.5) * stride
