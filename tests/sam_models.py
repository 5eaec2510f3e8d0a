"""An encoder and decoders with SAM's names and shapes, whose maths make the right mask known.

The encoder's embedding is how bright a cell of 16 x 16 pixels is, 256 times over. A decoder gives three masks of a box:
what is dark in it, what is bright in it (the one that it thinks best of), and nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["GAIN", "MEAN", "SIDE", "STD", "save_decoder", "save_encoder"]

SIDE = 1024
CELLS = SIDE // 16
LOW = SIDE // 4
GAIN = 20.0  # logits per unit of brightness, which runs from about -2 to 2
OUTSIDE = -10.0
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
SCORES = [0.2, 0.9, 0.1]


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def __call__(self, op: str, *inputs: Any, name: str = "", **attributes: Any) -> str:
        """Adds a node and names its output; an array among the inputs becomes a constant."""
        from onnx import helper, numpy_helper

        names = []
        for one in inputs:
            if not isinstance(one, str):
                names.append(f"c{len(self.constants)}")
                self.constants.append(numpy_helper.from_array(np.asarray(one), names[-1]))
            else:
                names.append(one)
        out = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [out], **attributes))
        return out

    def save(self, path: Path, inputs: dict[str, Any], outputs: dict[str, Any]) -> Path:
        import onnx
        from onnx import TensorProto, helper

        def infos(tensors: dict[str, Any]) -> list[Any]:
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in tensors.items()]

        graph = helper.make_graph(self.nodes, "sam", infos(inputs), infos(outputs), self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, str(path))
        return path


def save_encoder(path: Path, *, channels: int = 256, name: str = "image") -> Path:
    """[1, 3, 1024, 1024] -> image_embeddings [1, 256, 64, 64]."""
    g = _Graph()
    gray = g("ReduceMean", name, axes=[1], keepdims=1)
    cells = g("AveragePool", gray, kernel_shape=[16, 16], strides=[16, 16])
    g("Expand", cells, np.array([1, channels, CELLS, CELLS], np.int64), name="image_embeddings")
    return g.save(path, {name: [1, 3, SIDE, SIDE]}, {"image_embeddings": [1, channels, CELLS, CELLS]})


def save_decoder(path: Path, *, boxes: int | str = "n", is_ranked: bool = False, has_low_res: bool = True) -> Path:
    """A decoder.

    Args:
        path: Where to.
        boxes: In one call; a word leaves it open.
        is_ranked: As EfficientSAM's, with a dimension of pictures before that of boxes, and "batched_" before names.
        has_low_res: It gives masks of its whole input in a quarter of its size; else only of the frame, in the size
            that orig_im_size says.
    """
    g = _Graph()
    coords, labels = ("batched_point_coords", "batched_point_labels") if is_ranked else ("point_coords", "point_labels")
    flat_coords, flat_labels = coords, labels
    if is_ranked:
        flat_coords = g("Squeeze", coords, np.array([0], np.int64))
        flat_labels = g("Squeeze", labels, np.array([0], np.int64))

    def corner(kind: float) -> str:
        """[boxes, 1, 1, 2]: the point with this label."""
        chosen = g("Cast", g("Equal", flat_labels, np.array(kind, np.float32)), to=1)
        point = g("Mul", flat_coords, g("Unsqueeze", chosen, np.array([2], np.int64)))
        return g(
            "Reshape", g("ReduceSum", point, np.array([1], np.int64), keepdims=0), np.array([-1, 1, 1, 2], np.int64)
        )

    def part(corner_name: str, at: int) -> str:
        return g("Gather", corner_name, np.array([at], np.int64), axis=3)

    first, second = corner(2.0), corner(3.0)
    middles = (np.arange(LOW, dtype=np.float32) + 0.5) * (SIDE / LOW)
    across, down = middles.reshape(1, 1, 1, LOW), middles.reshape(1, 1, LOW, 1)
    tests = [
        g("Greater", across, part(first, 0)),
        g("Less", across, part(second, 0)),
        g("Greater", down, part(first, 1)),
        g("Less", down, part(second, 1)),
    ]
    inside = g("And", g("And", tests[0], tests[1]), g("And", tests[2], tests[3]))
    level = g("ReduceMean", "image_embeddings", axes=[1], keepdims=1)
    large = g("Resize", level, "", np.array([1, 1, 4, 4], np.float32), mode="nearest")
    bright = g("Where", inside, g("Mul", large, np.array(GAIN, np.float32)), np.array(OUTSIDE, np.float32))
    dark = g("Where", inside, g("Neg", bright), np.array(OUTSIDE, np.float32))
    nothing = g("Where", inside, np.array(OUTSIDE, np.float32), np.array(OUTSIDE, np.float32))
    low = g("Concat", dark, bright, nothing, axis=1)
    zero = g(
        "ReduceMean",
        g("Mul", g("ReduceMax", low, axes=[2, 3], keepdims=0), np.array(0, np.float32)),
        axes=[1],
        keepdims=1,
    )
    scores = g("Add", zero, np.array([SCORES], np.float32))
    return _finish(g, path, low, scores, boxes=boxes, is_ranked=is_ranked, has_low_res=has_low_res)


def _finish(g: _Graph, path: Path, low: str, scores: str, *, boxes: Any, is_ranked: bool, has_low_res: bool) -> Path:
    inputs: dict[str, Any] = {"image_embeddings": [1, 256, CELLS, CELLS]}
    if is_ranked:
        g("Unsqueeze", low, np.array([0], np.int64), name="output_masks")
        g("Unsqueeze", scores, np.array([0], np.int64), name="iou_predictions")
        inputs |= {
            "batched_point_coords": [1, boxes, "p", 2],
            "batched_point_labels": [1, boxes, "p"],
            "orig_im_size": [2],
        }
        outputs: dict[str, Any] = {"output_masks": [1, boxes, 3, LOW, LOW], "iou_predictions": [1, boxes, 3]}
        return g.save(path, inputs, outputs)
    inputs |= {
        "point_coords": [boxes, "p", 2],
        "point_labels": [boxes, "p"],
        "mask_input": [1, 1, LOW, LOW],
        "has_mask_input": [1],
        "orig_im_size": [2],
    }
    # As SAM: up to the input's size, the border off, and to the frame's size.
    size = g("Cast", "orig_im_size", to=7)
    longest = g("ReduceMax", "orig_im_size", axes=[0], keepdims=1)
    shown = g("Cast", g("Round", g("Mul", g("Div", "orig_im_size", longest), np.array(SIDE, np.float32))), to=7)
    large = g("Resize", low, "", np.array([1, 1, 4, 4], np.float32), mode="linear")
    cut = g("Slice", large, np.array([0, 0], np.int64), shown, np.array([2, 3], np.int64))
    sizes = g("Concat", g("Slice", g("Shape", cut), np.array([0], np.int64), np.array([2], np.int64)), size, axis=0)
    g("Resize", cut, "", "", sizes, mode="linear", name="masks")
    g("Identity", scores, name="iou_predictions")
    outputs = {"masks": [boxes, 3, "h", "w"], "iou_predictions": [boxes, 3]}
    if has_low_res:
        g("Identity", low, name="low_res_masks")
        outputs["low_res_masks"] = [boxes, 3, LOW, LOW]
    return g.save(path, inputs, outputs)
