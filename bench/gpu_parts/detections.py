"""What a detector finds on a clip, as plain numbers; and how far two such lists are apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLIPS = {"vtest": "vtest.avi", "person-bicycle-car": "person-bicycle-car-detection.mp4"}
MODEL = "yolox_nano_416.onnx"
LOWEST, TOLD = 0.25, 0.3  # confidence: what is listed; what must be found by both sides

Found = list[list[list[float]]]  # by frame: class, confidence, left, top, width, height


def found_on(clip: Path, model: Path, **settings: Any) -> Found:
    import fluvial as fv

    found: Found = []
    for batch in fv.Flow([str(clip)]).infer(model, threshold=LOWEST, **settings):
        for frame in batch.frames:
            seen = frame.objects
            rows = zip(seen.class_ids.tolist(), seen.confidences.tolist(), seen.boxes.tolist(), strict=True)
            found.append([[c, round(s, 5), *(round(v, 3) for v in box)] for c, s, box in rows])
    return found


@dataclass(frozen=True)
class Apart:
    """Attributes: greatest distance of an edge, in pixels; of confidences; objects that both have, and one lacks."""

    pixels: float
    confidence: float
    both: int
    missing: int


def apart(some: Found, others: Found) -> Apart:
    pixels = confidence = 0.0
    both = missing = abs(len(some) - len(others))
    both = 0
    for a, b in zip(some, others, strict=False):
        for mine, theirs in ((a, b), (b, a)):
            left = list(theirs)
            for one in sorted(mine, key=lambda row: -row[1]):
                if one[1] < TOLD:
                    break
                fitting = [row for row in left if row[0] == one[0]]
                nearest = min(fitting, key=lambda row: _distance(row, one), default=None)
                if nearest is None or _distance(nearest, one) > 20:
                    missing += 1
                    continue
                left.remove(nearest)
                both += 1
                pixels = max(pixels, _distance(nearest, one))
                confidence = max(confidence, abs(nearest[1] - one[1]))
    return Apart(pixels, confidence, both // 2, missing)


def _distance(a: list[float], b: list[float]) -> float:
    edges = ((a[2], b[2]), (a[3], b[3]), (a[2] + a[4], b[2] + b[4]), (a[3] + a[5], b[3] + b[5]))
    return max(abs(x - y) for x, y in edges)
