"""How boxes of one object become one: cluster_mode and what belongs to it, from Python as from DeepStream's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from fluvial import Detections
from golden import save_constants
from needed import package

package("onnx")

Clip = Callable[..., Path]
Found = list[tuple[float, ...]]
COLOURS = {"model_color_format": 0, "net_scale_factor": 1.0}

CROWD = [[10, 10, 30, 30], [11, 10, 31, 30], [10, 11, 30, 31], [11, 11, 31, 31]]  # left, top, right, bottom
LONER = [40, 40, 52, 52]


@pytest.fixture(scope="module")
def crowd_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four boxes that nearly lie on each other, and one by itself, on every picture of 64 x 64."""
    boxes = np.array([[*CROWD, LONER]], np.float32) / 64
    scores = np.zeros((1, 5, 3), np.float32)
    scores[0, :, 0] = 0.9, 0.8, 0.7, 0.6, 0.5
    path = tmp_path_factory.mktemp("models") / "crowd.onnx"
    save_constants(path, {"scores": scores, "boxes": boxes}, picture=("image", (1, 3, 64, 64)))
    return path


def boxes_of(flow: fv.Flow) -> Found:
    """Those of the first frame, in pixels of the network's picture, with their confidence."""
    for batch in flow:
        frame = batch.frames[0]
        size = np.tile(np.array(frame.size) / 64, 2)
        return sorted((*np.round(np.array(o.box) / size, 1), round(o.confidence, 2)) for o in frame.objects)
    return []


@pytest.mark.parametrize(
    ("settings", "boxes"),
    [
        ({"cluster_mode": 0, "group_threshold": 1, "eps": 0.2}, 1),
        ({"cluster_mode": 1, "min_boxes": 3, "eps": 0.7, "dbscan_min_score": 0.5}, 1),
        ({"cluster_mode": 2, "nms_iou": 0.5}, 2),
        ({"cluster_mode": 2, "nms_iou": 0.5, "post_cluster_threshold": 0.6}, 1),
        ({"cluster_mode": 3, "min_boxes": 3, "eps": 0.7, "nms_iou": 0.95}, 4),
        ({"cluster_mode": 3, "min_boxes": 3, "eps": 0.7, "nms_iou": 0.95, "dbscan_min_score": 3.1}, 0),
        ({"cluster_mode": 4}, 5),
        ({"cluster_mode": 4, "topk": 3}, 3),
    ],
)
def test_modes_are_those_of_a_config_file(
    make_clip: Clip, crowd_model: Path, tmp_path: Path, settings: dict[str, Any], boxes: int
) -> None:
    clip = make_clip("a.mp4")
    ours = boxes_of(fv.Flow(clip).infer(crowd_model, threshold=0.3, **settings, **COLOURS))
    words = {"nms_iou": "nms-iou-threshold", "min_boxes": "minBoxes"}
    attributes = {words.get(k, k.replace("_", "-")): v for k, v in settings.items() if k != "cluster_mode"}
    config = tmp_path / "config.txt"
    config.write_text(
        f"[property]\ncluster-mode={settings['cluster_mode']}\nmodel-color-format=0\nnet-scale-factor=1\n"
        "[class-attrs-all]\npre-cluster-threshold=0.3\n" + "".join(f"{k}={v}\n" for k, v in attributes.items())
    )
    assert ours == boxes_of(fv.Flow(clip).infer(crowd_model, config=config))
    assert len(ours) == boxes


def test_a_class_has_its_own(make_clip: Clip, crowd_model: Path) -> None:
    flow = fv.Flow(make_clip("a.mp4")).infer(
        crowd_model,
        threshold=0.3,
        cluster_mode=1,
        min_boxes=3,
        eps=0.7,
        class_settings={0: {"min_boxes": 5}},
        num_detected_classes=3,
        **COLOURS,
    )
    assert boxes_of(flow) == []


def test_a_parser_s_boxes_are_clustered_too(make_clip: Clip, crowd_model: Path) -> None:
    def parse(tensors: dict[str, np.ndarray], info: object) -> Detections:
        return Detections.of_corners(tensors["boxes"] * 64, tensors["scores"][:, 0], np.zeros(5, int))

    flow = fv.Flow(make_clip("a.mp4")).infer(
        crowd_model, parser=parse, threshold=0.3, cluster_mode=1, min_boxes=3, eps=0.7, **COLOURS
    )
    assert len(boxes_of(flow)) == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"cluster_mode": 5}, "cluster_mode"),
        ({"eps": -1.0}, "eps"),
        ({"eps": True}, "eps: .*expected a number"),
        ({"min_boxes": -1}, "min_boxes"),
        ({"group_threshold": 0.5}, "group_threshold"),
        ({"minBoxes": 3}, "min_boxes"),
        ({"class_settings": {0: {"post_cluster_threshold": 2.0}}}, "post_cluster_threshold"),
    ],
)
def test_wrong_values_name_the_setting(make_clip: Clip, crowd_model: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(fv.ConfigError, match=says):
        fv.Flow(make_clip("a.mp4")).infer(crowd_model, **settings)
