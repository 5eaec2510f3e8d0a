"""YOLO as published: columns of cells (v8, v9, 11), rows that are final (v10, 26, v7, SSD), rows that are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from golden import Case, Object, Spec, Tensors, cut, save_constants, sigmoid, suppress

HEIGHT, WIDTH = 64, 96
CELLS = sum((HEIGHT // s) * (WIDTH // s) for s in (8, 16, 32))
SETTINGS: dict[str, Any] = {"threshold": 0.4, "nms_iou": 0.5}
COLOURS = {"net_scale_factor": 1 / 255, "model_color_format": 0}  # where nothing but the user tells them
STRETCHED: Spec = {"input": {"width": WIDTH, "height": HEIGHT, "keeps_aspect": False}}
NAMES = {"detect": ["helmet", "vest", "boot"], "pose": ["person"], "segment": ["helmet", "vest", "boot"]}


def ultralytics(task: str) -> dict[str, str]:
    names = {i: name for i, name in enumerate(NAMES[task])}
    said = {"author": "Ultralytics", "task": task, "names": str(names), "imgsz": str([HEIGHT, WIDTH])}
    return said | ({"kpt_shape": "[17, 3]"} if task == "pose" else {})


def sure(count: int, most: int, random: np.random.Generator) -> np.ndarray:
    """Some rows of many."""
    return random.choice(count, most, replace=False)


def corners(count: int, random: np.random.Generator) -> np.ndarray:
    low = random.uniform(0, 40, (count, 2))
    return np.hstack([low, low + random.uniform(8, 24, (count, 2))])


def mask_over(box: list[float], coefficients: np.ndarray, prototypes: np.ndarray, *, spec: Spec) -> np.ndarray:
    """A prototype's cell is 4 x 4 pixels; between their middles logits are mixed."""
    logits = np.tensordot(coefficients, prototypes.astype(float), 1)
    left, top, width, height = cut(box, spec)
    columns, rows = max(1, round(width / 4)), max(1, round(height / 4))
    x = np.clip((left + width * (np.arange(columns) + 0.5) / columns) / 4 - 0.5, 0, logits.shape[1] - 1)
    y = np.clip((top + height * (np.arange(rows) + 0.5) / rows) / 4 - 0.5, 0, logits.shape[0] - 1)
    across = np.array([np.interp(x, np.arange(logits.shape[1]), line) for line in logits])
    return sigmoid(np.array([np.interp(y, np.arange(logits.shape[0]), line) for line in across.T]).T)


def with_details(one: Object, rest: np.ndarray, tensors: Tensors, *, spec: Spec) -> Object:
    """Adds what a row says beside box and class."""
    if "output1" in tensors:
        one.mask = mask_over(list(one.box), rest, tensors["output1"][0], spec=spec)
    elif rest.size:
        one.keypoints = rest.reshape(-1, 3)
    return one


def bodies(count: int, random: np.random.Generator) -> np.ndarray:
    """Keypoints somewhere on the picture, as x, y, confidence."""
    return random.uniform(4, 60, (count, 51)) * np.tile([1, 1, 1 / 60], 17)


def make_cells(path: Path, *, classes: int, details: int = 0, prototypes: bool = False, task: str = "") -> None:
    random = np.random.default_rng(2)
    rows = random.uniform(0, 0.2, (CELLS, 4 + classes + details))
    rows[:, :2] = random.uniform(10, 54, (CELLS, 2))
    rows[:, 2:4] = random.uniform(8, 24, (CELLS, 2))
    if task == "pose":
        rows[:, 4 + classes :] = bodies(CELLS, random)
    for row in sure(CELLS, 12, random):
        rows[row, 4 + random.integers(classes)] = random.uniform(0.6, 1)
    outputs = {"output0": rows.T[None].astype(np.float32)}
    if prototypes:
        outputs["output1"] = random.normal(size=(1, details, HEIGHT // 4, WIDTH // 4)).astype(np.float32)
    save_constants(path, outputs, metadata=ultralytics(task) if task else None)


def cells(classes: int) -> Callable[[Tensors, Spec], list[Object]]:
    def reference(tensors: Tensors, spec: Spec) -> list[Object]:
        found = []
        for row in tensors["output0"][0].T.astype(float):
            class_id = int(row[4 : 4 + classes].argmax())
            if row[4 + class_id] >= 0.4:
                box = [row[0] - row[2] / 2, row[1] - row[3] / 2, row[2], row[3]]
                one = Object(class_id, row[4 + class_id], box)
                found.append(with_details(one, row[4 + classes :], tensors, spec=spec))
        return suppress(found, 0.5)

    return reference


def make_yolov5_segment(path: Path) -> None:
    """Rows of YOLOv5-seg: box, objectness, 5 classes, 32 coefficients; its exporter writes names and stride alone."""
    random = np.random.default_rng(6)
    rows = random.uniform(0, 0.2, (3 * CELLS, 5 + 5 + 32))
    rows[:, :2] = random.uniform(10, 54, (3 * CELLS, 2))
    rows[:, 2:4] = random.uniform(8, 24, (3 * CELLS, 2))
    rows[:, 10:] = random.normal(size=(3 * CELLS, 32))
    for row in sure(3 * CELLS, 12, random):
        rows[row, 4], rows[row, 5 + random.integers(5)] = random.uniform(0.7, 1, 2)
    prototypes = random.normal(size=(1, 32, HEIGHT // 4, WIDTH // 4)).astype(np.float32)
    names = str({i: f"thing {i}" for i in range(5)})
    outputs = {"output0": rows[None].astype(np.float32), "output1": prototypes}
    save_constants(path, outputs, metadata={"names": names, "stride": "32"})


def yolov5_segment(tensors: Tensors, spec: Spec) -> list[Object]:
    found = []
    for row in tensors["output0"][0].astype(float):
        class_id = int(row[5:10].argmax())
        confidence = row[4] * row[5 + class_id]
        if confidence >= 0.4:
            box = [row[0] - row[2] / 2, row[1] - row[3] / 2, row[2], row[3]]
            found.append(with_details(Object(class_id, confidence, box), row[10:], tensors, spec=spec))
    return suppress(found, 0.5)


def make_final(path: Path, *, rows: int, details: int = 0, task: str = "", names: tuple[str, ...] = ()) -> None:
    random = np.random.default_rng(3)
    picture, output = names or ("images", "output0")
    values = np.hstack([corners(rows, random), np.zeros((rows, 2)), random.normal(size=(rows, details))])
    values[:, 4] = np.sort(random.uniform(0, 1, rows) ** 8)[::-1]
    values[:, 5] = random.integers(0, len(NAMES[task]) if task else 80, rows)
    if task == "pose":
        values[:, 6:] = bodies(rows, random)
    outputs = {output: values[None].astype(np.float32)}
    if task == "segment":
        outputs["output1"] = random.normal(size=(1, details, HEIGHT // 4, WIDTH // 4)).astype(np.float32)
    save_constants(
        path, outputs, picture=(picture, (1, 3, HEIGHT, WIDTH)), metadata=ultralytics(task) if task else None
    )


def final(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = next(value for value in tensors.values() if value.ndim == 3)[0].astype(float)
    return [
        with_details(Object(int(r[5]), r[4], [r[0], r[1], r[2] - r[0], r[3] - r[1]]), r[6:], tensors, spec=spec)
        for r in rows
        if r[4] >= 0.4
    ]


def make_yolov7(path: Path) -> None:
    """As many rows as the picture has objects: the size is open, so a constant would not do."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(4)
    rows = np.hstack([np.zeros((20, 1)), corners(20, random), np.zeros((20, 2))]).astype(np.float32)
    rows[:, 5] = random.integers(0, 80, 20)
    rows[:, 6] = np.linspace(0.9, 0.1, 20)
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["greatest"], keepdims=0),
        helper.make_node("Mul", ["greatest", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["all"]),
        helper.make_node("Greater", ["last", "nothing"], ["is_kept"]),  # a shape that only running tells
        helper.make_node("Compress", ["all", "is_kept"], ["output"], axis=0),
    ]
    values = {"rows": rows, "zero": np.float32(0), "last": np.float32(rows[:, 6] > 0.2)}
    graph = helper.make_graph(
        nodes,
        "yolov7",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["kept", 7])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def yolov7(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = tensors["output"].astype(float)
    return [Object(int(r[5]), r[6], [r[1], r[2], r[3] - r[1], r[4] - r[2]]) for r in rows if r[6] >= 0.4]


def make_ssd(path: Path) -> None:
    random = np.random.default_rng(5)
    rows = np.zeros((1, 1, 50, 7), np.float32)
    rows[..., 0] = np.where(np.arange(50) < 40, 0, -1)
    rows[..., 1] = random.integers(1, 4, 50)
    rows[..., 2] = np.linspace(1, 0, 50)
    rows[..., 3:] = corners(50, random) / 64
    save_constants(path, {"detection_out": rows}, picture=("image", (1, 3, HEIGHT, WIDTH)))


def ssd(tensors: Tensors, spec: Spec) -> list[Object]:
    rows = tensors["detection_out"][0, 0].astype(float)
    size = np.array([WIDTH, HEIGHT])
    return [
        Object(int(r[1]), r[2], [*(r[3:5] * size), *((r[5:7] - r[3:5]) * size)])
        for r in rows
        if r[0] == 0 and r[2] >= 0.4
    ]


def suppressed(tensors: Tensors, spec: Spec) -> list[Object]:
    return suppress(final(tensors, spec), 0.5)


CASES = [
    Case("yolov8", "yolo", lambda path: make_cells(path, classes=80), cells(80), SETTINGS),
    Case("yolo11", "yolo", lambda path: make_cells(path, classes=3, task="detect"), cells(3), SETTINGS),
    Case("yolo11-pose", "yolo", lambda path: make_cells(path, classes=1, details=51, task="pose"), cells(1), SETTINGS),
    Case(
        "yolo11-seg",
        "yolo",
        lambda path: make_cells(path, classes=3, details=32, prototypes=True, task="segment"),
        cells(3),
        SETTINGS | {"output_instance_mask": True},
    ),
    Case("yolov5-seg", "yolox", make_yolov5_segment, yolov5_segment, SETTINGS | {"output_instance_mask": True}),
    Case("yolov10", "rows", lambda path: make_final(path, rows=300), final, SETTINGS),
    Case("yolo26", "rows", lambda path: make_final(path, rows=300, task="detect"), final, SETTINGS),
    Case("yolo26-pose", "rows", lambda path: make_final(path, rows=300, details=51, task="pose"), final, SETTINGS),
    Case(
        "yolo26-seg",
        "rows",
        lambda path: make_final(path, rows=300, details=32, task="segment"),
        final,
        SETTINGS | {"output_instance_mask": True},
    ),
    Case(
        "deepstream-yolo",
        "rows",
        lambda path: make_final(path, rows=CELLS, names=("input", "output")),
        suppressed,
        SETTINGS | COLOURS,
        STRETCHED,
    ),
    Case("yolov7-end-to-end", "rows", make_yolov7, yolov7, SETTINGS),
    Case("ssd-detection-output", "rows", make_ssd, ssd, SETTINGS),
]
