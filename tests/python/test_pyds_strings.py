"""Strings and memory by address."""

from __future__ import annotations

import ctypes
import sys

import pytest

import pyds


def test_display_text_is_an_address_and_get_string_reads_it():
    text = pyds.NvOSD_TextParams()
    assert text.display_text == 0
    assert pyds.get_string(text.display_text) is None
    text.display_text = "Frame Number=7"
    assert isinstance(text.display_text, int)
    assert pyds.get_string(text.display_text) == "Frame Number=7"
    text.display_text = pyds.get_string(text.display_text) + " ü"
    assert pyds.get_string(text.display_text) == "Frame Number=7 ü"
    with pytest.raises(TypeError, match="display_text: expected str"):
        text.display_text = 5


def test_font_names_are_shared():
    one, two = pyds.NvOSD_FontParams(), pyds.NvOSD_FontParams()
    one.font_name = two.font_name = "Serif"
    assert one.font_name == two.font_name
    assert pyds.get_string(one.font_name) == "Serif"


@pytest.mark.parametrize("address", [1, 99, 0x7FFF00000000, 2**63, 2**64 - 1])
def test_foreign_addresses_raise(address):
    with pytest.raises(ValueError, match="no string at address"):
        pyds.get_string(address)
    with pytest.raises(ValueError):
        pyds.strdup(address)


@pytest.mark.parametrize("address", [-1, 2**64, 1.5, "x", None])
def test_what_is_no_address_raises(address):
    with pytest.raises(TypeError):
        pyds.get_string(address)
    with pytest.raises(TypeError):
        pyds.free_buffer(address)


def test_a_string_up_to_the_end_of_the_memory_is_read():
    import mmap

    page = mmap.mmap(-1, mmap.PAGESIZE)
    page[-4:] = b"end\0"
    address = ctypes.addressof(ctypes.c_char.from_buffer(page)) + mmap.PAGESIZE - 4
    assert pyds.get_string(address) == "end"


def test_buffers_are_made_and_freed_once():
    address = pyds.alloc_buffer(33)
    ctypes.memmove(address, b"2026-01-01", 10)
    assert pyds.get_string(address) == "2026-01-01"
    copy = pyds.strdup(address)
    twin = pyds.memdup(address, 33)
    pyds.free_buffer(address)
    pyds.free_buffer(address)
    assert (pyds.get_string(copy), pyds.strdup2str(twin)) == ("2026-01-01", "2026-01-01")
    pyds.free_buffer(copy)
    pyds.free_buffer(twin)
    assert pyds.strdup2str(0) == ""
    assert (pyds.strdup(0), pyds.memdup(0, 8)) == (0, 0)
    with pytest.raises(MemoryError):
        pyds.alloc_buffer(2**62)


def test_freeing_what_is_not_ours_is_nothing():
    text = pyds.NvOSD_TextParams()
    text.display_text = "mine"
    pyds.free_buffer(text.display_text)
    pyds.free_buffer(12345)
    assert pyds.get_string(text.display_text) == "mine"
    text.display_text = "again"
    assert pyds.get_string(text.display_text) == "again"


def test_copied_memory_can_be_cast_and_is_stale_once_freed():
    rect = pyds.NvOSD_RectParams()
    rect.left = 5
    # Programs ask for sys.getsizeof(cls), which is larger than the struct.
    address = pyds.memdup(pyds.get_ptr(rect), sys.getsizeof(pyds.NvOSD_RectParams))
    copy = pyds.NvOSD_RectParams.cast(address)
    rect.left = 6
    assert copy.left == 5
    pyds.free_buffer(address)
    with pytest.raises(Exception, match="NvOSD_RectParams: its memory was freed"):
        _ = copy.left
    with pytest.raises(TypeError, match="pointer of unknown kind"):
        pyds.NvDsObjectMeta.cast(pyds.alloc_buffer(5000))
    with pytest.raises(ValueError, match="holds no"):
        pyds.NvOSD_RectParams.cast(pyds.alloc_buffer(4))


def test_nothing_is_put_over_the_memory_of_others_but_over_a_copy():
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    memory = (ctypes.c_float * 64)(1.5)
    capsule = new(ctypes.addressof(memory), None, None)
    with pytest.raises(ValueError, match=r"does not know whose memory .* cast a copy: memdup\(get_ptr\(x\), size\)"):
        pyds.NvOSD_RectParams.cast(capsule)
    with pytest.raises(TypeError, match=r"NvDsBatchMeta\.cast: this is a pointer of unknown kind"):
        pyds.NvDsBatchMeta.cast(capsule)
    copy = pyds.memdup(pyds.get_ptr(capsule), 256)
    assert pyds.NvOSD_RectParams.cast(copy).left == 1.5
    pyds.free_buffer(copy)
