"""The driver interface, as far as programs ask it which GPU there is."""

from __future__ import annotations

import enum
import importlib


class CUresult(enum.IntEnum):
    """What a call answers. The numbers are CUDA's."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_NOT_INITIALIZED = 3
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_DEVICE = 101


def cuInit(flags: int) -> tuple[object]:  # noqa: ARG001
    """There is no device."""
    return (CUresult.CUDA_ERROR_NO_DEVICE,)


def cuDeviceGetCount() -> tuple[object, int]:
    """There are none."""
    return (CUresult.CUDA_ERROR_NO_DEVICE, 0)


try:  # version 13 moved the real thing, and programs of today name its old place
    _real = importlib.import_module("cuda.bindings.driver")
    _real.cuInit(0)
except Exception:  # absent, or there is no driver: it says so in many ways
    pass
else:
    globals().update({name: getattr(_real, name) for name in dir(_real) if not name.startswith("_")})
