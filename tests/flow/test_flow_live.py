"""A camera: an RTSP server on this machine, which sends without end and without waiting for anybody."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

import fluvial as fv
from waiting import eventually

Camera = tuple[str, "subprocess.Popen[str]"]


def test_a_camera_beside_a_file(camera: Camera, tmp_path: Path) -> None:
    flow = fv.Flow({"door": camera[0], "file": "test://?frames=15"}, rtsp_latency_ms=50).draw()
    seen = {"door": 0, "file": 0}
    for batch in flow.save(tmp_path / "{source}.mp4"):
        for frame in batch.frames:
            seen[frame.source] += 1
        if seen["door"] >= 20 and seen["file"] == 15:
            break
    assert seen["file"] == 15
    assert sorted(p.name for p in tmp_path.iterdir()) == ["door.mp4", "file.mp4"]


def test_what_a_slow_loop_makes_a_camera_drop_is_counted(camera: Camera) -> None:
    flow = fv.Flow({"door": camera[0], "file": "test://?frames=5"}, rtsp_latency_ms=50)

    def dropped() -> dict[str, int | None]:
        assert flow.figures is not None
        return {source["name"]: source["dropped"] for source in flow.figures["sources"]}

    for batch in flow:
        if "door" in [frame.source for frame in batch.frames]:
            # The loop holds the pipeline while the camera goes on.
            assert eventually(lambda: (dropped()["door"] or 0) >= 2, seconds=10)
            assert dropped()["file"] is None
            break


@pytest.mark.slow
def test_a_slow_loop_gets_the_newest_frame(camera: Camera) -> None:
    times = []
    for i, batch in enumerate(fv.Flow(camera[0], rtsp_latency_ms=50)):
        times.append((time.monotonic(), batch.frames[0].time))
        while time.monotonic() < times[-1][0] + 0.16:  # work for four frames' time
            batch.frames[0].pixels().sum()
        if i == 20:
            break
    clock, video = (t[-1] - t[10] for t in zip(*times, strict=True))  # by then, what waited at the start is gone
    assert video == pytest.approx(clock, abs=0.3), "the video kept pace: frames between were dropped, not queued"


def test_a_camera_that_goes_away_does_not_stop_the_other(camera: Camera) -> None:
    flow = fv.Flow({"door": camera[0], "file": "test://?frames=1000000"}, rtsp_latency_ms=50)
    since = 0
    for batch in flow:
        if any(f.source == "door" for f in batch.frames) and camera[1].poll() is None:
            camera[1].kill()
            camera[1].wait()
        if camera[1].poll() is not None:
            since += any(f.source == "file" for f in batch.frames)
        if since == 100:
            break
    assert since == 100
