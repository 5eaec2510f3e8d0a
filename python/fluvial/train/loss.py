"""What is wrong with the network's answers, as a number."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fluvial.train.assign import area_of, assign, corners
from fluvial.train.targets import Targets

__all__ = ["complete_iou", "detection_loss"]

_BOX_WEIGHT = 5.0


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU less what distance and shape differ by (Zheng et al. 2020, arXiv:1911.08287); [..., 4] corners to [...]."""
    start, end = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    both = area_of((end - start).clamp(min=0))
    side_a, side_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    iou = both / (area_of(side_a) + area_of(side_b) - both + 1e-7)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    apart = (a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2
    distance = apart.pow(2).sum(-1) / (hull.pow(2).sum(-1) + 1e-7)
    turn = torch.atan2(side_b[..., 0], side_b[..., 1]) - torch.atan2(side_a[..., 0], side_a[..., 1])
    turn = turn.pow(2) * 4 / math.pi**2
    with torch.no_grad():
        share = turn / (1 - iou + turn + 1e-7)
    return iou - distance - share * turn


def detection_loss(
    boxes: Tensor, scores: Tensor, targets: Targets, *, places: Tensor, strides: Tensor
) -> dict[str, Tensor]:
    """Sum of both parts under "loss", and each alone.

    Args:
        boxes: [N, places, 4], centre and size in pixels.
        scores: [N, places, classes], before the sigmoid.
        targets: Of the same N pictures.
        places: Centres of cells [places, 2].
        strides: [places].
    """
    boxes, scores = corners(boxes.float()), scores.float()
    found = assign(
        boxes.detach(), scores.detach().sigmoid(), places, strides, targets.boxes, targets.classes, targets.weights
    )
    total = found.scores.sum().clamp(min=1)
    entropy = F.binary_cross_entropy_with_logits(scores, found.scores, reduction="none")
    # Where a class is not labelled, only its labelled objects are asked for.
    asked = targets.is_asked(places) | (found.scores > 0)
    score_loss = (entropy * asked).sum() / total
    # Over all places, as to pick the positive ones would wait for the GPU; the others weigh nothing.
    weight = found.scores.sum(2) * found.is_positive
    box_loss = ((1 - complete_iou(boxes, found.boxes)) * weight).sum() / total
    loss = score_loss + _BOX_WEIGHT * box_loss
    return {"loss": loss, "score": score_loss.detach(), "box": box_loss.detach()}
