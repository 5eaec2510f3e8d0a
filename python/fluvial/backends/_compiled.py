"""PyTorch's compiler for a model: a minute on the first start, seconds on later ones, as what it made is kept."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["cache_folder", "compiled"]

_log = logging.getLogger("fluvial")

# Of outputs, ||compiled - plain|| / ||plain||: the compiler rounds in other places, and that is all it may do.
_MOST_APART = {"float32": 0.01, "float16": 0.03, "bfloat16": 0.1}


def cache_folder() -> Path:
    """Where compiled models are kept: in the user's cache, unless TORCHINDUCTOR_CACHE_DIR says another place."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("TORCHINDUCTOR_CACHE_DIR") or Path(base) / "fluvial" / "torch")


def compiled(
    torch: Any, call: Callable[..., Any], inputs: tuple[Any, ...], *, name: str, precision: str
) -> Callable[..., Any]:
    """The call, compiled for inputs of exactly these shapes. Where it cannot be compiled, or computes something else
    then, the call itself: one warning says why.

    Args:
        torch: The package.
        call: What is compiled.
        inputs: What it takes, on the device.
        name: What messages call it.
        precision: Of its arithmetic: "float32", "float16" or "bfloat16".
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder()))  # PyTorch's own is emptied by a restart
    begin = time.monotonic()
    fast: Callable[..., Any] = torch.compile(call, dynamic=False)
    trial = [torch.rand_like(x) if x.is_floating_point() else x for x in inputs]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice of the compiler's about other settings
            apart = _apart(torch, fast(*trial), call(*trial))
    except Exception as e:  # whatever the compiler, or the C compiler that it calls, makes of the model
        _log.warning("%s: compile=True: it runs as it is, as PyTorch cannot compile it: %s", name, _first_line(e))
        return call
    most = _MOST_APART[precision]
    if not apart <= most:  # NaN is not
        _log.warning(
            "%s: compile=True: it runs as it is, as its outputs when compiled are %.3g away, more than %g of them",
            *(name, apart, most),
        )
        return call
    seconds = time.monotonic() - begin
    _log.info("%s: compiled for batches of %d in %.0f s (%s)", name, len(trial[0]), seconds, cache_folder())
    return fast


def _apart(torch: Any, some: Any, others: Any) -> float:
    """The greatest relative distance of two equally built outputs; whole numbers are not looked at."""
    worst = 0.0
    for a, b in zip(_leaves(some), _leaves(others), strict=True):
        if not torch.is_tensor(b) or not b.is_floating_point():
            continue
        distance = (a.float() - b.float()).norm() / b.float().norm().clamp(min=1e-6)
        worst = max(worst, float(distance.nan_to_num(nan=float("inf"))))
    return worst


def _leaves(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    if isinstance(outputs, (tuple, list)):
        return [leaf for value in outputs for leaf in _leaves(value)]
    return [outputs]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
