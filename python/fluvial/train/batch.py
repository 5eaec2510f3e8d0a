"""A batch of training pictures, composed on the device that trains: mosaic, scale, flip, mixup, colours.

A mosaic (Bochkovskiy et al. 2020, arXiv:2004.10934) is four pictures around a point. Every pixel of the batch is read
once, by one `grid_sample`; labels are moved beside them. The host only draws random numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fluvial.train.store import Store
from fluvial.train.targets import Layout, StoredLabels, Targets, to_device

__all__ = ["Augmentation", "Composer"]

_BORDER = 114 / 255


@dataclass(frozen=True)
class Augmentation:
    """How far training pictures are from the given ones.

    Attributes:
        mosaic: Share of pictures that are made of four, [0, 1].
        mixup: Share of mosaics that are blended with another, [0, 1].
        scale: A picture is up to so many times larger or smaller, >= 1.
        flip: Share that is mirrored, [0, 1].
        hue: Turn of colours, degrees, [0, 180].
        saturation: Up to so much more or less, [0, 1].
        brightness: Likewise.
        grey: Share without colour, [0, 1].
    """

    mosaic: float = 1.0
    mixup: float = 0.1
    scale: float = 2.0
    flip: float = 0.5
    hue: float = 5.0
    saturation: float = 0.5
    brightness: float = 0.35
    grey: float = 0.05

    def plain(self) -> Augmentation:
        """For the last epochs: pictures as they are seen later, but for size, side and colours."""
        return Augmentation(
            0, 0, min(self.scale, 1.5), self.flip, self.hue, self.saturation, self.brightness, self.grey
        )


class Composer:
    """Makes batches.

    Args:
        store: The pictures.
        classes: Number of them.
        side: Of the network's input, pixels.
        device: Where batches are made; the pictures are kept there if they fit into a quarter of what is free.
    """

    def __init__(self, store: Store, classes: int, side: int, device: torch.device) -> None:
        self._store, self._side, self._device = store, side, device
        self._pixels = torch.from_numpy(store.pixels)
        if device.type == "cuda" and self._pixels.numel() < torch.cuda.mem_get_info(device)[0] / 4:
            self._pixels = self._pixels.to(device)
        self._labels = StoredLabels(store, classes, device)

    def compose(
        self, numbers: NDArray[np.int64], how: Augmentation, random: np.random.Generator
    ) -> tuple[Tensor, Targets]:
        """Pictures float32 [N, 3, side, side], 0..1, and their labels. `numbers` are places in the store."""
        pictures, targets = self._composed(numbers, how, random)
        is_blended = random.random(len(numbers)) < how.mixup
        if is_blended.any():
            count = int(is_blended.sum())
            others, other_targets = self._composed(random.integers(0, len(self._store), count), how, random)
            places = to_device(np.flatnonzero(is_blended), self._device)
            share = to_device(random.beta(8, 8, count).astype(np.float32), self._device)[:, None, None, None]
            pictures[places] = pictures[places] * share + others * (1 - share)
            targets = targets.blended_with(other_targets.spread(places, len(numbers)))
        return self._coloured(pictures, how, random), targets

    def _composed(
        self, numbers: NDArray[np.int64], how: Augmentation, random: np.random.Generator
    ) -> tuple[Tensor, Targets]:
        count, side = len(numbers), self._side
        is_mosaic = random.random(count) < how.mosaic
        four = np.stack([numbers, *(random.integers(0, len(self._store), count) for _ in range(3))], 1)
        order = np.argsort(random.random((count, 4)), 1) * is_mosaic[:, None]
        four = np.where(is_mosaic[:, None], np.take_along_axis(four, order, 1), numbers[:, None])
        middle = np.where(is_mosaic[:, None], random.uniform(0.3, 0.7, (count, 2)) * side, side).astype(np.float32)
        layout = self._placed(four, middle, how, random)
        return self._pixels_of(layout), self._labels.targets(layout, self._side)

    def _placed(
        self, four: NDArray[np.int64], middle: NDArray[np.float32], how: Augmentation, random: np.random.Generator
    ) -> Layout:
        count, side = len(four), self._side
        is_mosaic = middle[:, 0] < side
        sizes = self._store.sizes[four].astype(np.float32)  # [N, 4, 2]
        limit = math.log(how.scale)
        factor = np.exp(random.uniform(-limit, limit, (count, 4, 1))).astype(np.float32) * side / self._store.side
        # Of a mosaic each picture is about a quarter; alone it is the whole.
        factor = factor * np.where(is_mosaic, 0.75, 1.0)[:, None, None].astype(np.float32)
        extent = sizes * factor
        quarter = np.stack([[[0, 0], [1, 0], [0, 1], [1, 1]]] * count).astype(np.float32)
        start = np.where(quarter == 0, 0, middle[:, None])
        room = np.where(quarter == 0, middle[:, None], side - middle[:, None])
        # A larger picture shows any part of itself; a smaller one touches the middle, or lies anywhere if alone.
        spare = room - extent
        anywhere = random.random((count, 4, 2)).astype(np.float32)
        touching = np.where(quarter == 0, 1.0, 0.0)
        where = np.where((spare > 0) & is_mosaic[:, None, None], touching, anywhere)
        shift = (start + spare * where).astype(np.float32)
        is_mirrored = random.random((count, 4)) < how.flip
        scale = np.repeat(factor, 2, 2).astype(np.float32)
        scale[..., 0] *= np.where(is_mirrored, -1, 1)
        shift[..., 0] += np.where(is_mirrored, extent[..., 0], 0)
        return Layout(four, middle, scale, shift)

    def _pixels_of(self, layout: Layout) -> Tensor:
        """The four pictures stand in one column, which every pixel of the result reads once."""
        count, side, stored = len(layout.four), self._side, self._store.side
        device = self._device
        flat = to_device(layout.four.reshape(-1), self._pixels.device)
        column = self._pixels[flat].to(device).view(count, 4, 3, stored, stored)
        column = column.transpose(1, 2).reshape(count, 3, 4 * stored, stored).float()
        at = torch.arange(side, device=device) + 0.5
        centre = to_device(layout.middle, device)
        quarter = (at[None, None, :] >= centre[:, 0, None, None]).long() + 2 * (
            at[None, :, None] >= centre[:, 1, None, None]
        ).long()

        def by_quarter(values: NDArray[np.float32]) -> Tensor:
            of = to_device(np.ascontiguousarray(values), device)
            return of.gather(1, quarter.flatten(1)).view(count, side, side)

        sizes = self._store.sizes[layout.four].astype(np.float32)
        x = (at[None, None, :] - by_quarter(layout.shift[..., 0])) / by_quarter(layout.scale[..., 0])
        y = (at[None, :, None] - by_quarter(layout.shift[..., 1])) / by_quarter(layout.scale[..., 1])
        width, height = by_quarter(sizes[..., 0]), by_quarter(sizes[..., 1])
        is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        # Not over the picture's border into the next one of the column.
        x = torch.minimum(x.clamp(min=0.5), width - 0.5)
        y = torch.minimum(y.clamp(min=0.5), height - 0.5) + quarter * stored
        grid = torch.stack([x / stored * 2 - 1, y / (4 * stored) * 2 - 1], -1)
        pixels = F.grid_sample(column, grid, mode="bilinear", padding_mode="border", align_corners=False) / 255
        return torch.where(is_inside[:, None], pixels, _BORDER)

    def _coloured(self, pictures: Tensor, how: Augmentation, random: np.random.Generator) -> Tensor:
        """Colours turned and stretched around grey: one matrix a picture."""
        count = len(pictures)
        turn = np.radians(random.uniform(-how.hue, how.hue, count))
        saturation = random.uniform(1 - how.saturation, 1 + how.saturation, count)
        saturation = np.where(random.random(count) < how.grey, 0, saturation)
        brightness = random.uniform(1 - how.brightness, 1 + how.brightness, count)
        to_yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
        cos, sin = np.cos(turn) * saturation, np.sin(turn) * saturation
        middle = np.zeros((count, 3, 3))
        middle[:, 0, 0], middle[:, 1, 1], middle[:, 2, 2] = 1, cos, cos
        middle[:, 1, 2], middle[:, 2, 1] = -sin, sin
        matrix = (np.linalg.inv(to_yiq) @ middle @ to_yiq) * brightness[:, None, None]
        device_matrix = to_device(matrix.astype(np.float32), self._device)
        return torch.einsum("nij,njhw->nihw", device_matrix, pictures).clamp(0, 1)
