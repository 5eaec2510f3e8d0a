"""YOLO with anchors: grids before decoding (v3, v4, v5, v7), and YOLOv4 of PyTorch, decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants, sigmoid, suppress

HEIGHT, WIDTH, CLASSES = 64, 96, 4
SETTINGS: dict[str, Any] = {"threshold": 0.4, "nms_iou": 0.5}
V3 = [[(10, 13), (16, 30), (33, 23)], [(30, 61), (62, 45), (59, 119)], [(116, 90), (156, 198), (373, 326)]]
V4 = [[(12, 16), (19, 36), (40, 28)], [(36, 75), (76, 55), (72, 146)], [(142, 110), (192, 243), (459, 401)]]
TINY = [[(10, 14), (23, 27), (37, 58)], [(81, 82), (135, 169), (344, 319)]]


def make_grids(path: Path, *, strides: tuple[int, ...], has_anchors: bool) -> None:
    """With has_anchors [1, 3, h, w, 5 + C], as YOLOv5 trains; else [1, 3 (5 + C), h, w], as Darknet has them."""
    random = np.random.default_rng(8)
    outputs = {}
    for stride in strides:
        h, w = HEIGHT // stride, WIDTH // stride
        grid = random.normal(-4, 1, (1, 3, h, w, 5 + CLASSES))
        grid[..., :4] = random.normal(0, 0.7, (1, 3, h, w, 4))
        for _ in range(4):
            a, y, x = random.integers(3), random.integers(h), random.integers(w)
            grid[0, a, y, x, 4] = random.uniform(1, 4)
            grid[0, a, y, x, 5 + random.integers(CLASSES)] = random.uniform(1, 4)
        if not has_anchors:
            grid = grid.transpose(0, 1, 4, 2, 3).reshape(1, 3 * (5 + CLASSES), h, w)
        outputs[f"grid{stride}"] = grid.astype(np.float32)
    save_constants(path, outputs)


def grids(
    anchors: list[list[tuple[int, int]]], *, is_squared: bool, stretches: tuple[float, ...] = (1, 1, 1)
) -> Callable[[Tensors, Spec], list[Object]]:
    def box_of(numbers: np.ndarray, anchor: tuple[int, int], cell: tuple[int, int], *, place: int) -> list[float]:
        stride, stretch = (8, 16, 32)[place + 3 - len(anchors)], stretches[place]
        if is_squared:
            centre = (2 * sigmoid(numbers[:2]) - 0.5 + cell) * stride
            size = np.array(anchor) * (2 * sigmoid(numbers[2:4])) ** 2
        else:
            centre = (sigmoid(numbers[:2]) * stretch - (stretch - 1) / 2 + cell) * stride
            size = np.array(anchor) * np.exp(numbers[2:4])
        return [*(centre - size / 2), *size]

    def reference(tensors: Tensors, spec: Spec) -> list[Object]:
        found = []
        for place, grid in enumerate(tensors.values()):
            if grid.ndim == 4:
                h, w = grid.shape[2:]
                grid = grid.reshape(1, 3, 5 + CLASSES, h, w).transpose(0, 1, 3, 4, 2)
            for a, y, x in np.ndindex(grid.shape[1:4]):
                numbers = grid[0, a, y, x].astype(float)
                best = int(numbers[5:].argmax())
                score = float(sigmoid(numbers[4]) * sigmoid(numbers[5 + best]))
                if score >= 0.4:
                    found.append(Object(best, score, box_of(numbers, anchors[place][a], (x, y), place=place)))
        return suppress(found, 0.5)

    return reference


def make_decoded(path: Path) -> None:
    random = np.random.default_rng(9)
    count = 3 * sum((HEIGHT // s) * (WIDTH // s) for s in (8, 16, 32))
    low = random.uniform(0, 0.7, (1, count, 1, 2))
    scores = random.uniform(0, 0.2, (1, count, 80))
    for row in random.choice(count, 12, replace=False):
        scores[0, row, random.integers(80)] = random.uniform(0.5, 1)
    boxes = np.concatenate([low, low + random.uniform(0.1, 0.3, low.shape)], axis=3)
    save_constants(path, {"boxes": boxes.astype(np.float32), "confs": scores.astype(np.float32)})


def decoded(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for box, scores in zip(tensors["boxes"][0, :, 0], tensors["confs"][0], strict=True):
        best = int(scores.argmax())
        if scores[best] >= 0.4:
            left, top, right, bottom = box * [WIDTH, HEIGHT, WIDTH, HEIGHT]
            found.append(Object(best, float(scores[best]), [left, top, right - left, bottom - top]))
    return suppress(found, 0.5)


def of(strides: tuple[int, ...], *, has_anchors: bool) -> Callable[[Path], None]:
    return lambda path: make_grids(path, strides=strides, has_anchors=has_anchors)


ALL = (8, 16, 32)
CASES = [
    Case("yolov3", "yolo_grids", of(ALL, has_anchors=False), grids(V3, is_squared=False), SETTINGS),
    Case("yolov3-tiny", "yolo_grids", of(ALL[1:], has_anchors=False), grids(TINY, is_squared=False), SETTINGS),
    Case(
        "yolov4",
        "yolo_grids",
        of(ALL, has_anchors=False),
        grids(V4, is_squared=False, stretches=(1.2, 1.1, 1.05)),
        SETTINGS,
    ),
    Case("yolov5s", "yolo_grids", of(ALL, has_anchors=True), grids(V3, is_squared=True), SETTINGS),
    Case("yolov7", "yolo_grids", of(ALL, has_anchors=True), grids(V4, is_squared=True), SETTINGS),
    Case("yolov4-decoded", "boxes_scores", make_decoded, decoded, SETTINGS),
]
