"""PyTorch: a module in memory, a TorchScript file, an exported program."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial.backends._compiled import compiled
from fluvial.backends._cuda_errors import explained
from fluvial.backends._cuda_graphs import GraphQueue, Inputs, convolution_flags
from fluvial.backends._onnx_module import onnx_as_module
from fluvial.backends.function import checked_size, described, named_outputs
from fluvial.backends.protocol import ELEMENT_TYPES, Model, Plan, Ready, Tensor
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
        compile: PyTorch's compiler makes it faster, mostly on a GPU. The first start takes up to a minute longer, later
            ones seconds. On a GPU full batches run compiled, smaller ones as they are.

    Raises:
        ModelError: PyTorch is not installed, or the file is none of these. A file of `torch.save` is never opened: to
            load a pickle is to run whatever code it names.
        ConfigError: Nothing tells the size of its pictures; or TorchScript is to be compiled, which it is already.
    """

    def __init__(self, model: Any, *, input_size: tuple[int, int] | None = None, compile: bool = False) -> None:  # noqa: A002
        self._torch = _package()
        self._path = model if isinstance(model, Path) else Path(model) if isinstance(model, str) else None
        self._name = str(self._path or type(model).__name__)
        self._output_names: tuple[str, ...] = ()
        self._metadata: dict[str, str] = {}
        self._onnx_inputs: tuple[Tensor, ...] = ()
        loaded = self._load(self._path) if self._path else model
        self._shape = self._exported_shape(loaded)
        if self._shape is None:
            width, height = checked_size(input_size, self._name)
            self._shape = (-1, _CHANNELS, height, width)
        self._module = loaded.module() if hasattr(loaded, "graph_signature") else loaded.eval()
        if compile and isinstance(self._module, self._torch.jit.ScriptModule):
            raise ConfigError(f"{self._name}: compile=True: TorchScript is compiled already; give the module itself")
        self._compiles = compile
        self._compiled: Callable[..., Any] | None = None  # for full batches
        self._is_planned = False
        self._device = "cpu"
        self._type: Any = self._torch.float32
        self._batch = 1
        self._is_exact = False
        self._feed: Tensor | None = None  # as pictures are written on a GPU, where that is not as described
        self._queues: dict[int, GraphQueue] = {}  # by stream

    def describe(self) -> Model:
        """Runs it on zeros, on the CPU or where its weights are."""
        assert self._shape is not None
        batch, *picture = self._shape
        weight = next(iter(self._module.parameters()), None)
        if weight is not None:
            self._device, self._type = str(weight.device), weight.dtype
        inputs = self._described()
        one, two = (self._run(self._zeros(inputs, n)) for n in ((1, 2) if batch < 0 else (batch, batch)))
        model = described((picture[0], picture[1], picture[2]), one, two, self._name)
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
        is_on_gpu = torch.device(self._device).type == "cuda"
        parallel = 1 if is_on_gpu else plan.requests or 1  # one call keeps all cores busy, or the GPU
        kind = str(self._type).removeprefix("torch.")
        description = f"PyTorch {torch.__version__} on {self._device}, {kind}, {parallel} at a time"
        self._queues, self._is_exact, self._feed = {}, plan.precision == "f32", None
        self._compiled, self._is_planned = None, True
        if not is_on_gpu:
            return Ready(description, parallel)
        self._module.to(memory_format=torch.channels_last)
        if plan.is_feed_open:
            self._feed = feed_of(self._described(), plan.shapes, is_half=self._type == torch.float16)
        return Ready(description, parallel, torch.device(self._device).index or 0, self._feed)

    def infer(self, inputs: dict[str, NDArray[Any]]) -> dict[str, Any]:
        """Runs it. The input is read where it lies; on a GPU it is copied there."""
        return self._run(tuple(self._torch.from_numpy(x) for x in inputs.values()))

    def infer_on_device(self, inputs: dict[str, Any], units: int, stream: int) -> dict[str, Any]:
        """Plays the recording of that many pictures."""
        if stream not in self._queues:
            there = tuple(self._as_described(name, self._torch.from_dlpack(x)) for name, x in inputs.items())
            self._queues[stream] = GraphQueue(self._torch, self._ready, there, stream, is_exact=self._is_exact)
        try:
            return self._queues[stream].run(units or self._batch)
        except RuntimeError as e:
            if better := self._explained(e):
                raise better from e
            raise

    # --- inside -------------------------------------------------------------------------------------------------------

    def _described(self) -> tuple[Tensor, ...]:
        assert self._shape is not None
        return self._onnx_inputs or (Tensor("pictures", "f32", self._shape),)

    # Rows of pixels, seen as planes: what PyTorch calls channels last, so that nothing is left to convert.
    def _as_described(self, name: str, x: Any) -> Any:
        is_turned = self._feed is not None and self._feed.name == name and self._feed.shape[-1] <= _CHANNELS
        return x.permute(0, 3, 1, 2) if is_turned else x

    def _run(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        with self._torch.inference_mode():
            call = self._compiled_for(inputs) if self._compiles and self._is_planned else None
            return {name: value.cpu().numpy() for name, value in self._tensors(inputs, call).items()}

    def _explained(self, error: Exception) -> ModelError | None:
        return explained(error, self._torch, name=self._name, device=self._device, batch=self._batch)

    def _compiled_for(self, inputs: Inputs) -> Callable[..., Any] | None:
        # Full batches alone: others come now and then, and compiling for each would stop the stream for so long.
        if len(inputs[0]) != self._batch:
            return None
        if self._compiled is None:
            kind = str(self._type).removeprefix("torch.")
            call = self._with_conversions(self._compilable(inputs))
            self._compiled = compiled(self._torch, call, inputs, name=self._name, precision=kind)
        return self._compiled

    # What stands before and behind a module; compiled with it, it is part of its first and last loops.
    def _with_conversions(self, module: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: _finished(module(*self._converted(given)))

    # What computes on inputs like these. Modules made of ONNX files look at constants on the host, which cannot be
    # recorded; a frozen trace has them as numbers.
    def _ready(self, inputs: Inputs) -> Callable[[Inputs], dict[str, Any]]:
        call = self._compiled_for(inputs) if self._compiles else None
        if call is None and self._onnx_inputs:
            call = self._with_conversions(self._traced(inputs))
        return lambda given: self._tensors(given, call)

    # The compiler stops at those constants too, and does not read traces; it reads what an exported trace is.
    def _compilable(self, inputs: Inputs) -> Any:
        if not self._onnx_inputs:
            return self._module
        traced = self._traced(inputs)
        try:
            from torch._export.converter import TS2EPConverter

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it has a successor, which stops at the constants
                return TS2EPConverter(traced, self._converted(inputs)).convert().module()
        except Exception:  # no such part of PyTorch any more, or a trace that it does not read: the compiler says it
            return traced

    def _traced(self, inputs: Inputs) -> Any:
        with warnings.catch_warnings(), convolution_flags(self._torch, is_exact=self._is_exact):
            warnings.simplefilter("ignore")  # that constants become constants
            traced = self._torch.jit.trace(self._module, self._converted(inputs), check_trace=False)
        return self._torch.jit.freeze(traced.eval())

    def _zeros(self, inputs: tuple[Tensor, ...], batch: int) -> Inputs:
        kinds = [getattr(self._torch, ELEMENT_TYPES[x.type]) for x in inputs]
        sizes = [[batch if d < 0 else d for d in x.shape] for x in inputs]
        return tuple(self._torch.zeros(size, dtype=kind) for size, kind in zip(sizes, kinds, strict=True))

    # Numbers that are counted stay as they are; of others, pictures come as convolutions like them.
    def _converted(self, inputs: Inputs) -> Inputs:
        torch = self._torch

        def one(x: Any) -> Any:
            if not x.is_floating_point():
                return x.to(self._device)
            is_of_planes = x.is_cuda and x.dim() == 4 and x.shape[-1] > _CHANNELS
            layout = torch.channels_last if is_of_planes else torch.preserve_format
            return x.to(self._device, self._type, memory_format=layout)

        return tuple(one(x) for x in inputs)

    def _tensors(self, inputs: Inputs, call: Callable[..., Any] | None = None) -> dict[str, Any]:
        found = (call or self._with_conversions(self._module))(*inputs)
        named = self._names_of(named_outputs(found, self._name))
        for name, value in named.items():
            if not isinstance(value, self._torch.Tensor):
                raise ModelError(f"{self._name}: output {name!r} is a {type(value).__name__}; a tensor is needed")
        return named

    def _names_of(self, found: dict[str, Any]) -> dict[str, Any]:
        if not self._output_names:
            return found
        return dict(zip(self._output_names, found.values(), strict=True))

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
        self._output_names, self._metadata, self._onnx_inputs = file.outputs, file.metadata, file.inputs
        return file.module

    def _exported_shape(self, model: Any) -> tuple[int, ...] | None:
        # Of the picture, as the exported program has it; None for what is none.
        if self._onnx_inputs:
            return next(x.shape for x in self._onnx_inputs if len(x.shape) == 4)
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


def feed_of(inputs: tuple[Tensor, ...], shapes: Mapping[str, tuple[int, ...]], *, is_half: bool) -> Tensor | None:
    """How the picture is best written on a GPU: as convolutions there want it, channels last and in their precision.

    Args:
        inputs: As described; the first of four dimensions is the picture.
        shapes: With nothing open, by name.
        is_half: The model computes in float16.
    """
    picture = next((x for x in inputs if len(x.shape) == 4), None)
    if picture is None or picture.type != "f32":
        return None
    batch, channels, height, width = shapes[picture.name]
    kind = "f16" if is_half else "f32"
    if channels > _CHANNELS:  # the model has its own idea, and turns them itself
        return Tensor(picture.name, kind, (batch, channels, height, width))
    return Tensor(picture.name, kind, (batch, height, width, channels))


def _finished(found: Any) -> Any:
    """Outputs as what reads them wants them: contiguous, of a type that NumPy has. What is none stays as it is."""
    if isinstance(found, dict):
        return {name: _finished(value) for name, value in found.items()}
    if isinstance(found, (tuple, list)):
        return [_finished(value) for value in found]
    if not hasattr(found, "is_floating_point"):
        return found
    kind = str(found.dtype)
    value = found.float() if found.is_floating_point() else found.byte() if kind == "torch.bool" else found
    return value.detach().contiguous()


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
