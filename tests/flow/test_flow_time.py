"""Files of different rates: the same moment side by side, every frame once, times from 0."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fluvial as fv

Ramp = Callable[..., Path]


def test_each_tile_shows_the_same_moment(make_ramp: Ramp, tmp_path: Path) -> None:
    slow, fast, out = make_ramp(10), make_ramp(30), tmp_path / "all.mp4"
    ramp = [(frame.pixels()[..., :3].mean(), frame.time) for batch in fv.Flow(fast) for frame in batch.frames]
    time_of = np.poly1d(np.polyfit(*zip(*ramp, strict=True), 1))  # of a picture, by its brightness

    flow = fv.Flow({"slow": slow, "fast": fast}).tile(width=128, height=64).save(out).run()
    assert {name: s.frames for name, s in flow.stats.items()} == {"slow": 10, "fast": 30}
    times = []
    for batch in fv.Flow(out):
        frame = batch.frames[0]
        pixels = frame.pixels()[..., :3]
        left, right = time_of(pixels[16:48, 16:48].mean()), time_of(pixels[16:48, 80:112].mean())
        assert right == pytest.approx(frame.time, abs=0.025)
        assert left == pytest.approx(int(frame.time * 10 + 0.1) / 10, abs=0.025)
        times.append(frame.time)
    assert times == pytest.approx([n / 30 for n in range(30)], abs=0.002)


def test_every_frame_of_every_source_is_seen_once_and_in_order(make_ramp: Ramp) -> None:
    rates = {"slow": 10, "middle": 15, "fast": 30}
    seen: dict[str, list[int]] = {name: [] for name in rates}
    moments = []
    for batch in fv.Flow({name: make_ramp(fps) for name, fps in rates.items()}):
        times = [frame.time for frame in batch.frames]
        assert max(times) - min(times) < 1 / 60 + 0.002, "frames of one batch are of one moment"
        moments.append(min(times))
        for frame in batch.frames:
            seen[frame.source].append(frame.number)
    assert seen == {name: list(range(fps)) for name, fps in rates.items()}
    assert moments == sorted(moments)


def test_time_starts_at_0_where_timestamps_do_not(make_ramp: Ramp) -> None:
    frames = [(f.time, f.pts) for batch in fv.Flow(make_ramp(30, reorders=True)) for f in batch.frames]
    assert [time for time, _ in frames] == pytest.approx([n / 30 for n in range(30)], abs=0.002)
    assert frames[0][1] > 0, "the clip's first timestamp is above 0, or this test shows nothing"
