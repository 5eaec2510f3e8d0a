"""Memory that a server on this machine sees too: tensors need not go through a socket."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["Slot"]

_FOLDER = Path("/dev/shm")  # where POSIX shared memory lies on Linux
_ALIGNMENT = 64
_GOODBYE_SECONDS = 1.0

Sizes = Mapping[str, tuple[Any, tuple[int, ...]]]  # NumPy's type and shape, by name


class Slot:
    """What one call at a time uses: with shared memory a region of it, else nothing.

    Outputs go through the region where the sizes of all of them are known before.
    """

    def __init__(self) -> None:
        self._name = ""
        self._memory: mmap.mmap | None = None
        self._inputs: dict[str, tuple[int, Any]] = {}  # where each begins, and its type
        self._outputs: dict[str, tuple[int, Any, int]] = {}  # likewise, and its bytes

    @classmethod
    def shared(cls, client: Any, timeout: float, *, inputs: Sizes, outputs: Sizes) -> Slot:
        """Makes a region and tells the server. Raises what the client raises where the server does not take it."""
        slot = cls()
        at = 0
        for name, (kind, shape) in inputs.items():
            slot._inputs[name] = (at, kind)
            at += _room(kind, shape)
        if all(d >= 0 for _, shape in outputs.values() for d in shape):
            for name, (kind, shape) in outputs.items():
                slot._outputs[name] = (at, kind, _bytes(kind, shape))
                at += _room(kind, shape)
        slot._open(client, timeout, at)
        return slot

    def fill(self, tensor: Any, array: NDArray[Any]) -> Any:
        """An input of the client's, with its values."""
        import numpy as np

        if self._memory is None:
            return tensor.set_data_from_numpy(array.view(bool) if tensor.datatype() == "BOOL" else array)
        at, _ = self._inputs[tensor.name()]
        np.frombuffer(self._memory, array.dtype, array.size, at).reshape(array.shape)[...] = array
        return tensor.set_shared_memory(self._name, array.nbytes, at)

    def ask_for(self, output: Any) -> Any:
        """An output of the client's, that knows where it goes."""
        if self._outputs:
            at, _, count = self._outputs[output.name()]
            output.set_shared_memory(self._name, count, at)
        return output

    def output(self, name: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
        """A copy of what the server wrote: the next call writes there again. None: it came another way."""
        import numpy as np

        if self._memory is None or not self._outputs:
            return None
        at, kind, _ = self._outputs[name]
        return np.frombuffer(self._memory, kind, math.prod(shape), at).reshape(shape).copy()

    def release(self, client: Any) -> None:
        """The server forgets it. Nothing is left where the server is gone already."""
        from tritonclient.grpc import InferenceServerException

        if self._memory is None:
            return
        self._memory = None  # unmapped with the last view of it
        with contextlib.suppress(InferenceServerException):
            client.unregister_system_shared_memory(self._name, client_timeout=_GOODBYE_SECONDS)

    def _open(self, client: Any, timeout: float, size: int) -> None:
        self._name = f"fluvial-{os.getpid()}-{secrets.token_hex(8)}"
        file = os.open(_FOLDER / self._name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(file, size)
            self._memory = mmap.mmap(file, size)
            client.register_system_shared_memory(self._name, f"/{self._name}", size, client_timeout=timeout)
        finally:
            # Both have it open now; without a name it goes with the last of them, however they end.
            os.close(file)
            os.unlink(_FOLDER / self._name)


def _bytes(kind: Any, shape: tuple[int, ...]) -> int:
    import numpy as np

    return math.prod(shape) * int(np.dtype(kind).itemsize)


def _room(kind: Any, shape: tuple[int, ...]) -> int:
    return -(-_bytes(kind, shape) // _ALIGNMENT) * _ALIGNMENT
