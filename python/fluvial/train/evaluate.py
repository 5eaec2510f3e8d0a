"""What a network finds on pictures, and how good that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fluvial.train.assign import corners, pairwise_iou
from fluvial.train.precision import Precision, Scores
from fluvial.train.store import Store

__all__ = ["Answers", "Found", "answers_of", "evaluate", "found_in", "letterboxed", "suppressed"]

# `letterboxed` pictures to boxes [N, places, 4], corners in pixels, and scores [N, places, classes], 0..1.
Answers = Callable[[Tensor], tuple[Tensor, Tensor]]

_LEAST_SCORE, _NMS_IOU, _MOST = 0.01, 0.6, 100
_BORDER = 114 / 255
_BATCH = 64


@dataclass(frozen=True)
class Found:
    """On one picture: boxes [N, 4], corners in pixels of the file; scores [N], best first; classes [N]."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]


def letterboxed(pixels: Tensor, sizes: NDArray[np.int64], side: int) -> Tensor:
    """Stored pictures, uint8 [N, 3, stored, stored], to the network's input, 0..1 [N, 3, side, side]."""
    pictures = pixels.float() / 255
    rows, columns = torch.arange(pictures.shape[2]), torch.arange(pictures.shape[3])
    for picture, (width, height) in zip(pictures, sizes, strict=True):
        picture[:, rows >= int(height)] = _BORDER
        picture[:, :, columns >= int(width)] = _BORDER
    if pictures.shape[-1] != side:
        pictures = nn.functional.interpolate(pictures, (side, side), mode="bilinear", align_corners=False)
    return pictures


def suppressed(
    boxes: Tensor, scores: Tensor, *, least: float = _LEAST_SCORE, iou: float = _NMS_IOU
) -> tuple[Tensor, ...]:
    """Boxes [M, 4], scores [M], classes [M] of one picture: no two of a class overlap by more than `iou`.

    Args:
        boxes: [places, 4], corners.
        scores: [places, classes], 0..1.
        least: Score of a box that is looked at.
        iou: [0, 1].
    """
    place, kind = torch.nonzero(scores >= least, as_tuple=True)
    score = scores[place, kind]
    order = score.argsort(descending=True)[:1000]
    box, kind, score = boxes[place[order]], kind[order], score[order]
    overlap = (pairwise_iou(box, box) > iou) & (kind[:, None] == kind)
    overlap = overlap.cpu().numpy()
    is_kept = np.zeros(len(order), bool)
    is_gone = np.zeros(len(order), bool)
    left = _MOST
    for i in range(len(order)):
        if left and not is_gone[i]:
            is_kept[i] = True
            is_gone |= overlap[i]
            left -= 1
    kept = torch.from_numpy(is_kept).to(box.device)
    return box[kept], score[kept], kind[kept]


def answers_of(network: nn.Module, device: torch.device) -> Answers:
    """What a network says, in float32."""
    network.eval()

    def answer(pictures: Tensor) -> tuple[Tensor, Tensor]:
        boxes, scores = network(pictures.to(device))
        return corners(boxes.float()), scores.float().sigmoid()

    return answer


@torch.inference_mode()
def found_in(answers: Answers, store: Store, side: int) -> Iterator[Found]:
    """What is found on every picture of a store, in order."""
    for first in range(0, len(store), _BATCH):
        chosen = slice(first, first + _BATCH)
        boxes, scores = answers(letterboxed(torch.from_numpy(store.pixels[chosen]), store.sizes[chosen], side))
        boxes = boxes * (store.side / side)
        for i in range(len(boxes)):
            box, score, kind = (x.cpu().numpy() for x in suppressed(boxes[i], scores[i]))
            yield Found(box / store.scales[first + i], score, kind)


def evaluate(answers: Answers, store: Store, *, classes: int, side: int) -> tuple[Scores, list[Found]]:
    """Average precision over a store, of each class on pictures that label it by hand; and what was found."""
    precision, all_found = Precision(classes), []
    for picture, found in zip(store.pictures, found_in(answers, store, side), strict=True):
        truth = np.concatenate([picture.boxes[:, :2], picture.boxes[:, :2] + picture.boxes[:, 2:]], 1)
        ignored = np.concatenate([picture.ignored[:, :2], picture.ignored[:, :2] + picture.ignored[:, 2:]], 1)
        precision.add(
            found.boxes,
            found.scores,
            found.classes,
            truth,
            picture.classes,
            ignored,
            picture.ignored_classes,
            picture.known,
        )
        all_found.append(found)
    return precision.scores(), all_found
