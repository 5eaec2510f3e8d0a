"""Average precision as COCO counts it: https://cocodataset.org/#detection-eval.

Matches are made class by class and picture by picture, best score first, to the free object of greatest IoU; found
boxes that lie on ignored places count neither way. Precision is read at 101 values of recall.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["IOUS", "Precision", "Scores", "ious"]

IOUS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0, 1, 101)
_MOST = 100  # boxes of a picture and class


@dataclass(frozen=True)
class Scores:
    """What `Precision.scores` returns.

    Attributes:
        by_class: AP at IoU .50 to .95 of each class, NaN where the truth has no object.
        by_class_50: Likewise, at IoU .50 alone.
        curves: Precision at 101 values of recall at IoU .50, [classes, 101].
    """

    by_class: NDArray[np.float64]
    by_class_50: NDArray[np.float64]
    curves: NDArray[np.float64]

    @property
    def map(self) -> float:
        """Mean over classes and IoUs; 0 where there is no object at all."""
        return _mean(self.by_class)

    @property
    def map_50(self) -> float:
        return _mean(self.by_class_50)


def _mean(values: NDArray[np.float64]) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else 0.0


@dataclass
class _OfClass:
    scores: list[NDArray[np.float32]] = field(default_factory=list)
    matched: list[NDArray[np.bool_]] = field(default_factory=list)  # [IOUS, boxes]
    ignored: list[NDArray[np.bool_]] = field(default_factory=list)
    objects: int = 0


class Precision:
    """Collects pictures, then scores.

    Args:
        classes: Number of them.

    Example:
        >>> precision = Precision(1)
        >>> box = np.array([[10, 10, 50, 50]], np.float32)
        >>> precision.add(box, np.array([0.9]), np.array([0]), box, np.array([0]))
        >>> precision.scores().map
        1.0
    """

    def __init__(self, classes: int) -> None:
        self._of = [_OfClass() for _ in range(classes)]

    def add(  # noqa: PLR0917 - two sets of boxes
        self,
        boxes: NDArray[np.float32],
        scores: NDArray[np.float32],
        classes: NDArray[np.int64],
        truth: NDArray[np.float32],
        truth_classes: NDArray[np.int64],
        ignored: NDArray[np.float32] | None = None,
        ignored_classes: NDArray[np.int64] | None = None,
        known: frozenset[int] | None = None,
    ) -> None:
        """One picture.

        Args:
            boxes: Found, [N, 4], corners in pixels.
            scores: [N].
            classes: [N].
            truth: [M, 4], corners.
            truth_classes: [M].
            ignored: [K, 4], where nothing counts.
            ignored_classes: [K], for which class; -1 for all.
            known: Classes that are labelled in this picture; None: all. Others are not counted.
        """
        for number, of in enumerate(self._of):
            if known is not None and number not in known:
                continue
            there = truth[truth_classes == number]
            nothing = np.zeros((0, 4), np.float32)
            if ignored is not None and ignored_classes is not None:
                nothing = ignored[(ignored_classes == number) | (ignored_classes == -1)]
            mine = classes == number
            order = np.argsort(-scores[mine], kind="stable")[:_MOST]
            found = boxes[mine][order]
            matched, is_ignored = _matches(found, there, nothing)
            of.objects += len(there)
            of.scores.append(scores[mine][order].astype(np.float32))
            of.matched.append(matched)
            of.ignored.append(is_ignored)

    def scores(self) -> Scores:
        parts = [_precision(of) for of in self._of]
        return Scores(
            np.array([np.mean(p.mean(1)) if p is not None else np.nan for p in parts]),
            np.array([p[0].mean() if p is not None else np.nan for p in parts]),
            np.array([p[0] if p is not None else np.full(101, np.nan) for p in parts]),
        )


def ious(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N, 4] and [M, 4], corners, to [N, M]."""
    both = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    area = np.clip(both, 0, None).prod(2)
    total = (a[:, 2:] - a[:, :2]).prod(1)[:, None] + (b[:, 2:] - b[:, :2]).prod(1)[None] - area
    return np.asarray(area / np.maximum(total, 1e-9), np.float32)


def _matches(
    found: NDArray[np.float32], truth: NDArray[np.float32], ignored: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[IOUS, found] each: hits an object; lies on an ignored place and hits none."""
    matched = np.zeros((len(IOUS), len(found)), bool)
    overlap = ious(found, truth)
    near = overlap.max(1, initial=0.0)  # most of what an unsure network finds is near nothing
    for level, least in enumerate(IOUS):
        is_free = np.ones(len(truth), bool)
        for i in np.flatnonzero(near >= least):
            free = np.where(is_free, overlap[i], -1)
            if free.max() >= least:
                is_free[free.argmax()] = False
                matched[level, i] = True
    area = np.maximum((found[:, 2:] - found[:, :2]).prod(1), 1e-9)[:, None]
    both = np.minimum(found[:, None, 2:], ignored[None, :, 2:]) - np.maximum(found[:, None, :2], ignored[None, :, :2])
    is_on = (np.clip(both, 0, None).prod(2) / area >= 0.5).any(1) if len(ignored) else np.zeros(len(found), bool)
    return matched, is_on & ~matched


def _precision(of: _OfClass) -> NDArray[np.float64] | None:
    """At 101 values of recall, [IOUS, 101]; None without objects."""
    if not of.objects:
        return None
    scores = np.concatenate(of.scores)
    order = np.argsort(-scores, kind="stable")
    matched, ignored = np.concatenate(of.matched, 1)[:, order], np.concatenate(of.ignored, 1)[:, order]
    result = np.zeros((len(IOUS), len(_RECALLS)))
    for level in range(len(IOUS)):
        hit = matched[level][~ignored[level]]
        true, all_ = np.cumsum(hit), np.arange(1, len(hit) + 1)
        recall, precision = true / of.objects, true / all_
        best = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, _RECALLS, side="left")
        result[level] = np.where(at < len(best), best[np.minimum(at, len(best) - 1)], 0) if len(best) else 0
    return result
