"""Faces with landmarks: YuNet of OpenCV's zoo, RetinaFace of its repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants, suppress

HEIGHT, WIDTH = 64, 96


def make_yunet(path: Path) -> None:
    random = np.random.default_rng(31)
    outputs = {}
    for name, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        for stride in (8, 16, 32):
            cells = HEIGHT // stride * (WIDTH // stride)
            low, high = (0, 1) if columns == 1 else (-0.5, 1.2)
            outputs[f"{name}_{stride}"] = random.uniform(low, high, (1, cells, columns)).astype(np.float32)
    save_constants(path, outputs, picture=("input", (1, 3, HEIGHT, WIDTH)))


def yunet(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for stride in (8, 16, 32):
        cls, obj, boxes, kps = (tensors[f"{name}_{stride}"][0].astype(float) for name in ("cls", "obj", "bbox", "kps"))
        for i, (box, points) in enumerate(zip(boxes, kps, strict=True)):
            cell = np.array([i % (WIDTH // stride), i // (WIDTH // stride)])
            confidence = float(np.sqrt(cls[i, 0] * obj[i, 0]))
            if confidence < 0.8:
                continue
            size = np.exp(box[2:]) * stride
            corner = (cell + box[:2]) * stride - size / 2
            points = (points.reshape(5, 2) + cell) * stride
            points = np.concatenate([points, np.full((5, 1), confidence)], axis=1)
            found.append(Object(0, confidence, [*corner, *size], points))
    return suppress(found, 0.3)


def make_retinaface(path: Path) -> None:
    random = np.random.default_rng(32)
    count = 2 * sum(HEIGHT // s * (WIDTH // s) for s in (8, 16, 32))
    face = random.uniform(0, 1, (1, count, 1))
    outputs = {
        "output0": random.uniform(-2, 2, (1, count, 4)),
        "593": np.concatenate([1 - face, face], axis=2),
        "592": random.uniform(-2, 2, (1, count, 10)),
    }
    outputs = {name: value.astype(np.float32) for name, value in outputs.items()}
    save_constants(path, outputs, picture=("input0", (1, 3, HEIGHT, WIDTH)))


def retinaface(tensors: Tensors, spec: Spec) -> list[Object]:
    sizes = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
    priors = [
        ((x + 0.5) * stride, (y + 0.5) * stride, size)
        for stride in sizes
        for y in range(HEIGHT // stride)
        for x in range(WIDTH // stride)
        for size in sizes[stride]
    ]
    boxes, scores, points = (tensors[name][0].astype(float) for name in ("output0", "593", "592"))
    found = []
    for (x, y, prior), box, score, landmarks in zip(priors, boxes, scores, points, strict=True):
        if score[1] < 0.9:
            continue
        size = prior * np.exp(0.2 * box[2:])
        centre = np.array([x, y])
        places = centre + 0.1 * prior * landmarks.reshape(5, 2)
        places = np.concatenate([places, np.full((5, 1), score[1])], axis=1)
        found.append(Object(0, float(score[1]), [*(centre + 0.1 * prior * box[:2] - size / 2), *size], places))
    return suppress(found, 0.4)


CASES = [
    Case("yunet", "yunet", make_yunet, yunet, {"threshold": 0.8, "nms_iou": 0.3}),
    Case("retinaface", "retinaface", make_retinaface, retinaface, {"threshold": 0.9, "nms_iou": 0.4}),
]
