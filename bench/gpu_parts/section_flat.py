"""Device memory over many starts and stops in one process."""

from __future__ import annotations

import torch  # isort: skip
from running import Inference, Playing, analytics  # isort: skip

import gc
from collections.abc import Iterator

from options import Options

from harness import Row

CYCLES = 200
SETTLED = 20  # cycles, after which pools have what they need
AT_MOST = 16.0  # MiB of growth: the driver gives memory in pieces of 2


def measure(case: str, options: Options) -> Iterator[Row]:
    assert case == "start-stop"
    noted = []
    for _ in range(CYCLES):
        with Inference("tiny", batch=2, compiles=False) as infer, Playing(analytics(options.hd, 2, infer)):
            pass
        gc.collect()
        torch.cuda.empty_cache()
        free, total = torch.cuda.mem_get_info()
        noted.append((total - free) / 2**20)
        if len(noted) % SETTLED == 0:
            print(f"{len(noted)} cycles, {noted[-1]:.0f} MiB", flush=True)
    growth = noted[-1] - noted[SETTLED - 1]
    note = f"{noted[0]:.0f} MiB after 1, {noted[SETTLED - 1]:.0f} after {SETTLED}, {noted[-1]:.0f} after {CYCLES}"
    yield Row(f"device memory over {CYCLES} starts and stops", growth, "MiB", at_most=AT_MOST, note=note)
