"""The runtime interface, as far as programs ask it which GPU there is."""

from __future__ import annotations

import enum


class cudaError_t(enum.IntEnum):  # noqa: N801
    """What a call answers. The numbers are CUDA's."""

    cudaSuccess = 0
    cudaErrorNoDevice = 100


class cudaDeviceProp:  # noqa: N801
    """Properties of no device."""

    integrated = 0
    name = b""


try:
    from cuda.bindings import driver as _driver

    _driver.cuInit(0)
except Exception:

    def cudaGetDeviceProperties(device: int) -> tuple[cudaError_t, cudaDeviceProp]:  # noqa: N802, ARG001
        """There is no device."""
        return (cudaError_t.cudaErrorNoDevice, cudaDeviceProp())

    def cudaGetDeviceCount() -> tuple[cudaError_t, int]:  # noqa: N802
        """There are none."""
        return (cudaError_t.cudaErrorNoDevice, 0)

else:
    from cuda.bindings.runtime import *  # noqa: F403
