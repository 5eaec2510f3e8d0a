"""Measured time over its floor: bytes over what a copy moves, operations over what a matrix product does."""

from __future__ import annotations

import torch  # isort: skip
from running import Inference, Playing, analytics  # isort: skip

import statistics
import time
from collections.abc import Iterator
from typing import Any

import kernels
import models
from options import Options
from section_wall import model_alone, remember, remembered

from harness import Row

AT_MOST = 1.5


def measure(case: str, options: Options) -> Iterator[Row]:
    if case == "copies":
        bytes_per_second, operations_per_second = copied(), multiplied()
        remember(options, "bandwidth", bytes_per_second)
        remember(options, "arithmetic", operations_per_second)
        yield Row("device memory, read and written by a copy", bytes_per_second / 1e12, "TB/s")
        yield Row("f16 matrix product of 8192", operations_per_second / 1e12, "TFLOP/s")
        for name in ("yolox-nano", "yolox-s"):
            yield of_model(name, options, operations_per_second)
        return
    bandwidth = remembered(options, "bandwidth") or copied()
    for timed in kernels.timed():
        yield Row(timed.name, timed.ratio, "of its floor", at_most=AT_MOST, note=timed.note)
    took = profiled(options)
    for name, least_bytes in kernels.IN_A_FLOW.items():
        times = [t for kernel, t in took if kernel.split("(")[0].endswith(name)]
        if not times:
            continue
        seconds, least = statistics.median(times), least_bytes / bandwidth
        note = f"{seconds * 1e6:.0f} of {least * 1e6:.0f} us, {len(times)} launches"
        yield Row(f"{name}, in a flow", seconds / least, "of its floor", note=note)


def of_model(name: str, options: Options, operations_per_second: float) -> Row:
    from torch.utils.flop_counter import FlopCounterMode

    size = models.KNOWN[name].size
    rate = model_alone(name, 48, options)
    network = models.network(name).half().cuda()
    with torch.inference_mode(), FlopCounterMode(display=False) as counted:
        network(torch.zeros(1, 3, size, size, device="cuda").half())
    floor = counted.get_total_flops() / operations_per_second
    note = f"{1e6 / rate:.1f} of {floor * 1e6:.1f} us a picture, {counted.get_total_flops() / 1e9:.1f} GFLOP"
    return Row(f"{name}, batches of 48, compiled", 1 / rate / floor, "of its floor", note=note)


def copied() -> float:
    a = torch.empty(2**30, dtype=torch.uint8, device="cuda").random_()
    b = torch.empty_like(a)
    return 2 * a.numel() / _best(lambda: b.copy_(a))


def multiplied() -> float:
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.half) for _ in range(2))
    return 2 * 8192**3 / _best(lambda: a @ b)


def _best(call: Any) -> float:
    times = []
    for _ in range(12):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1000)
    return statistics.median(times[2:])


def profiled(options: Options) -> list[tuple[str, float]]:
    """Names and seconds of what ran on the device while frames came at their time, so that kernels run alone."""
    paced = "identity sync=true"
    with Inference("yolox-s", batch=kernels.FRAMES) as infer:
        with Playing(analytics(options.hd, kernels.FRAMES, infer, paced=paced), frames=kernels.FRAMES) as playing:
            time.sleep(2)  # what gathered at the start is worked off
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
                time.sleep(3)
            playing.look_for_errors()
    return [(e.name, e.device_time / 1e6) for e in profile.events() if e.device_time > 0]
