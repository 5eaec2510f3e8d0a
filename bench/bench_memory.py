"""Whether resident memory stays where it is: over 10,000 frames, and over 200 starts and stops in one process.

    python bench/bench_memory.py [--json] [--quick]

Growth is the median of the last fifth of the samples less the median of the second fifth: the first one warms up.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import harness
from harness import Row

LIMIT_MB = 2.0  # what an allocator may keep; a leak of one object's metadata a frame would be 8 MB
LIMIT_KB = 20.0  # a cycle


def growth_kb(samples: Sequence[tuple[int, int]]) -> float:
    if len(samples) < 10:
        raise harness.Unfit(f"{len(samples)} samples are too few to see growth")
    fifth = len(samples) // 5
    sizes = [kb for _, kb in samples]
    return statistics.median(sizes[-fifth:]) - statistics.median(sizes[fifth : 2 * fifth])


def measure(quick: bool) -> list[Row]:
    frames, cycles = (1000, 20) if quick else (10_000, 200)
    path = harness.model("deimv2-atto")
    config = harness.infer_config(path, batch=1)
    long = harness.launch(harness.analytics(harness.endless_clip(frames), config), frames=frames, sample=frames // 50)
    pipeline = harness.analytics(harness.clip(150), config)
    in_c = harness.launch(pipeline, cycles=cycles)
    in_python = harness.python("cycles", harness.clip(150), path, str(cycles))
    per = cycles * 0.7  # from the middle of the second fifth to the middle of the last
    return [
        Row(
            f"growth over {long.frames} frames",
            growth_kb(long.resident_kb) / 1024,
            "MB",
            at_most=LIMIT_MB,
            note=f"{long.resident_kb[-1][1] / 1024:.0f} MB resident",
        ),
        Row(
            f"growth a cycle, {cycles} cycles",
            growth_kb(in_c.resident_kb) / per,
            "kB",
            at_most=LIMIT_KB,
            note="no Python",
        ),
        Row(
            f"growth a cycle, {cycles} Flows",
            growth_kb(in_python.resident_kb) / per,
            "kB",
            at_most=LIMIT_KB,
            note="Flow",
        ),
    ]


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
