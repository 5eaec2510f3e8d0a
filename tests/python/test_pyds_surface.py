"""Pixels as NumPy arrays."""

from __future__ import annotations

import numpy as np
import pytest

import pyds
from fluvial._core import _testing


def test_a_surface_is_a_writable_view_with_the_pitch_as_stride():
    buffer = _testing.make_buffer(width=65, height=48)
    pixels = pyds.get_nvds_buf_surface(hash(buffer), 0)
    assert (pixels.shape, pixels.dtype) == ((48, 65, 4), np.uint8)
    assert pixels.strides[1:] == (4, 1)
    assert pixels.strides[0] >= 65 * 4
    assert pixels.flags.writeable
    pixels[3, 5] = (9, 8, 7, 6)
    assert buffer.pixel(0, 5, 3) == 9
    copy = np.array(pixels, copy=True, order="C")
    assert tuple(copy[3, 5]) == (9, 8, 7, 6)


def test_two_views_of_a_frame_show_the_same_pixels_and_frames_differ():
    buffer = _testing.make_buffer(frames=2)
    first = pyds.get_nvds_buf_surface(hash(buffer), 0)
    second = pyds.get_nvds_buf_surface(hash(buffer), 0)
    other = pyds.get_nvds_buf_surface(hash(buffer), 1)
    first[0, 0] = 5
    assert second[0, 0, 0] == 5
    assert other[0, 0, 0] == 0


def test_a_view_outlives_its_buffer():
    buffer = _testing.make_buffer()
    pixels = pyds.get_nvds_buf_surface(hash(buffer), 0)
    pyds.unmap_nvds_buf_surface(hash(buffer), 0)
    buffer.close()
    pixels[:] = 1
    assert int(pixels.sum()) == pixels.size


def test_writing_one_branch_leaves_the_other_alone():
    buffer = _testing.make_buffer()
    branch = buffer.copy()
    pyds.get_nvds_buf_surface(hash(buffer), 0)[:] = 7
    assert (buffer.pixel(0, 0, 0), branch.pixel(0, 0, 0)) == (7, 0)


def test_rgb_has_three_channels():
    buffer = _testing.make_buffer(format="RGB")
    assert pyds.get_nvds_buf_surface(hash(buffer), 0).shape == (48, 64, 3)


def test_other_formats_and_frames_are_errors_that_say_why():
    buffer = _testing.make_buffer(format="NV12")
    with pytest.raises(RuntimeError, match=r"the surface is NV12.*format=RGBA"):
        pyds.get_nvds_buf_surface(hash(buffer), 0)
    with pytest.raises(RuntimeError, match=r"holds 1 surface"):
        pyds.get_nvds_buf_surface(hash(buffer), 1)
    with pytest.raises(TypeError):
        pyds.get_nvds_buf_surface(hash(buffer), -1)


def test_unmapping_needs_a_frame_of_the_buffer() -> None:
    buffer = _testing.make_buffer()
    pyds.unmap_nvds_buf_surface(hash(buffer), 0)
    pyds.unmap_nvds_buf_surface(hash(buffer), 0)
    with pytest.raises(RuntimeError, match=r"batch_id 1: the buffer holds 1 surface"):
        pyds.unmap_nvds_buf_surface(hash(buffer), 1)


def test_system_memory_is_no_array_of_a_gpu() -> None:
    buffer = _testing.make_buffer()
    with pytest.raises(RuntimeError, match=r"system memory, not on a GPU; get_nvds_buf_surface shows it"):
        pyds.get_nvds_buf_surface_gpu(hash(buffer), 0)
    other = _testing.make_buffer(format="NV12")
    with pytest.raises(RuntimeError, match=r"get_nvds_buf_surface_gpu: the surface is NV12"):
        pyds.get_nvds_buf_surface_gpu(hash(other), 0)
    with pytest.raises(RuntimeError, match=r"batch_id 3: the buffer holds 1 surface"):
        pyds.get_nvds_buf_surface_gpu(hash(buffer), 3)


@pytest.mark.parametrize(("pixels", "channels"), [("RGBA", 4), ("RGB", 3)])
def test_a_surface_on_a_gpu_is_described_as_cupy_wants_it(pixels: str, channels: int) -> None:
    buffer = _testing.make_device_buffer(format=pixels)
    dtype, shape, strides, address, size = pyds.get_nvds_buf_surface_gpu(hash(buffer), 0)
    assert (dtype, shape) == (np.dtype(np.uint8), (48, 64, channels))
    assert strides == (strides[0], channels, 1)
    assert size == 48 * strides[0]
    assert pyds.get_ptr(address) > 0


def test_the_address_on_a_gpu_keeps_its_surface_and_is_the_same_for_all_who_ask() -> None:
    buffer = _testing.make_device_buffer()
    watch = _testing.watch_surface(buffer)
    first = pyds.get_nvds_buf_surface_gpu(hash(buffer), 0)[3]
    second = pyds.get_nvds_buf_surface_gpu(hash(buffer), 0)[3]
    assert pyds.get_ptr(first) == pyds.get_ptr(second)
    del buffer, second
    assert watch.is_alive
    del first
    assert not watch.is_alive
