"""Which backend runs a model, from what the user said."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fluvial.backends.function import Function
from fluvial.backends.onnx_runtime import OnnxRuntime
from fluvial.backends.protocol import Backend
from fluvial.errors import ConfigError, ModelError, did_you_mean

__all__ = ["NAMES", "choose", "label_of", "named"]

Providers = Sequence[str | tuple[str, Mapping[str, Any]]]

NAMES = ("onnxruntime", "openvino", "pytorch", "tensorrt")
_BY_SUFFIX = {
    ".pt": "pytorch",
    ".torchscript": "pytorch",
    ".pt2": "pytorch",
    ".engine": "tensorrt",
    ".plan": "tensorrt",
}


def choose(
    model: object,
    *,
    backend: object = "auto",
    providers: Providers | None = None,
    input_size: tuple[int, int] | None = None,
    compile: bool = False,  # noqa: A002
    device: str = "CPU",
) -> Backend | None:
    """The object that runs the model; None: the native one, OpenVINO.

    Args:
        model: A file's path, or an object that is a model.
        backend: "auto", a name, or the object itself.
        providers: For ONNX Runtime, which is then the choice.
        input_size: Width and height, for models that do not tell.
        compile: PyTorch's compiler makes it faster.
        device: Where it is to run: OpenVINO does not reach NVIDIA's GPUs.

    Raises:
        ConfigError: No such backend, or one that does not run such a model, or not compile it.
        ModelError: What it needs is not installed.
    """
    if compile:
        return _compiling(model, backend, input_size)
    if not isinstance(backend, str):
        if not isinstance(backend, Backend):
            raise ConfigError(f"backend={backend!r}: a name, or an object with describe(), compile() and infer()")
        return backend
    if not isinstance(model, Path):
        return _of_object(model, backend, input_size)
    if backend == "auto":
        backend = "onnxruntime" if providers else _that_runs(model.suffix.lower(), device)
    if providers and backend != "onnxruntime":
        raise ConfigError(f"providers={list(providers)!r}: they are ONNX Runtime's, and backend is {backend!r}")
    return None if backend == "openvino" else named(backend, model, providers=providers, input_size=input_size)


def _that_runs(suffix: str, device: str) -> str:
    is_for_cuda = suffix == ".onnx" and device.partition(":")[0].lower() == "cuda"
    return _of_cuda() if is_for_cuda else _BY_SUFFIX.get(suffix, "openvino")


def _of_cuda() -> str:
    """Who runs an ONNX file on an NVIDIA GPU. PyTorch reads frames where they lie; ONNX Runtime gets a copy of each."""
    if importlib.util.find_spec("onnx2torch") and _has_cuda_torch():
        return "pytorch"
    if _has_cuda_onnx_runtime() or not importlib.util.find_spec("torch"):
        return "onnxruntime"
    return "pytorch"  # which says what it lacks


def _has_cuda_torch() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())


def _has_cuda_onnx_runtime() -> bool:
    try:
        import onnxruntime
    except ImportError:
        return False
    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def _compiling(model: object, backend: object, input_size: tuple[int, int] | None) -> Backend:
    if backend == "auto":
        suffix = model.suffix.lower() if isinstance(model, Path) else ""
        backend = "pytorch" if is_of_torch(model) else _BY_SUFFIX.get(suffix, "openvino")
    if backend != "pytorch":
        raise ConfigError(f"compile=True: it is PyTorch's, and backend is {backend!r}\n  hint: backend='pytorch'")
    from fluvial.backends.pytorch import PyTorch

    return PyTorch(model, input_size=input_size, compile=True)


def named(
    name: str, path: Path, *, providers: Providers | None = None, input_size: tuple[int, int] | None = None
) -> Backend:
    """The backend of this name with the file open. Raises like `choose`."""
    try:
        return _opened(name, path, providers, input_size)
    except ModelError as e:
        raise ModelError(str(e) if path.name in str(e) else f"{e}\n  file: {path}") from None


def _opened(name: str, path: Path, providers: Providers | None, input_size: tuple[int, int] | None) -> Backend:
    if name == "onnxruntime":
        if path.suffix.lower() not in (".onnx", ".ort"):
            raise ConfigError(f"backend='onnxruntime': it runs .onnx and .ort files, not {path.name!r}")
        return OnnxRuntime(path, providers=providers)
    if name == "pytorch":
        from fluvial.backends.pytorch import PyTorch

        return PyTorch(path, input_size=input_size)
    if name == "tensorrt":
        from fluvial.backends.tensor_rt import TensorRT

        return TensorRT(path)
    raise ConfigError(f"backend={name!r}: no such backend; {did_you_mean(name, ['auto', *NAMES])}")


def _of_object(model: object, backend: str, input_size: tuple[int, int] | None) -> Backend:
    if isinstance(model, Backend):
        return model
    if is_of_torch(model):
        from fluvial.backends.pytorch import PyTorch

        return PyTorch(model, input_size=input_size)
    if backend not in ("auto", "function"):
        raise ConfigError(f"backend={backend!r}: a {type(model).__name__} is run as it is; leave backend out")
    if not callable(model):
        raise ConfigError(f"a model is a path, a name, a torch module or a function, not {model!r}")
    return Function(model, input_size=input_size)


def is_of_torch(model: object) -> bool:
    """A module or an exported program; asked without importing PyTorch for those who do not have it."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return False
    export = sys.modules.get("torch.export")
    return isinstance(model, torch.nn.Module) or (export is not None and isinstance(model, export.ExportedProgram))


def label_of(model: object) -> str:
    """What messages call a model that is no file.

    Example:
        >>> label_of(max), label_of(object())
        ('max', 'object')
    """
    return str(getattr(model, "__name__", type(model).__name__))
