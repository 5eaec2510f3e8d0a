"""CPUs that this process may keep busy."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cpu_share", "usable_cpus"]

_MOST_AT_A_TIME = 16


def usable_cpus() -> int:
    """Its affinity, and the quota of its container. The same as in cpp/backends/openvino/schedule.cpp.

    Example:
        >>> usable_cpus() >= 1
        True
    """
    mine = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()[:2]
    except (OSError, ValueError):
        return mine
    if quota == "max" or int(period) <= 0:
        return mine
    return min(mine, max(1, int(int(quota) / int(period) + 0.5)))


def cpu_share(threads: int, requests: int) -> tuple[int, int]:
    """Calls at a time, and threads for each. 0 stands for "as many as suit".

    A call that stays on one core costs the least CPU time, because its threads never wait for each other.

    Example:
        >>> cpu_share(8, 2), cpu_share(2, 8)
        ((2, 4), (2, 1))
    """
    threads = threads or usable_cpus()
    parallel = min(requests or _MOST_AT_A_TIME, threads)
    return parallel, threads // parallel
