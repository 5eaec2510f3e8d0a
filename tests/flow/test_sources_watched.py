"""A source that is looked at from one thread while others build it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
from fluvial.sources import SourceBin

Clip = Callable[..., Path]


@pytest.mark.slow  # what it is about came once in sixty starts
def test_a_look_for_stuck_sources_keeps_nothing_of_them(make_clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    lookers: list[threading.Thread] = []
    make = SourceBin.__init__

    def make_and_look(self: SourceBin, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)

        def look() -> None:
            while not is_over.is_set():
                self.is_stuck()

        lookers.append(threading.Thread(target=look))
        lookers[-1].start()

    monkeypatch.setattr(SourceBin, "__init__", make_and_look)
    clip = make_clip("a.mp4")
    for _ in range(60):
        is_over.clear()
        assert sum(len(batch.frames) for batch in fv.Flow(clip)) == 20
        is_over.set()
        while lookers:
            lookers.pop().join()
