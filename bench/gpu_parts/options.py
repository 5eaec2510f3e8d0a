"""What a section is told, and tells."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import clips


@dataclass(frozen=True)
class Options:
    """Args: where the assets are; where what is made is kept; how long one figure is measured."""

    assets: Path
    folder: Path
    seconds: float

    @functools.cached_property
    def hd(self) -> Path:
        return clips.long_clip(self.assets, self.folder, "1080p", size=(1920, 1080), kilobits=2000)

    @functools.cached_property
    def uhd(self) -> Path:
        return clips.long_clip(self.assets, self.folder, "4k", size=(3840, 2160), kilobits=6000)
