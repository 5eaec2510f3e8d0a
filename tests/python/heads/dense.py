"""NanoDet, PicoDet, CenterNet, FCOS and RetinaNet as their repositories export them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Object, Spec, Tensors, save_constants, sigmoid, suppress

HEIGHT, WIDTH = 64, 96
FOUR, FIVE = (8, 16, 32, 64), (8, 16, 32, 64, 128)
SPEC: Spec = {"input": {"width": WIDTH, "height": HEIGHT}}
COLOURS: dict[str, Any] = {"model_color_format": 0, "net_scale_factor": 1.0}


def cells_of(strides: Sequence[int]) -> list[tuple[int, int, int]]:
    return [(x, y, s) for s in strides for y in range(-(-HEIGHT // s)) for x in range(-(-WIDTH // s))]


def numbers(seed: int, rows: int, columns: int, low: float, high: float) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (rows, columns)).astype(np.float32)


def scores_of(seed: int, rows: int, classes: int, *, are_logits: bool) -> np.ndarray:
    """Some cells hold something."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0.01, 0.1, (rows, classes))
    for row in random.choice(rows, min(14, rows // 3), replace=False):
        scores[row, random.integers(classes)] = random.uniform(0.6, 0.95)
    return (np.log(scores / (1 - scores)) if are_logits else scores).astype(np.float32)


def by_grid(values: np.ndarray, strides: Sequence[int], names: Sequence[str], *, are_maps: bool) -> Tensors:
    """Rows of all cells become one output for each grid."""
    outputs, first = {}, 0
    for stride, name in zip(strides, names, strict=True):
        height, width = -(-HEIGHT // stride), -(-WIDTH // stride)
        part = values[first : first + height * width]
        outputs[name] = part.T.reshape(1, -1, height, width) if are_maps else part[None]
        outputs[name] = np.ascontiguousarray(outputs[name])
        first += height * width
    return outputs


def rows_of(tensors: Tensors, names: Sequence[str]) -> np.ndarray:
    """And back."""
    parts = [tensors[name][0] for name in names]
    return np.concatenate([p.reshape(p.shape[0], -1).T if p.ndim == 3 else p for p in parts]).astype(float)


def around(x: float, y: float, edges: np.ndarray) -> list[float]:
    return [x - edges[0], y - edges[1], edges[0] + edges[2], edges[1] + edges[3]]


def is_on_picture(box: Sequence[float]) -> bool:
    return box[0] < WIDTH and box[1] < HEIGHT and box[0] + box[2] > 0 and box[1] + box[3] > 0


def gfl_objects(scores: np.ndarray, bins: np.ndarray, strides: Sequence[int], shift: float) -> list[Object]:
    found = []
    for (x, y, stride), score, edges in zip(cells_of(strides), scores, bins.reshape(len(bins), 4, -1), strict=True):
        class_id = int(score.argmax())
        if score[class_id] >= 0.4:
            weights = np.exp(edges) / np.exp(edges).sum(axis=1, keepdims=True)
            distances = (weights * np.arange(weights.shape[1])).sum(axis=1) * stride
            box = around((x + shift) * stride, (y + shift) * stride, distances)
            found.append(Object(class_id, float(score[class_id]), box))
    return suppress(found, 0.6)


def make_nanodet_plus(path: Path) -> None:
    count = len(cells_of(FOUR))
    rows = np.concatenate([scores_of(41, count, 80, are_logits=False), numbers(42, count, 32, -2, 2)], axis=1)
    save_constants(path, {"output": rows[None]}, picture=("data", (1, 3, HEIGHT, WIDTH)))


def nanodet_plus(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = tensors["output"][0].astype(float)
    return gfl_objects(rows[:, :80], rows[:, 80:], FOUR, 0)


NANODET = [[f"{kind}_pred_stride_{s}" for s in (8, 16, 32)] for kind in ("cls", "dis")]


def make_nanodet(path: Path) -> None:
    count = len(cells_of((8, 16, 32)))
    outputs = by_grid(scores_of(43, count, 80, are_logits=False), (8, 16, 32), NANODET[0], are_maps=False)
    outputs |= by_grid(numbers(44, count, 32, -2, 2), (8, 16, 32), NANODET[1], are_maps=False)
    save_constants(path, outputs, picture=("data", (1, 3, HEIGHT, WIDTH)))


def nanodet(tensors: Tensors, spec: Spec) -> list[Object]:
    return gfl_objects(rows_of(tensors, NANODET[0]), rows_of(tensors, NANODET[1]), (8, 16, 32), 0.5)


PICODET = [f"transpose_{i}.tmp_0" for i in range(8)]


def make_picodet(path: Path) -> None:
    count = len(cells_of(FOUR))
    scores = by_grid(scores_of(45, count, 80, are_logits=False), FOUR, PICODET[:4], are_maps=False)
    bins = by_grid(numbers(46, count, 32, -2, 2), FOUR, PICODET[4:], are_maps=False)
    save_constants(path, scores | bins, picture=("image", (1, 3, HEIGHT, WIDTH)))


def picodet(tensors: Tensors, spec: Spec) -> list[Object]:
    return gfl_objects(rows_of(tensors, PICODET[:4]), rows_of(tensors, PICODET[4:]), FOUR, 0.5)


def make_centernet(path: Path) -> None:
    random = np.random.default_rng(47)
    outputs = {
        "hm": random.uniform(-6, 2, (1, 80, HEIGHT // 4, WIDTH // 4)),
        "wh": random.uniform(2, 12, (1, 2, HEIGHT // 4, WIDTH // 4)),
        "reg": random.uniform(0, 1, (1, 2, HEIGHT // 4, WIDTH // 4)),
    }
    outputs["hm"][:, 3:] = -8
    save_constants(
        path, {k: v.astype(np.float32) for k, v in outputs.items()}, picture=("input.1", (1, 3, HEIGHT, WIDTH))
    )


def centernet(tensors: Tensors, spec: Spec) -> list[Object]:
    heat, sizes, offsets = (tensors[name][0].astype(float) for name in ("hm", "wh", "reg"))
    around_it = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(around_it, (3, 3), axis=(1, 2))
    found = []
    for class_id, y, x in np.argwhere((heat == windows.max(axis=(3, 4))) & (sigmoid(heat) >= 0.6)):
        size = sizes[:, y, x] * 4
        centre = (np.array([x, y]) + offsets[:, y, x]) * 4
        found.append(Object(int(class_id), float(sigmoid(heat[class_id, y, x])), [*(centre - size / 2), *size]))
    return found


def make_fcos(path: Path) -> None:
    count = len(cells_of(FIVE))
    outputs = {
        "cls_logits": scores_of(48, count, 91, are_logits=True)[None],
        "bbox_regression": numbers(49, count, 4, 0, 4)[None],
        "bbox_ctrness": numbers(50, count, 1, -1, 3)[None],
    }
    save_constants(path, outputs, picture=("images", (1, 3, HEIGHT, WIDTH)))


def fcos(tensors: Tensors, spec: Spec) -> list[Object]:
    names = ("cls_logits", "bbox_regression", "bbox_ctrness")
    scores, edges, centres = (tensors[name][0].astype(float) for name in names)
    found = []
    for (x, y, stride), score, edge, centre in zip(cells_of(FIVE), scores, edges, centres, strict=True):
        class_id = int(score.argmax())
        confidence = float(np.sqrt(sigmoid(score[class_id]) * sigmoid(centre[0])))
        if confidence >= 0.5:
            found.append(Object(class_id, confidence, around(x * stride, y * stride, edge * stride)))
    return suppress(found, 0.5)


RETINANET = [[f"{kind}_{i}" for i in range(5)] for kind in ("cls_score", "bbox_pred")]


def make_retinanet(path: Path) -> None:
    count = len(cells_of(FIVE))
    scores = by_grid(scores_of(51, count, 9 * 4, are_logits=True), FIVE, RETINANET[0], are_maps=True)
    boxes = by_grid(numbers(52, count, 36, -0.5, 0.5), FIVE, RETINANET[1], are_maps=True)
    save_constants(path, scores | boxes, picture=("input", (1, 3, HEIGHT, WIDTH)))


def retinanet(tensors: Tensors, spec: Spec) -> list[Object]:
    anchors = [(s, r) for r in (0.5, 1, 2) for s in (1, 2 ** (1 / 3), 2 ** (2 / 3))]
    scores, offsets = rows_of(tensors, RETINANET[0]), rows_of(tensors, RETINANET[1])
    found = []
    for (x, y, stride), score, offset in zip(cells_of(FIVE), scores, offsets, strict=True):
        for (scale, ratio), row, d in zip(anchors, score.reshape(9, 4), offset.reshape(9, 4), strict=True):
            class_id = int(row.argmax())
            if sigmoid(row[class_id]) >= 0.5:
                anchor = 4 * stride * scale * np.array([1 / np.sqrt(ratio), np.sqrt(ratio)])
                centre, size = np.array([x, y]) * stride + d[:2] * anchor, anchor * np.exp(d[2:])
                found.append(Object(class_id, float(sigmoid(row[class_id])), [*(centre - size / 2), *size]))
    return [o for o in suppress(found, 0.5) if is_on_picture(o.box)]


GFL = {"threshold": 0.4, "nms_iou": 0.6}
HALF = {"threshold": 0.5, "nms_iou": 0.5} | COLOURS

CASES = [
    Case("nanodet-plus", "gfl", make_nanodet_plus, nanodet_plus, GFL),
    Case("nanodet", "gfl", make_nanodet, nanodet, GFL),
    Case("picodet", "gfl", make_picodet, picodet, GFL),
    Case("centernet", "centernet", make_centernet, centernet, {"threshold": 0.6}),
    Case("fcos-torchvision", "fcos", make_fcos, fcos, HALF, SPEC),
    Case("retinanet", "retinanet", make_retinanet, retinanet, HALF, SPEC),
]
