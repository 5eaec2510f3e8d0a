"""Metadata that is gone: always an exception that says what and where, never a crash. And nothing leaks."""

from __future__ import annotations

import gc
import os
import threading
import tracemalloc

import pytest

import pyds
from fluvial._core import StaleMetadataError, _testing


def first_object(buffer):
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    frame = pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)
    node = frame.obj_meta_list
    return batch, frame, node, pyds.NvDsObjectMeta.cast(node.data)


def test_use_after_the_buffer_says_what_where_and_why():
    buffer = _testing.make_buffer(objects=2)
    batch, frame, node, obj = first_object(buffer)
    rect, color, capsule = obj.rect_params, obj.rect_params.border_color, node.data
    buffer.close()
    with pytest.raises(StaleMetadataError, match=r"NvDsObjectMeta: its buffer is gone.*in first_object \(.*stale"):
        _ = obj.class_id
    for access in (
        lambda: batch.frame_meta_list,
        lambda: frame.num_obj_meta,
        lambda: rect.left,
        lambda: color.set(0, 0, 0, 0),
        lambda: setattr(obj, "obj_label", "x"),
        lambda: setattr(obj.text_params, "display_text", "x"),
        lambda: pyds.NvDsObjectMeta.cast(capsule),
        lambda: pyds.NvDsObjectMeta.cast(node.next.data),
        lambda: pyds.nvds_acquire_obj_meta_from_pool(batch),
        lambda: pyds.nvds_acquire_meta_lock(batch),
        lambda: pyds.nvds_add_obj_meta_to_frame(frame, obj, None),
        lambda: obj.mask_params.get_mask_array(),
        lambda: obj.misc_obj_info,
        lambda: pyds.get_ptr(obj),
    ):
        with pytest.raises(StaleMetadataError):
            access()


def test_arrays_stay_readable_after_the_buffer():
    buffer = _testing.make_buffer(objects=1)
    _, _, _, obj = first_object(buffer)
    view = obj.misc_obj_info
    view[0] = 3
    buffer.close()
    view[1] = 4
    assert view.shape == (4,)


def test_a_removed_object_is_stale_even_when_its_place_is_taken_again():
    buffer = _testing.make_buffer(objects=1)
    batch, frame, node, obj = first_object(buffer)
    pyds.nvds_remove_obj_meta_from_frame(frame, obj)
    with pytest.raises(StaleMetadataError, match=r"NvDsObjectMeta: it was removed"):
        _ = obj.class_id
    again = pyds.nvds_acquire_obj_meta_from_pool(batch)
    assert again.class_id == 0
    with pytest.raises(StaleMetadataError):
        _ = obj.class_id
    with pytest.raises(StaleMetadataError):
        pyds.NvDsObjectMeta.cast(node.data)
    with pytest.raises(StaleMetadataError):
        pyds.nvds_remove_obj_meta_from_frame(frame, obj)


def test_an_object_removed_while_its_value_is_computed_is_not_written():
    buffer = _testing.make_buffer(objects=1)
    _, frame, _, obj = first_object(buffer)

    class Remover:
        def __index__(self):
            pyds.nvds_remove_obj_meta_from_frame(frame, obj)
            return 1

    with pytest.raises(StaleMetadataError):
        obj.class_id = Remover()


@pytest.mark.parametrize("number", [0, 1, 12345, -1, 2**64, 2**63, 0x7FFF00000000])
def test_any_int_as_a_buffer_raises(number):
    with pytest.raises(ValueError):
        pyds.gst_buffer_get_nvds_batch_meta(number)
    with pytest.raises(ValueError):
        pyds.get_nvds_buf_surface(number, 0)


def test_addresses_of_things_that_are_no_buffer_raise():
    buffer = _testing.make_buffer()
    address = hash(buffer)
    buffer.close()
    for wrong in (id(pyds), id(object()), address, address + 1, address + 8):
        with pytest.raises(ValueError, match=r"no address of a Gst.Buffer"):
            pyds.gst_buffer_get_nvds_batch_meta(wrong)
    for wrong in (None, "x", 1.5, object()):
        with pytest.raises(TypeError):
            pyds.gst_buffer_get_nvds_batch_meta(wrong)


def test_what_crashes_the_original_does_not_crash_here():
    """Keep everything, drop the buffers, use all of it: with NVIDIA's module this reads and writes freed memory."""
    kept, refused = [], 0
    for _ in range(200):
        buffer = _testing.make_buffer(frames=2, objects=20)
        kept.append(first_object(buffer))
        display = pyds.nvds_acquire_display_meta_from_pool(kept[-1][0])
        display.text_params[0].display_text = "text"
        kept[-1] += (display, display.text_params)
        buffer.close()
    for batch, frame, node, obj, display, texts in kept:
        for use in (
            lambda: batch.num_frames_in_batch,
            lambda: frame.obj_meta_list,
            lambda: pyds.NvDsObjectMeta.cast(node.next.data),
            lambda: obj.rect_params.border_color.set(0, 0, 1, 1),
            lambda: setattr(obj, "obj_label", "x" * 500),
            lambda: setattr(texts[0], "display_text", "again"),
            lambda: pyds.nvds_add_display_meta_to_frame(frame, display),
            lambda: pyds.nvds_remove_obj_meta_from_frame(frame, obj),
        ):
            with pytest.raises(StaleMetadataError):
                use()
            refused += 1
    assert refused == 1600


def test_use_from_another_thread_while_buffers_go_never_crashes():
    stop = threading.Event()
    shared = [first_object(_testing.make_buffer(objects=5))]
    outcomes = {"read": 0, "stale": 0}

    def use():
        while not stop.is_set():
            _batch, frame, _node, obj = shared[0]
            try:
                obj.rect_params.left += 1
                obj.text_params.display_text = "x"
                _ = frame.obj_meta_list
                outcomes["read"] += 1
            except StaleMetadataError:
                outcomes["stale"] += 1

    user = threading.Thread(target=use)
    user.start()
    for _ in range(300):
        buffer = _testing.make_buffer(objects=5)
        shared[0] = first_object(buffer)
        buffer.close()
    stop.set()
    user.join()
    assert sum(outcomes.values()) > 0


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_a_thousand_rounds_do_not_grow(resident_kb):
    def round_trip():
        buffer = _testing.make_buffer(frames=2, objects=10)
        batch, frame, node, obj = first_object(buffer)
        while node is not None:
            o = pyds.NvDsObjectMeta.cast(node.data)
            o.rect_params.border_color.set(0, 0, 1, 1)
            o.text_params.display_text = f"{o.obj_label} {o.class_id}"
            node = node.next
        user = pyds.nvds_acquire_user_meta_from_pool(batch)
        data = pyds.alloc_custom_struct(user)
        data.message = "hello"
        user.user_meta_data = data
        pyds.nvds_add_user_meta_to_frame(frame, user)
        obj.mask_params.width = obj.mask_params.height = 8
        obj.mask_params.alloc_mask_array()[:] = 1
        pixels = pyds.get_nvds_buf_surface(hash(buffer), 0)
        pixels[:] = 1
        copy = buffer.copy()
        copy.close()
        pyds.free_buffer(pyds.alloc_buffer(100))
        pyds.free_buffer(pyds.strdup(o.text_params.display_text))
        buffer.close()

    for _ in range(200):
        round_trip()
    gc.collect()
    tracemalloc.start()
    before, resident_before = tracemalloc.get_traced_memory()[0], resident_kb()
    for _ in range(1000):
        round_trip()
    gc.collect()
    grown, resident_grown = tracemalloc.get_traced_memory()[0] - before, resident_kb() - resident_before
    tracemalloc.stop()
    assert grown < 20_000, f"{grown} bytes of Python memory"
    assert resident_grown < 4_000, f"{resident_grown} kB resident"


def test_setting_one_text_for_ever_has_a_bound(resident_kb):
    buffer = _testing.make_buffer(objects=1)
    _, _, _, obj = first_object(buffer)
    text = obj.text_params
    for _ in range(10_000):
        text.display_text = "x" * 1000
    before = resident_kb()
    for _ in range(50_000):
        text.display_text = "x" * 1000
    assert resident_kb() - before < 8_000


def test_a_copy_of_a_buffers_bytes_is_no_buffer():
    buffer = _testing.make_buffer(objects=1)
    address = hash(buffer)
    posing = pyds.memdup(address, 400)
    assert pyds.gst_buffer_get_nvds_batch_meta(address) is not None
    assert pyds.gst_buffer_get_nvds_batch_meta(posing) is None
    buffer.close()
    assert pyds.gst_buffer_get_nvds_batch_meta(posing) is None
    with pytest.raises(RuntimeError, match="the buffer holds 0 surface"):
        pyds.get_nvds_buf_surface(posing, 0)
    pyds.free_buffer(posing)


def test_what_an_element_left_is_stale_with_its_buffer_and_arrays_of_it_are_copies():
    buffer = _testing.make_buffer(objects=1)
    _testing.add_tensors(buffer)
    frame = first_object(buffer)[1]
    user = pyds.NvDsUserMeta.cast(frame.frame_user_meta_list.data)
    tensors = pyds.NvDsInferTensorMeta.cast(user.user_meta_data)
    layer = pyds.get_nvds_LayerInfo(tensors, 0)
    dims = layer.inferDims.d
    with pytest.raises(ValueError, match="does not know whose memory"):
        pyds.NvOSD_RectParams.cast(tensors.out_buf_ptrs_host)
    buffer.close()
    dims[...] = 7
    for access in (lambda: tensors.unique_id, lambda: layer.inferDims, lambda: pyds.get_nvds_LayerInfo(tensors, 0)):
        with pytest.raises(StaleMetadataError):
            access()


def test_a_lock_is_given_back_by_who_took_it_even_after_the_buffer():
    buffer = _testing.make_buffer(objects=1)
    batch = first_object(buffer)[0]
    pyds.nvds_release_meta_lock(batch)  # not taken: nothing happens
    pyds.nvds_acquire_meta_lock(batch)
    closing = threading.Thread(target=buffer.close)  # waits for the lock
    closing.start()
    while True:  # the metadata is dead before its lock is asked for
        try:
            _ = batch.num_frames_in_batch
        except StaleMetadataError:
            break
    pyds.nvds_release_meta_lock(batch)
    closing.join(10)
    assert not closing.is_alive()
    with pytest.raises(StaleMetadataError):
        pyds.nvds_release_meta_lock(batch)
