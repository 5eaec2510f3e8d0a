"""The driver interface, as far as programs ask it which GPU there is."""

from __future__ import annotations

import enum


class CUresult(enum.IntEnum):
    """What a call answers. The numbers are CUDA's."""

    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_NOT_INITIALIZED = 3
    CUDA_ERROR_NO_DEVICE = 100
    CUDA_ERROR_INVALID_DEVICE = 101


try:  # version 13 moved the real thing; a program of today's samples names it by the old place
    from cuda.bindings import driver as _driver

    _driver.cuInit(0)
except Exception:  # absent, or there is no driver: it says so in many ways

    def cuInit(flags: int) -> tuple[CUresult]:  # noqa: N802, ARG001
        """There is no device."""
        return (CUresult.CUDA_ERROR_NO_DEVICE,)

    def cuDeviceGetCount() -> tuple[CUresult, int]:  # noqa: N802
        """There are none."""
        return (CUresult.CUDA_ERROR_NO_DEVICE, 0)

else:
    from cuda.bindings.driver import *  # noqa: F403
