"""Which places of the network answer for which object, and what they should have said.

Task-aligned assignment (Feng et al. 2021, arXiv:2108.07755): the places inside an object whose answer is best in class
and in box together, each for one object only; their score should be the box's own quality.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Assignment", "area_of", "assign", "corners", "pairwise_iou"]

_SCORE_POWER, _IOU_POWER = 0.5, 6.0
_PLACES = 10  # of an object
_LEAST_SIDE = 2.0  # in strides: a small object is answered for from around it


@dataclass(frozen=True)
class Assignment:
    """For every place.

    Attributes:
        is_positive: [N, places].
        boxes: [N, places, 4], left, top, right, bottom, where positive.
        scores: [N, places, classes], 0..1.
    """

    is_positive: Tensor
    boxes: Tensor
    scores: Tensor


def corners(boxes: Tensor) -> Tensor:
    """Centre and size to left, top, right, bottom; [..., 4]."""
    half = boxes[..., 2:] / 2
    return torch.cat([boxes[..., :2] - half, boxes[..., :2] + half], -1)


def area_of(side: Tensor) -> Tensor:
    """Width times height; [..., 2] to [...]. `prod` takes an eighth of a training's time for its gradient."""
    return side[..., 0] * side[..., 1]


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """[..., N, 4] and [..., M, 4], corners, to [..., N, M]."""
    start = torch.maximum(a[..., :, None, :2], b[..., None, :, :2])
    end = torch.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    both = area_of((end - start).clamp(min=0))
    areas_a = area_of((a[..., 2:] - a[..., :2]).clamp(min=0))[..., :, None]
    areas_b = area_of((b[..., 2:] - b[..., :2]).clamp(min=0))[..., None, :]
    return both / (areas_a + areas_b - both + 1e-9)


@torch.no_grad()
def assign(  # noqa: PLR0917 - six tensors of one batch
    boxes: Tensor, scores: Tensor, places: Tensor, strides: Tensor, truth: Tensor, classes: Tensor, weights: Tensor
) -> Assignment:
    """Gives each object its places.

    Args:
        boxes: Predicted, [N, places, 4], corners.
        scores: Predicted, [N, places, classes], 0..1.
        places: Centres of the cells, [places, 2].
        strides: Of the cells, [places].
        truth: [N, objects, 4], corners.
        classes: [N, objects]; -1 where a picture has fewer objects.
        weights: [N, objects], how sure each is.
    """
    count, cells = scores.shape[:2]
    if truth.shape[1] == 0:
        return Assignment(
            scores.new_zeros(count, cells, dtype=torch.bool), torch.zeros_like(boxes), torch.zeros_like(scores)
        )
    is_object = classes >= 0
    number = classes.clamp(min=0)
    iou = pairwise_iou(truth, boxes)  # [N, objects, places]
    of_class = scores.gather(2, number[:, None, :].expand(-1, cells, -1)).transpose(1, 2)
    may = _is_inside(places, strides, truth) & is_object[..., None]
    quality = of_class.pow(_SCORE_POWER) * iou.pow(_IOU_POWER) * may
    best = quality.topk(min(_PLACES, cells), 2)
    chosen = torch.zeros_like(quality, dtype=torch.bool).scatter(2, best.indices, best.values > 1e-9)
    # A place between two objects answers for the one that it fits better.
    chosen &= (iou * chosen).argmax(1)[:, None, :] == torch.arange(truth.shape[1], device=iou.device)[:, None]
    quality, iou = quality * chosen, iou * chosen
    share = quality / quality.amax(2, keepdim=True).clamp(min=1e-9) * iou.amax(2, keepdim=True)
    which = chosen.float().argmax(1)  # [N, places]
    is_positive = chosen.any(1)
    value = (share * weights[..., None]).amax(1) * is_positive
    kind = number.gather(1, which)
    target = torch.zeros_like(scores).scatter(2, kind[..., None], value[..., None].to(scores.dtype))
    return Assignment(is_positive, truth.gather(1, which[..., None].expand(-1, -1, 4)), target)


def _is_inside(places: Tensor, strides: Tensor, truth: Tensor) -> Tensor:
    """[N, objects, places]: centres within an object, which is taken to be some cells large at least."""
    middle = (truth[..., :2] + truth[..., 2:])[..., None, :] / 2
    half = (truth[..., 2:] - truth[..., :2])[..., None, :] / 2
    half = torch.maximum(half, _LEAST_SIDE / 2 * strides[:, None])
    return ((places - middle).abs() < half).all(-1)
