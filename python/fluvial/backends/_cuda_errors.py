"""What PyTorch raises when a GPU has no memory left or is lost, in words that say what to do."""

from __future__ import annotations

import re
from typing import Any

from fluvial.errors import ModelError

__all__ = ["explained"]

# After these no call reaches the GPU any more; CUDA's own words, as PyTorch hands them on.
_LOSSES = (
    "device-side assert",
    "illegal memory access",
    "illegal instruction",
    "unspecified launch failure",
    "misaligned address",
    "uncorrectable",
    "hardware stack error",
    "launch timed out",
    "invalid program counter",
)
_AGAIN = (
    "start the program again. Either a kernel of this process (the model's?) did what it may not, or the GPU has "
    "failed: `nvidia-smi -q -d ECC` tells"
)


def explained(error: Exception, torch: Any, *, name: str, device: str, batch: int) -> ModelError | None:
    """The error to raise in place of PyTorch's; None: it is about something else.

    Args:
        error: What PyTorch raised.
        torch: The package.
        name: Of the model.
        device: As PyTorch calls it: "cuda:1".
        batch: Most pictures in one run.

    Example:
        >>> class Torch:
        ...     class cuda:
        ...         OutOfMemoryError = MemoryError
        >>> lost = RuntimeError("CUDA error: unspecified launch failure\\nCUDA kernel errors might be ...")
        >>> str(explained(lost, Torch, name="a.onnx", device="cuda:0", batch=4)).splitlines()[0]
        'a.onnx: the GPU (cuda:0) is lost to this process: CUDA error: unspecified launch failure'
    """
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return ModelError(
            f"{name}: {device} has no memory left for {batch} pictures at once: {_wanted(str(error))}"
            f"{_free(torch, device)}\n  hint: a smaller batch_size, precision='f16', fewer sources, or no other "
            "program on that GPU: nvidia-smi lists them"
        )
    first = (str(error).splitlines() or [""])[0]
    if first.startswith("CUDA error") and any(loss in first for loss in _LOSSES):
        return ModelError(f"{name}: the GPU ({device}) is lost to this process: {first}\n  hint: {_AGAIN}")
    return None


def _wanted(words: str) -> str:
    found = re.search(r"Tried to allocate ([\d.]+ \w+)", words)
    return f"{found[1]} are wanted" if found else words.splitlines()[0]


def _free(torch: Any, device: str) -> str:
    free, total = torch.cuda.mem_get_info(device)
    return f", {free / 2**20:.1f} MiB of {total / 2**20:.1f} MiB are free"
