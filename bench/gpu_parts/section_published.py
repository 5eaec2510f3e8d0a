"""DeepStream's published configurations, with and without a Python probe that walks all metadata as its programs do."""

from __future__ import annotations

from running import SIZE, Inference, Playing, analytics  # isort: skip

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from options import Options
from toggled import cost

from fluvial import _core
from harness import Row

sys.path.append(str(Path(__file__).parent.parent / "children"))
from meter import Meter
from probe import walk_with_pyds

AT_MOST = 0.5  # percent
TRANSFORMER = "deimv2_hgnetv2_femto_coco.onnx"
THEIRS = {"yolov4-tiny": 1.5, "yolov4": 1.7, "resnet50": 2.4, "yolov8n": 2.1}


def measure(case: str, options: Options) -> Iterator[Row]:
    number, _, model = case.partition("-")
    count, _, size = number.partition("x")
    streams = int(count)
    clip = options.uhd if size == "4k" else options.hd
    what: Any = model if model in THEIRS else options.assets / TRANSFORMER
    how = {} if model in THEIRS else {"net_scale_factor": 1 / 255, "model_color_format": 0}
    before = sum(_core.gpu_traffic().values())
    with Inference(what, batch=streams, compiles=False, **how) as infer:
        playing = Playing(analytics(clip, streams, infer, size=SIZE[size]), frames=streams)
        with playing:
            meter, probes = Meter(), []
            walk = walk_with_pyds(meter)

            def on() -> None:
                if not probes:
                    probes.append(playing.pad.add_probe(PROBE_BUFFERS, walk))

            def off() -> None:
                if probes:
                    playing.pad.remove_probe(probes.pop())

            lost, spread, rate = cost(playing, on, off, seconds=max(2, streams / 6) * options.seconds)
    moved = sum(_core.gpu_traffic().values()) - before
    yield Row(case, rate, "frames/s", note=f"{moved} bytes of pixels carried")
    found = meter.objects / max(1, meter.frames)
    note = f"{found:.0f} objects a frame, rounds within {spread:.2f}" + (
        f"; DeepStream's: {THEIRS[model]}" if model in THEIRS else ""
    )
    yield Row(f"{case}: a probe with pyds costs", lost, "%", at_most=AT_MOST, spread=spread, note=note)


def _buffers() -> Any:
    from gi.repository import Gst

    return Gst.PadProbeType.BUFFER


PROBE_BUFFERS = _buffers()
