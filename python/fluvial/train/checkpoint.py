"""What a training is made of at one moment, on disk: whole, or not there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fluvial.errors import ConfigError

__all__ = ["load_checkpoint", "save_checkpoint"]

_FORMAT = 1


def save_checkpoint(file: Path, content: Mapping[str, Any]) -> None:
    """Writes beside the file, then puts it in its place: where the disk is full, the one before stays.

    Raises:
        OSError: It could not be written; says which file is left.
    """
    beside = file.with_suffix(".part")
    try:
        with beside.open("wb") as out:
            torch.save({"format": _FORMAT, **content}, out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except (OSError, RuntimeError) as error:  # torch makes RuntimeErrors of a full disk
        beside.unlink(missing_ok=True)
        left = f"the one before is left in {file}" if file.is_file() else "there is none before it"
        raise OSError(f"checkpoint {file} could not be written: {error}; {left}. Is the disk full?") from error


def load_checkpoint(file: Path) -> dict[str, Any]:
    """Tensors and plain values only: nothing in the file is run.

    Raises:
        ConfigError: Not there, or no checkpoint of this program.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: no such checkpoint")
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        words = (str(error).splitlines() or ["it is empty"])[0]
        raise ConfigError(f"{file}: no checkpoint: {type(error).__name__}, {words}") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ConfigError(f"{file}: no checkpoint of fluvial train (format {_FORMAT})")
    return content
