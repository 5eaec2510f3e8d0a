"""How busy NVIDIA's GPUs are, by the driver's own library for that (NVML), opened where it is there."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Gpu", "Nvml"]

_LIBRARY = "libnvidia-ml.so.1"
_TEXT = 96  # NVML_DEVICE_NAME_V2_BUFFER_SIZE


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


@dataclass(frozen=True)
class Gpu:
    """One GPU at one moment. None: the driver does not tell.

    Attributes:
        name: As its makers write it.
        total: Bytes of its memory.
        free: Of these.
        busy: Percent of the last moments in which it computed.
        decoding: Percent that its video decoders were busy.
    """

    name: str
    total: int
    free: int
    busy: int | None
    decoding: int | None


class Nvml:
    """The library, while it is open. It may be asked from one thread at a time.

    Raises:
        OSError: It is not on this machine, or does not start.
    """

    def __init__(self) -> None:
        self._library: Any = ctypes.CDLL(_LIBRARY)
        if result := self._library.nvmlInit_v2():
            raise OSError(f"{_LIBRARY} does not start: error {result}")

    def driver(self) -> str:
        """The version of the driver."""
        text = ctypes.create_string_buffer(_TEXT)
        return "" if self._library.nvmlSystemGetDriverVersion(text, _TEXT) else text.value.decode()

    def by_bus_id(self, bus_ids: Sequence[str]) -> list[Gpu | None]:
        """Each of these GPUs; None for one that the library does not know."""
        return [self._gpu(bus_id) for bus_id in bus_ids]

    def close(self) -> None:
        self._library.nvmlShutdown()

    def _gpu(self, bus_id: str) -> Gpu | None:
        handle = ctypes.c_void_p()
        if self._library.nvmlDeviceGetHandleByPciBusId_v2(bus_id.encode(), ctypes.byref(handle)):
            return None
        name = ctypes.create_string_buffer(_TEXT)
        memory, busy = _Memory(), _Utilization()
        decoding, period = ctypes.c_uint(), ctypes.c_uint()
        self._library.nvmlDeviceGetName(handle, name, _TEXT)
        self._library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory))
        no_busy = self._library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(busy))
        no_decoding = self._library.nvmlDeviceGetDecoderUtilization(
            handle, ctypes.byref(decoding), ctypes.byref(period)
        )
        return Gpu(
            name.value.decode(),
            memory.total,
            memory.free,
            None if no_busy else busy.gpu,
            None if no_decoding else decoding.value,
        )
