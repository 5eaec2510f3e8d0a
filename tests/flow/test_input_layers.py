"""Inputs beside the picture that a library of the user's fills: NvDsInferInitializeInputLayers, as nvinfer calls it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluvial as fv
from needed import absent, package

Clip = Callable[..., Path]
INCLUDE = Path(__file__).parents[2] / "include/deepstream"

SOURCE = r"""
#include <cstring>
#include <stdexcept>
#include "nvdsinfer_custom_impl.h"

static bool is_told_right(std::vector<NvDsInferLayerInfo> const& layers, NvDsInferNetworkInfo const& network,
                          unsigned batch) {
  return layers.size() == 2 && batch == 1 && network.width == 64 && network.height == 64 && network.channels == 3 &&
         !strcmp(layers[0].layerName, "shift") && layers[0].isInput && layers[0].bindingIndex == 1 &&
         layers[0].dataType == FLOAT && layers[0].inferDims.numDims == 1 && layers[0].inferDims.d[0] == 4 &&
         !strcmp(layers[1].layerName, "gain") && layers[1].dataType == INT32 && layers[1].inferDims.numElements == 1;
}

extern "C" bool NAME(std::vector<NvDsInferLayerInfo> const& layers, NvDsInferNetworkInfo const& network,
                     unsigned batch) {
  if (FAILS == 1) return false;
  if (FAILS == 2) throw std::runtime_error("out of ideas");
  if (!is_told_right(layers, network, batch)) throw std::runtime_error("told wrong");
  const float shift[] = {0.25f, 0.5f, 0.25f, 0.5f};
  memcpy(layers[0].buffer, shift, sizeof shift);
  *static_cast<int*>(layers[1].buffer) = 2;
  return true;
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    if not shutil.which("g++"):
        absent("packages", "there is no g++, which compiles a user's library: make setup")
    folder = tmp_path_factory.mktemp("library")
    (folder / "inputs.cpp").write_text(SOURCE)

    def build(name: str = "NvDsInferInitializeInputLayers", fails: int = 0) -> Path:
        built = folder / f"lib{name}{fails}.so"
        flags = [f"-DNAME={name}", f"-DFAILS={fails}", f"-I{INCLUDE}", "-idirafter", str(INCLUDE / "without-tensorrt")]
        subprocess.run(
            ["g++", "-std=c++17", "-fPIC", "-shared", *flags, "inputs.cpp", "-o", built], cwd=folder, check=True
        )
        return built

    return build


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One box, (value + shift) of the picture, whose score is gain / 4."""
    onnx = package("onnx")
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("ReduceMax", ["image"], ["greatest"], keepdims=0),
        helper.make_node("Mul", ["greatest", "zero"], ["nothing"]),
        helper.make_node("Add", ["value", "nothing"], ["alone"]),
        helper.make_node("Add", ["alone", "shift"], ["boxes"]),
        helper.make_node("Cast", ["gain"], ["gain_f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["gain_f", "score"], ["scores"]),
    ]
    values = {
        "zero": np.float32(0),
        "value": np.array([[[0, 0, 0.25, 0.25]]], np.float32),
        "score": np.array([[[0.25, 0, 0]]], np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "shifted",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64]),
            helper.make_tensor_value_info("shift", TensorProto.FLOAT, [1, 4]),
            helper.make_tensor_value_info("gain", TensorProto.INT32, [1, 1]),
        ],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, 3]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    path = tmp_path_factory.mktemp("models") / "shifted.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def flow(clip: Path, model: Path, folder: Path, library: Path | None, **settings: Any) -> fv.Flow:
    config = folder / "config.txt"
    named = f"custom-lib-path={library}\n" if library else ""
    config.write_text(f"[property]\nmodel-color-format=0\nnet-scale-factor=1\n{named}")
    return fv.Flow(clip).infer(model, config=config, threshold=0.3, **settings)


@pytest.mark.parametrize("how", [{}, {"backend": "onnxruntime"}])
def test_a_library_fills_what_is_no_picture(
    make_clip: Clip, model: Path, tmp_path: Path, library: Callable[..., Path], how: dict[str, Any]
) -> None:
    if how:
        package("onnxruntime")
    seen = 0
    for batch in flow(make_clip("a.mp4"), model, tmp_path, library(), **how):
        (one,) = batch[0].objects
        assert one.box == pytest.approx((40, 60, 40, 30), abs=0.5)  # of 160 x 120
        assert one.confidence == pytest.approx(0.5, abs=0.01)
        seen += 1
    assert seen == 20


def test_what_a_library_does_wrong_is_said_before_the_first_frame(
    make_clip: Clip, model: Path, tmp_path: Path, library: Callable[..., Path]
) -> None:
    def error(built: Path | None) -> str:
        with pytest.raises(fv.FluvialError) as caught:
            flow(make_clip("a.mp4"), model, tmp_path, built).run()
        return str(caught.value)

    assert "custom-lib-path: NvDsInferInitializeInputLayers returned false (" in error(library(fails=1))
    assert "custom-lib-path: NvDsInferInitializeInputLayers threw: out of ideas (" in error(library(fails=2))
    assert "custom-lib-path: no such file: " in error(tmp_path / "absent.so")
    for other in (None, library(name="Another")):
        text = error(other)
        assert "input 'shift' is neither a picture ([N,3,H,W] or [N,H,W,3]) nor its size ([N,2] i64)" in text
        assert "Add custom-lib-path, a library with NvDsInferInitializeInputLayers, which fills it once" in text
