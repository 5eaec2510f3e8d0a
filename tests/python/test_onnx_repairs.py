"""ONNX files as onnx2torch can read them."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper

from fluvial.backends._onnx_repairs import repair


def model(nodes: list[Any], outputs: list[str]) -> Any:
    picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])
    told = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", "M"]) for name in outputs]
    least, count = helper.make_tensor("least", 1, [], [0.0]), helper.make_tensor("count", 7, [1], [2])
    graph = helper.make_graph(nodes, "g", [picture], told, [least, count])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_inputs_left_out_at_the_end_are_left_out_of_the_list() -> None:
    file = model([helper.make_node("Clip", ["x", "least", ""], ["y"])], ["y"])
    repair(file)
    assert list(file.graph.node[0].input) == ["x", "least"]


def test_an_output_of_a_node_of_several_gets_a_node_of_its_own() -> None:
    nodes = [helper.make_node("TopK", ["x", "count"], ["best", "places"]), helper.make_node("Relu", ["best"], ["y"])]
    file = model(nodes, ["y", "best"])
    repair(file)
    top, relu, alone = file.graph.node
    assert alone.op_type == "Identity"
    assert list(alone.output) == ["best"]
    assert alone.input[0] == top.output[0] == relu.input[0] == "best/of TopK"
    onnx.checker.check_model(file)


def test_a_file_that_needs_nothing_stays_as_it_is() -> None:
    file = model([helper.make_node("Relu", ["x"], ["y"])], ["y"])
    before = file.SerializeToString()
    repair(file)
    assert file.SerializeToString() == before
