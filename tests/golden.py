"""What the golden tests of heads are made of: cases, models that say what they are told to, plain NumPy.

A case is one published form of a model, as tests/python/heads/*.py list them; tests/python/test_heads_golden.py runs
them all. A new one:

1. `make` writes a tiny ONNX file with the names, shapes and metadata of the published exports: `save_constants`.
2. `reference` decodes the tensors by the family's formula, slowly, in NumPy and nothing else.
3. A file of cases has a list `CASES`; that it is there is enough.
4. `python tools/models_page.py --forms` writes its row into docs/models.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Tensors = dict[str, np.ndarray]  # by name, with the batch of one
Spec = dict[str, Any]  # as fluvial.models.explain gives it

FRAME = (320, 200)  # width and height of what the models are shown
FOLDER = Path(__file__).parent / "python" / "heads"


@dataclass
class Object:
    """What one object should be: in pixels of the network's input, before anything is clipped."""

    class_id: int
    confidence: float
    box: Sequence[float]  # left, top, width, height
    keypoints: np.ndarray | None = None  # float [K, 3] x, y, confidence
    mask: np.ndarray | None = None  # float [h, w] over the box, cut to the picture: probabilities


@dataclass(frozen=True)
class Case:
    """One published form of a model."""

    name: str
    head: str
    make: Callable[[Path], None]
    # Objects after suppression, if the family needs it; what a picture is called, with how sure that is, in the order
    # of the outputs; a map, int [h, w] of classes, -1 where none is sure; or an embedding, float [D] of length 1.
    reference: Callable[[Tensors, Spec], list[Object] | list[tuple[str, float]] | np.ndarray]
    settings: dict[str, Any] = field(default_factory=dict)  # of infer(): what the reference takes for granted
    spec: Spec | None = None  # what the reference is told in place of what inspection says


def cases() -> Iterator[Case]:
    """All cases of all files."""
    for path in sorted(FOLDER.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"golden_{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from module.CASES


def save_constants(
    path: Path,
    outputs: Tensors,
    *,
    picture: tuple[str, Sequence[int]] = ("images", (1, 3, 64, 96)),
    sizes: str | None = None,
    mask: tuple[str, Sequence[int | str]] | None = None,
    metadata: dict[str, str] | None = None,
) -> None:
    """Writes a network that answers every picture with the same tensors.

    Args:
        path: The ONNX file.
        outputs: By name, in this order.
        picture: Name and shape of the input.
        sizes: Name of an input of sizes [1, 2] i64, for models that scale boxes themselves.
        mask: Name and shape of an input i64 that says which pixels are no padding; outputs differ where one is not 1.
        metadata: As exporters write it into the file.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    # Nothing of the picture is left but the edge in the graph, without which it would not be an input.
    nodes = [
        helper.make_node("ReduceMax", [picture[0]], ["greatest"], keepdims=0),
        helper.make_node("Mul", ["greatest", "zero"], ["nothing"]),
    ]
    inputs = [helper.make_tensor_value_info(picture[0], TensorProto.FLOAT, list(picture[1]))]
    if sizes is not None:
        inputs.append(helper.make_tensor_value_info(sizes, TensorProto.INT64, [1, 2]))
        nodes.append(helper.make_node("ReduceMax", [sizes], ["greatest_size"], keepdims=0))
        nodes.append(helper.make_node("Cast", ["greatest_size"], ["as_float"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", ["as_float", "nothing"], ["still_nothing"]))
    nothing = "nothing" if sizes is None else "still_nothing"
    if mask is not None:
        inputs.append(helper.make_tensor_value_info(mask[0], TensorProto.INT64, list(mask[1])))
        nodes.append(helper.make_node("Cast", [mask[0]], ["shown"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("ReduceMin", ["shown"], ["least_shown"], keepdims=0))
        nodes.append(helper.make_node("Sub", ["one", "least_shown"], ["hidden"]))
        nodes.append(helper.make_node("Add", [nothing, "hidden"], ["nothing_where_all_is_shown"]))
        nothing = "nothing_where_all_is_shown"
    values, infos = [numpy_helper.from_array(np.float32(n), name) for n, name in ((0, "zero"), (1, "one"))], []
    for name, value in outputs.items():
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        values.append(numpy_helper.from_array(value, f"value_of_{name}"))
        nodes.append(helper.make_node("Cast", [nothing], [f"nothing_of_{name}"], to=kind))
        nodes.append(helper.make_node("Add", [f"value_of_{name}", f"nothing_of_{name}"], [name]))
        infos.append(helper.make_tensor_value_info(name, kind, value.shape))
    graph = helper.make_graph(nodes, "golden", inputs, infos, values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, str(path))


def run_model(path: Path) -> Tensors:
    """The outputs for a black picture without padding, by name."""
    import openvino

    model = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    # Beside the picture: sizes, scales and masks, which are numbers above 0.
    inputs = [np.full(port.shape, len(port.shape) < 4, port.element_type.to_dtype()) for port in model.inputs]
    return {port.get_any_name(): value for port, value in model(inputs).items()}


def iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Of two boxes, left, top, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def suppress(found: list[Object], most: float) -> list[Object]:
    """Of the objects of one class that overlap by more, the surest."""
    kept: list[Object] = []
    for one in sorted(found, key=lambda o: -o.confidence):
        if all(one.class_id != other.class_id or iou(one.box, other.box) <= most for other in kept):
            kept.append(one)
    return kept


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def picture_of(spec: Spec, frame: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where the frame lies on the network's input: corner and size."""
    size = np.array([spec["input"]["width"], spec["input"]["height"]], float)
    if not spec["input"].get("keeps_aspect"):
        return np.zeros(2), size
    shown = np.round(np.array(frame) * (size / frame).min())
    return (size - shown) // 2 if spec["input"].get("is_padding_centred") else np.zeros(2), shown


def cut(box: Sequence[float], spec: Spec) -> np.ndarray:
    """A box on the network's input without what lies beside the picture."""
    corner, size = picture_of(spec, FRAME)
    low = np.clip(box[:2], corner, corner + size)
    return np.concatenate([low, np.clip(np.asarray(box[:2]) + box[2:], corner, corner + size) - low])


def point_to_frame(point: Sequence[float], spec: Spec, frame: tuple[int, int]) -> np.ndarray:
    """A point on the network's input, of which the first two numbers are the place, as one on the frame, clipped."""
    return np.concatenate([to_frame([point[0], point[1], 0, 0], spec, frame)[:2], point[2:]])


def to_frame(box: Sequence[float], spec: Spec, frame: tuple[int, int]) -> np.ndarray:
    """A box on the network's input as one on the frame (width, height), clipped to it."""
    corner, shown = picture_of(spec, frame)
    scale = np.array(frame) / shown
    low = np.clip((np.asarray(box[:2]) - corner) * scale, 0, frame)
    high = np.clip((np.asarray(box[:2]) + box[2:] - corner) * scale, 0, frame)
    return np.concatenate([low, high - low])
