"""Models of a server that speaks KServe's protocol v2 over gRPC: Triton, OpenVINO Model Server, others."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fluvial.backends._shared_memory import Slot
from fluvial.backends._triton_words import failure, not_served
from fluvial.backends.protocol import Model, Plan, Ready, Tensor
from fluvial.errors import ConfigError, ModelError

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["Triton"]

# As the protocol writes them, and fluvial; BOOL is a byte in both.
_TYPES = {
    "FP32": "f32",
    "FP16": "f16",
    "INT8": "i8",
    "UINT8": "u8",
    "BOOL": "u8",
    "INT32": "i32",
    "INT64": "i64",
}
# Where a server puts values that it does not send as raw bytes.
_TYPED = {
    "FP32": "fp32_contents",
    "INT8": "int_contents",
    "UINT8": "uint_contents",
    "BOOL": "bool_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
}
_PARALLEL = 4  # calls under way at a time, where nobody says: the network is slow, the server batches


class Triton:
    """A backend: a model that a server runs. Needs `tritonclient` (`pip install fluvial[triton]`).

    Args:
        url: "host:port" of the server's gRPC.
        model_name: As the server calls it.
        version: Below 1: the server chooses.
        timeout: Seconds that the server has for each answer.
        shared_memory: Pictures and results go through memory that both see, for a server on this machine.

    Raises:
        ModelError: `tritonclient` is not installed.
        ConfigError: A url that is none.

    Example:
        >>> flow = Flow("a.mp4").infer(Triton("localhost:8001", "detector"), threshold=0.4)  # doctest: +SKIP
    """

    def __init__(
        self, url: str, model_name: str, *, version: int = -1, timeout: float = 10.0, shared_memory: bool = False
    ) -> None:
        if "://" in url or ":" not in url:
            raise ConfigError(f'url: "{url}": allowed is host:port of a server\'s gRPC, "localhost:8001"')
        self._grpc = _package()
        self._url, self._name = url, model_name
        self._version = str(version) if version > 0 else ""
        self._timeout, self._is_shared = timeout, shared_memory
        self._client = self._grpc.InferenceServerClient(url)
        self._inputs: dict[str, str] = {}  # names and types, in the protocol's words
        self._outputs: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._slots: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        self._all_slots: list[Slot] = []
        self._lock = threading.Lock()
        self._under_way: set[Any] = set()
        self._is_interrupted = False
        weakref.finalize(self, _close, self._client, self._all_slots)

    @classmethod
    def at(cls, address: str) -> Triton:
        """From the one text that an element takes as its model.

        Args:
            address: "grpc://host:port/model?version=1&timeout_ms=10000&shared_memory=1"; all from ? on may be left out.

        Raises:
            ConfigError: Not such a text.
        """
        parts = urlsplit(address)
        said = dict(parse_qsl(parts.query))
        name = unquote(parts.path.strip("/"))
        unknown = sorted(set(said) - {"version", "timeout_ms", "shared_memory"})
        try:
            if parts.scheme != "grpc" or not name or unknown:
                raise ValueError
            return cls(
                parts.netloc,
                name,
                version=int(said.get("version", -1)),
                timeout=int(said.get("timeout_ms", 10000)) / 1000,
                shared_memory=said.get("shared_memory") == "1",
            )
        except ValueError:
            raise ConfigError(
                f"{address}: allowed is grpc://host:port/model, with ?version=, timeout_ms= and shared_memory=1"
            ) from None

    def describe(self) -> Model:
        """What the server says of the model."""
        try:
            found = self._client.get_model_metadata(self._name, self._version, client_timeout=self._timeout)
            is_ready = self._client.is_model_ready(self._name, self._version, client_timeout=self._timeout)
        except self._grpc.InferenceServerException as e:
            raise self._not_described(e) from None
        if not is_ready:
            raise ModelError(f'{self._model_key()}: the server has it, and it is not ready ("{self._url}")')
        inputs = tuple(self._tensor("input", t) for t in found.inputs)
        outputs = tuple(self._tensor("output", t) for t in found.outputs)
        self._inputs = {t.name: t.datatype for t in found.inputs}
        self._outputs = {t.name: (t.datatype, tuple(t.shape)) for t in found.outputs}
        return Model(inputs, outputs, {}, self._max_batch(), f"grpc://{self._url}/{self._name}")

    def compile(self, plan: Plan) -> Ready:
        """Prepares what each call that runs at a time needs."""
        if plan.precision:
            raise ConfigError(f"precision={plan.precision!r}: the server computes as the model there was made")
        parallel = plan.requests or _PARALLEL
        self.resume()  # what an earlier run was stopped by
        _release(self._client, self._all_slots)
        self._slots = queue.SimpleQueue()
        for _ in range(parallel):
            slot = self._slot(plan)
            self._all_slots.append(slot)
            self._slots.put(slot)
        memory = ", shared memory" if self._is_shared else ""
        return Ready(f"{self._server()} at {self._url}, {parallel} at a time{memory}", parallel)

    def infer(self, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Sends inputs, waits without Python's lock, and returns what comes."""
        slot = self._slots.get()
        try:
            sent = [slot.fill(self._grpc.InferInput(n, a.shape, self._inputs[n]), a) for n, a in inputs.items()]
            wanted = [slot.ask_for(self._grpc.InferRequestedOutput(name)) for name in self._outputs]
            answer = self._answer(sent, wanted)
            return {name: self._array(answer, name, slot) for name in self._outputs}
        except self._grpc.InferenceServerException as e:
            raise self._failed(e) from None
        finally:
            self._slots.put(slot)

    def interrupt(self) -> None:
        """Breaks off the calls under way, and those that come, until `resume`."""
        with self._lock:
            self._is_interrupted = True
            calls = list(self._under_way)
        for call in calls:
            call.cancel()

    def resume(self) -> None:
        """Calls are made again."""
        with self._lock:
            self._is_interrupted = False

    # --- inside -------------------------------------------------------------------------------------------------------

    def _answer(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        came: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        # The client keeps the call in a field of its own for a moment: one thread at a time.
        with self._lock:
            if self._is_interrupted:
                raise ModelError(f"{self._model_key()}: broken off")
            call = self._client.async_infer(
                self._name,
                inputs,
                lambda result, error: came.put((result, error)),
                model_version=self._version,
                outputs=outputs,
                client_timeout=self._timeout,
            )
            self._under_way.add(call)
        try:
            result, error = came.get()  # comes at the timeout at the latest
        finally:
            with self._lock:
                self._under_way.discard(call)
        if error is not None:
            raise error
        return result

    def _array(self, answer: Any, name: str, slot: Slot) -> NDArray[Any]:
        import numpy as np

        tensor = answer.get_output(name)
        if tensor is None:
            raise ModelError(f"{self._model_key()}: the server's answer has no output {name!r}")
        kind = self._outputs[name][0]
        if tensor.datatype != kind:
            raise ModelError(
                f"{self._model_key()}: output {name!r} came as {tensor.datatype}; the server's metadata says {kind}"
            )
        shared = slot.output(name, tuple(tensor.shape))
        if shared is not None:
            return shared
        typed = list(getattr(tensor.contents, _TYPED[kind])) if kind in _TYPED else []
        if typed:
            return np.array(typed, self._grpc_type(kind)).reshape(tuple(tensor.shape))
        try:
            found: NDArray[Any] = answer.as_numpy(name)
        except ValueError as e:  # bytes that do not make the shape
            raise ModelError(f"{self._model_key()}: output {name!r} of the server's answer: {e}") from None
        return found

    def _grpc_type(self, kind: str) -> Any:
        from tritonclient.utils import triton_to_np_dtype

        return triton_to_np_dtype(kind)

    def _slot(self, plan: Plan) -> Slot:
        if not self._is_shared:
            return Slot()
        inputs = {n: (self._grpc_type(kind), plan.shapes[n]) for n, kind in self._inputs.items()}
        outputs = {
            name: (self._grpc_type(kind), (plan.batch if shape and shape[0] < 0 else shape[0], *shape[1:]))
            for name, (kind, shape) in self._outputs.items()
        }
        try:
            return Slot.shared(self._client, self._timeout, inputs=inputs, outputs=outputs)
        except self._grpc.InferenceServerException as e:
            raise ModelError(
                f'shared_memory: the server at "{self._url}" does not take it: {e.message()}\n'
                "  hint: only a server on this machine sees its memory; leave it out"
            ) from None

    def _max_batch(self) -> int:
        # Not of the protocol: Triton says it, others may not.
        try:
            found = self._client.get_model_config(self._name, self._version, client_timeout=self._timeout)
        except self._grpc.InferenceServerException:
            return 0
        return max(0, int(found.config.max_batch_size))

    def _server(self) -> str:
        try:
            found = self._client.get_server_metadata(client_timeout=self._timeout)
        except self._grpc.InferenceServerException:
            return "a server"
        return " ".join(filter(None, (found.name, found.version))) or "a server"

    def _tensor(self, role: str, tensor: Any) -> Tensor:
        if tensor.datatype not in _TYPES:
            raise ModelError(
                f"{self._model_key()}: {role} {tensor.name!r} is {tensor.datatype}; allowed are {', '.join(_TYPES)}"
            )
        return Tensor(tensor.name, _TYPES[tensor.datatype], tuple(int(d) for d in tensor.shape))

    def _model_key(self) -> str:
        return f'model_name: "{self._name}"'

    def _not_described(self, error: Any) -> ModelError:
        if not self._is_live():
            return ModelError(failure(self._url, self._timeout, error))
        return ModelError(
            not_served(self._client, self._name, error, version=self._version, url=self._url, timeout=self._timeout)
        )

    def _failed(self, error: Any) -> ModelError:
        if self._is_interrupted:
            return ModelError(f"{self._model_key()}: broken off")
        if error.status() in ("StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED"):
            return ModelError(failure(self._url, self._timeout, error))
        return ModelError(f'{self._model_key()}: the server refuses it: {error.message()} ("{self._url}")')

    def _is_live(self) -> bool:
        try:
            return bool(self._client.is_server_live(client_timeout=self._timeout))
        except self._grpc.InferenceServerException:
            return False


def _release(client: Any, slots: list[Slot]) -> None:
    while slots:
        slots.pop().release(client)


def _close(client: Any, slots: list[Slot]) -> None:
    _release(client, slots)
    client.close()


def _package() -> Any:
    try:
        import tritonclient.grpc
    except ImportError as e:
        raise ModelError(
            f"models of a server need tritonclient: {e}\n  hint: pip install 'tritonclient[grpc]'"
        ) from None
    return tritonclient.grpc
