"""Walks the same metadata with our pyds, with fluvial's columns and, where it is given, with NVIDIA's pyds, in turns.

python bench/children/pyds_walk.py OBJECTS ROUNDS WALKS [NVIDIA_PYDS.so]

Prints nanoseconds of CPU time an object by side, one figure a round; and resident memory over a million of our own.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fluvial as fv
import pyds
from fluvial._core import _testing

MILLION = 1_000_000


def load_nvidia(path: str) -> Any:
    """NVIDIA's module beside ours: both are called pyds, so it is loaded from its file and kept out of sys.modules."""
    ours = sys.modules.pop("pyds")
    try:
        spec = importlib.util.spec_from_file_location("pyds", path)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{path}: not an extension module")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.modules["pyds"] = ours


def walk(module: Any, address: int) -> int:
    """As DeepStream's programs are written: label, class, confidence and box are read, a colour is set."""
    found = 0
    batch = module.gst_buffer_get_nvds_batch_meta(address)
    at_frame = batch.frame_meta_list
    while at_frame is not None:
        try:
            frame = module.NvDsFrameMeta.cast(at_frame.data)
        except StopIteration:
            break
        at_object = frame.obj_meta_list
        while at_object is not None:
            try:
                seen = module.NvDsObjectMeta.cast(at_object.data)
            except StopIteration:
                break
            rect = seen.rect_params
            row = (seen.obj_label, seen.class_id, seen.confidence, rect.left, rect.top, rect.width, rect.height)
            rect.border_color.set(0.0, 0.0, 1.0, 0.8)
            found += len(row) > 0
            try:
                at_object = at_object.next
            except StopIteration:
                break
        try:
            at_frame = at_frame.next
        except StopIteration:
            break
    return found


def read_columns(address: int) -> int:
    """As a new program is written: the same values (but the label, which follows from the class), an array each."""
    found = 0
    for frame in fv.Batch.of(address).frames:
        objects = frame.objects
        columns = (objects.class_ids, objects.confidences, objects.boxes)
        found += len(columns[0])
    return found


def read_columns_and_labels(address: int) -> int:
    found = 0
    for frame in fv.Batch.of(address).frames:
        objects = frame.objects
        columns = (objects.labels, objects.class_ids, objects.confidences, objects.boxes)
        found += len(columns[0])
    return found


def time_one(call: Callable[[], int], walks: int) -> float:
    """Nanoseconds of CPU time an object."""
    found = 0
    started = time.thread_time_ns()
    for _ in range(walks):
        found += call()
    return (time.thread_time_ns() - started) / found


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


def sizes_over_a_million(call: Callable[[], int], objects: int) -> list[int]:
    sizes = []
    walked = 0
    while walked < MILLION:
        for _ in range(MILLION // 50 // objects + 1):
            walked += call()
        sizes.append(resident_kb())
    return sizes


def main() -> None:
    objects, rounds, walks = map(int, sys.argv[1:4])
    buffer = _testing.make_buffer(frames=1, objects=objects)
    address = hash(buffer)
    sides: dict[str, Callable[[], int]] = {
        "pyds": lambda: walk(pyds, address),
        "columns": lambda: read_columns(address),
        "labels": lambda: read_columns_and_labels(address),
    }
    if len(sys.argv) > 4:
        nvidia = load_nvidia(sys.argv[4])
        sides["nvidia"] = lambda: walk(nvidia, address)
    costs: dict[str, list[float]] = {name: [] for name in sides}
    for i in range(rounds):
        for name in list(sides) if i % 2 == 0 else list(sides)[::-1]:
            costs[name].append(time_one(sides[name], walks))
    print(json.dumps({"costs": costs, "resident_kb": sizes_over_a_million(sides["pyds"], objects)}))


if __name__ == "__main__":
    main()
