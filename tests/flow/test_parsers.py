"""Functions of Python's that read a model's outputs."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from flow.test_backends import assert_same, found_in
from fluvial import Detections, ParserInfo
from needed import package

Clip = Callable[..., Path]
Tensors = dict[str, np.ndarray]
COLOURS = {"model_color_format": 0, "net_scale_factor": 1.0}


def cells(tensors: Tensors, info: ParserInfo) -> Detections:
    """As the head reads the blob model: boxes are shares of the picture, scores of one class."""
    scores = tensors["scores"]
    best = scores.argmax(axis=1)
    size = np.array([info.width, info.height] * 2)
    return Detections.of_corners(tensors["boxes"] * size, scores.max(axis=1), best)


def test_a_parser_finds_what_the_head_finds(make_clip: Clip, blob_model: Path) -> None:
    for how in ({}, {"backend": "onnxruntime"}):
        if how:
            package("onnxruntime")
        head = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, cluster_mode=4, **how)
        ours = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, parser=cells, **how)
        assert_same(found_in(head), found_in(ours))


@pytest.mark.parametrize("size", [-1, 2])
def test_each_picture_of_a_batch_is_parsed_alone(make_clip: Clip, size: int) -> None:
    from flow.test_backends import Cells

    shapes = set()

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        shapes.update((name, t.shape) for name, t in tensors.items())
        return cells(tensors, info)

    clips = {"ball": make_clip("a.mp4"), "black": make_clip("black.mp4", pattern="black")}
    model = Cells()
    model.batch = size
    flow = fv.Flow(clips).infer(model, threshold=0.3, parser=parse, **COLOURS)
    found = {"ball": 0, "black": 0}
    for batch in flow:
        for frame in batch.frames:
            found[frame.source] += len(frame.objects)
    assert max(shape[0] for shape in model.seen) == 2
    assert shapes == {("boxes", (64, 4)), ("scores", (64, 3))}
    assert found["ball"] > 0 and found["black"] == 0


def test_it_is_told_what_is_known(make_clip: Clip, blob_model: Path) -> None:
    told = []

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        told.append(info)
        return cells(tensors, info)

    fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.3, parser=parse, labels=["a", "b", "c"]).run()
    assert told[0] == ParserInfo(64, 64, ("a", "b", "c"), 3, pytest.approx(0.3))


def test_scores_below_the_threshold_are_left_out(make_clip: Clip, blob_model: Path) -> None:
    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        return Detections(np.full((3, 4), 10), np.array([0.29, 0.31, 0.5]), np.array([0, 0, 1]))

    settings = {"threshold": 0.3, "class_settings": {1: {"threshold": 0.6}}}
    for batch in fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse, **settings):
        assert [o.confidence for o in batch.frames[0].objects] == pytest.approx([0.31])


def test_boxes_are_merged_where_nms_is_asked_for(make_clip: Clip, blob_model: Path) -> None:
    def twice(tensors: Tensors, info: ParserInfo) -> Detections:
        return Detections(np.array([[10, 10, 20, 20], [11, 10, 20, 20]]), np.array([0.8, 0.9]), np.array([0, 0]))

    for settings, count in (({}, 2), ({"nms_iou": 0.5}, 1), ({"cluster_mode": 2}, 1)):
        for batch in fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=twice, **settings):
            assert len(batch.frames[0].objects) == count


def test_masks_follow_their_boxes(make_clip: Clip, blob_model: Path) -> None:
    masks = np.stack([np.full((4, 6), 0.25), np.full((4, 6), 0.75)])

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        boxes = np.array([[10, 10, 20, 20], [40, 10, 20, 20]])
        return Detections(boxes, np.array([0.8, 0.9]), np.array([0, 1]), masks=masks)

    for batch in fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse):
        for found in batch.frames[0].objects:
            assert found.mask is not None
            assert found.mask.shape == (4, 6)
            assert found.mask == pytest.approx(masks[found.class_id])


def test_key_points_are_taken(make_clip: Clip, blob_model: Path) -> None:
    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        points = np.tile(np.array([[20, 20, 0.9]]), (2, 17, 1))
        boxes = np.array([[10, 10, 20, 20], [40, 10, 20, 20]])
        return Detections(boxes, np.array([0.8, 0.9]), np.array([0, 1]), keypoints=points)

    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse).run()
    assert flow.stats["a"].objects == 40


def test_it_reads_a_model_that_no_head_reads(make_clip: Clip) -> None:
    def odd(pictures: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.arange(7, dtype=np.float32), (len(pictures), 5, 7))

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        (rows,) = tensors.values()
        return Detections(rows[:, 1:5], np.full(5, 0.5), np.zeros(5, int))

    settings: dict[str, Any] = {"input_size": (64, 64), "parser": parse}
    flow = fv.Flow(make_clip("a.mp4")).infer(odd, **settings, **COLOURS)
    assert {len(batch.frames[0].objects) for batch in flow} == {5}
    says = r"nothing tells how the model wants its pictures. Add model-color-format .* and net-scale-factor"
    with pytest.raises(fv.PipelineError, match=says):
        fv.Flow(make_clip("a.mp4")).infer(odd, **settings).run()


def test_it_reads_objects_of_another_model(make_clip: Clip, blob_model: Path) -> None:
    calls = 0

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        nonlocal calls
        calls += 1
        return Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))

    flow = fv.Flow(make_clip("a.mp4")).infer(blob_model, threshold=0.5)
    flow.infer(blob_model, on="objects", parser=parse).run()
    assert calls == flow.stats["a"].objects > 0


# --- tensors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"backend": "onnxruntime"}])
def test_a_tensor_that_is_kept_stays_as_it_is(make_clip: Clip, blob_model: Path, how: dict[str, Any]) -> None:
    if how:
        package("onnxruntime")
    kept: list[tuple[np.ndarray, np.ndarray]] = []

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        kept.append((tensors["scores"][:, 0], tensors["scores"][:, 0].copy()))
        return cells(tensors, info)

    fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse, **how).run()
    gc.collect()
    assert len(kept) == 20
    assert all(np.array_equal(view, copy) for view, copy in kept)
    assert len({view.ctypes.data for view, _ in kept}) == 20


def test_a_tensor_that_nobody_keeps_is_not_copied(make_clip: Clip, blob_model: Path) -> None:
    places = set()

    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        places.add(tensors["scores"].ctypes.data)
        return cells(tensors, info)

    fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse, requests=2).run()
    assert len(places) <= 2, "the requests' own memory"


def test_tensors_are_read_only(make_clip: Clip, blob_model: Path) -> None:
    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        tensors["scores"][0] = 1
        return cells(tensors, info)

    with pytest.raises(ValueError, match="read-only"):
        fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse).run()


# --- what is refused --------------------------------------------------------------------------------------------------

ONE = {"boxes": np.ones((1, 4)), "scores": np.ones(1), "class_ids": np.zeros(1, int)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"boxes": np.ones((1, 5))}, r"boxes have the shape \(1, 5\); \(any, 4\) is needed"),
        ({"boxes": np.ones(4)}, r"boxes have the shape \(4,\); \(any, 4\) is needed"),
        ({"boxes": np.array([[1, 2, np.nan, 4]])}, r"boxes\[0, 2\] is nan; allowed are finite numbers"),
        ({"boxes": np.array([[1, 2, 1e60, 4]])}, r"boxes\[0, 2\] is inf; allowed are finite numbers"),
        ({"boxes": np.array([["a", "b", "c", "d"]])}, "boxes are str32; real numbers are needed"),
        ({"scores": np.ones(2)}, r"scores have the shape \(2,\); \(1\) is needed"),
        ({"scores": np.array([1.5])}, r"scores\[0\] is 1.5; allowed are 0 to 1"),
        ({"scores": np.array([1 + 2j])}, "scores are complex128; real numbers are needed"),
        ({"class_ids": np.zeros(1)}, r"class_ids are float64; whole numbers are needed: x.astype\(int\)"),
        ({"class_ids": np.array([-1])}, "class_ids go from -1 to -1; allowed are 0 to 2147483647"),
        ({"class_ids": np.array([2**40])}, "class_ids go from 1099511627776 to 1099511627776; allowed are 0 to "),
        ({"masks": np.zeros((2, 3, 3))}, r"masks have the shape \(2, 3, 3\); \(1, any, any\) is needed"),
        ({"masks": np.full((1, 3, 3), -1)}, r"masks\[0, 0, 0\] is -1; allowed are 0 to 1"),
        ({"keypoints": np.zeros((1, 5, 2))}, r"keypoints have the shape \(1, 5, 2\); \(1, any, 3\) is needed"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_wrong_answers_are_named(make_clip: Clip, blob_model: Path, change: dict[str, np.ndarray], says: str) -> None:
    def wrong(tensors: Tensors, info: ParserInfo) -> Detections:
        return Detections(**{**ONE, **change})

    with pytest.raises(fv.ModelError, match=f"parser 'wrong': {says}"):
        fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=wrong).run()


def test_anything_but_detections_is_named(make_clip: Clip, blob_model: Path) -> None:
    with pytest.raises(fv.ModelError, match=r"parser '<lambda>': it returned a list; fluvial.Detections is needed"):
        fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=lambda tensors, info: []).run()


def test_an_exception_in_a_parser_arrives_as_it_is(make_clip: Clip, blob_model: Path) -> None:
    def parse(tensors: Tensors, info: ParserInfo) -> Detections:
        return tensors["nothing"]  # type: ignore[return-value]

    with pytest.raises(KeyError, match="nothing") as caught:
        fv.Flow(make_clip("a.mp4")).infer(blob_model, parser=parse).run()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "parse"
    assert "in parser 'parse', " in "\n".join(getattr(caught.value, "__notes__", map(str, caught.value.args)))


def test_a_parser_that_cannot_be_called_is_refused(blob_model: Path) -> None:
    with pytest.raises(fv.ConfigError, match=r"infer: parser='yolo': a function \(tensors, info\) -> Detections is n"):
        fv.Flow("test://").infer(blob_model, parser="yolo")


def test_a_parser_that_nobody_offers_stops_the_start(make_clip: Clip, blob_model: Path, tmp_path: Path) -> None:
    from flow.test_backends import pipeline_with

    config = tmp_path / "config.yml"
    config.write_text(f"property:\n  model: {blob_model}\n  parser: mine\n")
    with pipeline_with(make_clip("a.mp4"), config_file_path=config) as p:
        with pytest.raises(fv.PipelineError, match="parser=mine: nobody in this process offers it"):
            p.run()
