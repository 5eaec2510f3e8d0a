"""Frames a second against the loop one would write without us: OpenCV, OpenVINO, `trackers`.

    python bench/bench_versus_loop.py [--json] [--quick]

The same clip, model, thresholds and kind of tracker; both hand every frame's objects to Python. Not measured: start-up.
"""

from __future__ import annotations

import harness
from harness import Row


def measure(quick: bool) -> list[Row]:
    frames, rounds = (150, 1) if quick else (795, 3)
    video, path = harness.clip(frames), harness.model()
    pipeline = harness.analytics(video, harness.infer_config(path, batch=1))
    rows = []
    for style, what in (("plain", "one frame after the other"), ("overlapped", "inferences overlapped")):
        compared = harness.compare(
            lambda style=style: harness.python("loop", video, path, style),
            lambda: harness.python("probe", pipeline, "columns"),
            rounds=rounds,
        )
        loop, ours = max(r.fps for r in compared.a), max(r.fps for r in compared.b)
        if min(r.objects_per_frame for r in compared.a + compared.b) < 1:
            raise harness.Unfit("a run that found nothing in a street full of people")
        note = f"{ours:.1f} fps, the loop {loop:.1f}"
        spread = compared.spread(lambda r: r.seconds / r.frames)
        gate = 1.0 if style == "plain" else None
        rows.append(Row(f"speed, loop with {what}", ours / loop, "x the loop", at_least=gate, spread=spread, note=note))
    return rows


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
