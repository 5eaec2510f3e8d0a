"""MoveNet MultiPose: joints, then top, left, bottom, right and confidence of each body, as shares of the input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants

HEIGHT, WIDTH, JOINTS = 64, 96, 17


def make(path: Path) -> None:
    random = np.random.default_rng(4)
    rows = random.uniform(0, 1, (6, 3 * JOINTS + 5)).astype(np.float32)
    rows[:, -1] = [0.1, 0.8, 0.24, 0.9, 0.5, 0.0]
    rows[:, -5:-3] = random.uniform(0.3, 0.45, (6, 2))
    rows[:, -3:-1] = random.uniform(0.55, 0.7, (6, 2))
    save_constants(path, {"output_0": rows[None]}, picture=("input", (1, 3, HEIGHT, WIDTH)))


def reference(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for row in tensors["output_0"][0].astype(float):
        top, left, bottom, right, confidence = row[-5:]
        if confidence < 0.25:
            continue
        points = [[x * WIDTH, y * HEIGHT, sure] for y, x, sure in row[:-5].reshape(-1, 3)]
        box = [left * WIDTH, top * HEIGHT, (right - left) * WIDTH, (bottom - top) * HEIGHT]
        found.append(Object(0, confidence, box, np.array(points)))
    return found


CASES = [Case("movenet_multipose", "movenet", make, reference, {"threshold": 0.25})]
