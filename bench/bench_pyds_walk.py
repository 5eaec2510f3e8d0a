"""What reading one object's metadata costs: our pyds and fluvial's columns against NVIDIA's own pybind11 pyds.

    FLUVIAL_NVIDIA_PYDS=pyds.so python bench/bench_pyds_walk.py [--json] [--quick]

Measured: CPU time an object on the same metadata in the same process, in turns, 39 objects a frame: cast, label,
class, confidence and box read, border colour set (columns: class, confidence and box read); resident memory while our
pyds walks 1,000,000 objects. Without FLUVIAL_NVIDIA_PYDS, NVIDIA's side is not measured; docs/pyds.md says how to build
it. Not measured: the pipeline (bench_overhead).
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path
from typing import Any

import harness
from harness import Row

OBJECTS = 39  # as many as bench_overhead's clip has a frame
WALK, COLUMNS = 2.0, 20.0  # times as fast as NVIDIA's walk
GROWTH_KB = 256.0  # one object in a thousand kept would be 500 kB


def nvidia() -> list[Path]:
    """NVIDIA's module, or nothing."""
    named = os.environ.get("FLUVIAL_NVIDIA_PYDS")
    if not named:
        return []
    file = Path(named)
    if not file.is_file():
        raise harness.Unfit(f"FLUVIAL_NVIDIA_PYDS={named}: no such file")
    return [file]


def growth_kb(sizes: list[int]) -> float:
    half = len(sizes) // 2
    return statistics.median(sizes[half:]) - statistics.median(sizes[2:half])


def cost_row(name: str, costs: list[float]) -> Row:
    frame = f"{min(costs) * OBJECTS / 1000:.1f} us a frame of {OBJECTS}"
    return Row(name, min(costs), "ns/object", spread=harness.spread(costs), note=frame)


def ratio_row(name: str, costs: dict[str, list[float]], side: str, at_least: float | None) -> Row:
    spread = max(harness.spread(costs[side]), harness.spread(costs["nvidia"]))
    return Row(name, min(costs["nvidia"]) / min(costs[side]), "x", at_least=at_least, spread=spread)


def measure(quick: bool) -> list[Row]:
    other = nvidia()
    rounds = 10 if quick else 40
    said: dict[str, Any] = harness.tell(
        [sys.executable, harness.ROOT / "bench/children/pyds_walk.py", str(OBJECTS), str(rounds), "50", *other]
    )
    costs = said["costs"]
    rows = [
        cost_row("pyds walk", costs["pyds"]),
        cost_row("columns", costs["columns"]),
        cost_row("columns with labels", costs["labels"]),
        Row(
            "growth over 1,000,000 objects walked",
            growth_kb(said["resident_kb"]),
            "kB",
            at_most=GROWTH_KB,
            note=f"{said['resident_kb'][-1] / 1024:.0f} MB resident",
        ),
    ]
    if not other:
        print("NVIDIA's pyds: not measured: FLUVIAL_NVIDIA_PYDS names no file", file=sys.stderr)
        return rows
    return [
        *rows,
        cost_row("NVIDIA's pyds walk", costs["nvidia"]),
        ratio_row("pyds walk, faster than NVIDIA's", costs, "pyds", WALK),
        ratio_row("columns, faster than NVIDIA's walk", costs, "columns", COLUMNS),
        ratio_row("columns with labels, faster", costs, "labels", None),
    ]


if __name__ == "__main__":
    harness.main(measure, __doc__ or "")
