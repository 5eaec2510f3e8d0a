"""What several test files of this folder need."""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest


@pytest.fixture
def resident_kb() -> Callable[[], int]:
    """Reads the memory that this process holds, in kB."""

    def read() -> int:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * resource.getpagesize() // 1024

    return read
