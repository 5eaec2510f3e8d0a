"""Starts and stops a Flow again and again in one process, and notes its resident memory.

python bench/children/cycles.py CLIP MODEL CYCLES
"""

from __future__ import annotations

import gc
import json
import sys

from meter import resident_kb

import fluvial as fv


def cycle(clip: str, model: str) -> int:
    """Reads three batches and leaves; returns how many frames came."""
    seen = 0
    for batch in fv.Flow([clip]).infer(model).track():
        seen += len(batch.frames)
        if seen >= 3:
            break
    return seen


def main() -> None:
    clip, model, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    noted = []
    for i in range(count):
        if cycle(clip, model) < 3:
            raise SystemExit(f"cycle {i}: too few frames")
        gc.collect()
        noted.append((i + 1, resident_kb()))
    print(json.dumps({"frames": count, "resident_kb": noted}))


if __name__ == "__main__":
    main()
