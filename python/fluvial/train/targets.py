"""What a batch of composed pictures should be answered with, made on the device that trains.

Labels of all pictures lie there from the start, padded to the same number of objects; a batch gathers, moves and cuts
them in a dozen operations, however many pictures it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fluvial.train.records import EVERY_CLASS, Picture
from fluvial.train.store import Store

__all__ = ["NO_PLACE", "Layout", "StoredLabels", "Targets"]

NO_PLACE = -2  # class of a place to ignore that is none
_LEAST_SEEN = 0.3  # of an object that a border cuts, to be asked for
_LEAST_SIDE = 3.0  # pixels, to be asked for


@dataclass(frozen=True)
class Layout:
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


@dataclass(frozen=True)
class Targets:
    """Labels of a batch, on the device. Boxes are corners in pixels of the network's input.

    Attributes:
        boxes: [N, objects, 4].
        classes: [N, objects], -1 where there is none.
        weights: [N, objects].
        ignored: [N, places to ignore, 4].
        ignored_classes: [N, places to ignore]; EVERY_CLASS for all, NO_PLACE where there is none.
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

    def spread(self, places: Tensor, count: int) -> Targets:
        """Of so many pictures, of which these are at `places` [N]; the others have no objects, and know everything."""

        def among(values: Tensor, fill: float) -> Tensor:
            return values.new_full((count, *values.shape[1:]), fill).index_copy(0, places, values)

        return Targets(
            among(self.boxes, 0),
            among(self.classes, -1),
            among(self.weights, 0),
            among(self.ignored, 0),
            among(self.ignored_classes, NO_PLACE),
            among(self.middle, 0),
            among(self.known, True),
        )


class StoredLabels:
    """Labels of all pictures of a store, in pixels of the store.

    Args:
        store: The pictures.
        classes: Number of them.
        device: Where they are kept.
    """

    def __init__(self, store: Store, classes: int, device: torch.device) -> None:
        pictures = store.pictures
        known = np.zeros((len(pictures), classes), bool)
        for i, picture in enumerate(pictures):
            known[i, list(picture.known)] = True

        def on_device(of: Callable[[Picture], NDArray[np.generic]], fill: float) -> Tensor:
            return _padded([of(picture) for picture in pictures], fill).to(device)

        scales = torch.from_numpy(store.scales).to(device)[:, None, None]
        self._boxes = _corners(on_device(lambda p: p.boxes, 0) * scales)
        self._classes = on_device(lambda p: p.classes, -1)
        self._weights = on_device(lambda p: p.weights, 0)
        self._ignored = _corners(on_device(lambda p: p.ignored, 0) * scales)
        self._ignored_classes = on_device(lambda p: p.ignored_classes, NO_PLACE)
        self._known = torch.from_numpy(known).to(device)
        self._objects = np.array([len(p.boxes) for p in pictures])
        self._places = np.array([len(p.ignored) for p in pictures])

    def targets(self, layout: Layout, side: int) -> Targets:
        """Labels of composed pictures of so many pixels a side."""
        device = self._known.device
        four, middle, scale, shift = (
            to_device(x, device) for x in (layout.four, layout.middle, layout.scale, layout.shift)
        )
        is_used = torch.ones(four.shape, dtype=torch.bool, device=device)
        is_used[:, 1:] = (middle < side).any(1, keepdim=True)  # a picture alone is there once
        frames = _quarters(middle, side)
        boxes, seen = _moved(self._boxes[four], scale, shift, frames)
        classes, weights = self._classes[four], self._weights[four]
        is_there = (classes >= 0) & is_used[..., None] & (seen > 0)
        is_asked = is_there & (seen >= _LEAST_SEEN) & ((boxes[..., 2:] - boxes[..., :2]).amin(-1) >= _LEAST_SIDE)
        ignored, ignored_seen = _moved(self._ignored[four], scale, shift, frames)
        ignored_classes = self._ignored_classes[four]
        is_ignored = (ignored_classes != NO_PLACE) & is_used[..., None] & (ignored_seen > 0)
        # What a border cuts too much of is neither an object nor background.
        places = torch.cat([ignored, boxes], 2)
        is_place = torch.cat([is_ignored, is_there & ~is_asked], 2)
        place_classes = torch.cat([ignored_classes, classes], 2)
        most = int(self._objects[layout.four].sum(1).max(initial=0))
        most_places = int((self._objects + self._places)[layout.four].sum(1).max(initial=0))
        first = _first(is_asked, most)
        first_places = _first(is_place, most_places)
        return Targets(
            _taken(boxes, first),
            _taken(classes.masked_fill(~is_asked, -1), first),
            _taken(weights, first),
            _taken(places, first_places),
            _taken(place_classes.masked_fill(~is_place, NO_PLACE), first_places),
            middle,
            self._known[four],
        )


def to_device(values: NDArray[Any], device: torch.device) -> Tensor:
    """A copy there, for which nobody waits: a plain copy to a GPU would wait for all that it has to do yet."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _padded(lists: list[NDArray[np.generic]], fill: float) -> Tensor:
    most = max(1, *map(len, lists))
    result = np.full((len(lists), most, *lists[0].shape[1:]), fill, lists[0].dtype)
    for i, values in enumerate(lists):
        result[i, : len(values)] = values
    return torch.from_numpy(result)


def _corners(boxes: Tensor) -> Tensor:
    return torch.cat([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], -1)


def _quarters(middle: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Start and end of the four rectangles around each middle, [N, 4, 1, 2] each."""
    is_second = torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=torch.bool, device=middle.device)
    at = middle[:, None].expand(-1, 4, -1)
    start, end = torch.where(is_second, at, 0.0), torch.where(is_second, float(side), at)
    return start[:, :, None], end[:, :, None]


def _moved(boxes: Tensor, scale: Tensor, shift: Tensor, frames: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Corners [N, 4, M, 4] on the composed picture, cut to their quarter, and what share of each is left."""
    first = boxes[..., :2] * scale[:, :, None] + shift[:, :, None]
    second = boxes[..., 2:] * scale[:, :, None] + shift[:, :, None]
    start, end = torch.minimum(first, second), torch.maximum(first, second)
    low = torch.minimum(torch.maximum(start, frames[0]), frames[1])
    high = torch.minimum(torch.maximum(end, frames[0]), frames[1])
    seen = (high - low).prod(-1) / (end - start).prod(-1).clamp(min=1e-9)
    return torch.cat([low, high], -1), seen


def _first(is_wanted: Tensor, most: int) -> Tensor:
    """Places [N, most] of what is wanted among [N, 4 * M], before the rest; `most` is known without asking the GPU."""
    flat = is_wanted.flatten(1)
    if flat.device.type == "cpu":  # which costs nothing to ask: fewer columns for what comes after
        most = int(flat.sum(1).max())
    return flat.int().argsort(dim=1, descending=True, stable=True)[:, :most]


def _taken(values: Tensor, places: Tensor) -> Tensor:
    flat = values.flatten(1, 2)
    if flat.ndim == 3:
        places = places[..., None].expand(-1, -1, flat.shape[2])
    return flat.gather(1, places)
