"""mAP of every detector on 25 COCO pictures: through the whole pipeline, and decoded by plain NumPy.

    python bench/bench_coco.py [--json] [--model NAME ...]

Both run the same file with OpenVINO in f32, see the same pixels (PNG files that OpenCV wrote), and are scored by the
same code, so what differs is the pipeline's scaling, letterbox, head, suppression, and way back to the frame. The
reference scales with OpenCV and decodes by the formula that each model's authors publish. A third figure is the
pipeline's on the JPEG files themselves, for information: by another decoder than OpenCV's. 25 pictures are few: the
columns can be compared, the models cannot. Pictures and truth may not be shipped: they are read from the assets folder
(FLUVIAL_ASSETS, or shared/assets beside the checkout).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import openvino

import fluvial as fv
from bench_accuracy import assets

TOLERANCE = 0.01
THRESHOLD = 0.01  # low, as AP looks at the whole curve
NMS_IOU = 0.5
MOST = 100  # detections of a picture that count, as in COCO's own evaluation
IOUS = np.linspace(0.5, 0.95, 10)

Array = np.ndarray
Found = tuple[Array, Array, Array]  # boxes [N, 4] left, top, width, height; scores [N]; classes [N]
Outputs = dict[str, Array]


def corners_to_boxes(corners: Array) -> Array:
    return np.hstack([corners[:, :2], corners[:, 2:4] - corners[:, :2]])


# --- references: a BGR picture -> what the model's outputs say of it, in its pixels, before suppression


def stretched(picture: Array, size: tuple[int, int]) -> Array:
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)


def planes(picture: Array) -> Array:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)


def deimv2(run: Callable[[Outputs], Outputs], picture: Array, size: tuple[int, int]) -> Found:
    height, width = picture.shape[:2]
    rgb = cv2.cvtColor(stretched(picture, size), cv2.COLOR_BGR2RGB)
    out = run({"images": planes(rgb) / 255, "orig_target_sizes": np.array([[width, height]], np.int64)})
    return corners_to_boxes(out["boxes"][0]), out["scores"][0], out["labels"][0]


def yolox(run: Callable[[Outputs], Outputs], picture: Array, size: tuple[int, int]) -> Found:
    height, width = picture.shape[:2]
    share = min(size[0] / width, size[1] / height)
    inside = round(width * share), round(height * share)
    padded = np.full((size[1], size[0], 3), 114, np.uint8)
    padded[: inside[1], : inside[0]] = stretched(picture, inside)
    rows = run({"images": planes(padded)})["output"][0]
    cells = [(x, y, s) for s in (8, 16, 32) for y in range(size[1] // s) for x in range(size[0] // s)]
    x, y, stride = np.array(cells, np.float32).T
    centre = (rows[:, :2] + np.stack([x, y], 1)) * stride[:, None]
    extent = np.exp(rows[:, 2:4]) * stride[:, None]
    scores = rows[:, 5:] * rows[:, 4:5]
    return np.hstack([centre - extent / 2, extent]) / share, scores.max(1), scores.argmax(1)


def open_model_zoo(run: Callable[[Outputs], Outputs], picture: Array, size: tuple[int, int]) -> Found:
    height, width = picture.shape[:2]
    out = run({"image": planes(stretched(picture, size))})
    if "labels" in out:  # the graph suppressed, in pixels of its input
        scale = np.array([width / size[0], height / size[1]] * 2)
        return corners_to_boxes(out["boxes"][:, :4] * scale), out["boxes"][:, 4], out["labels"]
    scores = out["scores"][0]
    scores = scores[:, : 1 if scores.shape[1] == 2 else None]  # of two columns the last is background
    return corners_to_boxes(out["boxes"][0] * [width, height, width, height]), scores.max(1), scores.argmax(1)


@dataclass(frozen=True)
class Detector:
    """A model's file, how to decode it, and which of COCO's categories its classes are; none given: COCO's own."""

    file: str
    decode: Callable[[Callable[[Outputs], Outputs], Array, tuple[int, int]], Found]
    suppresses: bool
    classes: tuple[tuple[str, ...], ...] = ()


VEHICLES = ("car", "bus", "truck", "motorcycle")
DETECTORS = (
    Detector("deimv2_hgnetv2_femto_coco.onnx", deimv2, True),
    Detector("deimv2_hgnetv2_atto_coco.onnx", deimv2, True),
    Detector("yolox_nano_416.onnx", yolox, False),
    Detector("person-vehicle-bike-detection-2004.onnx", open_model_zoo, False, (VEHICLES, ("person",), ("bicycle",))),
    Detector(
        "person-vehicle-bike-detection-2004-INT8.xml", open_model_zoo, True, (VEHICLES, ("person",), ("bicycle",))
    ),
    Detector("vehicle-detection-0200.onnx", open_model_zoo, False, (VEHICLES,)),
)


def suppress(found: Found) -> Found:
    """The surest of each class's boxes that overlap."""
    boxes, scores, classes = (a[found[1] >= THRESHOLD] for a in found)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        same = [k for k in kept if classes[k] == classes[i]]
        if not same or overlaps(boxes[i : i + 1], boxes[same], np.zeros(len(same), bool)).max() <= NMS_IOU:
            kept.append(int(i))
    return boxes[kept], scores[kept], classes[kept]


def clipped(found: Found, width: int, height: int) -> Found:
    """Ends boxes at the picture's edge, as the pipeline does."""
    boxes, scores, classes = found
    low = np.clip(boxes[:, :2], 0, [width, height])
    high = np.clip(boxes[:, :2] + boxes[:, 2:], 0, [width, height])
    is_there = ((high - low) > 0).all(1)
    return np.hstack([low, high - low])[is_there], scores[is_there], classes[is_there]


def by_reference(detector: Detector, model: Path, pictures: list[Path]) -> dict[str, Found]:
    core = openvino.Core()
    graph = core.read_model(str(model))
    layout = graph.inputs[0].get_partial_shape()
    size = layout[3].get_length(), layout[2].get_length()
    compiled = core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(inputs: Outputs) -> Outputs:
        return {port.get_any_name(): value for port, value in compiled(inputs).items()}

    result = {}
    for path in pictures:
        picture = cv2.imread(str(path))
        found = detector.decode(run, picture, size)
        found = found if detector.suppresses else suppress(found)
        result[path.stem] = clipped(found, picture.shape[1], picture.shape[0])
    return result


def by_pipeline(model: Path, pictures: list[Path]) -> dict[str, Found]:
    result = {}
    flow = fv.Flow([str(p) for p in pictures]).infer(str(model), threshold=THRESHOLD, nms_iou=NMS_IOU, precision="f32")
    for batch in flow:
        for frame in batch.frames:
            o = frame.objects
            result[frame.source] = (o.boxes.copy(), o.confidences.copy(), o.class_ids.copy())
    return result


# --- COCO's evaluation: AP at 101 places of recall, mean over IoU .50 to .95 and over categories


def overlaps(boxes: Array, others: Array, are_crowds: Array) -> Array:
    """IoU [N, M]; with a crowd, the share of the box that lies in it."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum((boxes[:, :2] + boxes[:, 2:])[:, None], (others[:, :2] + others[:, 2:])[None])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    own = np.prod(boxes[:, 2:], axis=1)[:, None]
    union = np.where(are_crowds[None], own, own + np.prod(others[:, 2:], axis=1)[None] - both)
    return both / np.maximum(union, 1e-9)


def judge(boxes: Array, true: Array, are_crowds: Array, least: float) -> Array:
    """Of boxes by falling score: 1 right, 0 wrong, -1 to be left out."""
    verdicts = np.zeros(len(boxes), int)
    if not len(true) or not len(boxes):
        return verdicts
    table = overlaps(boxes, true, are_crowds)
    is_taken = np.zeros(len(true), bool)
    for i, row in enumerate(table):
        free = np.where(is_taken | are_crowds, -1, row)
        if free.max() >= least:
            is_taken[free.argmax()], verdicts[i] = True, 1
        elif (row[are_crowds] >= least).any():
            verdicts[i] = -1
    return verdicts


def average_precision(scores: Array, verdicts: Array, count: int) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = verdicts[order][verdicts[order] >= 0]
    right = np.cumsum(hits)
    recall = right / count
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101))
    return float(np.append(precision, 0)[np.minimum(places, len(precision))].mean())


def mean_average_precision(found: dict[str, Found], truth: dict, detector: Detector) -> float:
    names = {c["id"]: c["name"] for c in truth["categories"]}
    coco = [(n,) for n in coco_names(truth)]
    values = []
    for class_id, categories in enumerate(detector.classes or coco):
        parts, count = [], 0
        for image in truth["images"]:
            of_class = [
                a
                for a in truth["annotations"]
                if a["image_id"] == image["id"] and names[a["category_id"]] in categories
            ]
            boxes, scores, classes = found[Path(image["file_name"]).stem]
            mine = np.argsort(-scores, kind="stable")[:MOST]
            mine = mine[classes[mine] == class_id]
            true = np.array([a["bbox"] for a in of_class], float).reshape(-1, 4)
            are_crowds = np.array([bool(a["iscrowd"]) for a in of_class], bool)
            count += int((~are_crowds).sum())
            parts.append((scores[mine], [judge(boxes[mine].astype(float), true, are_crowds, t) for t in IOUS]))
        if count == 0:
            continue
        all_scores = np.concatenate([p[0] for p in parts])
        for i in range(len(IOUS)):
            values.append(average_precision(all_scores, np.concatenate([p[1][i] for p in parts]), count))
    return float(np.mean(values))


def coco_names(truth: dict) -> list[str]:
    """Of the 80 categories, by the number that models give them: the order of their ids."""
    return [c["name"] for c in sorted(truth["categories"], key=lambda c: c["id"])]


def lossless(pictures: list[Path], folder: Path) -> list[Path]:
    copies = [folder / f"{path.stem}.png" for path in pictures]
    for path, copy in zip(pictures, copies, strict=True):
        cv2.imwrite(str(copy), cv2.imread(str(path)))
    return copies


def measure(detector: Detector, model: Path, truth: dict, *, jpegs: list[Path]) -> dict[str, float | str]:
    with tempfile.TemporaryDirectory() as folder:
        pictures = lossless(jpegs, Path(folder))
        found = {"map": by_pipeline(model, pictures), "reference": by_reference(detector, model, pictures)}
        found["from_jpeg"] = by_pipeline(model, jpegs)
    values = {name: round(mean_average_precision(one, truth, detector), 4) for name, one in found.items()}
    return {"model": detector.file, **values}


def main() -> int:
    """Measures the named models, or all; exit code 1 when one is off its reference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", nargs="*", default=[d.file for d in DETECTORS], metavar="FILE")
    args = parser.parse_args()
    folder = assets()
    truth = json.loads((folder / "truth/coco25/instances.json").read_text())
    if len(truth["categories"]) != 80:
        sys.exit(f"{folder}/truth/coco25/instances.json: {len(truth['categories'])} categories; COCO has 80")
    pictures = [folder / "truth/coco25/images" / image["file_name"] for image in truth["images"]]
    rows = []
    for detector in (d for d in DETECTORS if d.file in args.model):
        row = measure(detector, folder / "models" / detector.file, truth, jpegs=pictures)
        rows.append(row)
        if not args.json:
            print(
                f"{detector.file:46} mAP {row['map']:.4f}  reference {row['reference']:.4f}  "
                f"from JPEG {row['from_jpeg']:.4f}",
                flush=True,
            )
    is_good = bool(rows) and all(abs(r["map"] - r["reference"]) <= TOLERANCE for r in rows)
    if args.json:
        print(json.dumps({"rows": rows, "is_good": is_good}))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
