"""What the networks are built of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

ACTIVATIONS = {"silu": nn.SiLU, "leaky": lambda inplace: nn.LeakyReLU(0.1, inplace), "mish": nn.Mish, "relu": nn.ReLU}


class Conv(nn.Sequential):
    """Convolution, normalisation, activation."""

    def __init__(
        self, inputs: int, outputs: int, size: int = 1, stride: int = 1, *, groups: int = 1, act: str = "silu"
    ) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, eps=1e-3),
            ACTIVATIONS[act](inplace=True),
        )


class Spp(nn.Module):
    """Pools of three sizes beside the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.two = Conv(channels, channels // 2), Conv(channels * 2, channels)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.one(x)]
        for _ in range(3):  # of 5, 9 and 13 pixels: the larger ones are pools of the smaller
            parts.append(self.pool(parts[-1]))
        return self.two(torch.cat(parts, 1))


def outputs_of(stages: nn.ModuleList, x: Tensor) -> list[Tensor]:
    """Of each stage, one after another."""
    found = []
    for stage in stages:
        x = stage(x)
        found.append(x)
    return found


class WithObjects(nn.Module):
    """A network at random weights that finds so many objects on every picture, always the same: work for what follows.

    Args:
        network: Gives one tensor of rows, [N, rows, columns] or, transposed, [N, columns, rows].
        boxes: Centre and size of each object, as the head reads them.
        like: An output of it.
        is_transposed: Columns come first.
        scores: Columns that say how sure an object is.
    """

    def __init__(
        self,
        network: nn.Module,
        boxes: list[tuple[float, ...]],
        like: Tensor,
        *,
        is_transposed: bool,
        scores: list[int],
    ) -> None:
        super().__init__()
        self.network = network
        rows, columns = like.shape[1:] if not is_transposed else (like.shape[2], like.shape[1])
        added, kept = torch.zeros(1, rows, columns), torch.ones(1, rows, 1)
        for i, box in enumerate(boxes):
            row = rows // 6 // len(boxes) * i  # in the upper half of the finest grid, where the picture is
            kept[0, row] = 0
            added[0, row, :4] = torch.tensor(box)
            added[0, row, scores] = 0.9
        if is_transposed:
            added, kept = added.transpose(1, 2).contiguous(), kept.transpose(1, 2).contiguous()
        self.register_buffer("added", added)
        self.register_buffer("kept", kept)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) * self.kept + self.added
