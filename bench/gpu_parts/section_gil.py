"""What a busy Python thread costs: 30 % of a core burnt while another thread's probe reads everything."""

from __future__ import annotations

from running import Inference, Playing, analytics, batch_of  # isort: skip

import threading
import time
from collections.abc import Iterator
from typing import Any

from options import Options
from toggled import cost

from fluvial import _core
from harness import Row

AT_MOST = 3.0  # percent
SHARE, PERIOD = 0.3, 0.01  # of a core; seconds


class Burner(threading.Thread):
    """Burns a share of a core with Python's lock while it is on."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.is_on = False
        self.is_over = False
        self.burnt = 0.0

    def run(self) -> None:
        while not self.is_over:
            if self.is_on:
                begin = time.thread_time()
                while time.thread_time() - begin < SHARE * PERIOD:
                    sum(range(200))
                self.burnt += time.thread_time() - begin
            time.sleep((1 - SHARE) * PERIOD)


def measure(case: str, options: Options) -> Iterator[Row]:
    model, _, count = case.rpartition("-")
    streams = int(count)
    seen = [0]

    def probe(batch: Any) -> None:
        seen[0] += sum(len(frame.objects.boxes) for frame in batch.frames)

    with Inference(model, batch=batch_of(streams)) as infer:
        playing = Playing(analytics(options.hd, streams, infer), frames=streams)
        _core.attach_probe(playing.pad, probe, [])
        with playing:
            burner = Burner()
            burner.start()
            lost, spread, rate = cost(
                playing,
                lambda: setattr(burner, "is_on", True),
                lambda: setattr(burner, "is_on", False),
                seconds=3 * options.seconds,
            )
            burner.is_over = True
    note = f"{rate:.0f} frames/s without, {streams} streams, {model}; rounds within {spread:.2f}"
    yield Row("a Python thread that burns 30 % of a core costs", lost, "%", at_most=AT_MOST, spread=spread, note=note)
