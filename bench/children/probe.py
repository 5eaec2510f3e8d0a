"""A pipeline with a Python probe where frames are counted: what launch.c does without Python.

python bench/children/probe.py PIPELINE pyds|columns
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402
from meter import Meter  # noqa: E402

import fluvial as fv  # noqa: E402


def walk_with_pyds(meter: Meter) -> Callable[..., Any]:
    """As DeepStream's Python programs are written: every object of every frame, three fields and its box."""
    import pyds

    def probe(_pad: Any, info: Any) -> Any:
        batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
        meter.buffers += 1
        at_frame = batch.frame_meta_list
        while at_frame is not None:
            frame = pyds.NvDsFrameMeta.cast(at_frame.data)
            meter.frames += 1
            at_object = frame.obj_meta_list
            while at_object is not None:
                found = pyds.NvDsObjectMeta.cast(at_object.data)
                if (
                    found.class_id >= 0
                    and found.object_id >= 0
                    and found.confidence >= -1
                    and found.rect_params.width > 0
                ):
                    meter.objects += 1
                try:
                    at_object = at_object.next
                except StopIteration:
                    break
            try:
                at_frame = at_frame.next
            except StopIteration:
                break
        return Gst.PadProbeReturn.OK

    return probe


def read_columns(meter: Meter) -> Callable[[Any], None]:
    """As a new program is written: one array a frame."""

    def probe(batch: Any) -> None:
        meter.buffers += 1
        for frame in batch.frames:
            meter.frames += 1
            meter.objects += int((frame.objects.boxes[:, 2] > 0).sum())

    return probe


def main() -> None:
    description, style = sys.argv[1:]
    Gst.init(None)
    pipeline = Gst.parse_launch(description)
    meter = Meter()

    def on_first(_pad: Any, _info: Any) -> Any:
        meter.start()
        return Gst.PadProbeReturn.REMOVE

    for element in pipeline.iterate_sources():
        element.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, on_first)
    pad = pipeline.get_by_name("count").get_static_pad("sink")
    if style == "pyds":
        pad.add_probe(Gst.PadProbeType.BUFFER, walk_with_pyds(meter))
    else:
        from fluvial import _core

        _core.attach_probe(pad, read_columns(meter), [])
    pipeline.set_state(Gst.State.PLAYING)
    kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
    meter.report()
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        raise SystemExit(str(message.parse_error()))
    assert fv.__all__  # its import is what makes the elements findable


if __name__ == "__main__":
    main()
