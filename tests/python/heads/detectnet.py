"""DetectNet_v2, as TAO exports it: how much each cell is covered, and distances to four edges in units of 35 pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants, suppress

HEIGHT, WIDTH, CLASSES, STRIDE = 64, 96, 3, 16
ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE
COVERAGE, BOXES = "output_cov/Sigmoid:0", "output_bbox/BiasAdd:0"


def make(path: Path) -> None:
    random = np.random.default_rng(43)
    outputs = {
        BOXES: random.uniform(0.1, 0.6, (1, 4 * CLASSES, ROWS, COLUMNS)),
        COVERAGE: random.uniform(0, 0.9, (1, CLASSES, ROWS, COLUMNS)) ** 3,
    }
    save_constants(
        path, {k: v.astype(np.float32) for k, v in outputs.items()}, picture=("input_1:0", (1, 3, HEIGHT, WIDTH))
    )


def reference(tensors: Tensors, spec: Spec) -> list[Object]:
    coverage, edges = tensors[COVERAGE][0], tensors[BOXES][0].reshape(CLASSES, 4, ROWS, COLUMNS)
    found = []
    for class_id, row, column in zip(*np.nonzero(coverage >= 0.2), strict=True):
        left, top, right, bottom = edges[class_id, :, row, column].astype(float) * 35
        x, y = column * STRIDE + 0.5, row * STRIDE + 0.5
        confidence = float(coverage[class_id, row, column])
        found.append(Object(int(class_id), confidence, [x - left, y - top, left + right, top + bottom]))
    return suppress(found, 0.5)


CASES = [Case("detectnet_v2", "detectnet", make, reference, {"threshold": 0.2, "nms_iou": 0.5})]
