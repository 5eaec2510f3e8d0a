"""One model in one stream of CUDA's: what was recorded once is played, so that a batch costs Python one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["GraphQueue", "recorded_size"]

Prepare = Callable[[Any], Callable[[Any], dict[str, Any]]]

_WARM_UPS = 3  # before a recording: libraries choose their algorithms in the first runs


def recorded_size(units: int, batch: int) -> int:
    """The batch that is run for so many pictures: the next power of two, at most `batch`. Each is recorded once.

    Example:
        >>> [recorded_size(n, 12) for n in (1, 3, 8, 9, 12)]
        [1, 4, 8, 12, 12]
    """
    return min(batch, 1 << (units - 1).bit_length())


class GraphQueue:
    """Runs a model on pictures that always lie in the same place.

    Args:
        torch: The package.
        prepare: Gets pictures and returns a function of such: tensors by name, batch first.
        pictures: [N, ...] on the device, N the largest batch.
        stream: CUDA's stream, as a number.
        is_exact: float32 is computed with all of its bits; else where it is faster with ten of its 23.
    """

    def __init__(self, torch: Any, prepare: Prepare, pictures: Any, stream: int, *, is_exact: bool) -> None:
        self._torch, self._prepare, self._pictures, self._is_exact = torch, prepare, pictures, is_exact
        self._stream = torch.cuda.ExternalStream(stream, device=pictures.device)
        self._recorded: dict[int, tuple[Any, dict[str, Any]]] = {}

    def run(self, units: int) -> dict[str, Any]:
        """Puts the inference of the first `units` pictures into the stream. Outputs stay until the next run."""
        size = recorded_size(units, self._pictures.shape[0])
        torch = self._torch
        with torch.cuda.stream(self._stream), torch.inference_mode():
            if size not in self._recorded:
                self._recorded[size] = self._record(self._pictures[:size])
            graph, outputs = self._recorded[size]
            graph.replay()
        return {name: value[:units] if value.shape[:1] == (size,) else value for name, value in outputs.items()}

    def _record(self, pictures: Any) -> tuple[Any, dict[str, Any]]:
        with self._torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=not self._is_exact):
            return self._record_so(pictures)

    def _record_so(self, pictures: Any) -> tuple[Any, dict[str, Any]]:
        torch = self._torch
        call = self._prepare(pictures)
        for _ in range(_WARM_UPS):
            call(pictures)
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Other threads allocate memory meanwhile, which is none of the recording's business.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            outputs = call(pictures)
        return graph, outputs
