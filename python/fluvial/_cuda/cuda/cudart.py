"""The runtime interface, as far as programs ask it which GPU there is."""

from __future__ import annotations

import enum
import importlib


class cudaError_t(enum.IntEnum):
    """What a call answers. The numbers are CUDA's."""

    cudaSuccess = 0
    cudaErrorNoDevice = 100


class cudaDeviceProp:
    """Properties of no device."""

    integrated = 0
    name = b""


def cudaGetDeviceProperties(device: int) -> tuple[object, cudaDeviceProp]:  # noqa: ARG001
    """There is no device."""
    return (cudaError_t.cudaErrorNoDevice, cudaDeviceProp())


def cudaGetDeviceCount() -> tuple[object, int]:
    """There are none."""
    return (cudaError_t.cudaErrorNoDevice, 0)


try:
    importlib.import_module("cuda.bindings.driver").cuInit(0)
    _real = importlib.import_module("cuda.bindings.runtime")
except Exception:
    pass
else:
    globals().update({name: getattr(_real, name) for name in dir(_real) if not name.startswith("_")})
