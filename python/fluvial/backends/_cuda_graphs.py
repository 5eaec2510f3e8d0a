"""One model in one stream of CUDA's: what was recorded once is played, so that a batch costs Python one call."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["GraphQueue", "Inputs", "convolution_flags", "recorded_size"]

Inputs = tuple[Any, ...]
Prepare = Callable[[Inputs], Callable[[Inputs], dict[str, Any]]]

# While one records, another's waiting for the device is an error to both: one at a time in the process.
_recording = threading.Lock()

_WARM_UPS = 3  # before a recording: libraries choose their algorithms in the first runs
_PATIENCE = 16  # times that a larger recording serves, until a size is worth the wait for one of its own


def recorded_size(units: int, batch: int) -> int:
    """The batch that is run for so many pictures: the next power of two, at most `batch`. Each is recorded once.

    Example:
        >>> [recorded_size(n, 12) for n in (1, 3, 8, 9, 12)]
        [1, 4, 8, 12, 12]
    """
    return min(batch, 1 << (units - 1).bit_length())


def convolution_flags(torch: Any, *, is_exact: bool, is_searched: bool = True) -> AbstractContextManager[None]:
    """How convolutions are computed while it holds. Traces and recordings keep what holds when they are made.

    Args:
        torch: The package.
        is_exact: float32 is computed with all of its bits; else where it is faster with ten of its 23.
        is_searched: All ways are tried for the fastest, which takes seconds; else the likely one is taken.
    """
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=is_searched, allow_tf32=not is_exact
    )
    return flags


class GraphQueue:
    """Runs a model on inputs that always lie in the same place.

    Args:
        torch: The package.
        prepare: Gets inputs and returns a function of such: tensors by name, batch first.
        inputs: [N, ...] each, on the device, N the largest batch.
        stream: CUDA's stream, as a number.
        is_exact: float32 is computed with all of its bits; else where it is faster with ten of its 23.
    """

    def __init__(self, torch: Any, prepare: Prepare, inputs: Inputs, stream: int, *, is_exact: bool) -> None:
        self._torch, self._prepare, self._inputs, self._is_exact = torch, prepare, inputs, is_exact
        self._stream = torch.cuda.ExternalStream(stream, device=inputs[0].device)
        self._recorded: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._asked: Counter[int] = Counter()

    def run(self, units: int) -> dict[str, Any]:
        """Puts the inference of the first `units` pictures into the stream. Outputs stay until the next run."""
        size = self._size_for(units)
        torch = self._torch
        with torch.cuda.stream(self._stream), torch.inference_mode():
            if size not in self._recorded:
                with _recording:
                    self._recorded[size] = self._record(tuple(x[:size] for x in self._inputs))
            graph, outputs = self._recorded[size]
            graph.replay()
        return {name: value[:units] if value.shape[:1] == (size,) else value for name, value in outputs.items()}

    # To record stops the stream: live streams, whose batches are of any size now and then, take what is there already.
    def _size_for(self, units: int) -> int:
        size = recorded_size(units, len(self._inputs[0]))
        larger = min((there for there in self._recorded if there > size), default=size)
        self._asked[size] += 1
        is_worth_it = size in self._recorded or self._asked[size] > _PATIENCE
        return size if is_worth_it else larger

    def _record(self, inputs: Inputs) -> tuple[Any, dict[str, Any]]:
        call = self._prepare(inputs)  # under the process's own flags, which the compiler wants to find again
        is_full = len(inputs[0]) == len(self._inputs[0])
        with convolution_flags(self._torch, is_exact=self._is_exact, is_searched=is_full):
            return self._record_so(call, inputs)

    def _record_so(self, call: Callable[[Inputs], dict[str, Any]], inputs: Inputs) -> tuple[Any, dict[str, Any]]:
        torch = self._torch
        for _ in range(_WARM_UPS):
            call(inputs)
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Other threads allocate memory meanwhile, which is none of the recording's business.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            outputs = call(inputs)
        return graph, outputs
