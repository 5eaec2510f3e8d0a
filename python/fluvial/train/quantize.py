"""A detector with integer weights and maps: NNCF's post-training quantisation, as ONNX or as OpenVINO's own files.

The ONNX form has maps in uint8, where NNCF writes int8 for each that can be below 0. That is the same arithmetic, but
not in OpenVINO 2026.4's CPU plugin: where int8 maps are concatenated before a convolution, it rounds their values to
whole numbers, whatever their scale. Measured, mAP of YOLOX-Nano on 25 pictures of COCO, and of a network that knew
eight pictures by heart:

    float                    .423   .832
    int8 in OpenVINO         .010   .594   (in ONNX Runtime .422, .852)
    uint8 in OpenVINO        .418   .837   (in ONNX Runtime .422, .852)
    OpenVINO's own form      .355   .828

What stands behind the last convolutions (boxes in pixels, scores) keeps its floats: 8 bits for 416 pixels would move
boxes by a pixel and more.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino
from numpy.typing import NDArray

from fluvial.errors import ConfigError

__all__ = ["after_convolutions", "make_maps_unsigned", "quantize"]

_QUIET = "NNCF_CI"  # NNCF tells its authors nothing where this is set


def quantize(model: Path, file: Path, pictures: Iterable[NDArray[np.float32]]) -> None:
    """Writes the model with 8-bit convolutions.

    Args:
        model: ONNX, in float32.
        file: What is made, .onnx, or .xml with its .bin; metadata are the model's.
        pictures: Inputs [1, 3, H, W] like those that the model will see: ranges of its maps are taken from them.

    Raises:
        ConfigError: NNCF is not there.
    """
    nncf = _nncf()
    graph = onnx.load(str(model))
    name = graph.graph.input[0].name
    inputs = [{name: picture} for picture in pictures]
    is_onnx = file.suffix == ".onnx"
    given = graph if is_onnx else openvino.Core().read_model(str(model))
    floats = nncf.IgnoredScope(names=after_convolutions(graph), validate=False)  # some are folded away
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):  # its progress bars
        made = nncf.quantize(
            given,
            nncf.Dataset(inputs),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(inputs),
            ignored_scope=floats,
        )
    if is_onnx:
        make_maps_unsigned(made)
        onnx.helper.set_model_props(made, {p.key: p.value for p in graph.metadata_props})
        onnx.save(made, str(file))
    else:
        for said in graph.metadata_props:  # OpenVINO keeps them a level down, where no reader of the file looks
            made.set_rt_info(said.value, said.key)
        openvino.save_model(made, str(file), compress_to_fp16=False)


def after_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that no convolution comes after, but for convolutions themselves."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for value in node.input:
            users.setdefault(value, []).append(node)
    leads: set[str] = set()
    for node in reversed(model.graph.node):  # in order of their use
        after = [user for value in node.output for user in users.get(value, ())]
        if node.op_type == "Conv" or any(user.name in leads for user in after):
            leads.add(node.name)
    return [node.name for node in model.graph.node if node.name not in leads]


def make_maps_unsigned(model: onnx.ModelProto) -> None:
    """Maps in int8 become uint8, with a zero point that is higher by 128; weights, which are stored, stay."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    described = {value.name: value for value in model.graph.value_info}
    for node in model.graph.node:
        if node.op_type != "QuantizeLinear" or node.input[0] in stored:
            continue
        zero = stored[node.input[2]]
        if zero.data_type == onnx.TensorProto.INT8:  # not yet seen to: several nodes may share one
            higher = (onnx.numpy_helper.to_array(zero).astype(np.int16) + 128).astype(np.uint8)
            zero.CopyFrom(onnx.numpy_helper.from_array(higher, zero.name))
        if node.output[0] in described:
            described[node.output[0]].type.tensor_type.elem_type = zero.data_type


def _nncf() -> Any:
    with _environment(_QUIET):
        try:
            nncf = importlib.import_module("nncf")
        except ImportError as error:
            raise ConfigError(
                f"an INT8 export needs NNCF, which cannot be imported ({error}); pip install fluvial[int8]"
            ) from None
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf


@contextlib.contextmanager
def _environment(name: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
