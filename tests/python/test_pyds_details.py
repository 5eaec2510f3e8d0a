"""Key points and maps of classes, by hand: what a model leaves is seen in tests/flow/test_flow_details.py."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import pyds
from fluvial import _core
from fluvial._core import StaleMetadataError, _testing


@pytest.fixture
def buffer():
    return _testing.make_buffer(frames=2, objects=4)


@pytest.fixture
def frame(buffer):
    return _core.Batch.of(hash(buffer), ["door", "yard"]).frames[0]


def points(count, first=0.0):
    return np.arange(first, first + 3 * count, dtype=np.float32).reshape(count, 3)


def test_without_any_key_points_are_an_empty_array(frame):
    assert frame.objects[0].keypoints.shape == (0, 3)
    assert frame.objects.keypoints.shape == (4, 0, 3)
    assert frame.objects[:0].keypoints.shape == (0, 0, 3)


def test_key_points_that_are_set_replace_those_before(frame):
    one = frame.objects[1]
    one.keypoints = points(2)
    one.keypoints = points(3, first=10)
    assert one.keypoints.dtype == np.float32
    assert one.keypoints.tolist() == points(3, first=10).tolist()
    one.keypoints = points(0)
    assert one.keypoints.shape == (0, 3)


def test_a_column_of_key_points_has_zeros_where_an_object_has_fewer(frame):
    frame.objects[0].keypoints = points(2)
    frame.objects[2].keypoints = points(3)
    column = frame.objects.keypoints
    assert column.shape == (4, 3, 3)
    assert column[0, :2].tolist() == points(2).tolist()
    assert not column[0, 2].any()
    assert not column[1].any()
    assert column[2].tolist() == points(3).tolist()


@pytest.mark.parametrize("wrong", [np.zeros((2, 2), np.float32), np.zeros(3, np.float32), "points", None])
def test_what_are_no_key_points_is_refused(frame, wrong):
    with pytest.raises(TypeError):
        frame.objects[0].keypoints = wrong


def test_data_of_a_program_under_the_same_types_is_not_read(frame):
    batch, obj = frame.meta.base_meta.batch_meta, frame.objects[0]
    types = [pyds.nvds_get_user_meta_type("FLUVIAL.OBJECT.KEYPOINTS"), int(pyds.NVDSINFER_SEGMENTATION_META)]
    for number in types:
        user = pyds.nvds_acquire_user_meta_from_pool(batch)
        user.user_meta_data = pyds.NvOSD_RectParams()
        user.base_meta.meta_type = pyds.NvDsMetaType(number)
        pyds.nvds_add_user_meta_to_obj(obj.meta, user)
    assert obj.keypoints.shape == (0, 3)
    assert obj.segmentation is None


def test_a_map_of_classes_is_a_copy(buffer, frame):
    assert frame.segmentation is None
    assert frame.segmentation_probabilities is None
    _testing.add_segmentation(buffer)
    found = frame.segmentation
    assert (found.dtype, found.tolist()) == (np.int32, [[0, 1, 2], [3, 4, -1]])
    buffer.close()
    assert found.sum() == 9
    with pytest.raises(StaleMetadataError):
        _ = frame.segmentation


def test_c_programs_read_key_points_by_their_type(frame):
    frame.objects[0].keypoints = points(2)

    class Keypoints(ctypes.Structure):
        _fields_ = [
            ("unique_id", ctypes.c_uint),
            ("count", ctypes.c_uint),
            ("points", ctypes.POINTER(ctypes.c_float)),
        ]

    user = pyds.NvDsUserMeta.cast(frame.objects[0].meta.obj_user_meta_list.data)
    assert int(user.base_meta.meta_type) == pyds.nvds_get_user_meta_type("FLUVIAL.OBJECT.KEYPOINTS")
    seen = Keypoints.from_address(pyds.get_ptr(user.user_meta_data))
    assert (seen.count, seen.points[:6]) == (2, [0, 1, 2, 3, 4, 5])
