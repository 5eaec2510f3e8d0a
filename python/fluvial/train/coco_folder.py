"""Labels as COCO's JSON has them, with what partial labels need beside it.

Format: https://cocodataset.org/#format-data. Beside it an image may say `labelled` (ids of categories of which every
object is boxed there; without the key, all) and `partial` (ids of which some are). A box of `iscrowd` is ignored, and
one with a `score`, which a teacher gave it, weighs that.
A teacher's boxes are COCO's result format: a list of image_id, category_id, bbox, score.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fluvial.errors import ConfigError
from fluvial.train.records import EVERY_CLASS, Dataset, Picture, Problems, boxes_inside

__all__ = ["read_coco"]


def read_coco(
    file: Path,
    images: Path,
    *,
    teacher: Path | None = None,
    sure: float = 0.5,
    unsure: float = 0.25,
) -> Dataset:
    """Reads a COCO file.

    Args:
        file: The JSON.
        images: Folder of the pictures.
        teacher: A result file. For classes that are not `labelled` in an image its boxes of at least `sure` are labels
            that weigh their score, those of at least `unsure` are ignored places, and the rest is background.
        sure: Score, [0, 1].
        unsure: Score, [0, 1].

    Returns:
        All categories of the file in the order of their ids, and the pictures that are there.

    Raises:
        ConfigError: The file is no COCO JSON, or has no image or no category.
    """
    data = _load(file)
    for key in ("images", "annotations", "categories"):
        if not isinstance(data.get(key) if isinstance(data, dict) else None, list):
            raise ConfigError(f'{file}: no list "{key}"; a COCO file has images, annotations and categories')
    problems = Problems()
    categories = {int(c["id"]): str(c["name"]) for c in data["categories"]}
    if not categories:
        raise ConfigError(f"{file}: has no category")
    class_of = {id_: i for i, id_ in enumerate(sorted(categories))}
    boxes = _by_image(data["annotations"], data["images"], problems)
    taught = _by_image(_load(teacher), data["images"], problems) if teacher else {}
    pictures = []
    for image in data["images"]:
        path = images / str(image["file_name"])
        if not path.is_file():
            problems.add("picture is not there", str(path))
            continue
        labels = _Labels(image, class_of, problems)
        for box in boxes.get(image["id"], ()):
            labels.add_truth(box)
        if teacher:
            labels.add_taught(taught.get(image["id"], ()), sure, unsure)
        pictures.append(labels.picture(path))
    if not pictures:
        raise ConfigError(f"{file}: none of its {len(data['images'])} images is in {images}")
    return Dataset(tuple(pictures), tuple(categories[id_] for id_ in class_of), problems)


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{file}: no JSON: {error}") from None


def _by_image(boxes: Any, images: Any, problems: Problems) -> dict[Any, list[dict[str, Any]]]:
    known = {image["id"] for image in images}
    result: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for box in boxes:
        if box.get("image_id") in known:
            result[box["image_id"]].append(box)
        else:
            problems.add("box of an image that is not listed", f"image_id {box.get('image_id')}")
    return result


class _Labels:
    """Of one image."""

    def __init__(self, image: Mapping[str, Any], class_of: Mapping[int, int], problems: Problems) -> None:
        self._name, self._size = str(image["file_name"]), (int(image["width"]), int(image["height"]))
        self._class_of, self._problems = class_of, problems
        self._known = {class_of[id_] for id_ in image.get("labelled", class_of) if id_ in class_of}
        self._boxes: list[tuple[Sequence[float], int, float]] = []
        self._ignored: list[tuple[Sequence[float], int]] = []

    def _class(self, box: Mapping[str, Any]) -> int | None:
        number = self._class_of.get(box.get("category_id", -1))
        if number is None:
            self._problems.add("box of an unknown category", f"{self._name} category_id {box.get('category_id')}")
        return number

    def add_truth(self, box: Mapping[str, Any]) -> None:
        number = self._class(box)
        if number is None:
            return
        if box.get("iscrowd"):
            self._ignored.append((box["bbox"], EVERY_CLASS))
        else:
            self._boxes.append((box["bbox"], number, float(box.get("score", 1.0))))

    def add_taught(self, boxes: Sequence[Mapping[str, Any]], sure: float, unsure: float) -> None:
        drawn = [b for b, _, _ in self._boxes]
        for box in boxes:
            number, score = self._class(box), float(box["score"])
            if number is None or number in self._known or score < unsure:
                continue
            if score < sure:
                self._ignored.append((box["bbox"], number))
            elif not any(_overlap(box["bbox"], b) > 0.6 for b in drawn):  # not what a person has labelled
                self._boxes.append((box["bbox"], number, score))
        self._known = set(self._class_of.values())

    def picture(self, path: Path) -> Picture:
        boxes, is_left = boxes_inside([b for b, _, _ in self._boxes], self._size, self._problems, self._name)
        kept = [rest for (_, *rest), is_good in zip(self._boxes, is_left, strict=True) if is_good]
        ignored, is_ignored_left = boxes_inside([b for b, _ in self._ignored], self._size, Problems(), self._name)
        ignored_kept = [c for (_, c), is_good in zip(self._ignored, is_ignored_left, strict=True) if is_good]
        return Picture(
            path,
            boxes,
            np.array([c for c, _ in kept], np.int64),
            np.array([w for _, w in kept], np.float32),
            ignored,
            np.array(ignored_kept, np.int64),
            frozenset(self._known),
        )


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / (a[2] * a[3] + b[2] * b[3] - both + 1e-9)
