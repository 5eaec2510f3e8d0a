"""Reading and writing metadata as pyds's programs do."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pyds
from fluvial._core import _testing
from needed import package


def frames_of(batch):
    node = batch.frame_meta_list
    while node is not None:
        try:
            yield pyds.NvDsFrameMeta.cast(node.data)
            node = node.next
        except StopIteration:
            break


def objects_of(frame):
    node = frame.obj_meta_list
    while node is not None:
        yield pyds.NvDsObjectMeta.cast(node.data)
        node = node.next


@pytest.fixture
def buffer():
    return _testing.make_buffer(frames=2, objects=3)


@pytest.fixture
def batch(buffer):
    return pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))


@pytest.fixture
def frame(batch):
    return next(frames_of(batch))


@pytest.fixture
def obj(frame):
    return next(objects_of(frame))


def test_a_walk_sees_every_frame_in_order_and_the_newest_object_first(batch):
    seen = [(f.frame_num, [o.class_id for o in objects_of(f)]) for f in frames_of(batch)]
    assert seen == [(7, [2, 1, 0]), (8, [2, 1, 0])]
    assert batch.num_frames_in_batch == 2
    assert [f.num_obj_meta for f in frames_of(batch)] == [3, 3]


def test_an_empty_list_is_none_and_a_node_is_true(batch, frame):
    assert frame.display_meta_list is None
    assert frame.frame_user_meta_list is None
    node = frame.obj_meta_list
    assert node
    assert node.prev is None
    assert pyds.NvDsObjectMeta.cast(node.next.prev.data).class_id == 2


def test_a_buffer_without_metadata_gives_none():
    gi = package("gi")
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst

    Gst.init(None)
    assert pyds.gst_buffer_get_nvds_batch_meta(hash(Gst.Buffer())) is None


def test_fields_are_written_through(frame, obj):
    obj.class_id = 9
    obj.confidence = np.float32(0.25)
    obj.object_id = 0xFFFFFFFFFFFFFFFF
    obj.rect_params.left = 12
    obj.rect_params.border_color.set(0.0, 0.5, 1, alpha=0.75)
    obj.obj_label = "train"
    again = next(objects_of(frame))
    color = again.rect_params.border_color
    assert (again.class_id, again.confidence, again.object_id) == (9, 0.25, 0xFFFFFFFFFFFFFFFF)
    assert (again.rect_params.left, again.obj_label) == (12.0, "train")
    assert (color.red, color.green, color.blue, color.alpha) == (0.0, 0.5, 1.0, 0.75)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("class_id", 1.5),
        ("class_id", "1"),
        ("class_id", None),
        ("class_id", 2**31),
        ("object_id", -1),
        ("object_id", 2**64),
        ("confidence", "high"),
        ("obj_label", 5),
        ("rect_params", 5),
        ("rect_params", pyds.NvOSD_TextParams()),
        ("base_meta", pyds.NvDsBaseMeta()),
        ("parent", 5),
    ],
)
def test_a_wrong_type_is_a_type_error_that_names_the_field(obj, name, value):
    with pytest.raises(TypeError, match=r"NvDsObjectMeta|base_meta"):
        setattr(obj, name, value)


def test_bool_and_numpy_ints_are_ints_and_text_offsets_are_unsigned(obj):
    obj.class_id = True
    assert obj.class_id == 1
    obj.class_id = np.int64(4)
    assert obj.class_id == 4
    with pytest.raises(TypeError, match=r"NvOSD_TextParams.x_offset: -1 does not fit"):
        obj.text_params.x_offset = -1


def test_nothing_can_be_added_or_deleted(obj):
    with pytest.raises(AttributeError):
        obj.colour = 3
    with pytest.raises(TypeError, match="cannot be deleted"):
        del obj.class_id


def test_long_labels_are_cut_at_a_whole_character(obj):
    obj.obj_label = "ü" * 100
    assert obj.obj_label == "ü" * 63
    obj.obj_label = "a"
    assert obj.obj_label == "a"


def test_structs_are_assigned_by_value(frame, obj):
    rect = pyds.NvOSD_RectParams()
    rect.left, rect.width = 3, 4
    obj.rect_params = rect
    rect.left = 99
    assert (obj.rect_params.left, obj.rect_params.width) == (3.0, 4.0)
    obj.text_params.display_text = "one"
    other = pyds.NvOSD_TextParams()
    other.display_text = "two"
    obj.text_params = other
    del other
    assert pyds.get_string(obj.text_params.display_text) == "two"


def test_arrays_of_structs_are_references(batch, frame):
    display = pyds.nvds_acquire_display_meta_from_pool(batch)
    display.num_labels = 1
    text = display.text_params[0]
    text.display_text = "Frame Number=7"
    text.x_offset, text.y_offset, text.set_bg_clr = 10, 12, 1
    text.font_params.font_name = "Serif"
    text.font_params.font_size = 10
    text.font_params.font_color.set(1.0, 1.0, 1.0, 1.0)
    display.num_lines = 1
    display.line_params[0].x2 = 50
    pyds.nvds_add_display_meta_to_frame(frame, display)
    again = pyds.NvDsDisplayMeta.cast(frame.display_meta_list.data)
    assert len(again.rect_params) == 16
    assert pyds.get_string(again.text_params[0].display_text) == "Frame Number=7"
    assert pyds.get_string(again.text_params[0].font_params.font_name) == "Serif"
    assert (again.text_params[0].x_offset, again.line_params[0].x2) == (10, 50)
    with pytest.raises(ValueError, match="room for 16"):
        display.num_rects = 17
    with pytest.raises(AttributeError):
        display.rect_params = []


def test_numeric_arrays_are_writable_views_of_the_first_half(obj):
    view = obj.misc_obj_info
    assert (view.dtype, view.shape) == (np.dtype(np.int32), (4,))
    view[2] = 5
    assert list(obj.misc_obj_info) == [0, 0, 5, 0]
    with pytest.raises(AttributeError):
        obj.misc_obj_info = view


def test_a_mask_is_a_view_that_outlives_its_object(frame, obj):
    mask = obj.mask_params
    assert mask.get_mask_array().size == 0
    assert mask.data is None
    mask.width, mask.height = 4, 3
    first = mask.alloc_mask_array()
    first[:] = 0.5
    assert mask.size == 48
    assert mask.get_mask_array().sum() == 6
    assert mask.data == 0.5
    second = mask.alloc_mask_array()
    with pytest.raises(ValueError, match="the array has 48 bytes"):
        mask.size = 480
    pyds.nvds_remove_obj_meta_from_frame(frame, obj)
    first[:] = 1
    second[:] = 2
    assert first.sum() == 12
    assert second.sum() == 24


def test_a_mask_too_large_for_its_size_field_is_refused(obj):
    obj.mask_params.width = obj.mask_params.height = 2**31
    with pytest.raises(MemoryError):
        obj.mask_params.alloc_mask_array()


def test_casting_takes_capsules_objects_addresses_and_none(frame, obj):
    assert pyds.NvDsObjectMeta.cast(None) is None
    assert pyds.NvDsObjectMeta.cast(0) is None
    assert pyds.NvDsObjectMeta.cast(obj) is obj
    assert obj.cast() is obj
    assert pyds.NvDsObjectMeta.cast(data=obj) is obj
    assert pyds.NvDsObjectMeta.cast(pyds.get_ptr(obj)).class_id == obj.class_id
    assert pyds.NvDsBaseMeta.cast(obj).meta_type == pyds.NVDS_OBJ_META
    assert pyds.NvBbox_Coords.cast(obj.detector_bbox_info).width == 20


@pytest.mark.parametrize("wrong", [5, 2**63, 1.5, "x", [], object()])
def test_casting_something_else_raises(wrong):
    with pytest.raises((TypeError, ValueError)):
        pyds.NvDsObjectMeta.cast(wrong)


def test_casting_to_the_wrong_class_raises(batch, frame, obj):
    with pytest.raises(TypeError, match=r"NvDsFrameMeta.cast: this is a NvDsObjectMeta"):
        pyds.NvDsFrameMeta.cast(frame.obj_meta_list.data)
    with pytest.raises(TypeError):
        pyds.NvDsObjectMeta.cast(obj.rect_params)
    with pytest.raises(TypeError):
        pyds.NvDsObjectMeta.cast()
    with pytest.raises(TypeError):
        pyds.NvDsObjectMeta.cast(obj, obj)


def test_objects_are_added_and_removed(batch, frame, obj):
    new = pyds.nvds_acquire_obj_meta_from_pool(batch)
    assert (new.class_id, new.object_id, new.confidence) == (0, 0, 0.0)
    new.obj_label = "new"
    pyds.nvds_add_obj_meta_to_frame(frame, new, obj)
    assert frame.num_obj_meta == 4
    first = next(objects_of(frame))
    assert first.obj_label == "new"
    assert first.parent.class_id == obj.class_id
    with pytest.raises(ValueError, match="in a list already"):
        pyds.nvds_add_obj_meta_to_frame(frame, new, None)
    pyds.nvds_remove_obj_meta_from_frame(frame, obj)
    assert first.parent is None
    pyds.nvds_clear_obj_meta_list(frame, frame.obj_meta_list)
    assert frame.num_obj_meta == 0
    assert frame.obj_meta_list is None


def test_removing_while_walking_works_when_next_is_read_before(frame):
    node = frame.obj_meta_list
    while node is not None:
        obj = pyds.NvDsObjectMeta.cast(node.data)
        node = node.next
        if obj.class_id != 1:
            pyds.nvds_remove_obj_meta_from_frame(frame, obj)
    assert [o.class_id for o in objects_of(frame)] == [1]


def test_elements_of_another_batch_or_of_python_are_refused(batch, frame, obj):
    other = _testing.make_buffer(frames=1, objects=1)
    other_batch = pyds.gst_buffer_get_nvds_batch_meta(hash(other))
    foreign = pyds.nvds_acquire_obj_meta_from_pool(other_batch)
    for wrong in (foreign, pyds.NvDsObjectMeta()):
        with pytest.raises(ValueError, match="this batch's pool"):
            pyds.nvds_add_obj_meta_to_frame(frame, wrong, None)
        with pytest.raises(ValueError):
            pyds.nvds_remove_obj_meta_from_frame(frame, wrong)
        with pytest.raises(ValueError, match="same batch"):
            obj.parent = wrong
    with pytest.raises(ValueError, match="made in Python"):
        pyds.nvds_add_obj_meta_to_frame(pyds.NvDsFrameMeta(), obj, None)
    with pytest.raises(ValueError, match="has no pools"):
        pyds.nvds_acquire_obj_meta_from_pool(pyds.NvDsBatchMeta())
    with pytest.raises(TypeError):
        pyds.nvds_add_obj_meta_to_frame(frame, None, None)


def test_classifications_are_walked_and_made(batch, frame, obj):
    classifier = pyds.nvds_acquire_classifier_meta_from_pool(batch)
    label = pyds.nvds_acquire_label_info_meta_from_pool(batch)
    label.result_label = "sedan"
    label.result_prob = 0.5
    label.pResult_label = "a long name"
    pyds.nvds_add_label_info_meta_to_classifier(classifier, label)
    pyds.nvds_add_classifier_meta_to_object(obj, classifier)
    again = pyds.NvDsClassifierMeta.cast(obj.classifier_meta_list.data)
    info = pyds.NvDsLabelInfo.cast(again.label_info_list.data)
    assert (again.num_labels, info.result_label, info.pResult_label) == (1, "sedan", "a long name")
    assert math.isclose(info.result_prob, 0.5)


def test_pools_can_be_read(batch, frame):
    pool = batch.obj_meta_pool
    assert (pool.meta_type, pool.num_full_elements) == (pyds.NVDS_OBJ_META, 6)
    assert pyds.NvDsObjectMeta.cast(pool.full_list.data).obj_label == "class2"
    with pytest.raises(AttributeError):
        pool.num_full_elements = 0
    with pytest.raises(TypeError, match="meta_mutex"):
        _ = batch.meta_mutex


def test_the_lock_nests_and_is_held(batch):
    pyds.nvds_acquire_meta_lock(batch)
    pyds.nvds_acquire_meta_lock(batch)
    pyds.nvds_release_meta_lock(batch)
    pyds.nvds_release_meta_lock(batch)
    pyds.nvds_release_meta_lock(batch)  # once too often: nothing happens


def test_structs_can_be_made_in_python():
    for name in dir(pyds):
        cls = getattr(pyds, name)
        if isinstance(cls, type) and hasattr(cls, "cast"):
            if cls in (pyds.NvOFFlowVector, pyds.NvDsOpticalFlowMeta):  # as in pyds
                with pytest.raises(TypeError, match="No constructor defined"):
                    cls()
                continue
            made = cls()
            assert made
            for field in dir(made):
                if not field.startswith("__"):
                    try:
                        getattr(made, field)
                    except TypeError:
                        assert field in ("meta_mutex", "meta")  # as in pyds
    with pytest.raises(TypeError, match="takes no arguments"):
        pyds.NvOSD_RectParams(1)
