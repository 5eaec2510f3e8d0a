"""A pipeline whose frames carry so many objects, made by a probe: with a classifier behind it, or without.

python bench/children/secondary.py CLIP OBJECTS [CONFIG]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402
from meter import Meter  # noqa: E402

import pyds  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))
import harness  # noqa: E402

SIDE = 64  # pixels of a box
UNTRACKED = 2**64 - 1


def objects_probe(count: int) -> Any:
    def probe(_pad: Any, info: Any) -> Any:
        batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
        at_frame = batch.frame_meta_list
        while at_frame is not None:
            frame = pyds.NvDsFrameMeta.cast(at_frame.data)
            for i in range(count):
                found = pyds.nvds_acquire_obj_meta_from_pool(batch)
                found.unique_component_id, found.class_id = 1, 0
                found.object_id = UNTRACKED  # each is looked at on every frame
                box = found.rect_params
                box.left, box.top, box.width, box.height = 8 + 30 * i, 8 + 20 * i, SIDE, SIDE
                pyds.nvds_add_obj_meta_to_frame(frame, found, None)
            at_frame = at_frame.next
        return Gst.PadProbeReturn.OK

    return probe


def main() -> None:
    clip, count, *config = sys.argv[1:]
    Gst.init(None)
    classifier = f"! nvinfer name=classify config-file-path={config[0]} " if config else ""
    width, height = harness.frame_size(Path(clip))
    pipeline = Gst.parse_launch(
        f"{harness.decode(Path(clip))} ! mux.sink_0 nvstreammux name=mux batch-size=1 width={width} "
        f"height={height} ! identity name=objects {classifier}! fakesink name=count sync=false"
    )
    meter = Meter()

    def on_buffer(_pad: Any, _info: Any) -> Any:
        meter.start()
        meter.frames += 1
        meter.objects += int(count)
        return Gst.PadProbeReturn.OK

    pipeline.get_by_name("objects").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, objects_probe(int(count)))
    pipeline.get_by_name("count").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    meter.report()
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        raise SystemExit(str(message.parse_error()))


if __name__ == "__main__":
    main()
