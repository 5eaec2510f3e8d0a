"""What one writes without us: OpenCV reads, OpenVINO infers, NumPy decodes, `trackers` tracks.

    python bench/children/loop.py CLIP MODEL plain|overlapped

plain: one frame after the other, OpenVINO's defaults. overlapped: several inferences in flight, as a careful author
would have it.
YOLOX only: letterbox with 114 at the top left, BGR 0..255.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import openvino as ov
import supervision as sv
from meter import Meter
from trackers import ByteTrackTracker

SIZE = 416
THRESHOLD, IOU = 0.3, 0.6


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Per anchor: its cell `[N, 2]` and its stride `[N, 1]`."""
    cells, strides = [], []
    for stride in (8, 16, 32):
        side = SIZE // stride
        y, x = np.mgrid[:side, :side]
        cells.append(np.stack([x, y], -1).reshape(-1, 2))
        strides.append(np.full((side * side, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


CELLS, STRIDES = grid()


def prepare(image: np.ndarray) -> tuple[np.ndarray, float]:
    scale = min(SIZE / image.shape[0], SIZE / image.shape[1])
    small = cv2.resize(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
    padded = np.full((SIZE, SIZE, 3), 114, np.uint8)
    padded[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32), scale


def detections(output: np.ndarray, scale: float) -> sv.Detections:
    rows = output[0]
    scores = rows[:, 4:5] * rows[:, 5:]
    classes = scores.argmax(1)
    best = scores[np.arange(len(scores)), classes]
    keep = best > THRESHOLD
    centre = (rows[keep, :2] + CELLS[keep]) * STRIDES[keep] / scale
    size = np.exp(rows[keep, 2:4]) * STRIDES[keep] / scale
    found = sv.Detections(
        xyxy=np.concatenate([centre - size / 2, centre + size / 2], 1), confidence=best[keep], class_id=classes[keep]
    )
    return found.with_nms(IOU)


def frames(clip: str) -> Iterator[np.ndarray]:
    capture = cv2.VideoCapture(clip)
    while True:
        is_there, image = capture.read()
        if not is_there:
            return
        yield image


def run_plain(clip: str, model: ov.CompiledModel, meter: Meter) -> Iterator[sv.Detections]:
    request = model.create_infer_request()
    for image in frames(clip):
        meter.start()
        tensor, scale = prepare(image)
        yield detections(request.infer({0: tensor})[0], scale)


def run_overlapped(clip: str, model: ov.CompiledModel, meter: Meter) -> Iterator[sv.Detections]:
    idle: deque[Any] = deque(
        model.create_infer_request() for _ in range(model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1)
    )
    running: deque[tuple[Any, float]] = deque()
    for image in frames(clip):
        meter.start()
        if not idle:
            yield finish(running, idle)
        tensor, scale = prepare(image)
        request = idle.popleft()
        request.start_async({0: tensor})
        running.append((request, scale))
    while running:
        yield finish(running, idle)


def finish(running: deque[tuple[Any, float]], idle: deque[Any]) -> sv.Detections:
    request, scale = running.popleft()
    request.wait()
    found = detections(request.get_output_tensor(0).data.copy(), scale)
    idle.append(request)
    return found


def main() -> None:
    clip, path, style = sys.argv[1:]
    hint = "LATENCY" if style == "plain" else "THROUGHPUT"
    model = ov.Core().compile_model(path, "CPU", {"PERFORMANCE_HINT": hint})
    tracker = ByteTrackTracker()
    meter = Meter()
    for found in (run_plain if style == "plain" else run_overlapped)(clip, model, meter):
        tracked = tracker.update(found)
        meter.frames += 1
        meter.objects += len(tracked)
    meter.report()


if __name__ == "__main__":
    main()
