"""PyTorch: a module in memory, a TorchScript file, an exported program."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial import _core
from fluvial.backends._cuda_errors import explained
from fluvial.backends._cuda_graphs import GraphQueue
from fluvial.backends._nvrtc import find_nvrtc
from fluvial.backends._onnx_module import onnx_as_module
from fluvial.backends.function import checked_size, described, named_outputs
from fluvial.backends.protocol import Model, Plan, Ready, Tensor
from fluvial.errors import ConfigError, ModelError

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["PyTorch"]

_CHANNELS = 3


class PyTorch:
    """A backend: a model of PyTorch's. It is put into evaluation mode and moved to the device.

    Args:
        model: A `torch.nn.Module`, a `torch.export.ExportedProgram`, a file of either `torch.jit.save` (.pt,
            .torchscript) or `torch.export.save` (.pt2), or an ONNX file, which `onnx2torch` makes a module of. It
            takes float32 [N, 3, height, width] and returns a tensor, several in a tuple or list, or a dict of them.
        input_size: Width and height in pixels; an exported program knows its own.

    Raises:
        ModelError: PyTorch is not installed, or the file is none of these. A file of `torch.save` is never opened: to
            load a pickle is to run whatever code it names.
        ConfigError: Nothing tells the size of its pictures.
    """

    def __init__(self, model: Any, *, input_size: tuple[int, int] | None = None) -> None:
        self._torch = _package()
        self._path = model if isinstance(model, Path) else Path(model) if isinstance(model, str) else None
        self._name = str(self._path or type(model).__name__)
        self._output_names: tuple[str, ...] = ()
        self._metadata: dict[str, str] = {}
        self._onnx_shape: tuple[int, ...] | None = None
        loaded = self._load(self._path) if self._path else model
        self._shape = self._exported_shape(loaded)
        if self._shape is None:
            width, height = checked_size(input_size, self._name)
            self._shape = (-1, _CHANNELS, height, width)
        self._module = loaded.module() if hasattr(loaded, "graph_signature") else loaded.eval()
        self._device = "cpu"
        self._type: Any = self._torch.float32
        self._batch = 1
        self._is_exact = False
        self._queues: dict[int, GraphQueue] = {}  # by stream

    def describe(self) -> Model:
        """Runs it on zeros, on the CPU or where its weights are."""
        assert self._shape is not None
        batch, *picture = self._shape
        weight = next(iter(self._module.parameters()), None)
        if weight is not None:
            self._device, self._type = str(weight.device), weight.dtype
        one, two = (self._run(self._torch.zeros((n, *picture))) for n in ((1, 2) if batch < 0 else (batch, batch)))
        model = described((picture[0], picture[1], picture[2]), one, two, self._name)
        inputs = model.inputs if batch < 0 else (Tensor("pictures", "f32", self._shape),)
        return Model(inputs, model.outputs, self._metadata, path=self._name)

    def compile(self, plan: Plan) -> Ready:
        """Moves it to the device, in the precision."""
        torch = self._torch
        self._device = self._device_of(plan.device)
        self._type = {"f16": torch.float16, "bf16": torch.bfloat16}.get(plan.precision, torch.float32)
        self._batch = plan.batch
        try:
            self._module.to(self._device, self._type)
        except (RuntimeError, NotImplementedError) as e:
            words = f"{self._name}: cannot be moved to {self._device!r}: {e}"
            raise (self._explained(e) or ModelError(words)) from e
        if plan.threads and self._device == "cpu":
            torch.set_num_threads(plan.threads)  # of the whole process: PyTorch has no other number
        parallel = plan.requests or 1  # one call keeps all cores busy, or the GPU
        kind = str(self._type).removeprefix("torch.")
        description = f"PyTorch {torch.__version__} on {self._device}, {kind}, {parallel} at a time"
        self._queues, self._is_exact = {}, plan.precision == "f32"
        if torch.device(self._device).type != "cuda":
            return Ready(description, parallel)
        if compiler := find_nvrtc():
            _core.use_nvrtc(str(compiler))
        self._module.to(memory_format=torch.channels_last)
        return Ready(description, parallel, torch.device(self._device).index or 0)

    def infer(self, inputs: dict[str, NDArray[Any]]) -> dict[str, Any]:
        """Runs it. The input is read where it lies; on a GPU it is copied there."""
        (pictures,) = inputs.values()
        return self._run(self._torch.from_numpy(pictures))

    def infer_on_device(self, inputs: dict[str, Any], units: int, stream: int) -> dict[str, Any]:
        """Plays the recording of that many pictures."""
        if stream not in self._queues:
            (pictures,) = inputs.values()
            self._queues[stream] = GraphQueue(
                self._torch, self._ready, self._torch.from_dlpack(pictures), stream, is_exact=self._is_exact
            )
        try:
            return self._queues[stream].run(units or self._batch)
        except RuntimeError as e:
            if better := self._explained(e):
                raise better from e
            raise

    # --- inside -------------------------------------------------------------------------------------------------------

    def _run(self, pictures: Any) -> dict[str, NDArray[Any]]:
        with self._torch.inference_mode():
            return {name: value.cpu().numpy() for name, value in self._tensors(pictures).items()}

    def _explained(self, error: Exception) -> ModelError | None:
        return explained(error, self._torch, name=self._name, device=self._device, batch=self._batch)

    # What computes on pictures like these. Modules made of ONNX files look at constants on the host, which cannot be
    # recorded; a frozen trace has them as numbers.
    def _ready(self, pictures: Any) -> Callable[[Any], dict[str, Any]]:
        if self._onnx_shape is None:
            return self._tensors
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that constants become constants
            traced = self._torch.jit.trace(self._module, self._converted(pictures), check_trace=False)
        frozen = self._torch.jit.freeze(traced.eval())
        return lambda x: self._tensors(x, frozen)

    def _converted(self, pictures: Any) -> Any:
        layout = self._torch.channels_last if pictures.is_cuda else self._torch.preserve_format
        return pictures.to(self._device, self._type, memory_format=layout)

    def _tensors(self, pictures: Any, module: Any = None) -> dict[str, Any]:
        found = (module or self._module)(self._converted(pictures))
        named = self._names_of(named_outputs(found, self._name))
        return {name: self._plain(value, name) for name, value in named.items()}

    def _names_of(self, found: dict[str, Any]) -> dict[str, Any]:
        if not self._output_names:
            return found
        return dict(zip(self._output_names, found.values(), strict=True))

    # As what reads it wants it: contiguous, of a type that NumPy has.
    def _plain(self, value: Any, name: str) -> Any:
        if not isinstance(value, self._torch.Tensor):
            raise ModelError(f"{self._name}: output {name!r} is a {type(value).__name__}; a tensor is needed")
        if value.is_floating_point():
            value = value.float()
        elif value.dtype == self._torch.bool:
            value = value.to(self._torch.uint8)
        return value.detach().contiguous()

    def _load(self, path: Path) -> Any:
        torch = self._torch
        try:
            if path.suffix == ".onnx":
                return self._load_onnx(path)
            if path.suffix == ".pt2":
                return torch.export.load(path)
            if not _is_torchscript(path):
                raise ModelError(
                    f"{path}: neither TorchScript nor an exported program. If it was written by torch.save it is a "
                    "pickle, and loading one runs whatever code it names: fluvial never does\n"
                    "  hint: load it yourself and give the module: infer(module, input_size=(640, 640))"
                )
            return torch.jit.load(str(path), map_location="cpu")
        except ModelError:
            raise
        except Exception as e:  # whatever a damaged file makes of PyTorch's readers
            raise ModelError(f"{path}: PyTorch cannot open it: {str(e).splitlines()[0]}") from e

    def _load_onnx(self, path: Path) -> Any:
        file = onnx_as_module(path)
        self._output_names, self._metadata, self._onnx_shape = file.outputs, file.metadata, file.picture
        return file.module

    def _exported_shape(self, model: Any) -> tuple[int, ...] | None:
        # Of the picture, as the exported program has it; None for what is none.
        if self._onnx_shape is not None:
            return self._onnx_shape
        signature = getattr(model, "graph_signature", None)
        if signature is None:
            return None
        wanted = list(signature.user_inputs)
        nodes = {n.name: n for n in model.graph.nodes if n.op == "placeholder"}
        if len(wanted) != 1 or wanted[0] not in nodes:
            raise ModelError(f"{self._name}: takes {len(wanted)} inputs; one is fed: float32 [N, 3, height, width]")
        sizes = nodes[wanted[0]].meta["val"].shape
        shape = tuple(int(d) if isinstance(d, int) else -1 for d in sizes)
        if len(shape) != 4 or any(d < 0 for d in shape[1:]):
            raise ModelError(f"{self._name}: its input is {list(sizes)}; [N, 3, height, width] is needed, N alone open")
        return shape

    def _device_of(self, device: str) -> str:
        kind, _, number = device.lower().partition(":")
        if kind == "auto":
            kind = "cuda" if self._torch.cuda.is_available() else "cpu"
        kind = {"gpu": "cuda"}.get(kind, kind)
        if kind == "cuda" and not self._torch.cuda.is_available():
            raise ConfigError(f"device={device!r}: this PyTorch ({self._torch.__version__}) sees no GPU; 'CPU' works")
        return f"{kind}:{number}" if number else kind


def _package() -> Any:
    try:
        import torch
    except ImportError as e:
        raise ModelError(f"PyTorch cannot be used: {e}\n  hint: pip install torch") from None
    return torch


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
