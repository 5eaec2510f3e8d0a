"""From a first moment to a last one: what this process took. For Python children, what launch.c's window is in C."""

from __future__ import annotations

import json
import resource
import time


def cpu_seconds() -> float:
    """Of this process, all threads, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_kb() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


class Meter:
    """Counts frames and objects between `start` and `report`."""

    def __init__(self) -> None:
        self.frames = self.objects = self.buffers = 0
        self._wall = self._cpu = 0.0

    def start(self) -> None:
        """The first call counts; later ones do nothing."""
        if not self._wall:
            self._wall, self._cpu = time.perf_counter(), cpu_seconds()

    def report(self) -> None:
        """Prints the line that harness.run reads."""
        seconds, cpu = time.perf_counter() - self._wall, cpu_seconds() - self._cpu
        result = {
            "frames": self.frames,
            "objects": self.objects,
            "buffers": self.buffers,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
        print(json.dumps(result), flush=True)
