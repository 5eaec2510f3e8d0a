"""What nvdsanalytics leaves: lists and dicts are copies."""

from __future__ import annotations

import gc

import pytest

import pyds
from fluvial._core import StaleMetadataError, _testing

FRAME_TYPE = pyds.nvds_get_user_meta_type("NVIDIA.DSANALYTICSFRAME.USER_META")
OBJECT_TYPE = pyds.nvds_get_user_meta_type("NVIDIA.DSANALYTICSOBJ.USER_META")


@pytest.fixture
def buffer():
    buffer = _testing.make_buffer(objects=1)
    _testing.add_analytics(hash(buffer))
    return buffer


def frame_of(buffer):
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    return pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)


def frame_analytics(buffer):
    user = pyds.NvDsUserMeta.cast(frame_of(buffer).frame_user_meta_list.data)
    assert user.base_meta.meta_type == FRAME_TYPE
    return pyds.NvDsAnalyticsFrameMeta.cast(user.user_meta_data)


def object_analytics(buffer):
    obj = pyds.NvDsObjectMeta.cast(frame_of(buffer).obj_meta_list.data)
    user = pyds.NvDsUserMeta.cast(obj.obj_user_meta_list.data)
    assert user.base_meta.meta_type == OBJECT_TYPE
    return pyds.NvDsAnalyticsObjInfo.cast(data=user.user_meta_data)


def test_programs_of_deepstream_7_ask_for_the_types_by_name():
    assert (FRAME_TYPE, OBJECT_TYPE) == (32, 33)
    assert FRAME_TYPE == pyds.NvDsMetaType.NVDS_FRAME_META_NVDSANALYTICS
    assert OBJECT_TYPE == pyds.NvDsMetaType.NVDS_OBJ_META_NVDSANALYTICS
    assert pyds.nvds_get_user_meta_type("NVIDIA.OTHER") > 8193


def test_a_frames_counts_are_dicts(buffer):
    meta = frame_analytics(buffer)
    assert meta.ocStatus == {"door": True}
    assert meta.objInROIcnt == {"door": 2}
    assert meta.objLCCurrCnt == {"line": 1}
    assert meta.objLCCumCnt == {"line": 2**40}
    assert meta.objCnt == {0: 3, 2: 1}
    assert meta.unique_id == 9


def test_an_objects_states_are_lists_of_labels(buffer):
    info = object_analytics(buffer)
    assert (info.roiStatus, info.ocStatus, info.lcStatus) == (["door", "yard"], [], ["line"])
    assert (info.dirStatus, info.objStatus, info.unique_id) == ("DIR:north", "", 9)


def test_what_is_read_is_a_copy(buffer):
    meta, info = frame_analytics(buffer), object_analytics(buffer)
    meta.objInROIcnt["door"] = 100
    info.roiStatus.append("elsewhere")
    assert meta.objInROIcnt == {"door": 2}
    assert info.roiStatus == ["door", "yard"]


def test_what_is_set_replaces_the_whole(buffer):
    meta, info = frame_analytics(buffer), object_analytics(buffer)
    meta.objInROIcnt = {"gate": 5}
    info.roiStatus = ["gate"]
    info.dirStatus = "DIR:süd"
    assert frame_analytics(buffer).objInROIcnt == {"gate": 5}
    assert object_analytics(buffer).roiStatus == ["gate"]
    assert object_analytics(buffer).dirStatus == "DIR:süd"


@pytest.mark.parametrize(
    ("field", "wrong", "expected"),
    [
        ("ocStatus", {"door": 1.5}, r"dict\[str, bool\]"),
        ("objInROIcnt", {"door": -1}, r"dict\[str, int\]"),
        ("objInROIcnt", {"door": 2**32}, r"dict\[str, int\]"),
        ("objLCCurrCnt", {1: 1}, r"dict\[str, int\]"),
        ("objLCCumCnt", [1], r"dict\[str, int\]"),
        ("objCnt", {"0": 1}, r"dict\[int, int\]"),
    ],
)
def test_a_frames_counts_refuse_other_types(field, wrong, expected):
    meta = pyds.NvDsAnalyticsFrameMeta()
    with pytest.raises(TypeError, match=rf"NvDsAnalyticsFrameMeta\.{field}: expected {expected}"):
        setattr(meta, field, wrong)
    assert getattr(meta, field) == {}


@pytest.mark.parametrize(
    ("field", "wrong"), [("roiStatus", [1]), ("lcStatus", 5), ("dirStatus", 5), ("dirStatus", None)]
)
def test_an_objects_states_refuse_other_types(field, wrong):
    info = pyds.NvDsAnalyticsObjInfo()
    with pytest.raises(TypeError, match=rf"NvDsAnalyticsObjInfo\.{field}: expected"):
        setattr(info, field, wrong)
    with pytest.raises(TypeError, match="cannot be deleted"):
        delattr(info, field)
    with pytest.raises(TypeError, match="expected int"):
        info.unique_id = 1.0


def test_casts_are_static_and_name_their_argument(buffer):
    meta = frame_analytics(buffer)
    assert pyds.NvDsAnalyticsFrameMeta.cast(data=meta) is meta
    assert meta.cast(meta) is meta
    assert pyds.NvDsAnalyticsFrameMeta.cast(None) is None
    with pytest.raises(TypeError, match="takes one argument"):
        meta.cast()
    with pytest.raises(TypeError, match="this is a NvDsAnalyticsFrameMeta"):
        pyds.NvDsAnalyticsObjInfo.cast(meta)
    block = pyds.alloc_buffer(1000)
    with pytest.raises(TypeError, match="pointer of unknown kind"):
        pyds.NvDsAnalyticsObjInfo.cast(block)
    pyds.free_buffer(block)


def test_analytics_go_with_their_buffer(buffer):
    meta, info = frame_analytics(buffer), object_analytics(buffer)
    assert frame_of(buffer.copy()).frame_user_meta_list is None  # their maker gave no copy function
    buffer.close()
    for use in (
        lambda: meta.objCnt,
        lambda: setattr(meta, "objCnt", {}),
        lambda: info.roiStatus,
        lambda: info.dirStatus,
        lambda: setattr(info, "dirStatus", ""),
    ):
        with pytest.raises(StaleMetadataError, match="its buffer is gone"):
            use()


def test_python_can_make_them_and_hang_them_on_a_frame():
    buffer = _testing.make_buffer()
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    made = pyds.NvDsAnalyticsFrameMeta()
    made.objCnt = {7: 1}
    user.user_meta_data = made
    user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_FRAME_META_NVDSANALYTICS
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    del made
    gc.collect()
    assert frame_analytics(buffer).objCnt == {7: 1}
    buffer.close()
    gc.collect()
