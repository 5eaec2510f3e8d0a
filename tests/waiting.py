"""Waiting for what has no event: threads of other libraries, files of other processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["eventually"]


def eventually(is_so: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    """Asks until it is so, or until the time is over; what it was at last."""
    end = time.monotonic() + seconds
    tick = threading.Event()
    while not is_so():
        if time.monotonic() > end:
            return False
        tick.wait(0.01)
    return True
