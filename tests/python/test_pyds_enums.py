"""Enums behave as pybind11's."""

from __future__ import annotations

import pickle

import pytest

import pyds
from fluvial._core import _testing

USER = pyds.NvDsMetaType.NVDS_USER_META


def test_members_have_names_values_and_ints():
    assert (USER.name, USER.value, int(USER)) == ("NVDS_USER_META", 7, 7)
    assert (str(USER), repr(USER)) == ("NvDsMetaType.NVDS_USER_META", "<NvDsMetaType.NVDS_USER_META: 7>")
    assert [10, 20, 30, 40][pyds.NVBUF_MEM_CUDA_UNIFIED] == 40
    assert pyds.NvBufSurfaceMemType.__members__["NVBUF_MEM_SYSTEM"] == 6


def test_members_are_in_the_module_too():
    assert pyds.NVBUF_MEM_CUDA_UNIFIED is pyds.NvBufSurfaceMemType.NVBUF_MEM_CUDA_UNIFIED
    assert int(pyds.NVBUF_MEM_CUDA_UNIFIED) == 3
    assert pyds.NVDSINFER_SEGMENTATION_META == 13
    assert pyds.FLOAT == 0


def test_equality_and_hash_are_an_ints():
    assert USER == 7
    assert 7 == USER
    assert USER != 8
    assert USER != "x"
    assert USER is not None
    assert USER in [3, pyds.NvDsMetaType.NVDS_USER_META]
    assert {USER: 1}[7] == 1
    assert hash(USER) == hash(7)


def test_there_is_no_order_and_no_arithmetic():
    with pytest.raises(TypeError):
        _ = USER < 8
    with pytest.raises(TypeError):
        _ = USER | 1


def test_unknown_values_are_kept():
    unknown = pyds.NvDsMetaType(9999)
    assert (unknown.name, unknown.value, repr(unknown)) == ("???", 9999, "<NvDsMetaType.???: 9999>")
    assert unknown == 9999
    assert pyds.NvDsMetaType(7) is USER
    assert pyds.NvDsMetaType(value=USER) is USER
    with pytest.raises(TypeError):
        pyds.NvDsMetaType()
    with pytest.raises(TypeError):
        pyds.NvDsMetaType(1.5)


def test_fields_want_the_enum():
    arrow = pyds.NvOSD_ArrowParams()
    arrow.arrow_head = pyds.NvOSD_Arrow_Head_Direction.BOTH_HEAD
    assert arrow.arrow_head == 2
    for wrong in (1, pyds.NVBUF_MEM_DEFAULT, None):
        with pytest.raises(TypeError, match="expected NvOSD_Arrow_Head_Direction"):
            arrow.arrow_head = wrong


def test_a_meta_type_may_be_a_number_of_the_users_own():
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer := _testing.make_buffer()))
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    own = pyds.nvds_get_user_meta_type("EXAMPLE.OWN.META")
    assert own > 8193
    user.base_meta.meta_type = own
    assert user.base_meta.meta_type == own
    assert pyds.nvds_get_user_meta_type("NVIDIA.DSANALYTICSOBJ.USER_META") == 33
    with pytest.raises(TypeError):
        user.base_meta.meta_type = 7
    frame = pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)
    with pytest.raises(ValueError, match="only a user meta's"):
        frame.base_meta.meta_type = USER
    with pytest.raises(ValueError, match="a batch stays"):
        batch.base_meta.meta_type = USER
    del buffer


def test_members_can_be_pickled():
    assert pickle.loads(pickle.dumps(USER)) is USER
