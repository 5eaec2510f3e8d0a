"""pyds on running pipelines: latency, the sender's time, events from the application."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import fluvial  # noqa: F401  makes the plugin known before Gst.init
import pyds
from fluvial._gst import Gst

LATENCY = """
import sys
import pyds
from fluvial._gst import Gst
Gst.init(None)
p = Gst.parse_launch(sys.argv[1])

def probe(pad, info):
    print("returned", pyds.nvds_measure_buffer_latency(hash(info.get_buffer())))
    return Gst.PadProbeReturn.OK

p.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, probe)
p.set_state(Gst.State.PLAYING)
p.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
p.set_state(Gst.State.NULL)
"""

DECODED = "filesrc location={clip} ! qtdemux ! h264parse ! nvv4l2decoder ! m.sink_{i} "
MUXED = "nvstreammux name=m batch-size=2 width=160 height=120 batched-push-timeout=2000000 ! "


def measured(pipeline: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LATENCY, pipeline],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.fixture
def two_files(make_clip: Callable[..., Path]) -> str:
    clip = make_clip("latency.mp4", frames=6)
    return "".join(DECODED.format(clip=clip, i=i) for i in range(2)) + MUXED + "fakesink name=end"


def test_latency_is_measured_from_the_decoder_where_it_is_asked_for(two_files: str) -> None:
    text = measured(two_files, NVDS_ENABLE_LATENCY_MEASUREMENT="1")
    lines = re.findall(r"^Source id = (\d) Frame_num = (\d) Frame latency = ([\d.e+]+) \(ms\) $", text, re.MULTILINE)
    assert sorted({(int(s), int(n)) for s, n, _ in lines}) == [(s, n) for s in range(2) for n in range(6)]
    assert all(0 < float(ms) < 60_000 for _, _, ms in lines)
    assert len(re.findall(r"^\*{12}BATCH-NUM = \d\*{14}$", text, re.MULTILINE)) == text.count("returned")
    assert sum(int(n) for n in re.findall(r"returned (\d)", text)) == 12


def test_latency_begins_in_the_decoder_not_in_the_mux(make_clip: Callable[..., Path]) -> None:
    # Behind the decoder each frame is held for a while: what is measured has that in it.
    clip = make_clip("latency.mp4", frames=6)
    slow = DECODED.format(clip=clip, i=0).replace("! m.", "! identity sleep-time=30000 ! m.")
    text = measured(slow + MUXED + "fakesink name=end", NVDS_ENABLE_LATENCY_MEASUREMENT="1")
    latencies = [float(ms) for ms in re.findall(r"latency = ([\d.e+]+)", text)]
    assert len(latencies) == 6
    assert min(latencies) >= 30


def test_latency_of_frames_without_a_decoder_begins_in_the_mux() -> None:
    pipeline = "videotestsrc num-buffers=3 ! m.sink_0 " + MUXED + "fakesink name=end"
    text = measured(pipeline, NVDS_ENABLE_LATENCY_MEASUREMENT="1")
    assert text.count("Source id = 0 Frame_num") == 3


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        (
            "nvstreamdemux name=d d.src_0 ! queue ! fakesink name=end d.src_1 ! queue ! fakesink",
            [(0, n) for n in range(6)],
        ),
        ("nvmultistreamtiler ! fakesink name=end", [(s, n) for s in range(2) for n in range(6)]),
    ],
    ids=["demux", "tiler"],
)
def test_latency_is_known_behind_what_takes_batches_apart(
    two_files: str, behind: str, expected: list[tuple[int, int]]
) -> None:
    text = measured(two_files.replace("fakesink name=end", behind), NVDS_ENABLE_LATENCY_MEASUREMENT="1")
    seen = re.findall(r"^Source id = (\d) Frame_num = (\d) ", text, re.MULTILINE)
    assert sorted({(int(s), int(n)) for s, n in seen}) == expected


def test_latency_is_not_measured_or_noted_unless_asked_for(two_files: str) -> None:
    assert set(measured(two_files, NVDS_ENABLE_LATENCY_MEASUREMENT="").split()) == {"returned", "0"}


def test_latency_can_be_measured_in_silence(two_files: str) -> None:
    text = measured(two_files, NVDS_ENABLE_LATENCY_MEASUREMENT="1", NVDS_LATENCY_MEASUREMENT_SILENT="1")
    assert "Source id" not in text
    assert "returned 2" in text


@contextmanager
def playing(description: str) -> Iterator[Gst.Pipeline]:
    Gst.init(None)
    pipeline = Gst.parse_launch(description)
    try:
        yield pipeline
    finally:
        pipeline.set_state(Gst.State.NULL)


def ntp_times(pipeline: Gst.Pipeline, until: Callable[[list[int]], bool]) -> list[int]:
    """ntp_timestamp of each frame that reaches the element "end"."""
    times: list[int] = []

    def probe(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
        times.append(pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data).ntp_timestamp)
        return Gst.PadProbeReturn.OK

    pipeline.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, probe)
    pipeline.set_state(Gst.State.PLAYING)
    bus, end = pipeline.get_bus(), time.monotonic() + 30
    while not until(times) and time.monotonic() < end:
        message = bus.timed_pop_filtered(50 * Gst.MSECOND, Gst.MessageType.ERROR)
        assert message is None, message.parse_error()
    return times


MUX_ONE = "nvstreammux name=m batch-size=1 width=160 height=120 live-source=1 attach-sys-ts=0 ! fakesink name=end"


@pytest.mark.slow
@pytest.mark.parametrize("pass_as", [hash, lambda e: e], ids=["hash", "element"])
def test_a_cameras_own_time_is_in_the_metadata_where_its_source_is_configured(
    camera: tuple[str, object], pass_as: Callable[[Gst.Element], object]
) -> None:
    source = f"rtspsrc name=src latency=50 location={camera[0]} ! rtph264depay ! h264parse ! nvv4l2decoder ! m.sink_0 "
    with playing(source + MUX_ONE) as pipeline:
        pyds.configure_source_for_ntp_sync(pass_as(pipeline.get_by_name("src")))
        times = ntp_times(pipeline, lambda seen: sum(t > 0 for t in seen) >= 20)
    told = [t for t in times if t > 0]
    assert len(told) >= 20, "RTCP sender reports tell the time within seconds"
    assert told == sorted(told)
    assert abs(told[-1] / 1e9 - time.time()) < 5, "nanoseconds since 1970, by the clock of this machine"
    steps = [b - a for a, b in itertools.pairwise(told)]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(40e6, rel=0.2)


@pytest.mark.slow
def test_a_bin_that_makes_its_source_later_is_configured_too(camera: tuple[str, object]) -> None:
    with playing(f"uridecodebin name=src uri={camera[0]} ! m.sink_0 {MUX_ONE}") as pipeline:
        pyds.configure_source_for_ntp_sync(hash(pipeline.get_by_name("src")))
        times = ntp_times(pipeline, lambda seen: any(t > 0 for t in seen))
    assert any(t > 0 for t in times)


def test_a_camera_that_is_not_configured_tells_no_time(camera: tuple[str, object]) -> None:
    source = f"rtspsrc latency=50 location={camera[0]} ! rtph264depay ! h264parse ! nvv4l2decoder ! m.sink_0 "
    with playing(source + MUX_ONE) as pipeline:
        times = ntp_times(pipeline, lambda seen: len(seen) >= 20)
    assert set(times) == {0}


def test_an_element_that_gives_no_senders_time_says_so() -> None:
    Gst.init(None)
    element = Gst.ElementFactory.make("videotestsrc", "pattern")
    with pytest.raises(RuntimeError, match=r"pattern gives no sender's time: an rtspsrc of GStreamer 1.22"):
        pyds.configure_source_for_ntp_sync(hash(element))
    with pytest.raises(ValueError, match="is no address of a GstElement"):
        pyds.configure_source_for_ntp_sync(12345)
    pad = element.get_static_pad("src")
    with pytest.raises(ValueError, match="is no address of a GstElement"):
        pyds.configure_source_for_ntp_sync(hash(pad))


def test_an_application_changes_the_interval_while_frames_flow(blob_model: Path) -> None:
    Gst.init(None)
    done: list[int] = []
    description = (
        "videotestsrc num-buffers=40 pattern=white ! m.sink_0 "
        "nvstreammux name=m batch-size=1 width=64 height=64 ! "
        f"fluvialinfer name=infer model={blob_model} ! fakesink name=end"
    )
    with playing(description) as pipeline:
        infer = pipeline.get_by_name("infer")

        def change(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
            if pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data).frame_num == 20:
                pyds.gst_element_send_nvevent_interval_update(hash(infer), "0", 3)
            return Gst.PadProbeReturn.OK

        def look(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
            done.append(pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data).bInferDone)
            return Gst.PadProbeReturn.OK

        pipeline.get_by_name("m").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, change)
        pipeline.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, look)
        pipeline.set_state(Gst.State.PLAYING)
        pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS)
        assert infer.get_property("interval") == 3
    assert done[:20] == [1] * 20
    assert sum(done[20:]) == 5


def test_the_interval_event_reaches_an_nvinfer_and_wrong_ones_are_refused(blob_model: Path) -> None:
    with playing(f"fakesrc ! fluvialinfer name=infer model={blob_model} ! fakesink") as pipeline:
        infer = pipeline.get_by_name("infer")
        infer.set_state(Gst.State.PAUSED)
        assert pyds.gst_element_send_nvevent_interval_update(hash(infer), "0", 7) is True
        assert infer.get_property("interval") == 7
        with pytest.raises(ValueError, match="interval=-1 is below 0"):
            pyds.gst_element_send_nvevent_interval_update(hash(infer), "0", -1)
        with pytest.raises(ValueError, match="is no address of a GstElement"):
            pyds.gst_element_send_nvevent_interval_update(99, "0", 1)
        with pytest.raises(TypeError):
            pyds.gst_element_send_nvevent_interval_update(hash(infer), None, 1)


def test_a_stream_reset_travels_downstream_from_the_element_it_is_sent_to() -> None:
    seen: list[str] = []

    def look(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        structure = info.get_event().get_structure()
        seen.append(structure.to_string() if structure else "")
        return Gst.PadProbeReturn.OK

    with playing("fakesrc is-live=true ! identity name=here ! fakesink name=end sync=false") as pipeline:
        pipeline.get_by_name("end").get_static_pad("sink").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, look)
        pipeline.set_state(Gst.State.PLAYING)
        pipeline.get_state(10 * Gst.SECOND)
        assert pyds.gst_element_send_nvevent_new_stream_reset(hash(pipeline.get_by_name("here")), 3) == 1
        with pytest.raises(ValueError, match="source_id=-1 is below 0"):
            pyds.gst_element_send_nvevent_new_stream_reset(hash(pipeline.get_by_name("here")), -1)
    assert any(re.search(r"nv-stream-reset.*source-id=\(uint\)3", text) for text in seen)
