"""PaddleDetection's models with their post-processing, which are told how much the picture was scaled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from golden import Case, Object, Spec, Tensors

ROWS = np.array(  # class, score, left, top, right, bottom
    [[3, 0.9, 10, 8, 40, 30], [0, 0.6, 50.5, 20, 90, 60.25], [1, 0.1, 0, 0, 9, 9], [-1, 0.9, 0, 0, 1, 1]], np.float32
)


def make(path: Path) -> None:
    """PicoDet as paddle2onnx writes it: boxes are divided by the scale that it is told."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    float32, int32 = TensorProto.FLOAT, TensorProto.INT32
    values = {
        "zero": np.float32(0),
        "head": ROWS[:, :2],
        "boxes": ROWS[:, 2:],
        "count": np.array([len(ROWS)], np.int32),
        "one": np.int32(1),
    }
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["greatest"], keepdims=0),
        helper.make_node("Mul", ["greatest", "zero"], ["nothing"]),
        helper.make_node("Concat", ["scale_factor", "scale_factor"], ["scales"], axis=1),
        helper.make_node("Div", ["boxes", "scales"], ["unscaled"]),
        helper.make_node("Concat", ["head", "unscaled"], ["rows"], axis=1),
        helper.make_node("Add", ["rows", "nothing"], ["multiclass_nms3_0.tmp_0"]),
        helper.make_node("Mul", ["count", "one"], ["multiclass_nms3_0.tmp_2"]),
    ]
    graph = helper.make_graph(
        nodes,
        "picodet",
        [
            helper.make_tensor_value_info("image", float32, [1, 3, 64, 96]),
            helper.make_tensor_value_info("scale_factor", float32, [1, 2]),
        ],
        [
            helper.make_tensor_value_info("multiclass_nms3_0.tmp_0", float32, [len(ROWS), 6]),
            helper.make_tensor_value_info("multiclass_nms3_0.tmp_2", int32, [1]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))


def reference(tensors: Tensors, spec: Spec) -> list[Object]:
    """The rows as they are, of classes from 0 on."""
    rows = tensors["multiclass_nms3_0.tmp_0"]
    kept = [row for row in rows if row[0] >= 0 and row[1] >= 0.3]
    return [Object(int(c), score, (x1, y1, x2 - x1, y2 - y1)) for c, score, x1, y1, x2, y2 in kept]


CASES = [Case("picodet-with-nms", "rows", make, reference, {"model_color_format": 0, "net_scale_factor": 1.0})]
