"""A test that leaves an object of GStreamer's alive fails, and says which."""

from __future__ import annotations

import gc
import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from needed import package
from waiting import eventually

# Read by GStreamer when it starts, which is after this.
os.environ["GST_TRACERS"] = "leaks"
# A shell's background job ignores Ctrl+C, and so do its children: those of the tests must not.
signal.signal(signal.SIGINT, signal.default_int_handler)
WATCHED = ("tests/flow/", "tests/python/test_pipeline", "tests/python/test_pyds_")

# Made when a class, a plugin or a clock is used first, and kept for the life of the process. Caps are among them, as
# classes and typefinders have some: a leak of caps is seen by the C++ tests alone (tests/cpp/leaks.h).
FOR_LIFE = {"GstCaps", "GstPadTemplate", "GstSystemClock", "GstTaskPool", "GstPlugin", "SurfaceAllocator"}


def is_for_life(name: str) -> bool:
    kind = name.split()[0]
    return kind in FOR_LIFE or kind.endswith(("Factory", "Allocator"))


class Objects:
    """What GStreamer's leaks tracer saw made and destroyed, by type and address."""

    def __init__(self) -> None:
        package("gi")
        from fluvial._core import _testing
        from fluvial._gst import Gst

        Gst.init(None)

        self._testing = _testing
        self._testing.follow_objects()
        self._balance: Counter[str] = Counter()

    def begin(self) -> None:
        self._testing.moved_objects()
        self._balance.clear()

    def left(self) -> list[str]:
        self._balance.update(self._testing.moved_objects())
        return [name for name, times in self._balance.items() if times > 0 and not is_for_life(name)]


@pytest.fixture(autouse=True, scope="module")
def nothing_old_is_searched_for_garbage() -> None:
    """What was there before this file, packages and tests above all, takes a full collection most of its time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def gst_objects() -> Objects:
    return Objects()


@pytest.fixture(autouse=True)
def no_leaks_of_gstreamer(request: pytest.FixtureRequest) -> Iterator[None]:
    if not any(part in str(request.path) for part in WATCHED):
        yield
        return
    objects = request.getfixturevalue("gst_objects")
    objects.begin()
    yield
    request.node.funcargs.clear()  # fixtures are over, but pytest still holds what they gave

    def is_clean() -> bool:
        if not objects.left():
            return True
        gc.collect()
        return not objects.left()

    # Streaming threads may end after their pipeline.
    assert eventually(is_clean, seconds=5), "alive after the test: " + ", ".join(objects.left())
