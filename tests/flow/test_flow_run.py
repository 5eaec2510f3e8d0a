"""Whole flows on clips made here: what comes in, what comes out."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fluvial as fv

Clip = Callable[..., Path]


def frames_in(path: Path) -> int:
    """How many frames a decoder finds in a file."""
    with fv.Pipeline() as p:
        p.add("filesrc", "file", location=path)
        p.add("decodebin", "decode")
        sink = p.add("fakesink", sync=False, **{"signal-handoffs": True})
        count = 0

        def add(*_: object) -> None:
            nonlocal count
            count += 1

        sink.connect("handoff", add)
        p.link("file", "decode", sink)
        p.run()
    return count


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "c.ogv", "d.avi"])
def test_every_frame_of_a_file_arrives(make_clip: Clip, name: str) -> None:
    seen = [frame.number for batch in fv.Flow(make_clip(name)) for frame in batch.frames]
    assert seen == list(range(20))


def test_the_readme_s_words_work_on_files(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    flow = fv.Flow([str(make_clip("a.mp4"))]).infer(str(blob_model), threshold=0.3).track().draw().save(str(out))
    found, times = 0, []
    for batch in flow:
        for frame in batch.frames:
            assert frame.source == "a"
            times.append(frame.time)
            found += len([(o.label, o.confidence, o.track_id, o.box) for o in frame.objects])
            assert frame.objects.boxes.shape == (len(frame.objects), 4)
            assert frame.objects.boxes.dtype == np.float32
            assert frame.pixels().shape == (120, 160, 4)
    assert found > 0
    assert np.diff(times) == pytest.approx(np.full(19, 1 / 25), abs=0.001)
    assert frames_in(out) == 20
    assert not out.with_name("out.partial.mp4").exists()


def test_boxes_lie_on_the_ball(make_clip: Clip, blob_model: Path) -> None:
    for batch in fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.5):
        frame = batch.frames[0]
        bright = frame.pixels()[..., :3].mean(axis=2)
        for left, top, width, height in frame.objects.boxes.astype(int):
            assert bright[top : top + height, left : left + width].mean() > 100


def test_sources_of_different_length_and_size_all_end(make_clip: Clip, tmp_path: Path) -> None:
    clips = {"long": make_clip("l.mp4", frames=30), "short": make_clip("s.mp4", frames=7, size=(320, 240))}
    flow = fv.Flow(clips).draw().save(tmp_path / "{source}.mp4").run()
    assert {name: s.frames for name, s in flow.stats.items()} == {"long": 30, "short": 7}
    assert (frames_in(tmp_path / "long.mp4"), frames_in(tmp_path / "short.mp4")) == (30, 7)


def test_several_sources_in_one_file_are_tiled(make_clip: Clip, tmp_path: Path) -> None:
    out = tmp_path / "all.mp4"
    sizes = set()
    for batch in fv.Flow([make_clip("a.mp4"), make_clip("s.mp4", frames=7, size=(320, 240))]).draw().save(out):
        sizes |= {(f.source, f.size) for f in batch.frames}
    assert sizes == {("a", (160, 120)), ("s", (320, 240))}, "the loop sees frames as they came, before tiling"
    assert frames_in(out) == 20


def test_text_of_a_small_source_is_drawn_as_large_as_that_of_a_big_one(make_clip: Clip, tmp_path: Path) -> None:
    def write(batch: object) -> None:
        for frame in batch.frames:  # type: ignore[attr-defined]
            frame.draw_text("MMMM", (0, 20), size=12)

    black = {"frames": 5, "pattern": "black"}
    clips = [make_clip("small.avi", **black, size=(80, 60)), make_clip("big.avi", **black, size=(640, 480))]
    flow = fv.Flow(clips).probe(write).draw().tile(rows=1, width=640, height=240).save(tmp_path / "o.mkv")
    flow.run()
    for batch in fv.Flow(tmp_path / "o.mkv"):
        pixels = batch.frames[0].pixels()[..., :3].mean(axis=2)
    heights = [np.ptp(np.flatnonzero((half > 60).any(axis=1))) for half in (pixels[:, :320], pixels[:, 320:])]
    assert heights[0] == pytest.approx(heights[1], abs=3)


def test_two_results_come_from_one_run(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    flow = fv.Flow([make_clip("a.mp4"), make_clip("b.mkv")]).infer(blob_model, threshold=0.3).track().draw()
    flow.save(tmp_path / "all.mp4").save(tmp_path / "{source}.mkv").write_json(tmp_path / "o.jsonl").run()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mkv", "all.mp4", "b.mkv", "o.jsonl"]
    records = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert {r["source"] for r in records} == {"a", "b"}
    assert len(records) == sum(s.objects for s in flow.stats.values())
    keys = {"source", "frame", "time", "label", "class_id", "confidence", "track_id", "box"}
    assert all(set(r) == keys and len(r["box"]) == 4 for r in records)


def test_labels_and_settings_reach_the_model(make_clip: Clip, blob_model: Path) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, labels=["ball", "b", "c"], threshold=0.3, interval=1)
    inferred, labels = [], set()
    for batch in flow:
        inferred.append(batch.frames[0].is_inferred)
        labels |= set(batch.frames[0].objects.labels)
    assert labels == {"ball"}
    assert inferred.count(True) == 10


def least_confidence(clip: Path, model: Path, **settings: object) -> float:
    return min(float(f.objects.confidences.min(initial=1)) for b in fv.Flow(clip).infer(model, **settings) for f in b)


def test_a_model_alone_takes_the_threshold_of_its_kind(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    clip = make_clip("a.mp4")
    assert 0.45 <= least_confidence(clip, blob_model) < 1
    assert 0.3 <= least_confidence(clip, blob_model, threshold=0.3) < 0.45
    config = tmp_path / "deepstream.txt"
    config.write_text("[property]\nnet-scale-factor=1\nmodel-color-format=1\n")
    assert 0.2 <= least_confidence(clip, blob_model, config=str(config)) < 0.3, "as DeepStream has it for every model"


def test_too_few_labels_name_the_line(make_clip: Clip, blob_model: Path) -> None:
    flow = fv.Flow(make_clip("a.mp4"))
    with pytest.raises(fv.PipelineError, match=r"1 label") as e:
        flow.infer(blob_model, labels=["ball"]).run()
    assert e.value.at is not None
    assert e.value.at.file == __file__


def test_a_probe_may_change_what_comes_out(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    def rename(batch: object) -> None:
        for frame in batch.frames:  # type: ignore[attr-defined]
            for found in frame.objects:
                found.label = "blob"

    out = tmp_path / "o.jsonl"
    fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3).probe(rename).write_json(out).run()
    assert {json.loads(line)["label"] for line in out.read_text().splitlines()} == {"blob"}


def test_a_flow_runs_again(make_clip: Clip) -> None:
    flow = fv.Flow(make_clip("a.mp4"))
    assert [flow.run().stats["a"].frames for _ in range(3)] == [20, 20, 20]


def test_runs_that_are_over_leave_no_file_open(make_clip: Clip) -> None:
    def open_files() -> int:
        fv.Flow(make_clip("a.mp4")).run()
        with fv.Pipeline() as p:
            p.add("filesrc", "file", location=make_clip("a.mp4"))
            p.link("file", p.add("decodebin"), p.add("fakesink"))
            p.run()
        del p
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    # A pipeline that callbacks keep alive keeps its bus, which is a pair of sockets.
    assert open_files() == open_files() == open_files()
