"""How well the whole pipeline finds people: AP50 on vtest.avi against the boxes of MOT15's PETS09-S2L1.

    python bench/bench_accuracy.py [--json] [--model NAME ...]

Decoding, preprocessing, inference, the head and the mapping back to the frame are all in it; a wrong colour order, a
shifted grid or a missing pad shows here. Footage and truth may not be shipped: they are read from the assets folder
(FLUVIAL_ASSETS, or ../shared/assets beside the checkout). The reference figures were measured with a plain loop of
NumPy and ONNX Runtime on the same frames.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

import fluvial as fv

REFERENCE = {
    "deimv2_hgnetv2_femto_coco.onnx": 0.918,
    "deimv2_hgnetv2_atto_coco.onnx": 0.833,
    "yolox_nano_416.onnx": 0.912,
    "person-vehicle-bike-detection-2004.onnx": 0.930,
}
TOLERANCE = 0.02
THRESHOLD = 0.01  # low, as AP looks at the whole curve

Boxes = np.ndarray  # float32 [N, 4] left, top, width, height


def assets() -> Path:
    """The folder with footage, models and truth."""
    beside = Path(__file__).parents[2] / "shared/assets"
    folder = Path(os.environ.get("FLUVIAL_ASSETS", beside))
    if not folder.is_dir():
        sys.exit(f"no assets in {folder}: set FLUVIAL_ASSETS")
    return folder


def truth(path: Path) -> dict[int, Boxes]:
    """Boxes by frame number, from 0, of a MOTChallenge file."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    by_frame = defaultdict(list)
    for row in rows:
        if row[6] > 0:
            by_frame[int(row[0]) - 1].append(row[2:6])
    return {frame: np.array(boxes, np.float32) for frame, boxes in by_frame.items()}


def detections(model: Path, video: Path) -> list[tuple[float, int, Boxes]]:
    """Confidence, frame and box of every person that the pipeline finds."""
    found = []
    for batch in fv.Flow(str(video)).infer(str(model), threshold=THRESHOLD):
        for frame in batch.frames:
            for label, confidence, box in zip(
                frame.objects.labels, frame.objects.confidences, frame.objects.boxes, strict=True
            ):
                if label == "person":
                    found.append((float(confidence), frame.number, box))
    return found


def iou(box: Boxes, others: Boxes) -> Boxes:
    """Of one box `[4]` with many `[N, 4]`."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[:2] + box[2:], others[:, :2] + others[:, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    return both / (box[2] * box[3] + others[:, 2] * others[:, 3] - both)


def average_precision(found: list[tuple[float, int, Boxes]], true: dict[int, Boxes]) -> float:
    """Area under precision over recall, all points, each true box found at most once at IoU .5."""
    taken = {frame: np.zeros(len(boxes), bool) for frame, boxes in true.items()}
    hits = []
    for _, frame, box in sorted(found, key=lambda d: -d[0]):
        overlaps = iou(box, true[frame]) * ~taken[frame] if frame in true else np.zeros(0)
        best = int(overlaps.argmax()) if overlaps.size else -1
        is_hit = best >= 0 and overlaps[best] >= 0.5
        if is_hit:
            taken[frame][best] = True
        hits.append(is_hit)
    hit = np.cumsum(hits)
    recall = hit / sum(len(boxes) for boxes in true.values())
    precision = np.maximum.accumulate((hit / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * precision))


def main() -> int:
    """Measures the named models, or all; exit code 1 when one is off its reference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", nargs="*", default=list(REFERENCE))
    args = parser.parse_args()
    folder = assets()
    true = truth(folder / "truth/mot15/PETS09-S2L1/gt/gt.txt")
    rows = []
    for name in args.model:
        value = average_precision(detections(folder / "models" / name, folder / "videos/vtest.avi"), true)
        rows.append({"model": name, "ap50": round(value, 4), "reference": REFERENCE.get(name)})
    is_good = all(r["reference"] is None or abs(r["ap50"] - r["reference"]) <= TOLERANCE for r in rows)
    if args.json:
        print(json.dumps({"rows": rows, "is_good": is_good}))
    else:
        for r in rows:
            print(f"{r['model']:48} AP50 {r['ap50']:.3f}  reference {r['reference']}")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
