"""A model alone, on a constant picture: what inference costs without a pipeline.

python bench/children/model.py MODEL INFERENCES [ours|throughput]

Scheduled as our element schedules it, or as OpenVINO does when it is asked for throughput.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import openvino as ov
from meter import Meter


def usable_cpus() -> int:
    """As cpp/backends/openvino/schedule.cpp counts them."""
    mine = len(os.sched_getaffinity(0))
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
    except OSError:
        return mine
    return mine if quota == "max" else min(mine, max(1, int(int(quota) / int(period) + 0.5)))


def compiled(path: str, schedule: str) -> ov.CompiledModel:
    """Ours: one stream a CPU, one thread a stream. One picture a request either way."""
    core = ov.Core()
    model = core.read_model(path)
    for dynamic in (i for i in model.inputs if i.partial_shape.is_dynamic):
        dynamic_shape = dynamic.partial_shape
        dynamic_shape[0] = 1
        model.reshape({dynamic.any_name: dynamic_shape})
    cpus = usable_cpus()
    settings = {"NUM_STREAMS": min(cpus, 16), "INFERENCE_NUM_THREADS": cpus, "ENABLE_CPU_PINNING": False}
    return core.compile_model(model, "CPU", settings if schedule == "ours" else {"PERFORMANCE_HINT": "THROUGHPUT"})


def constant(port: ov.ConstOutput) -> ov.Tensor:
    shape = tuple(port.shape)
    kind = port.element_type.to_dtype()
    if np.issubdtype(kind, np.floating):
        return ov.Tensor(np.random.default_rng(0).uniform(0, 255, shape).astype(kind))
    return ov.Tensor(np.full(shape, 416, kind))


def main() -> None:
    path, wanted, schedule = [*sys.argv[1:], "ours"][:3]
    model = compiled(path, schedule)
    queue = ov.AsyncInferQueue(model, min(usable_cpus(), 16) + 1 if schedule == "ours" else 0)
    for request in queue:
        for port in model.inputs:
            request.set_tensor(port, constant(port))
    for _ in range(8):
        queue.start_async()
    queue.wait_all()
    meter = Meter()
    meter.start()
    for _ in range(int(wanted)):
        queue.start_async()
    queue.wait_all()
    meter.frames = int(wanted)
    meter.report()


if __name__ == "__main__":
    main()
