"""Where results go: video files, a window, JSON Lines.

A file is written as NAME.partial.EXT and gets its own name when it is complete. What a partial file holds can be
played at any time, also after the process was killed: MP4 is written in fragments and made an ordinary, seekable file
at the end; Matroska is readable up to its last cluster anyway.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fluvial.errors import CallSite, OutputError, did_you_mean

__all__ = ["JsonLines", "VideoFile", "check_path", "partial_name"]

_FRAGMENT_MS = 1000

# Extension: the muxer and its settings.
_MUXERS: dict[str, tuple[str, dict[str, object]]] = {
    ".mp4": ("mp4mux", {"fragment_duration": _FRAGMENT_MS, "fragment_mode": "first-moov-then-finalise"}),
    ".mov": ("qtmux", {"fragment_duration": _FRAGMENT_MS, "fragment_mode": "first-moov-then-finalise"}),
    ".mkv": ("matroskamux", {}),
    ".ts": ("mpegtsmux", {}),
}


@dataclass(frozen=True)
class VideoFile:
    """One file, or with "{source}" in its name one file a source."""

    pattern: str
    codec: str  # "h264" or "h265"
    bitrate: int  # bits a second

    @property
    def is_per_source(self) -> bool:
        return "{source}" in self.pattern

    @property
    def muxer(self) -> tuple[str, dict[str, object]]:
        return _MUXERS[Path(self.pattern).suffix.lower()]

    def path(self, source: str = "") -> Path:
        return Path(self.pattern.replace("{source}", source)).expanduser()

    def check(self, at: CallSite) -> None:
        """Raises OutputError, before anything runs, for what can be known by then."""
        suffix = Path(self.pattern).suffix.lower()
        if suffix not in _MUXERS:
            hint = did_you_mean(suffix, _MUXERS) or f"one of: {', '.join(_MUXERS)}"
            raise OutputError("save", f"{self.pattern}: no video format {suffix!r}", at=at, hint=hint)
        wrong = [w for w in re.findall(r"\{(\w*)\}", self.pattern) if w != "source"]
        if wrong:
            raise OutputError("save", f"{self.pattern}: unknown {{{wrong[0]}}}", at=at, hint="{source} is known")
        if self.codec not in ("h264", "h265"):
            raise OutputError("save", f"codec={self.codec!r}: expected h264 or h265", at=at)
        check_path("save", self.path("source"), at)


def check_path(stage: str, path: Path, at: CallSite) -> None:
    """Raises OutputError unless a file can be written there."""
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(stage, f"{path}: there is no folder {folder}", at=at, hint=f"mkdir -p {folder}")
    if path.is_dir():
        raise OutputError(stage, f"{path}: is a folder", at=at, hint="give a file's name")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise OutputError(stage, f"{path}: may not be written", at=at, hint=f"check the rights of {folder}")


def partial_name(path: Path) -> Path:
    """The name that a file has until it is complete.

    Example:
        >>> partial_name(Path("out/demo.mp4")).name
        'demo.partial.mp4'
    """
    return path.with_name(f"{path.stem}.partial{path.suffix}")


class JsonLines:
    """Every object of every frame, one JSON object a line. One thread writes.

    Keys: source, frame, time (seconds), label, class_id, confidence, track_id (null: untracked), box (left, top, width,
    height in pixels); keypoints (x, y, confidence of each) and classifications where a model found some.
    """

    def __init__(self, path: Path, at: CallSite) -> None:
        self.path, self._at = path, at
        check_path("write_json", path, at)
        self._file: IO[str] | None = None

    def open(self) -> None:
        self._file = partial_name(self.path).open("w", encoding="utf-8")

    def add(self, batch: Any) -> None:
        """Writes the objects of one batch. Give it to a probe."""
        assert self._file is not None
        try:
            self._file.writelines(_lines(batch.frames))
        except OSError as e:
            raise OutputError("write_json", f"{self.path}: {e.strerror}", at=self._at) from e

    def close(self, *, is_complete: bool) -> None:
        """Gives the file its name, if it is complete. May be called twice."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if is_complete:
            partial_name(self.path).replace(self.path)


def _lines(frames: Iterable[Any]) -> Iterable[str]:
    for frame in frames:
        objects = frame.objects
        if not len(objects):
            continue
        head = {"source": frame.source, "frame": frame.number, "time": frame.time}
        has_keypoints = objects.keypoints.shape[1] > 0
        columns = zip(
            objects.labels,
            objects.class_ids.tolist(),
            objects.confidences.tolist(),
            objects.track_ids.tolist(),
            objects.boxes.tolist(),
            strict=True,
        )
        for i, (label, class_id, confidence, track_id, box) in enumerate(columns):
            record = {
                **head,
                "label": label,
                "class_id": class_id,
                "confidence": round(confidence, 4),
                "track_id": track_id if track_id >= 0 else None,
                "box": [round(v, 2) for v in box],
            }
            points = objects[i].keypoints.tolist() if has_keypoints else []
            if points:
                record["keypoints"] = [[round(x, 2), round(y, 2), round(c, 4)] for x, y, c in points]
            found = objects[i].classifications
            if found:
                record["classifications"] = [
                    {"attribute": a, "label": name, "confidence": round(c, 4)} for a, name, c in found
                ]
            yield json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
