"""YOLOX as its repository exports it: places in the grid, not pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants, suppress

HEIGHT, WIDTH, CLASSES = 64, 96, 80
CELLS = [(x, y, s) for s in (8, 16, 32) for y in range(HEIGHT // s) for x in range(WIDTH // s)]


def make(path: Path) -> None:
    random = np.random.default_rng(1)
    rows = random.uniform(0, 0.2, (len(CELLS), 5 + CLASSES)).astype(np.float32)
    rows[:, 2:4] = random.uniform(-1, 1, (len(CELLS), 2))
    for row in random.choice(len(CELLS), 12, replace=False):
        rows[row, 4], rows[row, 5 + random.integers(CLASSES)] = random.uniform(0.7, 1, 2)
    save_constants(path, {"output": rows[None]}, picture=("images", (1, 3, HEIGHT, WIDTH)))


def reference(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for row, (x, y, stride) in zip(tensors["output"][0].astype(float), CELLS, strict=True):
        class_id = int(row[5:].argmax())
        confidence = row[4] * row[5 + class_id]
        if confidence >= 0.4:
            width, height = np.exp(row[2:4]) * stride
            centre = (row[0] + x) * stride, (row[1] + y) * stride
            found.append(Object(class_id, confidence, [centre[0] - width / 2, centre[1] - height / 2, width, height]))
    return suppress(found, 0.5)


CASES = [Case("yolox", "yolox", make, reference, {"threshold": 0.4, "nms_iou": 0.5})]
