"""Decoding alone, the model alone, and both with tracking and a Python probe that reads all metadata."""

from __future__ import annotations

import torch  # isort: skip
import running  # isort: skip
from running import Inference, Playing, analytics, batch_of, read  # isort: skip

import json
import time
from collections.abc import Iterator
from typing import Any

import models
from options import Options

from fluvial import _core
from fluvial.backends import Plan, PyTorch
from harness import Row

LEAST = 0.95
GATED = 32  # streams, from which on the gate holds
OURS_TOO = 48  # streams


def measure(case: str, options: Options) -> Iterator[Row]:
    what, _, streams = case.rpartition("-")
    if what == "decode":
        yield from decoding(int(streams), options)
    else:
        yield from whole(what, int(streams), options)


def decoding(streams: int, options: Options) -> Iterator[Row]:
    def sinks(decoder: str) -> str:
        one = f"{read(options.hd)} ! {decoder} ! fakesink sync=false name=out"
        return " ".join(f"{one}{i}" for i in range(streams))

    with Playing(sinks("nvh264dec ! video/x-raw(memory:CUDAMemory)")) as stock:
        alone = stock.rate(options.seconds)
    remember(options, f"decode-{streams}", alone)
    yield Row(f"decoding alone, {streams} streams", alone, "frames/s", note="nvh264dec ! fakesink")
    if streams != OURS_TOO:
        return
    with Playing(sinks("nvv4l2decoder")) as ours:
        rate = ours.rate(options.seconds)
    yield Row(f"nvv4l2decoder alone, {streams} streams", rate, "frames/s", note=f"{rate / alone:.3f} of nvh264dec")


def whole(model: str, streams: int, options: Options) -> Iterator[Row]:
    alone = model_alone(model, batch_of(streams), options)
    rate, moved, found = played(model, streams, options)
    decode = remembered(options, f"decode-{streams}") or float("inf")
    wall = min(decode, alone)
    note = (
        f"{rate:.0f} of {wall:.0f} frames/s; decoding {decode:.0f}, the model {alone:.0f}; {found:.0f} objects a frame"
    )
    gate = LEAST if streams >= GATED else None
    yield Row(f"{model}, {streams} streams", rate / wall, "of the wall", at_least=gate, note=note)
    yield Row(f"{model}, {streams} streams: pixels carried", moved, "bytes", at_most=0)


def played(model: str, streams: int, options: Options, **settings: Any) -> tuple[float, int, float]:
    """Frames a second, bytes of pixels carried to or from the GPU, and objects that Python saw on a frame."""
    seen = {"frames": 0, "objects": 0}

    def probe(batch_of_frames: Any) -> None:
        for frame in batch_of_frames.frames:
            objects = frame.objects
            seen["frames"] += 1
            seen["objects"] += len(objects.track_ids) if len(objects.boxes) else 0

    before = sum(_core.gpu_traffic().values())
    with Inference(model, batch=batch_of(streams), compiles=streams >= GATED, **settings) as infer:
        playing = Playing(analytics(options.hd, streams, infer), frames=streams)
        _core.attach_probe(playing.pad, probe, [])
        with playing:
            rate = playing.rate(options.seconds)
    return rate, sum(_core.gpu_traffic().values()) - before, seen["objects"] / max(1, seen["frames"])


def model_alone(name: str, batch: int, options: Options) -> float:
    """Pictures a second of the model as its backend plays it: one CUDA graph, again and again, on the same pictures."""
    if known := remembered(options, f"alone-{name}-{batch}"):
        return known
    size = models.KNOWN[name].size
    backend = PyTorch(models.network(name), input_size=(size, size), compile=batch >= GATED)
    backend.describe()
    shapes = {"pictures": (batch, 3, size, size)}
    feed = backend.compile(Plan(batch, "cuda", "f16", 0, 0, shapes, True, is_feed_open=True)).feed
    assert feed is not None
    stream = torch.cuda.Stream()
    pictures = {"pictures": torch.rand(feed.shape, device="cuda", dtype=torch.float16)}
    torch.cuda.synchronize()
    rate = 0.0
    for _ in range(3):  # the first one records, the second warms up
        rounds = max(2, int(rate / batch))  # about a second
        begin = time.monotonic()
        for _ in range(rounds):
            backend.infer_on_device(pictures, batch, stream.cuda_stream)
        stream.synchronize()
        rate = batch * rounds / (time.monotonic() - begin)
    remember(options, f"alone-{name}-{batch}", rate)
    return rate


def remember(options: Options, key: str, value: float) -> None:
    (options.folder / f"{key}.json").write_text(json.dumps(value))


def remembered(options: Options, key: str) -> float | None:
    file = options.folder / f"{key}.json"
    return float(json.loads(file.read_text())) if file.exists() else None


assert running
