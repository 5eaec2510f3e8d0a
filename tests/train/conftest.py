"""Generated pictures with boxes, as COCO's and YOLO's folders have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

NAMES = ("box", "disc")
WIDTH, HEIGHT = 160, 120


def draw_pictures(folder: Path, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Red boxes and blue discs on a noisy ground; returns COCO's annotations."""
    random = np.random.default_rng(seed)
    annotations = []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        ground = np.kron(random.integers(60, 180, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8)
        image = Image.fromarray(ground)
        draw = ImageDraw.Draw(image)
        for kind in (0, 1):
            width, height = (int(v) for v in random.integers(24, 56, 2))
            left = int(random.integers(0, WIDTH // 2 - 56 + 24) + kind * WIDTH // 2)
            left, top = min(left, WIDTH - width), int(random.integers(0, HEIGHT - height))
            shape = [left, top, left + width - 1, top + height - 1]
            (draw.ellipse if kind else draw.rectangle)(shape, fill=(30, 30, 250) if kind else (250, 30, 30))
            box = {"image_id": number, "category_id": kind + 1, "bbox": [left, top, width, height], "iscrowd": 0}
            annotations.append({"id": len(annotations), **box})
        image.save(folder / "images" / f"{number}.png")
    return annotations


def write_coco(folder: Path, annotations: list[dict[str, Any]], **image_keys: Any) -> Path:
    numbers = sorted({a["image_id"] for a in annotations})
    content = {
        "images": [{"id": i, "file_name": f"{i}.png", "width": WIDTH, "height": HEIGHT, **image_keys} for i in numbers],
        "annotations": annotations,
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(NAMES)],
    }
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder / "annotations.json"


@pytest.fixture
def coco(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of so many pictures, and returns it."""

    def make(count: int = 8, seed: int = 0, **image_keys: Any) -> Path:
        folder = tmp_path / f"coco-{count}-{seed}"
        write_coco(folder, draw_pictures(folder, count, seed), **image_keys)
        return folder

    return make


@dataclass(frozen=True)
class Learnt:
    """A training that knows its eight pictures by heart."""

    data: Path
    folder: Path
    result: Any
    lines: list[str]

    @property
    def checkpoint(self) -> Path:
        return self.folder / "best.pt"


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    from fluvial.train import Settings, train

    data, folder = tmp_path_factory.mktemp("learnt-data"), tmp_path_factory.mktemp("learnt")
    write_coco(data, draw_pictures(data, 8))
    small = {"size": "pico", "input_side": 96, "batch": 8, "device": "cpu", "warm_up_steps": 5}
    plain = {"mosaic": 0.0, "mixup": 0.0, "scale": 1.0, "flip": 0.0, "plain_epochs": 0.0}
    settings = Settings(data=(data,), epochs=160, every=80, rate=0.008, **small, **plain)
    lines: list[str] = []
    return Learnt(data, folder, train(settings, folder, told=lines.append), lines)
