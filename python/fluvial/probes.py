"""User code called with a batch, in the thread that carries it: what happens when it raises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from fluvial.errors import add_note

__all__ = ["Failure", "describe_place", "guarded"]


class Failure:
    """The first exception of a pipeline's user code. Any thread may set it; the thread that waits raises it."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._on_first = on_first
        self.error: BaseException | None = None

    def set(self, error: BaseException) -> None:
        with self._lock:
            if self.error is not None:
                return
            self.error = error
        self._on_first()


def guarded(call: Callable[[Any], object], *, stage: str, failure: Failure) -> Callable[[Any], object]:
    """`call`, but an exception becomes the pipeline's failure instead of being lost in a C frame.

    Once something has failed, nothing more is called, and what is still under way is dropped.
    """

    def run(batch: Any) -> object:
        if failure.error is not None:
            return False
        try:
            return call(batch)
        except BaseException as error:  # SystemExit too: it must end the program, not the streaming thread
            add_note(error, describe_place(stage, batch, error.__traceback__))
            failure.set(error)
            return False

    return run


def describe_place(stage: str, batch: Any, trace: TracebackType | None = None) -> str:
    """ "in probe 'count', source 'door', frame 12": the frame the code had in hand, else all of the batch.

    Example:
        >>> describe_place("loop", None)
        'in loop'
    """
    frames = list(getattr(batch, "frames", ()))
    in_hand = _frame_in_hand(trace, frames)
    places = [in_hand] if in_hand is not None else frames
    said = [f"source {f.source!r}, frame {f.number}" for f in places[:4]]
    if len(places) > 4:
        said.append(f"and {len(places) - 4} more")
    return ", ".join([f"in {stage}", "; ".join(said)]) if said else f"in {stage}"


def _frame_in_hand(trace: TracebackType | None, frames: Iterable[Any]) -> Any:
    # User code says `for frame in batch.frames`: the frame it was at is a local variable on the traceback. The
    # innermost one counts.
    known = list(frames)
    if not known:
        return None
    found = None
    while trace is not None:
        for value in trace.tb_frame.f_locals.values():
            if type(value) is type(known[0]):
                found = _same(value, known) or found
        trace = trace.tb_next
    return found


def _same(value: Any, frames: list[Any]) -> Any:
    # Wrappers are made anew on each access, so identity says nothing.
    try:
        place = (value.source_id, value.number)
        return next((f for f in frames if (f.source_id, f.number) == place), None)
    except Exception:  # a stale frame of an earlier batch, kept in a variable
        return None
