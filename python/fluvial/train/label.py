"""Frames of videos and what a teacher sees on them, as a COCO folder that `fluvial train` reads.

A camera shows the same for hours: a frame is taken where the picture has changed, not every so many seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fluvial.errors import ConfigError, did_you_mean
from fluvial.flow import Flow
from fluvial.frame import Frame
from fluvial.models.explain import explain
from fluvial.models.registry import find

__all__ = ["Labelled", "label_videos", "labels_of"]

_COLUMNS, _ROWS = 32, 18  # of the small grey picture that changes are seen in
_SHEET_COLUMNS, _SHEET_WIDTH, _MOST_ON_SHEET = 4, 320, 48
_QUALITY = 90

_Box = tuple[str, Sequence[float], float]  # name, left top width height in pixels, score


@dataclass(frozen=True)
class Labelled:
    """What `label_videos` left.

    Attributes:
        folder: With annotations.json, images/, review.jpg.
        frames: That were looked at.
        pictures: That were taken.
        boxes: By class.
    """

    folder: Path
    frames: int
    pictures: int
    boxes: dict[str, int]


class _Changes:
    """Tells whether a frame differs enough from the last one that was taken of its video."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._last: dict[str | int, NDArray[np.float32]] = {}

    def is_new(self, source: str | int, pixels: NDArray[np.uint8]) -> bool:
        small = _small(pixels)
        last = self._last.get(source)
        # The part that changed most counts: a person far away moves a few cells, not the mean.
        if last is not None and float(np.sort(np.abs(small - last), axis=None)[-6:].mean()) < self._least:
            return False
        self._last[source] = small
        return True


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean grey level of 18 x 32 cells, of about eight pixels across and down each."""
    step = max(1, pixels.shape[0] // (8 * _ROWS))
    pixels = pixels[::step, ::step]
    height, width = pixels.shape[:2]
    rows = np.linspace(0, height, _ROWS + 1).astype(int)[:-1]
    columns = np.linspace(0, width, _COLUMNS + 1).astype(int)[:-1]
    grey = pixels[..., :3].astype(np.float32).mean(2)
    sums = np.add.reduceat(np.add.reduceat(grey, rows, 0), columns, 1)
    counts = np.diff([*rows, height])[:, None] * np.diff([*columns, width])[None]
    return np.asarray(sums / counts, np.float32)


def label_videos(
    videos: Sequence[str],
    folder: Path,
    *,
    teacher: str,
    sure: float = 0.5,
    unsure: float = 0.25,
    change: float = 12.0,
    most: int = 500,
    classes: Mapping[str, str] | None = None,
    told: Callable[[str], None] | None = None,
) -> Labelled:
    """Takes frames that differ, and writes the teacher's boxes as labels.

    Args:
        videos: Files, or anything that `Flow` takes and that ends.
        folder: Made; must not hold annotations yet.
        teacher: A model, as `Flow.infer` takes it.
        sure: Score from which a box is a label, [0, 1].
        unsure: Score from which a box is a place to ignore (`iscrowd`), [0, 1].
        change: Grey levels by which the most changed cells of a frame differ from the last one taken.
        most: Pictures of one video.
        classes: The teacher's names that are kept, and what each is called in the labels; None keeps all as they are.
            Of others no box is written, and the labels say nothing of them.
        told: Called with lines of progress.

    Raises:
        ConfigError: A number is not as it must be, the teacher has no such class, or the folder has labels already.
    """
    if not 0 <= unsure <= sure <= 1:
        raise ConfigError(f"unsure {unsure:g}, sure {sure:g}: allowed is 0 <= unsure <= sure <= 1")
    if (folder / "annotations.json").exists():
        raise ConfigError(f"{folder}: has annotations.json already; name another folder")
    if classes is not None:
        _check_names(classes, teacher)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    writer, changes, frames = _Writer(folder, sure, classes), _Changes(change), 0
    counts: dict[str | int, int] = {}
    for batch in Flow(list(videos)).infer(teacher, threshold=max(unsure, 0.01)):
        for frame in batch.frames:
            frames += 1
            if counts.get(frame.source, 0) >= most:
                continue
            pixels = frame.pixels()
            if changes.is_new(frame.source, pixels):
                counts[frame.source] = counts.get(frame.source, 0) + 1
                writer.add(frame, pixels)
    if told:
        for source, count in counts.items():
            told(f"{source}: {count} pictures")
    boxes = writer.finish({"teacher": teacher, "sure": sure, "unsure": unsure})
    return Labelled(folder, frames, len(writer.images), boxes)


def labels_of(teacher: str) -> list[str]:
    """Names of a model's classes, by number.

    Raises:
        ModelError: No such model.
    """
    labels: list[str] = explain(find(teacher))["labels"]
    return labels


def _check_names(classes: Mapping[str, str], teacher: str) -> None:
    has = labels_of(teacher)
    for name in classes:
        if name not in has:
            hint = did_you_mean(name, has, listed=20)
            raise ConfigError(f"classes: the teacher {teacher} has no {name!r}\n  hint: {hint}")


class _Writer:
    def __init__(self, folder: Path, sure: float, classes: Mapping[str, str] | None) -> None:
        self._folder, self._sure, self._classes = folder, sure, classes
        # Classes that were asked for are known in every picture, also where none is seen in any.
        self._names: list[str] = list(dict.fromkeys(classes.values())) if classes else []
        self._thumbs: list[Image.Image] = []
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def add(self, frame: Frame, pixels: NDArray[np.uint8]) -> None:
        stem = Path(str(frame.source)).stem or "video"
        image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
        number = len(self.images) + 1
        name = f"{stem}_{frame.number:06}.jpg"
        image.save(self._folder / "images" / name, quality=_QUALITY)
        self.images.append({"id": number, "file_name": name, "width": image.width, "height": image.height})
        boxes = self._kept([(o.label or str(o.class_id), o.box, o.confidence) for o in frame.objects])
        for label, box, score in boxes:
            self._add_box(number, label, box, score)
        if len(self._thumbs) < _MOST_ON_SHEET:
            self._thumbs.append(_drawn(image, boxes, self._sure))

    def _kept(self, boxes: list[_Box]) -> list[_Box]:
        if self._classes is None:
            return boxes
        return [(self._classes[name], box, score) for name, box, score in boxes if name in self._classes]

    def _add_box(self, image: int, label: str, box: Sequence[float], score: float) -> None:
        if label not in self._names:
            self._names.append(label)
        self.annotations.append(
            {
                "id": len(self.annotations) + 1,
                "image_id": image,
                "category_id": self._names.index(label) + 1,
                "bbox": [round(float(v), 1) for v in box],
                "area": round(float(box[2] * box[3]), 1),
                "iscrowd": int(score < self._sure),
                "score": round(float(score), 3),
            }
        )

    def finish(self, info: dict[str, Any]) -> dict[str, int]:
        categories = [{"id": i + 1, "name": name} for i, name in enumerate(self._names)]
        content = {"info": info, "categories": categories, "images": self.images, "annotations": self.annotations}
        (self._folder / "annotations.json").write_text(json.dumps(content))
        if self._thumbs:
            _sheet(self._thumbs).save(self._folder / "review.jpg", quality=_QUALITY)
        sure = [a["category_id"] for a in self.annotations if not a["iscrowd"]]
        return {name: sure.count(i + 1) for i, name in enumerate(self._names) if i + 1 in sure}


def _drawn(image: Image.Image, boxes: Sequence[_Box], sure: float) -> Image.Image:
    scale = _SHEET_WIDTH / image.width
    small = image.resize((_SHEET_WIDTH, max(1, round(image.height * scale))))
    draw = ImageDraw.Draw(small)
    for label, (left, top, width, height), score in boxes:
        colour = (40, 220, 40) if score >= sure else (220, 60, 220)
        draw.rectangle([left * scale, top * scale, (left + width) * scale, (top + height) * scale], outline=colour)
        draw.text((left * scale + 2, top * scale + 1), f"{label} {score:.2f}", fill=colour)
    return small


def _sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    height = max(p.height for p in pictures)
    rows = -(-len(pictures) // _SHEET_COLUMNS)
    sheet = Image.new("RGB", (_SHEET_COLUMNS * _SHEET_WIDTH, rows * height), (32, 32, 32))
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (i % _SHEET_COLUMNS * _SHEET_WIDTH, i // _SHEET_COLUMNS * height))
    return sheet
