"""Cameras that go away and come back: RTSP servers on this machine, killed, stopped and started again."""

from __future__ import annotations

import gc
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fluvial as fv
from rtsp_camera import RtspCamera
from waiting import eventually

MakeCamera = Callable[..., RtspCamera]

SOON = {"first_wait_ms": 50, "longest_wait_ms": 200, "stalled_after_ms": 3000}
NOBODY = "rtsp://127.0.0.1:9/x"


def of_fluvial(log: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in log.records if r.name == "fluvial" and r.levelno >= logging.WARNING]


class Watcher:
    """What a flow of the sources "door" and "yard" gave and told."""

    def __init__(self, flow: fv.Flow) -> None:
        self.flow = flow
        self.events: list[fv.SourceEvent] = []
        self.seen: dict[str, list[float]] = {"door": [], "yard": []}
        flow.on_source(self.events.append)
        self._batches = iter(flow)

    def until(self, is_so: Callable[[], bool], *, seconds: float = 20) -> None:
        assert self.flow.pipeline is not None
        guard = threading.Timer(seconds, self.flow.pipeline.end)  # a batch may never come
        guard.start()
        try:
            while not is_so():
                batch = next(self._batches, None)
                assert batch is not None, (self.events, {k: len(v) for k, v in self.seen.items()})
                for frame in batch.frames:
                    self.seen[frame.source].append(frame.time)
        finally:
            guard.cancel()

    def more_of(self, name: str, count: int) -> Callable[[], bool]:
        wanted = len(self.seen[name]) + count
        return lambda: len(self.seen[name]) >= wanted

    def kinds(self) -> list[tuple[str, str]]:
        return [(event.source, event.kind) for event in self.events]

    def close(self) -> None:
        del self._batches  # as when a loop is left


def test_a_camera_that_was_unplugged_comes_back_and_the_other_never_stops(
    make_camera: MakeCamera, caplog: pytest.LogCaptureFixture
) -> None:
    door, yard = make_camera(), make_camera()
    flow = fv.Flow({"door": door.address, "yard": yard.address}, rtsp_latency_ms=50, reconnect=SOON)
    watched = Watcher(flow)
    watched.until(watched.more_of("door", 10))
    door.unplug()
    watched.until(lambda: watched.kinds() == [("door", "lost")])
    watched.until(watched.more_of("yard", 15))
    assert [p.element for p in flow.problems] == ["door"]
    assert door.address in flow.problems[0].problem
    assert flow.figures is not None
    assert [bool(source["problem"]) for source in flow.figures["sources"]] == [True, False]
    door.plug_in()
    watched.until(watched.more_of("door", 10))
    watched.close()
    assert watched.kinds() == [("door", "lost"), ("door", "back")]
    assert watched.events[1].away_seconds > 0.5
    assert flow.problems == ()
    for times in watched.seen.values():
        assert times == sorted(set(times)), "time goes on"
    gaps = [b - a for a, b in zip(watched.seen["yard"], watched.seen["yard"][1:], strict=False)]
    assert max(gaps) < 1, "the other camera's frames kept coming"
    away, back = of_fluvial(caplog)
    assert away.startswith("source door is away, and is tried again: ")
    assert re.fullmatch(r"source door is back after \d+\.\d s", back)


def test_a_camera_that_falls_silent_is_lost_and_comes_back(make_camera: MakeCamera) -> None:
    door = make_camera()
    flow = fv.Flow({"door": door.address}, rtsp_latency_ms=50, reconnect={**SOON, "stalled_after_ms": 500})
    watched = Watcher(flow)
    flow.on_source(lambda event: door.speak() if event.kind == "lost" else None)
    watched.until(watched.more_of("door", 5))
    door.fall_silent()
    watched.until(watched.more_of("door", 25))
    watched.close()
    assert watched.kinds()[:2] == [("door", "lost"), ("door", "back")]
    assert watched.events[0].problem.startswith("no data for 0.5")
    assert watched.seen["door"] == sorted(set(watched.seen["door"]))


def test_a_camera_that_is_not_there_at_the_start_is_waited_for(make_camera: MakeCamera) -> None:
    door = make_camera()
    door.unplug()
    flow = fv.Flow({"door": door.address}, rtsp_latency_ms=50, reconnect=SOON)
    watched = Watcher(flow)
    flow.on_source(lambda event: door.plug_in() if event.kind == "lost" else None)
    watched.until(watched.more_of("door", 5))
    watched.close()
    assert watched.kinds() == [("door", "lost"), ("door", "back")]


def test_a_camera_that_stays_away_is_given_up_when_its_attempts_have_run_out(make_camera: MakeCamera) -> None:
    yard = make_camera()
    flow = fv.Flow({"door": NOBODY, "yard": yard.address}, reconnect={**SOON, "attempts": 2})
    watched = Watcher(flow)
    watched.until(lambda: ("door", "failed") in watched.kinds())
    watched.until(watched.more_of("yard", 5))
    watched.close()
    assert watched.kinds() == [("door", "lost"), ("door", "failed")]
    assert re.match(
        r"no video for 0\.\d+ s, and of 2 attempts to connect again none did: Could not open resource",
        flow.problems[0].problem,
    )


def test_when_all_are_given_up_it_is_raised() -> None:
    with pytest.raises(fv.SourceError, match=r"of 1 attempts to connect again none did: .*Failed to connect"):
        fv.Flow(NOBODY, reconnect={"first_wait_ms": 1, "attempts": 1}).run()


def test_what_no_attempt_would_mend_is_an_error_at_once(make_camera: MakeCamera) -> None:
    with pytest.raises(fv.SourceError, match=r"(?i)not found"):
        fv.Flow(make_camera().address + "/no-such-path").run()


def test_a_recording_that_is_sent_by_rtsp_ends(make_camera: MakeCamera, make_clip: Callable[..., Path]) -> None:
    clip = make_clip("a.mp4")
    camera = make_camera(f"( filesrc location={clip} ! qtdemux ! h264parse ! rtph264pay name=pay0 )")
    flow = fv.Flow({"door": camera.address}, rtsp_latency_ms=50, reconnect=SOON).run()
    assert flow.stats["door"].frames > 0
    assert flow.problems == ()


def test_ctrl_c_ends_a_flow_at_once_while_its_only_camera_is_away() -> None:
    pressed: list[float] = []

    def press(_: fv.SourceEvent) -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    flow = fv.Flow(NOBODY, reconnect={"first_wait_ms": 60_000, "longest_wait_ms": 60_000}).on_source(press).run()
    assert flow.was_interrupted
    assert len(pressed) == 1
    assert time.monotonic() - pressed[0] < 1


def test_what_on_source_raises_ends_the_flow() -> None:
    def fail(event: fv.SourceEvent) -> None:
        raise ValueError(f"no more of {event.source}")

    with pytest.raises(ValueError, match=r"no more of 127\.0\.0\.1-x"):
        fv.Flow(NOBODY).on_source(fail).run()


def test_settings_of_reconnect_are_judged_where_they_are_written() -> None:
    with pytest.raises(fv.ConfigError, match=r"reconnect\.attempt: .*attempts"):
        fv.Flow(NOBODY, reconnect={"attempt": 5})


def threads_and_files() -> tuple[int, int]:
    gc.collect()
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def run_behind(camera: RtspCamera, **properties: Any) -> tuple[fv.Pipeline, list[int], list[int]]:
    """A pipeline of that camera alone, the times of its frames, and before which of them a connection began."""
    from fluvial._gst import Gst

    pipeline = fv.Pipeline()
    settings = {"reconnect_delay": 20, "stall_timeout": 3000, "latency": 20, **properties}
    source = pipeline.add("fluvialsource", "door", uri=camera.address, **settings)
    sink = pipeline.add("fakesink", "sink", sync=False)
    pipeline.link(source, sink)
    times: list[int] = []
    connections: list[int] = []

    def look(_: Any, info: Any) -> Any:
        if info.type & Gst.PadProbeType.BUFFER:
            times.append(info.get_buffer().pts)
        elif info.get_event().type == Gst.EventType.STREAM_START:
            connections.append(len(times))
        return Gst.PadProbeReturn.OK

    kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
    sink.get_static_pad("sink").add_probe(kinds, look)
    return pipeline, times, connections


@pytest.mark.slow
@pytest.mark.parametrize("protocol", [1, 4], ids=["udp", "tcp"])
def test_it_is_the_same_by_udp_and_by_tcp(make_camera: MakeCamera, protocol: int) -> None:
    camera = make_camera()
    pipeline, times, connections = run_behind(camera, select_rtp_protocol=protocol)
    with pipeline:
        pipeline.start()
        for round_ in (1, 2):
            enough = len(times) + 10
            assert eventually(lambda: len(times) >= enough, seconds=20), (round_, len(times))
            assert len(connections) == round_
            camera.unplug()
            camera.plug_in()
        assert eventually(lambda: len(connections) == 3, seconds=20)
    assert times == sorted(set(times))


def test_an_end_that_is_asked_for_while_the_camera_is_away_is_an_end(make_camera: MakeCamera) -> None:
    from fluvial._gst import Gst

    camera = make_camera()
    pipeline, times, _ = run_behind(camera, reconnect_delay=60_000)
    with pipeline:
        pipeline.start()
        assert eventually(lambda: len(times) >= 5, seconds=20)
        camera.unplug()
        assert eventually(lambda: pipeline["door"].numchildren == 0, seconds=20)
        pipeline.end()
        assert pipeline.gst.get_bus().timed_pop_filtered(5 * Gst.SECOND, Gst.MessageType.EOS) is not None


@pytest.mark.slow
def test_a_frame_that_waits_downstream_is_no_silence(make_camera: MakeCamera) -> None:
    from fluvial._gst import Gst

    pipeline, times, connections = run_behind(make_camera(), stall_timeout=200)
    holds = threading.Event()

    def hold(_: Any, __: Any) -> Any:
        if len(times) == 10:
            holds.set()
            threading.Event().wait(1)  # a second in which nothing can come
        return Gst.PadProbeReturn.OK

    pipeline["sink"].get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, hold)
    with pipeline:
        pipeline.start()
        assert holds.wait(20)
        assert eventually(lambda: len(times) >= 20, seconds=20)
    assert len(connections) == 1


@pytest.mark.slow
@pytest.mark.parametrize("protocol", [1, 4], ids=["udp", "tcp"])
def test_many_reconnections_leave_nothing_behind(make_camera: MakeCamera, protocol: int) -> None:
    camera = make_camera()
    pipeline, times, connections = run_behind(camera, select_rtp_protocol=protocol, stall_timeout=500)
    sizes = []
    with pipeline:
        pipeline.start()
        pipeline.gst.get_bus().set_flushing(True)  # a message that nobody takes keeps the element that it is about
        for _ in range(25):
            before = len(connections)
            camera.hang_up()
            assert eventually(lambda: len(connections) > before and len(times) >= connections[-1] + 2, seconds=20)
            sizes.append(threads_and_files())
    assert times == sorted(set(times))
    threads, files = zip(*sizes, strict=True)
    assert max(threads[5:]) <= max(threads[:5]) + 2
    assert max(files[5:]) <= max(files[:5]) + 2
