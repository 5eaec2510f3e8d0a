"""What Python costs: one pipeline without Python in the process, and with a probe that reads every object it carries.

    python bench/bench_overhead.py [--json] [--quick]

Measured: CPU time a frame and frames a second, decode - mux - infer - track on one clip, at least 20 objects in a frame
(a low threshold makes them). Not measured: starting Python, compiling the model.
"""

from __future__ import annotations

import harness
from harness import Row

LIMIT = 1.01
OBJECTS = 20


def measure(quick: bool) -> list[Row]:
    frames, rounds = (150, 2) if quick else (795, 6)
    video = harness.clip(frames)
    pipeline = harness.analytics(video, harness.infer_config(harness.model(), batch=1, threshold=0.02), count="track")
    rows = []
    for style, what in (("pyds", "pyds probe, every object"), ("columns", "fluvial probe, columns")):
        compared = harness.compare(
            lambda: harness.launch(pipeline),
            lambda style=style: harness.python("probe", pipeline, style),
            rounds=rounds,
        )
        per_frame = min(r.objects_per_frame for r in compared.a + compared.b)
        if per_frame < OBJECTS:
            raise harness.Unfit(f"only {per_frame:.1f} objects a frame; the claim is about {OBJECTS} and more")
        note = f"{min(r.cpu_ms for r in compared.a):.2f} ms a frame without, {per_frame:.0f} objects"
        cpu = compared.ratio(lambda r: r.cpu_ms)
        rows.append(
            Row(f"{what}: CPU", cpu, "of none", at_most=LIMIT, spread=compared.spread(lambda r: r.cpu_ms), note=note)
        )
        time = compared.ratio(lambda r: r.seconds / r.frames)
        rows.append(Row(f"{what}: time", time, "of none", spread=compared.spread(lambda r: r.seconds / r.frames)))
    return rows


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
