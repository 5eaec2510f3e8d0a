"""Many streams through one NVIDIA GPU: decoding alone, the model alone, and both with Python reading every frame.

    python bench/gpu/measure.py CLIP.h264 [--streams 32,48] [--json FILE]

CLIP is plain H.264, 1080p, long enough to measure. Weights are random: speed does not depend on them. Every pipeline
runs in this process, one after the other; the gate is the pipeline over the slower of decoding and model.
"""

from __future__ import annotations

import torch  # before anything else, as its libraries are the choosiest  # isort: skip

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import networks
from torch import nn

import fluvial as fv
from fluvial import _core

sys.path.insert(0, str(Path(__file__).parent.parent))
from harness import Row, as_json, table

NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "yolox-nano": (networks.yolox_nano, 416),
    "yolox-s": (networks.yolox_s, 640),
}
LEAST = 0.95
SETTINGS = {"model_color_format": 1, "net_scale_factor": 1.0, "head": "yolox", "threshold": 0.3}


def frames_per_second(flow: fv.Flow, seconds: float) -> float:
    """Of a loop that reads all metadata, after its first second."""
    begin, frames, objects = None, 0, 0
    for batch in flow:
        now = time.monotonic()
        if begin is None:
            begin = now
        if now - begin > 1:
            frames += len(batch.frames)
            objects += sum(len(frame.objects) for frame in batch.frames)
        if now - begin > 1 + seconds:
            break
    return frames / seconds


def model_alone(network: nn.Module, size: int, batch: int) -> float:
    network = network.half().cuda().to(memory_format=torch.channels_last)
    pictures = torch.rand(batch, 3, size, size, device="cuda").half().to(memory_format=torch.channels_last)
    stream = torch.cuda.Stream()
    with torch.inference_mode(), torch.cuda.stream(stream), torch.backends.cudnn.flags(enabled=True, benchmark=True):
        for _ in range(3):
            network(pictures)
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            network(pictures)
        graph.replay()
        stream.synchronize()
        begin = time.monotonic()
        rounds = 40
        for _ in range(rounds):
            graph.replay()
        stream.synchronize()
    return batch * rounds / (time.monotonic() - begin)


def measure(clip: Path, streams: int, seconds: float) -> list[Row]:
    decoding = frames_per_second(fv.Flow([str(clip)] * streams), seconds)
    rows = [Row(f"decoding, {streams} streams", decoding, "frames/s")]
    for name, (make, size) in NETWORKS.items():
        alone = model_alone(make(), size, streams)
        flow = fv.Flow([str(clip)] * streams).infer(
            make(), device="cuda", precision="f16", input_size=(size, size), batch_size=streams, **SETTINGS
        )
        before = _core.gpu_traffic()
        whole = frames_per_second(flow, seconds)
        moved = sum(_core.gpu_traffic().values()) - sum(before.values())
        wall = min(decoding, alone)
        note = f"{whole:.0f} of {wall:.0f} frames/s; the model alone {alone:.0f}; {moved} bytes of pixels carried"
        rows.append(Row(f"{name} {size}, {streams} streams", whole / wall, "of the wall", at_least=LEAST, note=note))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--streams", default="32,48", help="how many at once: 1,8,32")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    args = parser.parse_args()
    rows: list[Row] = []
    for streams in map(int, args.streams.split(",")):
        rows += measure(args.clip, streams, args.seconds)
        print(table(rows), flush=True)
    driver = subprocess.run(
        ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True
    ).stdout.strip()
    where = {
        "gpu": torch.cuda.get_device_name(),
        "driver": driver,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }
    print(where)
    if args.json:
        command = " ".join(["python", *sys.argv])
        args.json.write_text(json.dumps({"machine": where, "command": command, "rows": as_json(rows)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
