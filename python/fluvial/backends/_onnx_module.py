"""An ONNX file as a module of PyTorch's, which runs where there is PyTorch and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.backends._onnx_file import makers_of_outputs
from fluvial.backends._onnx_repairs import know_more_operations, repair
from fluvial.backends.protocol import ELEMENT_TYPES, Tensor
from fluvial.errors import ModelError

__all__ = ["OnnxModule", "onnx_as_module"]


@dataclass(frozen=True)
class OnnxModule:
    """What became of the file.

    Attributes:
        module: Gives its outputs in the file's order.
        outputs: Their names.
        inputs: In the file's order; one is a picture, [N, channels, height, width], N -1 for any. Others belong to
            models that are told the picture's size.
        metadata: What the file says of itself, and the kinds of operations that make its outputs.
    """

    module: Any
    outputs: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    metadata: dict[str, str]


def onnx_as_module(path: Path) -> OnnxModule:
    """Raises ModelError: no `onnx2torch`, an operation that it does not know, or a model without pictures."""
    try:
        import onnx
        import onnx2torch
    except ImportError as e:
        raise ModelError(f"{path}: PyTorch cannot run ONNX files: {e}\n  hint: pip install onnx2torch") from None
    file = onnx.load(str(path))
    weights = {w.name for w in file.graph.initializer}
    inputs = tuple(_tensor(path, i, onnx) for i in file.graph.input if i.name not in weights)
    if not any(len(x.shape) == 4 and min(x.shape[1:]) > 0 for x in inputs):
        listed = ", ".join(f"{x.name} {list(x.shape)}" for x in inputs)
        raise ModelError(
            f"{path}: its inputs are {listed} (-1: open); one [N, 3, height, width] is needed, N alone open"
        )
    know_more_operations()
    repair(file)
    try:
        module = onnx2torch.convert(file).eval()
    except Exception as e:  # whatever an operation that it lacks makes of it
        raise ModelError(f"{path}: onnx2torch makes no module of it: {str(e).splitlines()[0]}") from e
    makers = {f"op.{name}": kind for name, kind in makers_of_outputs(path).items()}
    said = {p.key: p.value for p in file.metadata_props}
    return OnnxModule(module, tuple(o.name for o in file.graph.output), inputs, {**makers, **said})


def _tensor(path: Path, value: Any, onnx: Any) -> Tensor:
    said = value.type.tensor_type
    kind = onnx.helper.tensor_dtype_to_np_dtype(said.elem_type).name
    ours = next((name for name, numpys in ELEMENT_TYPES.items() if numpys == kind), None)
    if ours is None:
        allowed = ", ".join(ELEMENT_TYPES.values())
        raise ModelError(f"{path}: its input {value.name!r} is {kind}; allowed are {allowed}")
    return Tensor(value.name, ours, tuple(d.dim_value or -1 for d in said.shape.dim))
