"""Which GPU does what: sources are shared out, and each GPU decodes, infers and tracks its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fluvial.errors import CallSite, ConfigError, did_you_mean

__all__ = ["Gpus", "InTurn", "Share", "device_on", "share_out"]

Gpus = Literal["all"] | Sequence[int] | Mapping[str, int]


@dataclass(frozen=True)
class Share:
    """What one GPU does of a flow.

    Attributes:
        gpu: Its number; None: nobody said, so it is the first, on a machine that has one.
        sources: Numbers of the flow's sources.
    """

    gpu: int | None
    sources: tuple[int, ...]


def share_out(names: Sequence[str], gpus: Gpus | None, *, count: int, why_none: str, at: CallSite) -> tuple[Share, ...]:
    """The shares that have sources, in the order of the GPUs.

    Args:
        names: Of the sources.
        gpus: "all": each GPU of the machine, and the CPU where it has none; numbers; or by source which it is on. With
            the first two, sources are dealt out one by one.
        count: How many GPUs the machine has.
        why_none: Where it has none.
        at: The user's line.

    Raises:
        ConfigError: A GPU that is not there, or a source that is not.

    Example:
        >>> share_out(["a", "b", "c"], [0, 1], count=2, why_none="", at=CallSite("app.py", 1))
        (Share(gpu=0, sources=(0, 2)), Share(gpu=1, sources=(1,)))
    """
    if gpus is None or (gpus == "all" and count == 0):
        return (Share(None, tuple(range(len(names)))),)
    if isinstance(gpus, Mapping):
        chosen = placed = _by_name(names, gpus, at)
    else:
        chosen = list(range(count)) if isinstance(gpus, str) else list(dict.fromkeys(gpus))
        if not chosen:
            raise ConfigError(f"{at}\n  gpus={gpus!r}: none is named\n  hint: 'all', or their numbers: [0, 1]")
        placed = [chosen[i % len(chosen)] for i in range(len(names))]
    missing = next((gpu for gpu in chosen if not 0 <= gpu < count), None)
    if missing is not None:
        there = f"this machine has {count}, counted from 0" if count else why_none
        raise ConfigError(f"{at}\n  gpus: there is no GPU {missing}; {there}")
    return tuple(Share(gpu, tuple(i for i, p in enumerate(placed) if p == gpu)) for gpu in sorted(set(placed)))


def _by_name(names: Sequence[str], gpus: Mapping[str, int], at: CallSite) -> list[int]:
    unknown = next((name for name in gpus if name not in names), None)
    if unknown is not None:
        raise ConfigError(f"{at}\n  gpus: no source {unknown!r}; {did_you_mean(unknown, names)}")
    left_out = next((name for name in names if name not in gpus), None)
    if left_out is not None:
        hint = "name the GPU of each source, or 'all'"
        raise ConfigError(f"{at}\n  gpus: the source {left_out!r} has none\n  hint: {hint}")
    return [gpus[name] for name in names]


def device_on(device: str, gpu: int | None) -> str:
    """The device of a model, as `Flow.infer` was told, on one GPU of several.

    Raises:
        ConfigError: It names another one.

    Example:
        >>> device_on("cuda", 1), device_on("CPU", 1), device_on("cuda", None)
        ('cuda:1', 'CPU', 'cuda')
    """
    kind, _, number = device.partition(":")
    if gpu is None or kind.lower() not in ("cuda", "gpu"):
        return device
    if number and number != str(gpu):
        hint = f"device={kind!r}, without a number"
        raise ConfigError(f"device={device!r}, and its sources are on GPU {gpu}\n  hint: {hint}")
    return f"{kind}:{gpu}"


class InTurn:
    """A function of the user's, which several threads call one at a time."""

    def __init__(self, call: Callable[[Any], object]) -> None:
        self._call, self._lock = call, threading.Lock()
        self.__name__ = getattr(call, "__name__", type(call).__name__)

    def __call__(self, batch: Any) -> object:
        with self._lock:
            return self._call(batch)
