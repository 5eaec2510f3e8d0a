"""frame.surface: pixels where they lie, for NumPy and, of a GPU, for whoever reads DLPack or __cuda_array_interface__.

A surface "on a GPU" is one of the host's that says so: nothing here reads by the addresses that it gives. That PyTorch
reads what frame.pixels() shows is checked by hand on a machine that has a GPU: docs/gpu.md.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Any

import numpy as np
import pytest

import fluvial
from fluvial._core import _testing
from fluvial._core._testing import make_buffer, make_device_buffer


def surface_of(buffer: object) -> fluvial.Surface:
    batch = fluvial.Batch.of(hash(buffer))
    assert batch is not None
    return batch[0].surface


class _Tensor(ctypes.Structure):
    """DLTensor, as its ABI has it."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


def pointer_in(capsule: object, name: bytes) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get(capsule, name))


def tensor_in(capsule: object) -> _Tensor:
    return _Tensor.from_address(pointer_in(capsule, b"dltensor"))


def test_a_surface_says_what_it_is_and_where() -> None:
    surface = surface_of(make_buffer(format="NV12", width=65, height=47))
    assert (surface.format, surface.size, surface.device, surface.is_on_gpu) == ("NV12", (65, 47), "cpu", False)
    luma, chroma = surface.planes
    assert (luma.shape, chroma.shape, chroma.device) == ((47, 65), (24, 33, 2), "cpu")
    assert chroma.strides[1:] == (2, 1)
    there = surface_of(make_device_buffer(format="NV12"))
    assert (there.device, there.is_on_gpu, there.planes[1].device) == ("cuda:0", True, "cuda:0")


@pytest.mark.parametrize(("pixels", "channels"), [("RGBA", 4), ("RGB", 3), ("BGRx", 4)])
def test_a_surface_of_one_plane_is_an_array_itself(pixels: str, channels: int) -> None:
    surface = surface_of(make_buffer(format=pixels))
    assert np.asarray(surface).shape == np.from_dlpack(surface).shape == (48, 64, channels)
    assert surface.__dlpack_device__() == (1, 0)


@pytest.mark.parametrize("make", [make_buffer, make_device_buffer])
def test_a_surface_of_two_planes_says_that_it_is_two_arrays(make: Any) -> None:
    surface = surface_of(make(format="NV12"))
    for read in (
        np.asarray,
        lambda s: s.__dlpack__(),
        lambda s: s.__dlpack_device__(),
        lambda s: s.__cuda_array_interface__,
    ):
        with pytest.raises(
            TypeError, match=r"a NV12 surface is 2 arrays, surface\.planes; frame\.pixels\(\) is one of RGBA"
        ):
            read(surface)


def test_numpy_sees_the_pixels_of_the_host_and_does_not_write_them() -> None:
    buffer = make_buffer(format="NV12")
    rng = np.random.default_rng(3)
    _testing.paint(buffer, 0, rng.integers(0, 256, (48, 64, 4), dtype=np.uint8))
    luma, chroma = surface_of(buffer).planes
    for array in (np.asarray(luma), np.from_dlpack(luma)):
        assert array.shape == (48, 64)
        assert array.std() > 10
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    assert np.asarray(chroma, dtype=np.float32).dtype == np.float32
    copy = np.array(chroma)
    copy[:] = 0  # one's own


def test_arrays_outlive_the_batch_and_the_buffer() -> None:
    buffer = make_buffer(format="RGBA")
    _testing.paint(buffer, 0, np.full((48, 64, 4), 77, dtype=np.uint8))
    batch = fluvial.Batch.of(hash(buffer), keep=True)
    assert batch is not None
    frame = batch[0]
    surface = frame.surface
    array = np.from_dlpack(surface)
    batch.close()
    with pytest.raises(fluvial.StaleMetadataError):
        _ = frame.surface
    del buffer, batch, frame, surface
    gc.collect()
    others = [make_buffer(format="RGBA") for _ in range(20)]  # would take the memory, were it free
    assert np.all(array == 77)
    del others


def test_a_gpu_s_surface_is_lent_as_dlpack_has_it() -> None:
    surface = surface_of(make_device_buffer(format="NV12", width=64, height=48))
    luma, chroma = surface.planes
    assert chroma.__dlpack_device__() == (2, 0)
    capsule = chroma.__dlpack__(stream=1)
    tensor = tensor_in(capsule)
    assert (tensor.device_type, tensor.device_id, tensor.ndim) == (2, 0, 3)
    assert (tensor.code, tensor.bits, tensor.lanes, tensor.byte_offset) == (1, 8, 1, 0)
    assert tuple(tensor.shape[:3]) == (24, 32, 2)
    assert tuple(tensor.strides[:3]) == chroma.strides
    assert tensor.data == chroma.__cuda_array_interface__["data"][0] != luma.__cuda_array_interface__["data"][0]


def test_who_takes_version_1_is_told_that_the_pixels_are_not_to_be_written() -> None:
    luma = surface_of(make_device_buffer(format="NV12")).planes[0]
    capsule = luma.__dlpack__(stream=-1, max_version=(1, 1), dl_device=(2, 0), copy=False)
    lent = _Versioned.from_address(pointer_in(capsule, b"dltensor_versioned"))
    assert (lent.major, lent.flags) == (1, 1)
    assert tuple(lent.tensor.shape[:2]) == (48, 64)
    assert "dltensor_versioned" not in repr(luma.__dlpack__(max_version=(0, 8)))


def test_what_was_taken_is_given_back_without_the_capsule_and_by_any_thread() -> None:
    buffer = make_device_buffer()
    watch = _testing.watch_surface(buffer)
    surface = surface_of(buffer)
    capsule = surface.__dlpack__(stream=2)
    address = pointer_in(capsule, b"dltensor")
    rename = ctypes.pythonapi.PyCapsule_SetName
    rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
    used = b"used_dltensor"
    rename(capsule, used)  # as a consumer does
    del surface, capsule, buffer
    gc.collect()
    assert watch.is_alive
    deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(
        ctypes.c_void_p.from_address(address + ctypes.sizeof(_Tensor) + 8).value
    )
    deleter(address)  # ctypes lets go of the GIL
    assert not watch.is_alive


def test_a_capsule_that_nobody_took_gives_its_surface_back() -> None:
    buffer = make_device_buffer()
    watch = _testing.watch_surface(buffer)
    unused = surface_of(buffer).__dlpack__()
    del buffer
    assert watch.is_alive
    del unused
    assert not watch.is_alive


def test_the_cuda_array_interface_is_of_version_3_and_nobody_has_to_wait() -> None:
    surface = surface_of(make_device_buffer(format="RGBA"))
    interface = surface.__cuda_array_interface__
    assert interface["version"] == 3
    assert interface["shape"] == (48, 64, 4)
    assert interface["strides"] == surface.planes[0].strides
    assert interface["typestr"] == "|u1"
    assert interface["stream"] is None
    assert interface["data"][0] > 0


def test_a_surface_of_the_host_has_no_address_on_a_gpu() -> None:
    plane = surface_of(make_buffer()).planes[0]
    assert not hasattr(plane, "__cuda_array_interface__")
    with pytest.raises(
        AttributeError, match=r"plane 0 of a RGBA surface lies in system memory, not on a GPU; numpy\.asarray"
    ):
        _ = plane.__cuda_array_interface__


def test_numpy_is_told_that_it_cannot_see_a_gpu() -> None:
    plane = surface_of(make_device_buffer()).planes[0]
    with pytest.raises(
        TypeError, match=r"lies on cuda:0, where NumPy sees nothing: torch\.from_dlpack.*frame\.pixels\(\) copies"
    ):
        np.asarray(plane)
    with pytest.raises((BufferError, RuntimeError)):
        np.from_dlpack(plane)


@pytest.mark.parametrize(
    ("wish", "error", "text"),
    [
        ({"copy": True}, BufferError, r"copy=True, but nothing is copied here: .*clone\(\)"),
        (
            {"dl_device": (1, 0)},
            BufferError,
            r"dl_device=\(1, 0\), but plane 0 of a RGBA surface lies on cuda:0; frame\.pixels\(\)",
        ),
        ({"stream": 0}, ValueError, r"stream=0; allowed are None, -1 \(nobody waits\), 1 \(the default stream\), 2"),
        ({"stream": -7}, ValueError, r"stream=-7; allowed are"),
        ({"stream": "main"}, ValueError, r"stream='main'; allowed are"),
        ({"max_version": 1}, TypeError, r"max_version=1; a tuple of two numbers is needed"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_are_told(wish: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        surface_of(make_device_buffer()).planes[0].__dlpack__(**wish)


def test_the_host_has_no_streams() -> None:
    with pytest.raises(
        ValueError, match=r"stream=1 of plane 0 of a RGBA surface, which lies in system memory: None is needed"
    ):
        surface_of(make_buffer()).__dlpack__(stream=1)


def test_pixels_of_a_gpu_s_frame_are_still_to_be_had() -> None:
    buffer = make_device_buffer(format="NV12")
    batch = fluvial.Batch.of(hash(buffer))
    assert batch is not None
    assert batch[0].pixels().shape == (48, 64, 4)
