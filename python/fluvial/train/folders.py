"""Reads labelled pictures, however they are kept."""

from __future__ import annotations

from pathlib import Path

from fluvial.errors import ConfigError
from fluvial.train.coco_folder import read_coco
from fluvial.train.records import Dataset
from fluvial.train.yolo_folder import read_yolo

__all__ = ["read_folder"]


def read_folder(data: Path, teacher: Path | None = None) -> Dataset:
    """One dataset.

    Args:
        data: COCO's JSON beside its images/, a folder with both, or one as YOLO's tools have it.
        teacher: COCO result file, for classes that are not labelled in a picture.

    Raises:
        ConfigError: Not there, or of no known kind.
    """
    if not data.exists():
        raise ConfigError(f"data: {data} is not there; allowed is COCO's JSON, or a folder with labels")
    if data.is_dir() and (data / "annotations.json").is_file():
        data = data / "annotations.json"
    return read_yolo(data) if data.is_dir() else read_coco(data, data.parent / "images", teacher=teacher)
