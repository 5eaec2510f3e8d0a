"""A running flow in figures: what `fluvial top` shows, as plain values that JSON takes."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fluvial._meters import Meters
from fluvial.sources import SourceBin
from fluvial.stats import SourceStats

__all__ = ["figures"]


def figures(
    meters: Meters,
    stats: Mapping[str, SourceStats],
    bins: Sequence[SourceBin],
    *,
    gpus: Mapping[str, int],
    began: float,
) -> dict[str, Any]:
    """All of it, now.

    Args:
        meters: Of the pipeline.
        stats: By source.
        bins: The sources.
        gpus: The number of the GPU that a source is on, where somebody has said.
        began: When it was started, by time.monotonic().
    """
    read = meters.read([one.source.name for one in bins])
    return {
        "pid": os.getpid(),
        "program": Path(sys.argv[0]).name or "python",  # no more of it: addresses have passwords in them
        "up_seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time(),
        "memory_bytes": _resident_bytes(),
        "threads": len(os.listdir("/proc/self/task")) if Path("/proc/self/task").is_dir() else 0,
        "sources": [_source(one, stats[one.source.name], read, gpus) for one in bins],
        "stages": read["stages"],
        "queues": read["queues"],
        "gpus": _gpus(),
    }


def _source(one: SourceBin, seen: SourceStats, read: dict[str, Any], gpus: Mapping[str, int]) -> dict[str, Any]:
    name = one.source.name
    return {
        "name": name,
        "gpu": gpus.get(name),
        "frames": seen.frames,
        "waiting": max(0, read["read"].get(name, 0) - seen.frames),
        "objects": seen.objects,
        "latency_ms": seen.latency_ms,
        "latency_ms_p99": seen.latency_ms_p99,
        "dropped": read["dropped"].get(name),
        "problem": one.problem.problem if one.problem else "",
    }


def _resident_bytes() -> int:
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # the most so far: no system tells more simply
    return int(pages) * resource.getpagesize()


def _gpus() -> list[dict[str, Any]]:
    from fluvial import _core

    return [
        {"gpu": number, "name": name, "bus_id": bus_id} for number, (name, bus_id, _) in enumerate(_core.gpu_list())
    ]
