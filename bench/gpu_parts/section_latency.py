"""How long after a frame's arrival Python has its objects: live streams, each frame at its time, streams spread evenly
over the time of one frame."""

from __future__ import annotations

from running import FRAME_RATE, Inference, Playing, analytics, offset_ns  # isort: skip

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from options import Options

from fluvial import _core
from harness import Row, Unfit

AT_MOST = {50: 150.0, 95: 300.0}  # ms
BATCH = 48
WAIT_US = 20_000
SETTLE_SECONDS = 40

Arrival = tuple[int, int, int]  # ns, source, number


def lateness_ms(frame: Arrival, base: int, streams: int) -> float:
    """Since it left its source, whose clock gives a frame number its time."""
    now, source, number = frame
    return (now - base - number * 1_000_000_000 // FRAME_RATE - offset_ns(source, streams)) / 1e6


def settle(arrivals: list[Arrival], lateness: Callable[[Arrival], float]) -> None:
    """Until what gathered while so many decoders started is worked off."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        before = len(arrivals)
        time.sleep(1)
        late = [lateness(frame) for frame in arrivals[before:]]
        if late and statistics.median(late) < AT_MOST[50]:
            return


def measure(case: str, options: Options) -> Iterator[Row]:
    model, _, count = case.rpartition("-")
    streams = int(count)
    arrivals: list[Arrival] = []
    found: deque[int] = deque(maxlen=1000)

    def probe(batch: Any) -> None:
        now = time.monotonic_ns()
        for frame in batch.frames:
            found.append(len(frame.objects.boxes))
            arrivals.append((now, frame.source_id, frame.number))

    live = f"live-source=1 batched-push-timeout={WAIT_US}"
    with Inference(model, batch=BATCH) as infer:
        words = analytics(options.hd, streams, infer, paced="identity sync=true ts-offset={offset}", mux=live)
        playing = Playing(words.replace(f"batch-size={streams} ", f"batch-size={BATCH} ", 1))
        _core.attach_probe(playing.pad, probe, [])
        with playing:
            base = playing.gst.get_base_time()
            settle(arrivals, lambda frame: lateness_ms(frame, base, streams))
            seconds = max(options.seconds, 5)
            begin = len(arrivals)
            time.sleep(seconds)
            seen = arrivals[begin:]
            playing.look_for_errors()
    rate, due = len(seen) / seconds, streams * FRAME_RATE
    if rate < 0.97 * due:
        raise Unfit(f"only {rate:.0f} of {due} frames/s came: it does not keep up")
    late = [lateness_ms(frame, base, streams) for frame in seen]
    shares = statistics.quantiles(late, n=100)
    what = f"{streams} live streams, {model}, {statistics.mean(found):.0f} objects a frame"
    note = f"{rate:.0f} frames/s of {what}; at most {max(late):.0f} ms"
    for share, limit in AT_MOST.items():
        yield Row(f"latency, {streams} live streams: p{share}", shares[share - 1], "ms", at_most=limit, note=note)
