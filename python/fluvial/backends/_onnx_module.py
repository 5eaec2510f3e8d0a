"""An ONNX file as a module of PyTorch's, which runs where there is PyTorch and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.backends._onnx_file import makers_of_outputs
from fluvial.errors import ModelError

__all__ = ["OnnxModule", "onnx_as_module"]


@dataclass(frozen=True)
class OnnxModule:
    """What became of the file.

    Attributes:
        module: Gives its outputs in the file's order.
        outputs: Their names.
        picture: Shape of the one input: batch (-1: any), channels, height, width.
        metadata: What the file says of itself, and the kinds of operations that make its outputs.
    """

    module: Any
    outputs: tuple[str, ...]
    picture: tuple[int, ...]
    metadata: dict[str, str]


def onnx_as_module(path: Path) -> OnnxModule:
    """Raises ModelError: no `onnx2torch`, an operation that it does not know, or a model of several inputs."""
    try:
        import onnx
        import onnx2torch
    except ImportError as e:
        raise ModelError(f"{path}: PyTorch cannot run ONNX files: {e}\n  hint: pip install onnx2torch") from None
    file = onnx.load(str(path))
    weights = {w.name for w in file.graph.initializer}
    inputs = [i for i in file.graph.input if i.name not in weights]
    if len(inputs) != 1:
        raise ModelError(f"{path}: takes {len(inputs)} inputs; with backend='pytorch' one is fed: a picture")
    sizes = tuple(d.dim_value or -1 for d in inputs[0].type.tensor_type.shape.dim)
    if len(sizes) != 4 or min(sizes[1:]) < 1:
        raise ModelError(
            f"{path}: its input is {list(sizes)} (-1: open); [N, 3, height, width] is needed, N alone open"
        )
    try:
        module = onnx2torch.convert(file).eval()
    except Exception as e:  # whatever an operation that it lacks makes of it
        raise ModelError(f"{path}: onnx2torch makes no module of it: {str(e).splitlines()[0]}") from e
    makers = {f"op.{name}": kind for name, kind in makers_of_outputs(path).items()}
    said = {p.key: p.value for p in file.metadata_props}
    return OnnxModule(module, tuple(o.name for o in file.graph.output), sizes, {**makers, **said})
