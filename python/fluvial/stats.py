"""How fast a flow ran, by source: counted while batches pass, at a few microseconds a batch."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

__all__ = ["SourceStats", "StatsCounter"]

_LATENCIES = 2000  # the newest; what is shown is how it runs, not how it started
_TRACKS = 4096  # ids remembered; one that comes back later than this is counted twice


@dataclass(frozen=True)
class SourceStats:
    """What one source has seen so far.

    Attributes:
        frames: Frames that passed.
        objects: Objects on them, summed.
        tracks: Different track ids; 0 without a tracker.
        fps: Frames a second of wall-clock time, from its first frame to its newest.
        latency_ms: Median of the time from the decoder to the end of the pipeline; None where nobody measured.
        latency_ms_p99: The same, exceeded by one frame in a hundred.
    """

    frames: int = 0
    objects: int = 0
    tracks: int = 0
    fps: float = 0.0
    latency_ms: float | None = None
    latency_ms_p99: float | None = None


class _OneSource:
    def __init__(self, now: float) -> None:
        self.frames = self.objects = self.tracks = 0
        self.first = self.newest = now
        self.latencies: deque[float] = deque(maxlen=_LATENCIES)
        self.known_tracks: OrderedDict[int, None] = OrderedDict()

    def see_tracks(self, ids: list[int]) -> None:
        for track in ids:
            if track < 0:
                continue
            if track not in self.known_tracks:
                self.tracks += 1
                self.known_tracks[track] = None
                if len(self.known_tracks) > _TRACKS:
                    self.known_tracks.popitem(last=False)
            else:
                self.known_tracks.move_to_end(track)


class StatsCounter:
    """Counts batches. One thread adds, any thread reads."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._sources: dict[str, _OneSource] = {}

    def add(self, batch: Any) -> None:
        """Counts one batch. Give it to a probe."""
        now, wall = time.monotonic(), time.time()
        for frame in batch.frames:
            name = frame.source
            seen = self._sources.get(name)
            if seen is None:
                seen = self._sources[name] = _OneSource(now)
            seen.frames += 1
            seen.newest = now
            arrived = frame.ntp_time
            if arrived is not None and 0 <= wall - arrived < 3600:
                seen.latencies.append(wall - arrived)
            objects = frame.objects
            count = len(objects)
            if count:
                seen.objects += count
                seen.see_tracks(objects.track_ids.tolist())

    @property
    def frames(self) -> int:
        """Frames of all sources so far."""
        return sum(s.frames for s in list(self._sources.values()))

    def frames_of(self, name: str) -> int:
        """Frames of one source so far."""
        seen = self._sources.get(name)
        return seen.frames if seen else 0

    def by_source(self) -> dict[str, SourceStats]:
        """What each source has seen, in the order of the sources."""
        return {name: _summary(self._sources.get(name)) for name in self._names}


def _summary(seen: _OneSource | None) -> SourceStats:
    if seen is None:
        return SourceStats()
    seconds = seen.newest - seen.first
    fps = (seen.frames - 1) / seconds if seconds > 0 else 0.0
    times = sorted(seen.latencies)
    half, most = (_at(times, 0.5), _at(times, 0.99)) if times else (None, None)
    return SourceStats(seen.frames, seen.objects, seen.tracks, fps, half, most)


def _at(times: list[float], share: float) -> float:
    return round(1000 * times[min(int(share * len(times)), len(times) - 1)], 2)
