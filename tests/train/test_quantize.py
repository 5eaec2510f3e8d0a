"""What quantisation does to a graph, so that OpenVINO and ONNX Runtime make the same of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest

from needed import package

onnx = package("onnx")
onnxruntime = package("onnxruntime")

from fluvial.train.quantize import after_convolutions, make_maps_unsigned  # noqa: E402

CHANNELS, SIDE, SCALE = 4, 8, 0.03


def quantized(name: str, zero: str, **axis: int) -> list[Any]:
    """An 8-bit value and what it is worth, as NNCF names and places them."""
    values = [f"{name}_scale", zero]
    return [
        onnx.helper.make_node("QuantizeLinear", [name, *values], [f"{name}_8"], **axis),
        onnx.helper.make_node("DequantizeLinear", [f"{name}_8", *values], [f"{name}_worth"], **axis),
    ]


def joined_maps(zeros: tuple[int, int]) -> Any:
    """Two int8 maps, concatenated, under a convolution with int8 weights that passes each channel on."""
    known = {
        "a_scale": np.float32(SCALE),
        "b_scale": np.float32(SCALE),
        "a_zero": np.int8(zeros[0]),
        "b_zero": np.int8(zeros[1]),
        "w": np.eye(2 * CHANNELS, dtype=np.float32)[..., None, None],
        "w_scale": np.full(2 * CHANNELS, 1 / 127, np.float32),
        "w_zero": np.zeros(2 * CHANNELS, np.int8),
    }
    nodes = [
        *quantized("a", "a_zero"),
        *quantized("b", "b_zero"),
        *quantized("w", "w_zero", axis=0),
        onnx.helper.make_node("Concat", ["a_worth", "b_worth"], ["both"], axis=1),
        onnx.helper.make_node("Conv", ["both", "w_worth"], ["out"]),
    ]
    shape = [1, CHANNELS, SIDE, SIDE]
    floats = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "joined",
        [onnx.helper.make_tensor_value_info(name, floats, shape) for name in "ab"],
        [onnx.helper.make_tensor_value_info("out", floats, [1, 2 * CHANNELS, SIDE, SIDE])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in known.items()],
        value_info=[onnx.helper.make_tensor_value_info("a_8", onnx.TensorProto.INT8, shape)],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def run(model: Any, given: dict[str, np.ndarray], folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """By ONNX Runtime, by OpenVINO."""
    file = folder / "model.onnx"
    onnx.save(model, str(file))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    compiled = openvino.Core().compile_model(str(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return session.run(None, given)[0], np.array(compiled(given)[0])


@pytest.mark.parametrize("zeros", [(0, 0), (-128, -120), (-20, 127)])
def test_maps_without_a_sign_are_the_same_maps_and_openvino_agrees(zeros: tuple[int, int], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    given = {name: random.normal(0, 2, (1, CHANNELS, SIDE, SIDE)).astype(np.float32) for name in "ab"}
    model = joined_maps(zeros)
    before, _ = run(model, given, tmp_path)
    make_maps_unsigned(model)
    after, by_openvino = run(model, given, tmp_path)
    np.testing.assert_array_equal(after, before)
    assert np.abs(by_openvino - after).max() < SCALE / 100, "OpenVINO 2026.4 makes whole numbers of joined int8 maps"


def test_weights_keep_their_sign_and_what_is_said_of_a_map_changes_with_it() -> None:
    model = joined_maps((-128, 127))
    make_maps_unsigned(model)
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert (stored["a_zero"], stored["b_zero"]) == (0, 255)
    assert {stored[name].dtype.name for name in ("a_zero", "b_zero")} == {"uint8"} and stored["w_zero"].dtype == np.int8
    assert model.graph.value_info[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    make_maps_unsigned(model)
    again = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert (again["a_zero"], again["b_zero"]) == (0, 255), "a map without a sign stays as it is"


def test_only_what_stands_behind_all_convolutions_keeps_its_floats() -> None:
    def node(kind: str, inputs: list[str], output: str) -> Any:
        return onnx.helper.make_node(kind, inputs, [output], name=output)

    nodes = [
        node("Conv", ["x", "w"], "a"),
        node("Relu", ["a"], "b"),
        node("Conv", ["b", "w"], "c"),
        node("Exp", ["c"], "d"),
        node("Concat", ["d", "b"], "e"),
    ]
    graph = onnx.helper.make_graph(nodes, "g", [], [])
    assert after_convolutions(onnx.helper.make_model(graph)) == ["d", "e"]
