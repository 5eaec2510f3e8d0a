"""ONNX files through ONNX Runtime, with any execution provider that is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial._unwind import keep_package_whole
from fluvial.backends._cpus import cpu_share
from fluvial.backends._onnx_file import makers_of_outputs
from fluvial.backends.protocol import Model, Plan, Ready, Tensor
from fluvial.errors import ConfigError, ModelError, did_you_mean

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["OnnxRuntime"]

_CPU = "CPUExecutionProvider"
_TENSORRT = "TensorrtExecutionProvider"
# Devices in the user's words, and the providers that reach them, the preferred first.
_DEVICES = {
    "CUDA": ("CUDAExecutionProvider",),
    "GPU": (
        "CUDAExecutionProvider",
        "MIGraphXExecutionProvider",
        "ROCMExecutionProvider",
        "DmlExecutionProvider",
        "OpenVINOExecutionProvider",
        "CoreMLExecutionProvider",
    ),
    "NPU": ("QNNExecutionProvider", "VitisAIExecutionProvider", "OpenVINOExecutionProvider"),
}
_TYPES = {
    "tensor(float)": "f32",
    "tensor(float16)": "f16",
    "tensor(int8)": "i8",
    "tensor(uint8)": "u8",
    "tensor(bool)": "u8",
    "tensor(int32)": "i32",
    "tensor(int64)": "i64",
}
_USUAL_OPSET = 17  # that exporters write and every runtime of today reads
_ON_DEVICE = 2  # calls under way at a time on what is no CPU: one computes, one is copied


class OnnxRuntime:
    """A backend: an ONNX file, run by ONNX Runtime.

    Args:
        path: The file.
        providers: Names of execution providers in their order, each alone or with its options:
            `["CUDAExecutionProvider"]`, `[("TensorrtExecutionProvider", {"trt_fp16_enable": True})]`. Left out, those
            that reach the device that `infer(device=...)` names.

    Raises:
        ModelError: ONNX Runtime is not installed.
        ConfigError: A provider that this ONNX Runtime does not have.
    """

    def __init__(
        self, path: str | Path, *, providers: Sequence[str | tuple[str, Mapping[str, Any]]] | None = None
    ) -> None:
        self._ort = _package()
        self._path = Path(path)
        self._providers = None if providers is None else [_provider(p) for p in providers]
        available = self._ort.get_available_providers()
        for name, _ in self._providers or ():
            if name not in available:
                raise ConfigError(f"providers: no {name!r} here; {did_you_mean(name, available)}")
        self._session: Any = None
        self._names: list[str] = []
        self._bindings: dict[tuple[int, ...], Any] = {}

    def describe(self) -> Model:
        """What the file says."""
        options = self._ort.SessionOptions()
        # Only to be asked: not made fast, and on the CPU, which is always there.
        options.graph_optimization_level = self._ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        session = self._open(options, [_CPU])
        makers = {f"op.{name}": kind for name, kind in makers_of_outputs(self._path).items()}
        metadata = session.get_modelmeta().custom_metadata_map
        return Model(
            tuple(self._tensor(t) for t in session.get_inputs()),
            tuple(self._tensor(t) for t in session.get_outputs()),
            {**makers, **metadata},
            path=str(self._path),
        )

    def compile(self, plan: Plan) -> Ready:
        """Opens a session with the providers that fit."""
        providers = self._providers or [_numbered(name, plan.device) for name in self._of_device(plan.device)]
        if plan.precision not in ("", "f32"):
            providers = _with_precision(providers, plan.precision)
        is_cpu = providers[0][0] == _CPU
        parallel, threads = cpu_share(plan.threads, plan.requests)
        if not is_cpu:
            parallel = plan.requests or _ON_DEVICE
        options = self._ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that wait for work would take the CPU from decoders.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = self._open(options, providers)
        self._bindings = {}  # those of a session before this one, which another run of the flow had
        self._names = [t.name for t in self._session.get_outputs()]
        on = ", ".join(n.removesuffix("ExecutionProvider") for n in self._session.get_providers())
        each = f", {threads} thread{'s' if threads > 1 else ''} each" if is_cpu else ""
        return Ready(f"ONNX Runtime {self._ort.__version__} on {on}, {parallel} at a time{each}", parallel)

    def infer(self, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Runs it. Inputs are read where they lie; outputs are ONNX Runtime's own memory."""
        binding = self._binding(inputs)
        try:
            self._session.run_with_iobinding(binding)
        except Exception as e:
            raise self._error("cannot be run", e) from e
        values = binding.get_outputs()
        return {name: value.numpy() for name, value in zip(self._names, values, strict=True)}

    # --- inside -------------------------------------------------------------------------------------------------------

    def _binding(self, inputs: dict[str, NDArray[Any]]) -> Any:
        # One for each memory that inputs come in and each size of batch: as many as there are requests, times batches.
        key = tuple(part for a in inputs.values() for part in (a.ctypes.data, a.shape[0] if a.ndim else 0))
        binding = self._bindings.get(key)
        if binding is None:
            binding = self._bindings[key] = self._session.io_binding()
            for name, array in inputs.items():
                binding.bind_cpu_input(name, array)
        for name in self._names:
            binding.bind_output(name, "cpu")  # anew, or the outputs of last time, which somebody may keep, are written
        return binding

    def _of_device(self, device: str) -> list[str]:
        kind = device.split(":")[0].upper()
        if kind == "CPU":
            return [_CPU]
        available = self._ort.get_available_providers()
        wanted = [n for n in available if n != _CPU] if kind == "AUTO" else list(_DEVICES.get(kind, ()))
        found = [n for n in wanted if n in available and n != "AzureExecutionProvider"]
        if not found and kind != "AUTO":
            raise ConfigError(
                f"device={device!r}: no execution provider of this ONNX Runtime reaches it; there are "
                f"{', '.join(available)}\n  hint: CPU, AUTO, or providers=[...]; for NVIDIA's GPUs pip install "
                "torch onnx2torch, or onnxruntime-gpu in place of onnxruntime"
            )
        return [*found, _CPU]

    def _open(self, options: Any, providers: Sequence[Any]) -> Any:
        try:
            return self._ort.InferenceSession(str(self._path), sess_options=options, providers=list(providers))
        except Exception as e:
            raise self._error("cannot be opened", e) from e

    def _error(self, what: str, error: Exception) -> ModelError:
        return ModelError(f"ONNX Runtime: the model {what}: {_words(error)} ({self._path})")

    def _tensor(self, port: Any) -> Tensor:
        if port.type not in _TYPES:
            raise ModelError(f"tensor {port.name!r} is {port.type}; allowed are {', '.join(_TYPES)} ({self._path})")
        shape = tuple(d if isinstance(d, int) and d >= 0 else -1 for d in port.shape or ())
        return Tensor(port.name, _TYPES[port.type], shape)


def _package() -> Any:
    keep_package_whole("onnxruntime", "capi/onnxruntime_pybind11_state*.so")
    try:
        import onnxruntime
    except ImportError as e:
        raise ModelError(
            f"ONNX Runtime cannot be used: {e}\n  hint: pip install onnxruntime; onnxruntime-gpu for NVIDIA's GPUs"
        ) from None
    return onnxruntime


def _provider(given: str | tuple[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    return (given, {}) if isinstance(given, str) else (given[0], dict(given[1]))


def _numbered(provider: str, device: str) -> tuple[str, dict[str, Any]]:
    """A provider of one GPU of several.

    Example:
        >>> _numbered("CUDAExecutionProvider", "cuda:1"), _numbered("CPUExecutionProvider", "cuda:1")
        (('CUDAExecutionProvider', {'device_id': '1'}), ('CPUExecutionProvider', {}))
    """
    number = device.partition(":")[2]
    takes_number = provider.removesuffix("ExecutionProvider") in ("CUDA", "Tensorrt", "MIGraphX", "ROCM")
    return provider, {"device_id": number} if number and takes_number else {}


def _with_precision(
    providers: Sequence[tuple[str, dict[str, Any]]], precision: str
) -> list[tuple[str, dict[str, Any]]]:
    key = {"f16": "trt_fp16_enable", "bf16": "trt_bf16_enable"}[precision]
    if providers[0][0] != _TENSORRT:
        raise ConfigError(
            f"precision={precision!r}: ONNX Runtime computes as the file says on {providers[0][0]}\n"
            f"  hint: convert the file, or providers=[{_TENSORRT!r}]"
        )
    return [(name, {**options, key: True} if name == _TENSORRT else options) for name, options in providers]


# "... Opset 99 is under development and support for this is limited. ... domain ai.onnx is till opset 23."
_TOO_NEW = re.compile(r"Opset (\d+) is under development.* domain (\S+) is till opset (\d+)", re.DOTALL)


def _words(error: Exception) -> str:
    too_new = _TOO_NEW.search(str(error))
    if too_new:
        opset, domain, most = too_new.groups()
        export = f"torch.onnx.export(..., opset_version={min(int(most), _USUAL_OPSET)})"
        return (
            f"it is of opset {opset} of {domain}, this ONNX Runtime allows opsets to {most}; export it with one of "
            f"those ({export}), or install a newer onnxruntime"
        )
    # "[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model from x failed:Protobuf parsing failed."
    text = str(error).strip().splitlines()
    first = text[0] if text else type(error).__name__
    return first.rpartition(" : ")[2][:400] if first.startswith("[ONNXRuntimeError]") else first[:400]
