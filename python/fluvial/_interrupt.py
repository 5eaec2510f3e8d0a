"""Ctrl+C, or SIGTERM, while a pipeline runs: once ends it as if the videos had ended, twice at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupt"]

# What each is without us. SIGTERM is how containers and service managers end a program; where that is process 1,
# nothing but a handler makes it end.
_DEFAULTS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}


class Interrupt:
    """Counts both while it is entered.

    A program that has its own handler of one keeps it, and so does every thread but the main one, which alone gets
    signals.
    """

    def __init__(self) -> None:
        self.is_pressed = False
        self.name = ""  # of the first signal: "SIGTERM"
        self._ours: list[signal.Signals] = []

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._ours = [number for number, default in _DEFAULTS.items() if signal.getsignal(number) is default]
            for number in self._ours:
                signal.signal(number, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            while self._ours:
                number = self._ours.pop()
                signal.signal(number, _DEFAULTS[number])

    def _press(self, number: int, _frame: FrameType | None) -> None:
        if not self.is_pressed:
            self.is_pressed = True
            self.name = signal.Signals(number).name
        elif number == signal.SIGTERM:
            raise SystemExit(128 + number)
        else:
            raise KeyboardInterrupt
