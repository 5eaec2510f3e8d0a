"""All that a training looks at: folders, and videos that a teacher labels first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fluvial.errors import ConfigError
from fluvial.train.folders import read_folder
from fluvial.train.records import Dataset, joined
from fluvial.train.settings import Settings

__all__ = ["label_by_teacher", "read_data"]

_LEAST_TO_SPLIT = 10  # pictures; fewer are measured on themselves
_LABELLED = "labelled"


def label_by_teacher(settings: Settings, folder: Path, told: Callable[[str], None]) -> None:
    """Labels the videos, if there are any, once: a training that goes on finds what was labelled before.

    Raises:
        ConfigError: The teacher knows none of the classes.
    """
    into = folder / _LABELLED
    if not settings.videos or (into / "annotations.json").is_file():
        return
    from fluvial.train.label import label_videos, labels_of  # of all trainings, only these need GStreamer

    assert settings.teacher is not None  # Settings sees to it
    classes = None
    if settings.classes:
        has = labels_of(settings.teacher)
        classes = {name: name for name in settings.classes if name in has}
        if not classes:
            asked = ", ".join(settings.classes)
            raise ConfigError(f"teacher: {settings.teacher} knows none of {asked}; it knows {', '.join(has)}")
    made = label_videos(settings.videos, into, teacher=settings.teacher, classes=classes, told=told)
    told(f"{settings.teacher} labelled {made.pictures} of {made.frames} frames; look at {into}/review.jpg")


def read_data(settings: Settings, folder: Path) -> tuple[Dataset, Dataset]:
    """Training and validation pictures.

    Args:
        settings: Of the training.
        folder: Where `label_by_teacher` has left labels of videos.

    Raises:
        ConfigError: A file or folder is not there, of no known kind, or without a class that is asked for.
    """
    parts = [read_folder(path, settings.teacher_boxes if i == 0 else None) for i, path in enumerate(settings.data)]
    if settings.videos:
        parts.append(read_folder(folder / _LABELLED))
    data = joined(parts, settings.classes)
    if settings.validation:
        held = joined([read_folder(path) for path in settings.validation], data.names)
        paths = {picture.path for picture in held.pictures}
        return replace(data, pictures=tuple(p for p in data.pictures if p.path not in paths)), held
    if len(data.pictures) < _LEAST_TO_SPLIT:
        return data, data
    held = Dataset(data.pictures[::10], data.names)
    return replace(data, pictures=tuple(p for i, p in enumerate(data.pictures) if i % 10)), held
