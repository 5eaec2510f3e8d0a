"""A batch of training pictures, composed on the device that trains: mosaic, scale, flip, mixup, colours.

A mosaic (Bochkovskiy et al. 2020, arXiv:2004.10934) is four pictures around a point. Every pixel of the batch is read
once, by one `grid_sample`; only the labels are moved on the host.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from fluvial.train.records import EVERY_CLASS, Picture
from fluvial.train.store import Store

__all__ = ["Augmentation", "Composer", "Targets"]

_BORDER = 114 / 255
_LEAST_SEEN = 0.3  # of an object that a border cuts, to be asked for
_LEAST_SIDE = 3.0  # pixels, to be asked for


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


@dataclass(frozen=True)
class Targets:
    """Labels of a batch, on the device. Boxes are corners in pixels of the network's input.

    Attributes:
        boxes: [N, objects, 4].
        classes: [N, objects], -1 where there is none.
        weights: [N, objects].
        ignored: [N, places to ignore, 4].
        ignored_classes: [N, places to ignore]; EVERY_CLASS for all, -2 where there is none.
        middle: [N, 2], where the pictures of a mosaic meet.
        known: [N, 4, classes], of the pictures left above, right above, left below, right below.
    """

    boxes: Tensor
    classes: Tensor
    weights: Tensor
    ignored: Tensor
    ignored_classes: Tensor
    middle: Tensor
    known: Tensor

    def is_asked(self, places: Tensor) -> Tensor:
        """Where background is an answer that can be wrong: [N, places, classes]."""
        x, y = places[:, 0], places[:, 1]
        quarter = (x >= self.middle[:, :1]).long() + 2 * (y >= self.middle[:, 1:]).long()  # [N, places]
        asked = self.known.gather(1, quarter[..., None].expand(-1, -1, self.known.shape[2]))
        if self.ignored.shape[1]:
            box = self.ignored[:, :, None]
            inside = (x >= box[..., 0]) & (x < box[..., 2]) & (y >= box[..., 1]) & (y < box[..., 3])
            numbers = torch.arange(asked.shape[2], device=asked.device)
            of_class = (self.ignored_classes[..., None] == numbers) | (self.ignored_classes[..., None] == EVERY_CLASS)
            asked = asked & ~torch.einsum("nip,nic->npc", inside.float(), of_class.float()).bool()
        return asked

    def blended_with(self, other: Targets) -> Targets:
        """Objects of both; background is asked for where both know it."""

        def joined(name: str) -> Tensor:
            return torch.cat([getattr(self, name), getattr(other, name)], 1)

        known = self.known & other.known.all(1, keepdim=True)
        names = ("boxes", "classes", "weights", "ignored", "ignored_classes")
        return Targets(**{name: joined(name) for name in names}, middle=self.middle, known=known)


@dataclass(frozen=True)
class _Layout:
    """Where four stored pictures lie in each composed one: x = stored x * scale + shift, likewise y.

    Attributes:
        four: int64 [N, 4], places in the store: left above, right above, left below, right below. Alone: the first.
        middle: float32 [N, 2], where they meet; beyond the last pixel for a picture alone.
        scale: float32 [N, 4, 2]; a negative one mirrors.
        shift: float32 [N, 4, 2], pixels.
    """

    four: NDArray[np.int64]
    middle: NDArray[np.float32]
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]


@dataclass
class _Labels:
    boxes: list[NDArray[np.float32]]
    classes: list[NDArray[np.int64]]
    weights: list[NDArray[np.float32]]
    ignored: list[NDArray[np.float32]]
    ignored_classes: list[NDArray[np.int64]]


class Composer:
    """Makes batches.

    Args:
        store: The pictures.
        classes: Number of them.
        side: Of the network's input, pixels.
        device: Where batches are made; the pictures are kept there if they fit into a quarter of what is free.
    """

    def __init__(self, store: Store, classes: int, side: int, device: torch.device) -> None:
        self._store, self._classes, self._side, self._device = store, classes, side, device
        self._pixels = torch.from_numpy(store.pixels)
        if device.type == "cuda" and self._pixels.numel() < torch.cuda.mem_get_info(device)[0] / 4:
            self._pixels = self._pixels.to(device)
        self._known = np.zeros((len(store), classes), bool)
        for i, picture in enumerate(store.pictures):
            self._known[i, list(picture.known)] = True

    def compose(
        self, numbers: NDArray[np.int64], how: Augmentation, random: np.random.Generator
    ) -> tuple[Tensor, Targets]:
        """Pictures float32 [N, 3, side, side], 0..1, and their labels. `numbers` are places in the store."""
        pictures, targets = self._composed(numbers, how, random)
        is_blended = random.random(len(numbers)) < how.mixup
        if is_blended.any():
            others, other_targets = self._composed(random.integers(0, len(self._store), len(numbers)), how, random)
            share = torch.from_numpy(np.where(is_blended, random.beta(8, 8, len(numbers)), 1).astype(np.float32))
            share = share.to(self._device)[:, None, None, None]
            pictures = pictures * share + others * (1 - share)
            targets = targets.blended_with(_where(other_targets, is_blended))
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
        return self._pixels_of(layout), self._targets(layout)

    def _placed(
        self, four: NDArray[np.int64], middle: NDArray[np.float32], how: Augmentation, random: np.random.Generator
    ) -> _Layout:
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
        return _Layout(four, middle, scale, shift)

    def _pixels_of(self, layout: _Layout) -> Tensor:
        """The four pictures stand in one column, which every pixel of the result reads once."""
        count, side, stored = len(layout.four), self._side, self._store.side
        device = self._device
        flat = torch.from_numpy(layout.four.reshape(-1))
        column = self._pixels[flat.to(self._pixels.device)].to(device).view(count, 4, 3, stored, stored)
        column = column.transpose(1, 2).reshape(count, 3, 4 * stored, stored).float()
        at = torch.arange(side, device=device) + 0.5
        centre = torch.from_numpy(layout.middle).to(device)
        quarter = (at[None, None, :] >= centre[:, 0, None, None]).long() + 2 * (
            at[None, :, None] >= centre[:, 1, None, None]
        ).long()

        def by_quarter(values: NDArray[np.float32]) -> Tensor:
            of = torch.from_numpy(np.ascontiguousarray(values)).to(device)
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

    def _targets(self, layout: _Layout) -> Targets:
        labels = [self._labels(layout, i) for i in range(len(layout.four))]
        device = self._device
        return Targets(
            _padded([x.boxes for x in labels], 0.0, (4,)).to(device),
            _padded([x.classes for x in labels], -1).to(device),
            _padded([x.weights for x in labels], 0.0).to(device),
            _padded([x.ignored for x in labels], 0.0, (4,)).to(device),
            _padded([x.ignored_classes for x in labels], -2).to(device),
            torch.from_numpy(layout.middle).to(device),
            torch.from_numpy(self._known[layout.four]).to(device),
        )

    def _labels(self, layout: _Layout, number: int) -> _Labels:
        four, middle = layout.four[number], layout.middle[number]
        result = _Labels([], [], [], [], [])
        is_one = bool((middle >= self._side).all())
        for k in range(1 if is_one else 4):
            picture: Picture = self._store.pictures[four[k]]
            of_file = layout.scale[number, k] * self._store.scales[four[k]]
            quarter = np.array([k % 2, k // 2])
            start = np.where(quarter == 0, 0, middle).astype(np.float32)
            end = np.where(quarter == 0, middle, self._side).astype(np.float32)
            boxes, seen = _moved(picture.boxes, of_file, layout.shift[number, k], (start, end))
            is_asked = (seen >= _LEAST_SEEN) & (np.minimum(*(boxes[:, 2:] - boxes[:, :2]).T) >= _LEAST_SIDE)
            is_left = (seen > 0) & ~is_asked
            result.boxes.append(boxes[is_asked])
            result.classes.append(picture.classes[is_asked])
            result.weights.append(picture.weights[is_asked])
            ignored, seen = _moved(picture.ignored, of_file, layout.shift[number, k], (start, end))
            result.ignored += [boxes[is_left], ignored[seen > 0]]
            result.ignored_classes += [picture.classes[is_left], picture.ignored_classes[seen > 0]]
        return result

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
        device_matrix = torch.from_numpy(matrix.astype(np.float32)).to(self._device)
        return torch.einsum("nij,njhw->nihw", device_matrix, pictures).clamp(0, 1)


def _moved(
    boxes: NDArray[np.float32],
    scale: NDArray[np.float32],
    shift: NDArray[np.float32],
    inside: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Corners on the composed picture, cut to a rectangle, and what share of each is left."""
    first = boxes[:, :2] * scale + shift
    second = (boxes[:, :2] + boxes[:, 2:]) * scale + shift
    start, end = np.minimum(first, second), np.maximum(first, second)
    cut = np.concatenate([np.clip(start, *inside), np.clip(end, *inside)], 1).astype(np.float32)
    seen = (cut[:, 2:] - cut[:, :2]).prod(1) / np.maximum((end - start).prod(1), 1e-9)
    return cut, seen.astype(np.float32)


def _padded(lists: Sequence[Sequence[NDArray[Any]]], fill: float, shape: tuple[int, ...] = ()) -> Tensor:
    joined = [np.concatenate(parts) if parts else np.zeros((0, *shape), np.float32) for parts in lists]
    most = max(map(len, joined), default=0)
    result = np.full((len(joined), most, *shape), fill, joined[0].dtype)
    for i, values in enumerate(joined):
        result[i, : len(values)] = values
    return torch.from_numpy(result)


def _where(targets: Targets, is_kept: NDArray[np.bool_]) -> Targets:
    """Pictures that are not kept have no objects, and know everything."""
    kept = torch.from_numpy(is_kept).to(targets.classes.device)
    return Targets(
        targets.boxes,
        targets.classes.masked_fill(~kept[:, None], -1),
        targets.weights,
        targets.ignored,
        targets.ignored_classes.masked_fill(~kept[:, None], -2),
        targets.middle,
        targets.known | ~kept[:, None, None],
    )
