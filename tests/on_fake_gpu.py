"""What programs share that tests start with fake GPUs: a model that lives on one."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from fluvial.backends import Model, Plan, Ready, Tensor

SIZE = 64
HEAD = {"head": "rows", "model_color_format": 0, "net_scale_factor": 1.0}  # settings of its infer stage


class OnDevice:
    """An array of the host's, which is the fake GPU's memory too."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array  # kept as long as this
        self.__cuda_array_interface__ = dict(array.__array_interface__, version=3)


class _DlTensor(ctypes.Structure):
    """What a capsule of DLPack's begins with."""

    _fields_: ClassVar = [
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32 * 2),
        ("dimensions", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
    ]


def seen_on_host(tensor: Any) -> np.ndarray[Any, Any]:
    """A copy of what speaks DLPack from a fake GPU, whose memory is the host's; NumPy itself takes none from a GPU."""
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    capsule = tensor.__dlpack__()
    here = _DlTensor.from_address(pointer_of(capsule, b"dltensor"))
    shape = tuple(here.shape[: here.dimensions])
    kind = np.dtype(f"{'iuf'[here.code]}{here.bits // 8}")
    memory = (ctypes.c_uint8 * (int(np.prod(shape)) * kind.itemsize)).from_address(here.data)
    return np.frombuffer(memory, kind).reshape(shape).copy()


class OnGpu:
    """Gives rows of zeros, on the GPU that the plan's device names. `seen` are the devices of all copies.

    Args:
        raises_at: The number of the run that raises, from 1; 0: none.
    """

    seen: ClassVar[list[str]] = []

    def __init__(self, raises_at: int = 0) -> None:
        self._raises_at, self._runs = raises_at, 0

    def describe(self) -> Model:
        return Model((Tensor("pictures", "f32", (-1, 3, SIZE, SIZE)),), (Tensor("rows", "f32", (-1, 10, 6)),))

    def compile(self, plan: Plan) -> Ready:
        self.seen.append(plan.device)
        return Ready(f"fake on {plan.device}", 1, int(plan.device.partition(":")[2] or 0))

    def infer(self, inputs: dict[str, Any]) -> Mapping[str, Any]:
        raise AssertionError("it runs on the GPU")

    def infer_on_device(self, inputs: dict[str, Any], units: int, stream: int) -> Mapping[str, Any]:
        self._runs += 1
        if self._runs == self._raises_at:
            raise ValueError("the model's own mistake")
        return {"rows": OnDevice(np.zeros((units, 10, 6), np.float32))}
