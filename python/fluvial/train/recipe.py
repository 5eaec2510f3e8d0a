"""Settings of a training in a YAML file, which may leave open where the data lies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from fluvial.errors import ConfigError

__all__ = ["read_recipe"]

_PATHS = ("data", "validation", "teacher_boxes", "apart", "begin_from")
_FOLDER = "{data}"


def read_recipe(file: Path, data: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """Settings as `Settings` takes them; paths are relative to the file.

    Args:
        file: YAML.
        data: What the command line names; with {data} in the file one folder, which takes its place.

    Returns:
        The settings, and whether `data` found its place among them.

    Raises:
        ConfigError: The file cannot be read or has no settings, or there is not one folder.
    """
    try:
        given = yaml.safe_load(file.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"--config {file}: {error}") from None
    if not isinstance(given, dict):
        raise ConfigError(f"--config {file}: settings with their values are needed: epochs: 100")
    is_placed = any(_FOLDER in str(given.get(key)) for key in _PATHS)
    if is_placed and len(data) != 1:
        raise ConfigError(
            f"--config {file}: has {_FOLDER} in it: one folder is needed on the command line, not {len(data)}"
        )

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(one) for one in value]
        return str(file.parent / value.replace(_FOLDER, str(Path(data[0]).resolve()) if is_placed else _FOLDER))

    return {
        **given,
        **{key: placed(given[key]) for key in _PATHS if isinstance(given.get(key), (str, list))},
    }, is_placed
