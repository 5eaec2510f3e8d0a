"""Mask R-CNN: torchvision's export, with masks over boxes and pasted into the picture, TAO's and Open Model Zoo's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Object, Spec, Tensors, cut, save_constants, sigmoid

HEIGHT, WIDTH, CELLS, COUNT, CLASSES = 64, 96, 28, 12, 3
SETTINGS: dict[str, Any] = {"threshold": 0.5}
FED: dict[str, Any] = {**SETTINGS, "model_color_format": 0, "net_scale_factor": 1.0}
SPEC: Spec = {"input": {"width": WIDTH, "height": HEIGHT}}


def edges(random: np.random.Generator) -> np.ndarray:
    """[K, 4]; some reach out of the picture."""
    low = random.uniform(-8, 48, (COUNT, 2))
    return np.concatenate([low, low + random.uniform(16, 40, (COUNT, 2))], axis=1)


def smooth(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Noise whose neighbours are alike, as a mask's are: what is read in between is then the same to a hundredth."""
    y, x = np.mgrid[: shape[-2], : shape[-1]] / np.array(shape[-2:]).reshape(2, 1, 1)
    phase = random.uniform(0, 6, (2, *shape[:-2], 1, 1))
    return np.sin(3 * x + phase[0]) * np.cos(2 * y + phase[1])


def make_torchvision(path: Path, *, grid: tuple[int, int]) -> None:
    random = np.random.default_rng(31)
    outputs = {
        "boxes": edges(random).astype(np.float32),
        "labels": random.integers(1, 91, COUNT),
        "scores": np.linspace(0.99, 0.1, COUNT, dtype=np.float32),
        "masks": (0.5 + smooth(random, COUNT, 1, *grid) / 2).astype(np.float32),
    }
    save_constants(path, outputs, picture=("input", (1, 3, HEIGHT, WIDTH)))


def make_open(path: Path) -> None:
    """As exporters leave it: how many rows there are is known when the picture has been seen."""
    import onnx
    from onnx import helper, numpy_helper

    make_torchvision(path, grid=(CELLS, CELLS))
    model = onnx.load(str(path))
    graph = model.graph
    graph.initializer.append(numpy_helper.from_array(np.float32(0.3), "least"))
    for node in graph.node:
        if node.output[0] in {output.name for output in graph.output}:
            node.output[0] = f"all_{node.output[0]}"
    graph.node.extend(
        [
            helper.make_node("Greater", ["all_scores", "least"], ["are_kept"]),
            helper.make_node("NonZero", ["are_kept"], ["kept_rows"]),
            helper.make_node("Squeeze", ["kept_rows", "first"], ["rows"]),
        ]
    )
    graph.initializer.append(numpy_helper.from_array(np.array([0]), "first"))
    for output in graph.output:
        graph.node.append(helper.make_node("Gather", [f"all_{output.name}", "rows"], [output.name], axis=0))
        output.type.tensor_type.shape.dim[0].dim_param = "count"
    onnx.save(model, str(path))


def make_tao(path: Path) -> None:
    random = np.random.default_rng(32)
    rows = np.concatenate([edges(random)[:, [1, 0, 3, 2]], np.zeros((COUNT, 2))], axis=1)
    rows[:, 4] = random.integers(0, CLASSES, COUNT)
    rows[:, 5] = np.linspace(0.99, 0.1, COUNT)
    outputs = {
        "generate_detections": rows[None],
        "mask_fcn_logits": 4 * smooth(random, 1, COUNT, CLASSES, CELLS, CELLS),
    }
    save_constants(
        path, {k: v.astype(np.float32) for k, v in outputs.items()}, picture=("Input", (1, 3, HEIGHT, WIDTH))
    )


def make_zoo(path: Path) -> None:
    random = np.random.default_rng(33)
    boxes = np.concatenate([edges(random), np.linspace(0.99, 0.1, COUNT)[:, None]], axis=1)
    outputs = {
        "boxes": boxes.astype(np.float32),
        "labels": random.integers(0, 80, COUNT),
        "masks": (0.5 + smooth(random, COUNT, CELLS, CELLS) / 2).astype(np.float32),
    }
    save_constants(path, outputs, picture=("image", (1, 3, HEIGHT, WIDTH)))


def under(grid: np.ndarray, over: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Of a grid that lies over one box, what lies over another: as many cells, read in between, slowly."""
    rows, columns = grid.shape
    size = np.maximum(np.round(box[2:] / over[2:] * [columns, rows]), 1).astype(int)
    found = np.empty((size[1], size[0]))
    for y in range(size[1]):
        for x in range(size[0]):
            pixel = box[:2] + box[2:] * [(x + 0.5) / size[0], (y + 0.5) / size[1]]
            place = np.clip((pixel - over[:2]) / over[2:] * [columns, rows] - 0.5, 0, [columns - 1, rows - 1])
            low = np.floor(place).astype(int)
            high = np.minimum(low + 1, [columns - 1, rows - 1])
            right, down = place - low
            top = grid[low[1], low[0]] * (1 - right) + grid[low[1], high[0]] * right
            bottom = grid[high[1], low[0]] * (1 - right) + grid[high[1], high[0]] * right
            found[y, x] = top * (1 - down) + bottom * down
    return found


def one(label: float, score: float, corners: np.ndarray, grid: np.ndarray, *, is_pasted: bool = False) -> Object:
    box = np.array([*corners[:2], *(corners[2:] - corners[:2])], float)
    over = np.array([0, 0, WIDTH, HEIGHT], float) if is_pasted else box
    return Object(int(label), float(score), box, mask=under(grid.astype(float), over, cut(box, SPEC)))


def torchvision(*, is_pasted: bool) -> Callable[[Tensors, Spec], list[Object]]:
    def reference(tensors: Tensors, spec: Spec) -> list[Object]:
        rows = zip(*(tensors[name] for name in ("labels", "scores", "boxes", "masks")), strict=True)
        return [one(label, s, box, mask[0], is_pasted=is_pasted) for label, s, box, mask in rows if s >= 0.5]

    return reference


def tao(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for row, planes in zip(tensors["generate_detections"][0], tensors["mask_fcn_logits"][0], strict=True):
        if row[5] >= 0.5:
            found.append(one(row[4], row[5], row[[1, 0, 3, 2]], planes[int(row[4])]))
            found[-1].mask = sigmoid(found[-1].mask)
    return found


def zoo(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = zip(tensors["labels"], tensors["boxes"], tensors["masks"], strict=True)
    return [one(label, row[4], row[:4], mask) for label, row, mask in rows if row[4] >= 0.5]


CASES = [
    Case(
        "mask-rcnn-torchvision",
        "boxes_masks",
        lambda path: make_torchvision(path, grid=(CELLS, CELLS)),
        torchvision(is_pasted=False),
        SETTINGS,
    ),
    Case(
        "mask-rcnn-torchvision-pasted",
        "boxes_masks",
        lambda path: make_torchvision(path, grid=(HEIGHT, WIDTH)),
        torchvision(is_pasted=True),
        SETTINGS,
    ),
    Case("mask-rcnn-open", "boxes_masks", make_open, torchvision(is_pasted=False), SETTINGS),
    Case("mask-rcnn-tao", "boxes_masks", make_tao, tao, FED, SPEC),
    Case("mask-rcnn-zoo", "boxes_masks", make_zoo, zoo, SETTINGS),
]
