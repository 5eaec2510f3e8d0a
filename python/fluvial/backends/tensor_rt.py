"""Engine files of TensorRT."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial.backends.protocol import Model, Plan, Ready, Tensor
from fluvial.errors import ConfigError, ModelError

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["TensorRT"]

_TYPES = {"FLOAT": "f32", "HALF": "f16", "INT8": "i8", "UINT8": "u8", "BOOL": "u8", "INT32": "i32", "INT64": "i64"}
_PARALLEL = 2  # one computes while another's memory is copied


class TensorRT:
    """A backend: an engine that TensorRT built on this machine, of this version. Needs `tensorrt` and PyTorch, whose
    memory on the GPU it uses.

    Args:
        path: The file.

    Raises:
        ModelError: TensorRT or PyTorch is not installed, or the file was built by another version or for another GPU.
    """

    def __init__(self, path: str | Path) -> None:
        self._trt, self._torch = _packages()
        self._path = Path(path)
        runtime = self._trt.Runtime(self._trt.Logger(self._trt.Logger.WARNING))
        try:
            self._engine = runtime.deserialize_cuda_engine(self._path.read_bytes())
        except OSError as e:
            raise ModelError(f"{path}: {e.strerror}") from None
        if self._engine is None:
            raise ModelError(
                f"{path}: TensorRT {self._trt.__version__} does not open this engine\n  hint: an engine works with the "
                "TensorRT and the kind of GPU that it was built with; build it again from the ONNX file, or run that"
            )
        self._runtime = runtime  # an engine does not keep it
        self._names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        self._device = "cuda"
        self._idle: list[Any] = []
        self._lock = threading.Lock()

    def describe(self) -> Model:
        """What the engine says."""
        return Model(
            tuple(self._tensors("INPUT")), tuple(self._tensors("OUTPUT")), {}, self._max_batch(), str(self._path)
        )

    def compile(self, plan: Plan) -> Ready:
        """Makes a context for each call that runs at a time."""
        kind, _, number = plan.device.lower().partition(":")
        if kind not in ("cpu", "gpu", "cuda", "auto"):  # cpu is what nobody chose
            raise ConfigError(f"device={plan.device!r}: an engine runs on GPU, or CUDA:1")
        if plan.precision:
            raise ConfigError(f"precision={plan.precision!r}: an engine has the precision that it was built with")
        self._device = f"cuda:{number or 0}"
        parallel = plan.requests or _PARALLEL
        self._idle = [self._engine.create_execution_context() for _ in range(parallel)]
        return Ready(f"TensorRT {self._trt.__version__} on {self._device}, {parallel} at a time", parallel)

    def infer(self, inputs: dict[str, NDArray[Any]]) -> dict[str, Any]:
        """Copies the inputs to the GPU, runs, copies the outputs back."""
        with self._lock:
            context = self._idle.pop()
        try:
            return self._run(context, inputs)
        finally:
            with self._lock:
                self._idle.append(context)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _run(self, context: Any, inputs: dict[str, NDArray[Any]]) -> dict[str, Any]:
        torch = self._torch
        stream = torch.cuda.Stream(self._device)
        with torch.cuda.stream(stream):
            there = {
                name: torch.from_numpy(array).to(self._device, non_blocking=True) for name, array in inputs.items()
            }
            for name, tensor in there.items():
                context.set_input_shape(name, tuple(tensor.shape))
                context.set_tensor_address(name, tensor.data_ptr())
            found = {}
            for tensor in self._tensors("OUTPUT"):
                shape = tuple(context.get_tensor_shape(tensor.name))
                found[tensor.name] = torch.empty(shape, dtype=self._torch_type(tensor.name), device=self._device)
                context.set_tensor_address(tensor.name, found[tensor.name].data_ptr())
            if not context.execute_async_v3(stream.cuda_stream):
                raise ModelError(f"TensorRT: the engine could not be run; its log says why ({self._path})")
            stream.synchronize()
            return {name: tensor.cpu().numpy() for name, tensor in found.items()}

    def _tensors(self, mode: str) -> Iterator[Tensor]:
        for name in self._names:
            if self._engine.get_tensor_mode(name).name == mode:
                kind = self._engine.get_tensor_dtype(name).name
                if kind not in _TYPES:
                    raise ModelError(f"tensor {name!r} is {kind}; allowed are {', '.join(_TYPES)} ({self._path})")
                yield Tensor(name, _TYPES[kind], tuple(self._engine.get_tensor_shape(name)))

    def _max_batch(self) -> int:
        # Of the first optimisation profile, where the batch is open; 0: it is not.
        sizes = [
            int(self._engine.get_tensor_profile_shape(t.name, 0)[2][0])
            for t in self._tensors("INPUT")
            if t.shape and t.shape[0] < 0
        ]
        return min(sizes, default=0)

    def _torch_type(self, name: str) -> Any:
        import numpy as np

        numpys = np.dtype(self._trt.nptype(self._engine.get_tensor_dtype(name)))
        return self._torch.from_numpy(np.empty(0, numpys)).dtype


def _packages() -> tuple[Any, Any]:
    try:
        import tensorrt
    except ImportError as e:
        raise ModelError(
            f"TensorRT cannot be used: {e}\n  hint: pip install tensorrt torch, of the versions that built the engine; "
            "or run the ONNX file that it was built from"
        ) from None
    try:
        import torch
    except ImportError as e:
        raise ModelError(f"TensorRT needs PyTorch for memory on the GPU: {e}\n  hint: pip install torch") from None
    return tensorrt, torch
