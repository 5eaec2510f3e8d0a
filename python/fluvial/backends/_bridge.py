"""Between the extension and a backend: plain values in and out, every answer judged, every failure kept whole."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fluvial.backends.protocol import ELEMENT_TYPES, Backend, DeviceBackend, Model, Plan, Ready, Tensor
from fluvial.errors import FluvialError, ModelError, did_you_mean

__all__ = ["Bridge", "open_named", "words"]

_Result = TypeVar("_Result")
_OnDevice = tuple[int, tuple[int, ...], Any]  # address, shape, owner
_Feed = tuple[str, str, tuple[int, ...]]  # name, type, shape

_FOLDER = str(Path(__file__).parent)


class Bridge:
    """What the extension calls, in threads of its own.

    Args:
        backend: The object that runs the model.
        name: What messages call it.
        on_error: Gets whatever the backend raises, with its traceback, before the pipeline hears of it.
    """

    def __init__(
        self, backend: Backend, name: str, on_error: Callable[[BaseException], None] = lambda _error: None
    ) -> None:
        self._backend, self._name, self._on_error = backend, name, on_error
        self._outputs: tuple[Tensor, ...] = ()
        self._batch = 1
        self._is_interrupted = False

    def describe(self) -> dict[str, Any]:
        """The model as plain values."""
        return self._kept(self._describe)

    def compile(
        self,
        *,
        batch: int,
        is_batch_open: bool,
        device: str,
        precision: str,
        threads: int,
        requests: int,
        shapes: dict[str, tuple[int, ...]],
        is_feed_open: bool = False,
    ) -> tuple[str, int, int, _Feed | None]:
        """Description, how many calls of `infer` may run at a time, the GPU that takes inputs (-1: none), and the input
        that is wanted in another type or order than described."""
        plan = Plan(batch, device, precision, threads, requests, shapes, is_batch_open, is_feed_open)
        return self._kept(lambda: self._compile(plan))

    def infer(self, inputs: dict[str, NDArray[Any]], units: int) -> tuple[NDArray[Any], ...]:
        """Outputs in the order of the description, C-contiguous."""
        return self._kept(lambda: self._infer(inputs, units))

    def infer_on_device(self, inputs: dict[str, Any], units: int, stream: int) -> list[_OnDevice]:
        """Address, shape and owner of the outputs in the order of the description, where the stream leaves them."""
        return self._kept(lambda: self._infer_on_device(inputs, units, stream))

    @property
    def can_be_interrupted(self) -> bool:
        """The backend can break off its calls."""
        return hasattr(self._backend, "interrupt") and hasattr(self._backend, "resume")

    def interrupt(self) -> None:
        """Nobody wants what is under way any more; its failure neither. Until `resume`."""
        self._is_interrupted = True
        self._backend.interrupt()  # type: ignore[attr-defined]  # asked for by can_be_interrupted

    def resume(self) -> None:
        """Calls are made again."""
        self._is_interrupted = False
        self._backend.resume()  # type: ignore[attr-defined]

    # --- inside -------------------------------------------------------------------------------------------------------

    def _kept(self, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except BaseException as error:
            if not self._is_interrupted:
                self._on_error(error)
            raise

    def _describe(self) -> dict[str, Any]:
        model = self._backend.describe()
        if not isinstance(model, Model):
            raise ModelError(f"{self._name}: describe() returned {_short(model)}; a fluvial.backends.Model is needed")
        for role, tensors in (("input", model.inputs), ("output", model.outputs)):
            self._judge_tensors(role, tensors)
        self._outputs = tuple(model.outputs)
        return {
            "path": model.path or self._name,
            "inputs": [(t.name, t.type, list(t.shape)) for t in model.inputs],
            "outputs": [(t.name, t.type, list(t.shape)) for t in model.outputs],
            "metadata": {str(k): str(v) for k, v in model.metadata.items()},
            "max_batch": model.max_batch,
        }

    def _judge_tensors(self, role: str, tensors: tuple[Tensor, ...]) -> None:
        if not tensors:
            raise ModelError(f"{self._name}: describe() gives no {role}s")
        names = [t.name for t in tensors]
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            raise ModelError(f"{self._name}: describe() gives the {role} {twice!r} twice")
        for tensor in tensors:
            if tensor.type not in ELEMENT_TYPES:
                raise ModelError(
                    f"{self._name}: {role} {tensor.name!r} is of type {tensor.type!r}; one of: "
                    f"{', '.join(ELEMENT_TYPES)}"
                )

    def _compile(self, plan: Plan) -> tuple[str, int, int, _Feed | None]:
        self._batch = plan.batch if plan.is_batch_open else 0
        ready = self._backend.compile(plan)
        if ready is None:
            ready = Ready()
        if not isinstance(ready, Ready) or ready.parallel < 1:
            raise ModelError(f"{self._name}: compile() returned {_short(ready)}; a Ready with parallel >= 1 or None")
        if ready.cuda_device >= 0 and not isinstance(self._backend, DeviceBackend):
            raise ModelError(
                f"{self._name}: compile() returned cuda_device={ready.cuda_device}; it needs infer_on_device"
            )
        feed = None if ready.feed is None else self._judged_feed(ready.feed, plan)
        return ready.description or self._name, ready.parallel, ready.cuda_device, feed

    def _judged_feed(self, feed: Tensor, plan: Plan) -> _Feed:
        where = f"{self._name}: compile() returned feed={_short(feed)}; "
        if not plan.is_feed_open:
            raise ModelError(f"{where}pictures come as described where Plan.is_feed_open is False")
        described = plan.shapes.get(feed.name)
        if described is None:
            raise ModelError(f"{where}no input has this name; {did_you_mean(feed.name, plan.shapes)}")
        if feed.type not in _FEED_TYPES:
            raise ModelError(f"{where}pictures are written as {' or '.join(_FEED_TYPES)}")
        if feed.shape not in (described, *_other_orders(described)):
            raise ModelError(f"{where}{_sizes(described)} was described, which may come in the other order of channels")
        return feed.name, feed.type, feed.shape

    def _infer(self, inputs: dict[str, NDArray[Any]], units: int) -> tuple[NDArray[Any], ...]:
        if units < self._batch:
            inputs = {name: array[:units] for name, array in inputs.items()}
        found = self._backend.infer(inputs)
        if not isinstance(found, Mapping):
            raise ModelError(f"{self._name}: infer() returned {_short(found)}; a dict of arrays by output is needed")
        return tuple([self._output(tensor, found) for tensor in self._outputs])

    def _infer_on_device(self, inputs: dict[str, Any], units: int, stream: int) -> list[_OnDevice]:
        assert isinstance(self._backend, DeviceBackend)
        found = self._backend.infer_on_device(inputs, units if self._batch else 0, stream)
        return [self._output_on_device(tensor, found) for tensor in self._outputs]

    def _output_on_device(self, tensor: Tensor, found: Mapping[str, Any]) -> _OnDevice:
        where = f"{self._name}: output {tensor.name!r}"
        if tensor.name not in found:
            raise ModelError(f"{where} is missing from what the model returned; {did_you_mean(tensor.name, found)}")
        value = found[tensor.name]
        face = value.__cuda_array_interface__
        kind = np.dtype(face["typestr"]).name
        if kind != ELEMENT_TYPES[tensor.type] or face.get("strides") is not None:
            raise ModelError(
                f"{where} is {kind}, strides {face.get('strides')}; contiguous {tensor.type} was described"
            )
        return face["data"][0], tuple(face["shape"]), value

    def _output(self, tensor: Tensor, found: Mapping[str, Any]) -> NDArray[Any]:
        where = f"{self._name}: output {tensor.name!r}"
        if tensor.name not in found:
            raise ModelError(f"{where} is missing from what infer() returned; {did_you_mean(tensor.name, found)}")
        array = as_array(found[tensor.name], where)
        wanted = ELEMENT_TYPES[tensor.type]
        if array.dtype.name != wanted and not (wanted == "uint8" and array.dtype == bool):
            raise ModelError(
                f"{where} is {array.dtype.name} and was described as {wanted}\n  hint: x.astype({wanted!r})"
            )
        fits = not tensor.shape or (
            len(array.shape) == len(tensor.shape)
            and all(d < 0 or d == n for d, n in zip(tensor.shape, array.shape, strict=True))
        )
        if not fits:
            raise ModelError(f"{where} has the shape {array.shape} and was described as {_sizes(tensor.shape)}")
        return np.ascontiguousarray(array).reshape(array.shape)  # the former makes a vector of a lone number


_FEED_TYPES = ("f32", "f16")


def _other_orders(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Of a picture whose channels come first, that of one whose channels come last, and the other way round."""
    if len(shape) != 4:
        return []
    batch, a, b, c = shape
    return [*([(batch, b, c, a)] if a in (1, 3) else []), *([(batch, c, a, b)] if c in (1, 3) else [])]


def as_array(value: Any, where: str) -> NDArray[Any]:
    """An array of whatever a backend may return: arrays, and what speaks DLPack from the CPU. Nothing is copied."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "__dlpack_device__"):
        kind, _ = value.__dlpack_device__()
        if kind not in (1, 3):  # kDLCPU, kDLCUDAHost
            raise ModelError(f"{where} lies on a device ({_short(value)}), where nothing reads it\n  hint: x.cpu()")
        return np.from_dlpack(value)
    raise ModelError(f"{where} is {_short(value)}; an array or a tensor on the CPU is needed")


def words(error: BaseException) -> str:
    """An exception as one line for the bus: ours as they are, others with their type and the line that raised."""
    if isinstance(error, FluvialError):
        return str(error)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_FOLDER)]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno}, in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def open_named(name: str, path: str) -> Bridge:
    """For an element whose property `backend` is this name."""
    from fluvial.backends.choice import named
    from fluvial.backends.triton import Triton

    if name == "triton":
        return Bridge(Triton.at(path), name)
    return Bridge(named(name, Path(path)), name)


def _short(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _sizes(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join("any" if d < 0 else str(d) for d in shape) + ")"
