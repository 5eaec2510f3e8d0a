"""DETR's queries before and after post-processing, and boxes that the graph has chosen or counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants, sigmoid

HEIGHT, WIDTH = 64, 96
SIZE = np.array([WIDTH, HEIGHT])
SETTINGS: dict[str, Any] = {"threshold": 0.4}


def queries(count: int, random: np.random.Generator) -> np.ndarray:
    return np.hstack([random.uniform(0.2, 0.8, (count, 2)), random.uniform(0.1, 0.4, (count, 2))])[None]


def make_detr(
    path: Path, *, count: int, columns: int, names: tuple[str, str] = ("logits", "pred_boxes"), mask: Any = None
) -> None:
    random = np.random.default_rng(6)
    logits = random.normal(-6, 1, (1, count, columns))
    if columns == 92:
        logits[..., -1] = 2
    for query in random.choice(count, 9, replace=False):
        logits[0, query, random.integers(columns - 1)] = random.uniform(2, 6)
    outputs = {names[0]: logits, names[1]: queries(count, random)}
    tensors = {k: v.astype(np.float32) for k, v in outputs.items()}
    save_constants(path, tensors, picture=("input", (1, 3, HEIGHT, WIDTH)), mask=mask)


def box_of(row: np.ndarray) -> list[float]:
    return [*((row[:2] - row[2:] / 2) * SIZE), *(row[2:] * SIZE)]


def softmaxed(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for row, box in zip(tensors["logits"][0].astype(float), tensors["pred_boxes"][0], strict=True):
        shares = np.exp(row) / np.exp(row).sum()
        best = int(shares[:-1].argmax())
        if shares[best] >= 0.4:
            found.append(Object(best, shares[best], box_of(box)))
    return found


def focal(logits: str, boxes: str) -> Callable[[Tensors, Spec], list[Object]]:
    def reference(tensors: Tensors, spec: Spec) -> list[Object]:
        scores = sigmoid(tensors[logits][0])
        order = np.argsort(-scores, axis=None)[:300]
        places = [np.unravel_index(i, scores.shape) for i in order]
        return [Object(int(c), scores[q, c], box_of(tensors[boxes][0, q])) for q, c in places if scores[q, c] >= 0.4]

    return reference


def make_efficient_nms(path: Path) -> None:
    random = np.random.default_rng(7)
    low = random.uniform(0, 40, (1, 100, 2))
    outputs = {
        "num_dets": np.array([[12]], np.int32),
        "det_boxes": np.concatenate([low, low + random.uniform(8, 20, (1, 100, 2))], axis=2).astype(np.float32),
        "det_scores": np.linspace(0.95, 0.2, 100, dtype=np.float32)[None],
        "det_classes": random.integers(0, 80, (1, 100)).astype(np.int32),
    }
    save_constants(path, outputs)


def efficient_nms(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for i in range(int(tensors["num_dets"][0, 0])):
        left, top, right, bottom = tensors["det_boxes"][0, i]
        score = float(tensors["det_scores"][0, i])
        if score >= 0.4:
            found.append(Object(int(tensors["det_classes"][0, i]), score, [left, top, right - left, bottom - top]))
    return found


def make_postprocessed(path: Path) -> None:
    """As DEIM and D-FINE export it: the graph scales boxes by the sizes that it is given, here its own."""
    random = np.random.default_rng(8)
    rows = queries(300, random)[0] * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    outputs = {
        "labels": random.integers(0, 80, (1, 300)),
        "boxes": np.hstack([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2])[None].astype(np.float32),
        "scores": np.sort(random.beta(0.3, 4, (1, 300)))[:, ::-1].astype(np.float32),
    }
    save_constants(path, outputs, picture=("images", (1, 3, HEIGHT, WIDTH)), sizes="orig_target_sizes")


def postprocessed(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = zip(tensors["labels"][0], tensors["boxes"][0].astype(float), tensors["scores"][0], strict=True)
    return [Object(int(c), float(s), [*b[:2], *(b[2:] - b[:2])]) for c, b, s in rows if s >= 0.4]


def make_boxes_labels(path: Path) -> None:
    """As Open Model Zoo's newer detectors have them: no batch, and the surest first."""
    random = np.random.default_rng(9)
    low = random.uniform(0, 40, (100, 2))
    scores = np.sort(random.beta(0.3, 4, (100, 1)), axis=0)[::-1]
    boxes = np.hstack([low, low + random.uniform(8, 20, (100, 2)), scores]).astype(np.float32)
    outputs = {"boxes": boxes, "labels": random.integers(0, 3, 100)}
    save_constants(path, outputs, picture=("image", (1, 3, HEIGHT, WIDTH)))


def boxes_labels(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = zip(tensors["boxes"].astype(float), tensors["labels"], strict=True)
    return [Object(int(c), b[4], [*b[:2], *(b[2:4] - b[:2])]) for b, c in rows if b[4] >= 0.4]


CASES = [
    Case("detr", "detr_raw", lambda path: make_detr(path, count=100, columns=92), softmaxed, SETTINGS),
    Case(
        "detr-hugging-face",  # whose mask need not have the picture's size
        "detr_raw",
        lambda path: make_detr(path, count=100, columns=92, mask=("pixel_mask", [1, 48, 48])),
        softmaxed,
        SETTINGS,
    ),
    Case(
        "rt-detr",
        "detr_raw",
        lambda path: make_detr(path, count=300, columns=80),
        focal("logits", "pred_boxes"),
        SETTINGS,
    ),
    Case(
        "rf-detr",
        "detr_raw",
        lambda path: make_detr(path, count=300, columns=91, names=("labels", "dets")),
        focal("labels", "dets"),
        SETTINGS,
    ),
    Case("deim", "detr", make_postprocessed, postprocessed, SETTINGS),
    Case("boxes-and-labels", "boxes_labels", make_boxes_labels, boxes_labels, SETTINGS),
    Case("efficient-nms", "counted", make_efficient_nms, efficient_nms, SETTINGS),
]
