"""What there is on this machine to run models with, besides OpenVINO."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Available", "available"]


@dataclass(frozen=True)
class Available:
    """One backend, here or not.

    Attributes:
        name: As `backend=` takes it.
        title: As its makers write it.
        is_here: It can be imported.
        detail: Version and devices; or why not, and what to install.
    """

    name: str
    title: str
    is_here: bool
    detail: str


def available() -> Iterator[Available]:
    """Every backend that is a Python package, in the order of their names. Imports those that are here."""
    for name, title, look in (
        ("onnxruntime", "ONNX Runtime", _onnx_runtime),
        ("pytorch", "PyTorch", _pytorch),
        ("tensorrt", "TensorRT", _tensorrt),
        ("triton", "Triton, or another server of KServe's protocol", _triton),
    ):
        yield _looked_for(name, title, look)


def _looked_for(name: str, title: str, look: Callable[[], str]) -> Available:
    try:
        return Available(name, title, True, look())
    except ImportError as e:
        package = {"pytorch": "torch", "triton": "tritonclient[grpc]"}.get(name, name)
        return Available(name, title, False, f"{e}; pip install {package}")


def _onnx_runtime() -> str:
    import onnxruntime

    return f"{onnxruntime.__version__}, providers: {', '.join(onnxruntime.get_available_providers())}"


def _pytorch() -> str:
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = ", ".join(["CPU", *(f"CUDA:{i} ({torch.cuda.get_device_name(i)})" for i in range(count))])
    return f"{torch.__version__}, devices: {devices}"


def _tensorrt() -> str:
    import tensorrt

    return str(tensorrt.__version__)


def _triton() -> str:
    from importlib.metadata import version

    import tritonclient.grpc  # noqa: F401  # whether it can be imported

    return f"tritonclient {version('tritonclient')}"
