"""Labels as YOLO's tools have them: beside images/a.jpg a labels/a.txt, a line an object: class cx cy width height.

The four are parts of the picture, [0, 1]. Names stand in data.yaml (`names:`, a list, or numbers to names) or in
classes.txt.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from PIL import Image, UnidentifiedImageError

from fluvial.errors import ConfigError
from fluvial.train.records import Dataset, Picture, Problems, boxes_inside

__all__ = ["PICTURE_SUFFIXES", "read_yolo"]

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


def read_yolo(folder: Path) -> Dataset:
    """Reads a folder with images/ and labels/, or with pictures and .txt files side by side.

    A picture without a label file is one without objects.

    Raises:
        ConfigError: No picture, or no file of names.
    """
    names = _names(folder)
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in PICTURE_SUFFIXES)
    if not files:
        raise ConfigError(f"{folder}: no picture in it; allowed are {' '.join(sorted(PICTURE_SUFFIXES))}")
    problems = Problems()
    pictures = []
    for file in files:
        try:
            with Image.open(file) as image:
                size = image.size
        except (OSError, UnidentifiedImageError):
            problems.add("cannot be read as a picture", str(file))
            continue
        pictures.append(_picture(file, size, len(names), problems))
    if not pictures:
        raise ConfigError(f"{folder}: none of its {len(files)} pictures can be read; the first is {files[0]}")
    return Dataset(tuple(pictures), tuple(names), problems)


def _names(folder: Path) -> list[str]:
    for file in (folder / "data.yaml", folder / "dataset.yaml"):
        if file.is_file():
            names = (yaml.safe_load(file.read_text()) or {}).get("names")
            if isinstance(names, dict):
                return [str(names[key]) for key in sorted(names)]
            if isinstance(names, list) and names:
                return [str(name) for name in names]
            raise ConfigError(f"{file}: names is {names!r}; allowed is a list, or numbers to names")
    for file in (folder / "classes.txt", folder / "labels" / "classes.txt"):
        if file.is_file():
            return [line.strip() for line in file.read_text().splitlines() if line.strip()]
    raise ConfigError(f"{folder}: the classes have no names; put them into data.yaml (names: [person, car]) there")


def _label_file(picture: Path) -> Path:
    parts = list(picture.with_suffix(".txt").parts)
    if "images" in parts:
        at = len(parts) - 1 - parts[::-1].index("images")
        parts[at] = "labels"
    return Path(*parts)


def _picture(file: Path, size: tuple[int, int], classes: int, problems: Problems) -> Picture:
    labels = _label_file(file)
    boxes, numbers = [], []
    for i, line in enumerate(labels.read_text().splitlines() if labels.is_file() else (), 1):
        words = line.split()
        if not words:
            continue
        try:
            number, (cx, cy, w, h) = int(words[0]), map(float, words[1:5])
        except ValueError:
            problems.add("line is not: class cx cy width height", f"{labels}:{i} {line!r}")
            continue
        if not 0 <= number < classes:
            problems.add(f"class is not one of 0..{classes - 1}", f"{labels}:{i} {number}")
            continue
        boxes.append(((cx - w / 2) * size[0], (cy - h / 2) * size[1], w * size[0], h * size[1]))
        numbers.append(number)
    inside, is_left = boxes_inside(boxes, size, problems, str(labels))
    kept = np.array(numbers, np.int64)[is_left]
    nothing = np.zeros((0, 4), np.float32)
    weights = np.ones(len(kept), np.float32)
    return Picture(file, inside, kept, weights, nothing, np.zeros(0, np.int64), frozenset(range(classes)))
