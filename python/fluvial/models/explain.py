"""What fluvial makes of a model file: what it decided, and from what it saw.

The decision itself is made in one place, `cpp/algo/inspect`, which the infer element asks too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fluvial.errors import ModelError
from fluvial.models.registry import Found

__all__ = ["explain", "read_ports"]


def explain(found: Found) -> dict[str, Any]:
    """Inputs, outputs, the decision and the evidence, as plain values.

    Args:
        found: The model, as `find` gives it.

    Raises:
        ModelError: The file is no model, OpenVINO is missing, or nothing fits its outputs; the text says what to add.
    """
    from fluvial import _core

    seen = read_ports(found.path)
    try:
        decided = _core.inspect_model(str(found.path), *(seen[k] for k in ("inputs", "outputs", "metadata")))
    except RuntimeError as e:
        raise ModelError(f"{e}\n  file: {found.path}") from None
    labels = decided["labels"] or list(found.entry.labels if found.entry else ())
    return {
        "path": str(found.path),
        "name": found.entry.name if found.entry else None,
        "inputs": [_tensor(t) for t in seen["inputs"]],
        "outputs": [_tensor(t) for t in seen["outputs"]],
        **decided,
        "labels": labels,
    }


def _tensor(one: tuple[str, str, list[int]]) -> dict[str, Any]:
    return dict(zip(("name", "type", "shape"), one, strict=True))


def read_ports(path: Path) -> dict[str, Any]:
    """Inputs and outputs as (name, type, shape with -1 for open sizes), and metadata, as OpenVINO has them.

    Raises:
        ModelError: The file is no model, or OpenVINO is missing.
    """
    from fluvial import _core

    try:
        _core.check_model_file(str(path))
    except RuntimeError as e:
        raise ModelError(str(e)) from None
    try:
        import openvino
    except ImportError:
        raise ModelError(f"{path}: reading it needs OpenVINO\n  hint: pip install openvino") from None
    try:
        model = openvino.Core().read_model(str(path))
    except RuntimeError as e:
        raise ModelError(f"{path}: not a model that OpenVINO reads: {_words(str(e))}") from None
    return {
        "inputs": [_describe(port) for port in model.inputs],
        "outputs": [_describe(port) for port in model.outputs],
        "metadata": dict(_flat("", model.get_rt_info())) | {f"op.{_describe(p)[0]}": _maker(p) for p in model.outputs},
    }


def _describe(port: Any) -> tuple[str, str, list[int]]:
    shape = port.get_partial_shape()
    sizes = [] if shape.rank.is_dynamic else [d.get_length() if d.is_static else -1 for d in shape]
    kind = port.get_element_type().get_type_name()
    return (
        port.get_any_name() if port.get_names() else port.node.friendly_name,
        "u8" if kind == "boolean" else kind,
        sizes,
    )


# What only changes an output's shape or type: as maker_of() of the native backend has it.
_CHANGES_NOTHING = ("Result", "Reshape", "Squeeze", "Unsqueeze", "Convert", "FakeQuantize", "Transpose")


def _maker(port: Any) -> str:
    # The kind of node that makes an output, such as "Softmax".
    node = port.node
    while node.get_type_name() in _CHANGES_NOTHING and node.get_input_size():
        node = node.input_value(0).node
    return str(node.get_type_name())


def _flat(prefix: str, values: Any) -> Iterator[tuple[str, str]]:
    # Keys as the native backend has them: parts joined by "/", what ONNX says of itself without "framework".
    for key, value in dict(values.items()).items():
        plain = getattr(value, "value", value)
        name = f"{prefix}/{key}" if prefix else key
        if hasattr(plain, "items"):
            yield from _flat("" if name == "framework" else name, plain)
        elif isinstance(plain, (str, int, float, bool)):
            yield name, str(plain)


# OpenVINO's errors are a page long; these lines say nothing of the model. As in the native backend's model_info.cpp.
_SAYS_NOTHING = (
    "Exception from ",
    "Loading input model",
    "Converting input model",
    "FrontEnd API failed",
    "Model wasn't fully converted",
    "Summary:",
    "Check '",
)


def _words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    kept = [line.split(": Check '")[0] for line in lines if line and not line.startswith(_SAYS_NOTHING)]
    return "; ".join(kept)[:600] or text[:300]
