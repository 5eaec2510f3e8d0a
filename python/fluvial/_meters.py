"""What passes each part of a running flow, how long it takes there and how full its queues are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Meters"]


class Meters:
    """Meters of one pipeline. They count in the streaming threads; whoever asks pays for the rest."""

    def __init__(self) -> None:
        self._stages: list[tuple[str, int | None, Any]] = []
        self._sources: dict[int, Any] = {}
        self._queues: list[tuple[str, int | None, Any]] = []
        self._leaks: dict[int, tuple[Any, Any]] = {}

    def stage(self, name: str, gpu: int | None, *, enter: Any | None, leave: Any) -> None:
        """Measures from one pad to another; without the first it counts alone."""
        self._stages.append((name, gpu, _meter(enter, leave)))

    def enter(self, name: str, gpu: int | None, pad: Any) -> Any:
        """As `stage`, for what is about to be added to a pad; `leave_at(pad)` of the result ends it."""
        meter = _meter(pad, None)
        self._stages.append((name, gpu, meter))
        return meter

    def source(self, index: int, pad: Any) -> None:
        """Counts the frames that a source gives."""
        self._sources[index] = _meter(pad, pad)

    def leaky(self, index: int, queue: Any) -> None:
        """Counts what a source's queue drops."""
        self._leaks[index] = (queue, _meter(queue.get_static_pad("sink"), queue.get_static_pad("src")))

    def queue(self, name: str, gpu: int | None, element: Any) -> None:
        """Looks at how full a queue is when asked."""
        self._queues.append((name, gpu, element))

    def read(self, names: Sequence[str]) -> dict[str, Any]:
        """All of it, now, as plain values.

        Args:
            names: Of the sources.
        """
        return {
            "read": {names[i]: meter.read()[2] for i, meter in sorted(self._sources.items())},
            "dropped": {names[i]: self._dropped(i) for i in sorted(self._leaks)},
            "stages": [_stage(name, gpu, meter.read()) for name, gpu, meter in self._stages],
            "queues": [
                {
                    "name": name,
                    "gpu": gpu,
                    "level": element.get_property("current-level-buffers"),
                    "most": element.get_property("max-size-buffers"),
                }
                for name, gpu, element in self._queues
            ],
        }

    def close(self) -> None:
        """Lets go of pads and elements. What was counted is gone."""
        meters = [m for _, _, m in self._stages] + list(self._sources.values()) + [m for _, m in self._leaks.values()]
        for meter in meters:
            meter.detach()
        self._stages, self._sources, self._queues, self._leaks = [], {}, [], {}

    def _dropped(self, index: int) -> int:
        queue, meter = self._leaks[index]
        came, went, *_ = meter.read()
        return max(0, int(came - went - queue.get_property("current-level-buffers")))


def _meter(enter: Any | None, leave: Any | None) -> Any:
    from fluvial import _core

    meter = _core.Meter()
    if enter is not None:
        meter.enter_at(enter)
    if leave is not None:
        meter.leave_at(leave)
    return meter


def _stage(name: str, gpu: int | None, read: tuple[int, int, int, int, int, float]) -> dict[str, Any]:
    came, went, frames_in, frames_out, timed, seconds = read
    return {
        "name": name,
        "gpu": gpu,
        "batches": went,
        "frames": frames_out,
        "inside": max(0, came - went),
        "frames_inside": max(0, frames_in - frames_out),
        "timed": timed,
        "seconds": seconds,
    }
