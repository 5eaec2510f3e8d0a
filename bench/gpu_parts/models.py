"""The networks by name, each with what the pipeline must be told of it. Weights are random: speed does not depend on
them; so that there is something to track and to read, detectors find twenty objects on every picture."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from layers import WithObjects
from resnet import Resnet50, Tiny
from torch import nn
from yolov4 import Yolov4, Yolov4Tiny
from yolov8 import Yolov8n
from yolox import yolox_nano, yolox_s

OBJECTS = 20


@dataclass(frozen=True)
class Known:
    make: Callable[[], nn.Module]
    size: int
    head: str
    scores: tuple[int, ...] = ()  # columns that are 1 for an object
    is_transposed: bool = False
    unit: float = 1.0  # of a box
    settings: dict[str, Any] = field(default_factory=dict)


KNOWN = {
    "yolox-nano": Known(yolox_nano, 416, "yolox", (4, 5), settings={"model_color_format": 1}),
    "yolox-s": Known(yolox_s, 640, "yolox", (4, 5), settings={"model_color_format": 1}),
    "yolov4-tiny": Known(Yolov4Tiny, 416, "yolox", (4, 5), settings={"head_options": {"boxes": "decoded"}}),
    "yolov4": Known(Yolov4, 608, "yolox", (4, 5), settings={"head_options": {"boxes": "decoded"}}),
    "yolov8n": Known(Yolov8n, 640, "yolo", (4,), is_transposed=True),
    "tiny": Known(Tiny, 64, "classification", settings={"network_type": 1}),
    "resnet50": Known(Resnet50, 224, "classification", settings={"network_type": 1}),
}


def boxes_for(known: Known) -> list[tuple[float, ...]]:
    """Centres and sizes in a row; those of YOLOX are offsets from a row's own cell, and logarithms."""
    if known.make in (yolox_nano, yolox_s):
        return [(0.5, 0.5, 1.0, 1.0)] * OBJECTS
    step = known.size / OBJECTS
    return [(step * (i + 0.5), known.size * 0.4 + i, step * 0.8, step * 2) for i in range(OBJECTS)]


@functools.cache
def network(name: str) -> nn.Module:
    """On the CPU, as it was made, until somebody moves it; the same for every call."""
    known = KNOWN[name]
    torch.manual_seed(0)
    plain = known.make().eval()
    if not known.scores:
        return plain
    with torch.inference_mode():
        like = plain(torch.zeros(1, 3, known.size, known.size))
    return WithObjects(
        plain, boxes_for(known), like, is_transposed=known.is_transposed, scores=list(known.scores)
    ).eval()


def settings_of(name: str) -> dict[str, Any]:
    known = KNOWN[name]
    common = {"net_scale_factor": 1 / 255, "model_color_format": 0, "head": known.head, "threshold": 0.3}
    return {**common, **known.settings}
