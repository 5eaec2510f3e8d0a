"""ONNX files that PyTorch runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, save

import fluvial as fv
from fluvial.backends import PyTorch
from needed import package

package("torch", promise="torch", hint="CONTRIBUTING.md says how to get it")
package("onnx2torch", promise="torch", hint="pip install onnx2torch")

pytestmark = pytest.mark.filterwarnings("ignore")  # onnx2torch's, of versions of PyTorch that come


def looking(path: Path) -> Path:
    """Like a DETR: looks at places of the picture, picks the best, and is told of a size."""
    places = np.zeros((1, 1, 4, 2), np.float32)
    places[0, 0, :, 0] = [-0.75, -0.25, 0.25, 0.75]
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("GridSample", ["grey", "places"], ["seen"], mode="bilinear", align_corners=0),
        helper.make_node("Flatten", ["seen"], ["flat"], axis=1),
        helper.make_node("TopK", ["flat", "two"], ["scores", "labels"]),
        helper.make_node("Cast", ["orig_target_sizes"], ["size"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["size", "size"], ["both"], axis=1),
        helper.make_node("Unsqueeze", ["both", "one"], ["alone"]),
        helper.make_node("Tile", ["alone", "twice"], ["boxes"]),
    ]
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8]),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, [1, 2]),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 2, 4]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2]),
    ]
    constants = [
        helper.make_tensor("places", TensorProto.FLOAT, places.shape, places.ravel()),
        helper.make_tensor("two", TensorProto.INT64, [1], [2]),
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("twice", TensorProto.INT64, [3], [1, 2, 1]),
    ]
    graph = helper.make_graph(nodes, "looking", inputs, outputs, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8), str(path))
    return path


def run(model: Any, pictures: np.ndarray) -> dict[str, np.ndarray]:
    sizes = np.array([[8, 8]])
    found: dict[str, np.ndarray] = model.infer({"images": pictures, "orig_target_sizes": sizes})
    return found


def test_a_file_with_sizes_beside_the_picture_gives_what_onnx_runtime_gives(tmp_path: Path) -> None:
    runtime: Any = package("onnxruntime")
    file = looking(tmp_path / "looking.onnx")
    pictures = np.random.default_rng(1).random((1, 3, 8, 8), np.float32)
    model = PyTorch(file)
    assert [i.name for i in model.describe().inputs] == ["images", "orig_target_sizes"]
    found = run(model, pictures)
    wanted = runtime.InferenceSession(str(file)).run(
        ["labels", "boxes", "scores"], {"images": pictures, "orig_target_sizes": np.array([[8, 8]])}
    )
    for name, value in zip(("labels", "boxes", "scores"), wanted, strict=True):
        assert np.abs(found[name] - value).max() < 1e-5


def test_a_file_without_pictures_says_what_it_has(tmp_path: Path) -> None:
    nothing = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [nothing], [out])
    save(helper.make_model(graph), str(tmp_path / "flat.onnx"))
    with pytest.raises(fv.ModelError, match=r"its inputs are x \[-1, 4\] .* one \[N, 3, height, width\] is needed"):
        PyTorch(tmp_path / "flat.onnx")


def test_an_input_of_a_type_that_nobody_writes_is_named(tmp_path: Path) -> None:
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8]),
        helper.make_tensor_value_info("flag", TensorProto.BOOL, [1]),
    ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 8, 8])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", inputs, [out])
    save(helper.make_model(graph), str(tmp_path / "flagged.onnx"))
    with pytest.raises(fv.ModelError, match="its input 'flag' is bool; allowed are float32, float16, int8"):
        PyTorch(tmp_path / "flagged.onnx")
