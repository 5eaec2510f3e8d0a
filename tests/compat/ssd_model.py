"""A Triton repository with an SSD as TensorFlow's object detection exports it, made of person-vehicle-bike.

The stand-in's own outputs become `detection_boxes` (top, left, bottom, right, 0..1), `detection_classes` (as COCO's 91
counts them), `detection_scores` and `num_detections`: what deepstream-ssd-parser looks for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["write_repository"]

KEPT = 100
COCO_CLASSES = (3, 1, 2)  # car, person, bicycle: what the model calls vehicle, person, bike
LEAST_SCORE = 0.3
CONFIG = """name: "{name}"
platform: "onnxruntime_onnx"
max_batch_size: 0
input [ {{ name: "image_tensor" data_type: TYPE_FP32 dims: [ 1, 3, 256, 448 ] }} ]
"""


def write_repository(root: Path, name: str, detector: Path) -> None:
    """Writes `<root>/<name>/1/model.onnx` and its config.pbtxt."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(detector))
    graph = model.graph
    picture, boxes, scores = graph.input[0].name, graph.output[0].name, graph.output[1].name
    constants = {
        "ssd_bgr": np.array([2, 1, 0], np.int64),
        "ssd_yxyx": np.array([1, 0, 3, 2], np.int64),
        "ssd_coco": np.array(COCO_CLASSES, np.float32),
        "ssd_kept": np.array([KEPT], np.int64),
        "ssd_least": np.array(LEAST_SCORE, np.float32),
        "ssd_first": np.array(0, np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in constants.items())
    before = helper.make_node("Gather", ["image_tensor", "ssd_bgr"], [picture], axis=1)
    graph.node.insert(0, before)
    graph.node.extend(
        [
            helper.make_node("ReduceMax", [scores], ["ssd_best"], axes=[2], keepdims=0),
            helper.make_node("ArgMax", [scores], ["ssd_class"], axis=2, keepdims=0),
            helper.make_node("TopK", ["ssd_best", "ssd_kept"], ["detection_scores", "ssd_rows"], axis=1),
            helper.make_node("GatherElements", ["ssd_class", "ssd_rows"], ["ssd_found"], axis=1),
            helper.make_node("Gather", ["ssd_coco", "ssd_found"], ["detection_classes"], axis=0),
            helper.make_node("Gather", ["ssd_rows", "ssd_first"], ["ssd_row_list"], axis=0),
            helper.make_node("Gather", [boxes, "ssd_row_list"], ["ssd_boxes"], axis=1),
            helper.make_node("Gather", ["ssd_boxes", "ssd_yxyx"], ["detection_boxes"], axis=2),
            helper.make_node("Greater", ["detection_scores", "ssd_least"], ["ssd_is_found"]),
            helper.make_node("Cast", ["ssd_is_found"], ["ssd_ones"], to=TensorProto.FLOAT),
            helper.make_node("ReduceL1", ["ssd_ones"], ["num_detections"], axes=[1], keepdims=0),
        ]
    )
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("image_tensor", TensorProto.FLOAT, [1, 3, 256, 448]))
    del graph.output[:]
    shapes = {"num_detections": [1], "detection_scores": [1, KEPT], "detection_classes": [1, KEPT]}
    for output, shape in {**shapes, "detection_boxes": [1, KEPT, 4]}.items():
        graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))
    folder = root / name / "1"
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(folder / "model.onnx"))
    (folder.parent / "config.pbtxt").write_text(CONFIG.format(name=name))
