"""What `onnx2torch` lacks, or trips over, in files that are otherwise fine."""

from __future__ import annotations

from typing import Any

__all__ = ["know_more_operations", "repair"]


def repair(file: Any) -> None:
    """Changes a loaded ONNX file so that `onnx2torch` reads all of it as it is meant.

    Inputs that are left out at the end of a node's list are written as empty names by some exporters, and looked up. An
    output of a node with several (TopK) would come as a tuple of all of them: it gets a node of its own.
    """
    import onnx

    makers = {name: node for node in file.graph.node for name in node.output}
    for node in file.graph.node:
        while node.input and not node.input[-1]:
            del node.input[-1]
    for output in file.graph.output:
        maker = makers.get(output.name)
        if maker is None or len(maker.output) == 1:
            continue
        inner = f"{output.name}/of {maker.op_type}"
        for node in file.graph.node:
            for names in (node.input, node.output):
                for i, name in enumerate(names):
                    if name == output.name:
                        names[i] = inner
        file.graph.node.append(onnx.helper.make_node("Identity", [inner], [output.name], name=f"{output.name}/alone"))


def know_more_operations() -> None:
    """Tells `onnx2torch` of GridSample, with which transformers look at places of a picture. May be called again."""
    from onnx2torch.node_converters import registry

    for version in (16, 20):
        description = registry.OperationDescription(domain="", operation_type="GridSample", version=version)
        if description not in registry._CONVERTER_REGISTRY:
            registry.add_converter(operation_type="GridSample", version=version)(_grid_sample)


def _grid_sample(node: Any, graph: Any) -> Any:  # noqa: ARG001
    from onnx2torch.utils.common import OperationConverterResult, onnx_mapping_from_node

    said = node.attributes
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(said.get("mode", "linear"), said.get("mode", "linear"))
    module = _grid_sample_class()(mode, said.get("padding_mode", "zeros"), bool(said.get("align_corners", 0)))
    return OperationConverterResult(torch_module=module, onnx_mapping=onnx_mapping_from_node(node=node))


def _grid_sample_class() -> Any:
    # Made when it is needed: importing PyTorch takes seconds.
    import torch

    class GridSample(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, mode: str, padding: str, is_aligned: bool) -> None:
            super().__init__()
            self.mode, self.padding, self.is_aligned = mode, padding, is_aligned

        def forward(self, values: Any, grid: Any) -> Any:
            return torch.nn.functional.grid_sample(
                values, grid, mode=self.mode, padding_mode=self.padding, align_corners=self.is_aligned
            )

    return GridSample
