"""Who runs a model, besides OpenVINO: ONNX Runtime, PyTorch, TensorRT, a server, any function, any object of yours.

`Flow.infer` chooses by the file, by `backend="onnxruntime"`, or by what it is given: a module, a function, a `Backend`.
Elements that you place yourself find one by the name that you offer it under.
"""

from fluvial.backends.function import Function
from fluvial.backends.offer import offer
from fluvial.backends.onnx_runtime import OnnxRuntime
from fluvial.backends.protocol import Backend, DeviceBackend, Model, Plan, Ready, Tensor
from fluvial.backends.pytorch import PyTorch
from fluvial.backends.tensor_rt import TensorRT
from fluvial.backends.triton import Triton

__all__ = [
    "Backend",
    "DeviceBackend",
    "Function",
    "Model",
    "OnnxRuntime",
    "Plan",
    "PyTorch",
    "Ready",
    "Tensor",
    "TensorRT",
    "Triton",
    "offer",
]
