"""Other metadata of elements: optical flow, re-identification, past frames, preprocessing; and structs without one."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import pyds
from fluvial._core import StaleMetadataError, _testing


@pytest.fixture
def buffer():
    return _testing.make_buffer(objects=1)


def batch_of(buffer):
    return pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))


def frame_of(buffer):
    return pyds.NvDsFrameMeta.cast(batch_of(buffer).frame_meta_list.data)


def data_of(node):
    return pyds.NvDsUserMeta.cast(node.data).user_meta_data


@pytest.fixture
def flow(buffer):
    _testing.add_optical_flow(hash(buffer))
    return pyds.NvDsOpticalFlowMeta.cast(data_of(frame_of(buffer).frame_user_meta_list))


# --- optical flow -----------------------------------------------------------------------------------------------------
def test_flow_vectors_are_a_flat_copy(buffer, flow):
    vectors = pyds.get_optical_flow_vectors(flow)
    assert (vectors.dtype, vectors.shape) == (np.float32, (12,))
    assert vectors.reshape(flow.rows, flow.cols, 2)[1, 2].tolist() == [5, -5]
    capsule = data_of(frame_of(buffer).frame_user_meta_list)
    assert np.array_equal(pyds.get_optical_flow_vectors(data=capsule), vectors)
    buffer.close()
    assert vectors[10] == 5
    with pytest.raises(StaleMetadataError):
        pyds.get_optical_flow_vectors(flow)
    with pytest.raises(StaleMetadataError):
        pyds.get_optical_flow_vectors(capsule)


def test_a_flows_size_can_only_shrink(flow):
    assert (flow.rows, flow.cols, flow.mv_size, flow.frame_num) == (2, 3, 4, 7)
    with pytest.raises(ValueError, match=r"NvDsOpticalFlowMeta\.rows: 3, but there are 2; it can only shrink"):
        flow.rows = 3
    with pytest.raises(TypeError, match="cannot be deleted"):
        del flow.cols
    flow.cols = 1
    assert pyds.get_optical_flow_vectors(flow).tolist() == [0, 0, 1, -1]


def test_a_flows_memory_is_its_elements(flow):
    vector = pyds.NvOFFlowVector.cast(flow.data)
    vector.flowx = 12
    assert pyds.get_optical_flow_vectors(flow)[0] == 12
    assert (vector.flowx, vector.flowy) == (12, 0)
    with pytest.raises(TypeError, match="does not fit"):
        vector.flowy = 40000
    for name in ("data", "priv", "reserved"):
        with pytest.raises(ValueError, match=rf"NvDsOpticalFlowMeta\.{name}: an element made this struct"):
            setattr(flow, name, None)
    assert flow.priv is None


@pytest.mark.parametrize("cls", [pyds.NvOFFlowVector, pyds.NvDsOpticalFlowMeta])
def test_flow_structs_are_made_by_elements_alone(cls):
    with pytest.raises(TypeError, match="No constructor defined"):
        cls()


def test_flow_vectors_of_something_else_are_refused(buffer):
    with pytest.raises(TypeError):
        pyds.get_optical_flow_vectors(None)
    with pytest.raises(TypeError, match="not None"):
        pyds.get_optical_flow_vectors(0)
    with pytest.raises(TypeError, match="this is a NvDsFrameMeta"):
        pyds.get_optical_flow_vectors(frame_of(buffer))
    with pytest.raises(TypeError):
        pyds.get_optical_flow_vectors("x")


# --- trackers ---------------------------------------------------------------------------------------------------------
def test_a_reid_vector_is_a_copy(buffer):
    _testing.add_reid(hash(buffer))
    reid = pyds.NvDsObjReid.cast(data_of(frame_of(buffer).frame_user_meta_list))
    vector = reid.get_host_reid_vector()
    assert (vector.dtype, vector.tolist()) == (np.float32, [0, 0.5, 1, 1.5])
    with pytest.raises(ValueError, match="it can only shrink"):
        reid.featureSize = 5
    reid.featureSize = 2
    assert reid.get_host_reid_vector().shape == (2,)
    buffer.close()
    assert vector[1] == 0.5
    with pytest.raises(StaleMetadataError):
        reid.get_host_reid_vector()
    assert pyds.NvDsObjReid().get_host_reid_vector().shape == (0,)


def test_counts_of_past_frames_can_only_shrink(buffer):
    _testing.add_past_frames(buffer)
    batch = pyds.NvDsTargetMiscDataBatch.cast(data_of(frame_of(buffer).frame_user_meta_list))
    (stream,) = pyds.NvDsTargetMiscDataBatch.list(batch)
    (obj,) = pyds.NvDsTargetMiscDataStream.list(stream)
    assert len(list(pyds.NvDsTargetMiscDataObject.list(obj))) == 2
    for thing, name in ((batch, "numFilled"), (batch, "numAllocated"), (stream, "numFilled"), (obj, "numObj")):
        with pytest.raises(ValueError, match=rf"{name}: 9, but there are [12]; it can only shrink"):
            setattr(thing, name, 9)
    obj.numObj = 1
    (first,) = pyds.NvDsTargetMiscDataObject.list(obj)
    assert first.frameNum == 10
    made = pyds.NvDsTargetMiscDataStream()
    made.numFilled = 4  # nothing is behind it
    assert list(pyds.NvDsTargetMiscDataStream.list(made)) == []


# --- preprocessing ----------------------------------------------------------------------------------------------------
@pytest.fixture
def prepared(buffer):
    _testing.add_preprocessed(hash(buffer))
    return pyds.GstNvDsPreProcessBatchMeta.cast(data_of(batch_of(buffer).batch_user_meta_list))


def test_a_preprocessed_batch_tells_its_tensor(prepared):
    assert prepared.target_unique_ids == [1, 2]
    tensor = prepared.tensor_meta
    assert (tensor.tensor_shape, tensor.tensor_name) == ([1, 3, 2, 2], "input")
    assert (tensor.buffer_size, tensor.data_type) == (48, pyds.NvDsDataType.NvDsDataType_FP32)
    assert pyds.get_detections(tensor.raw_tensor_buffer, 11) == 0
    with pytest.raises(IndexError):
        pyds.get_detections(tensor.raw_tensor_buffer, 12)
    with pytest.raises(ValueError, match="it can only shrink"):
        tensor.buffer_size = 49
    tensor.tensor_shape = (1, 3, 2, 1)
    assert tensor.tensor_shape == [1, 3, 2, 1]
    with pytest.raises(TypeError, match=r"tensor_shape: expected"):
        tensor.tensor_shape = ["x"]
    for name in ("raw_tensor_buffer", "private_data"):
        with pytest.raises(ValueError, match="an element made this struct"):
            setattr(tensor, name, None)
    with pytest.raises(ValueError, match="an element made this struct"):
        prepared.tensor_meta = None


def test_regions_are_references(buffer, prepared):
    (roi,) = prepared.roi_vector
    roi.roi.width = 33
    roi.offset_left = 1.5
    assert (prepared.roi_vector[0].roi.width, prepared.roi_vector[0].offset_left) == (33, 1.5)
    assert (roi.scale_ratio_x, roi.frame_meta.frame_num) == (0.5, 7)
    assert (roi.object_meta, roi.classifier_meta_list, roi.roi_user_meta_list, roi.converted_buffer) == (None,) * 4
    with pytest.raises(ValueError, match="an element made this struct"):
        roi.frame_meta = frame_of(buffer)
    with pytest.raises(ValueError, match="elements make the regions"):
        prepared.roi_vector = []
    with pytest.raises(TypeError, match="cannot be deleted"):
        del prepared.roi_vector
    buffer.close()
    for use in (lambda: roi.roi.width, lambda: prepared.roi_vector, lambda: prepared.tensor_meta):
        with pytest.raises(StaleMetadataError):
            use()


def test_structs_of_pythons_own_keep_what_they_point_at(buffer):
    prepared = pyds.GstNvDsPreProcessBatchMeta()
    assert (prepared.tensor_meta, prepared.roi_vector, prepared.target_unique_ids) == (None, [], [])
    tensor = pyds.NvDsPreProcessTensorMeta()
    tensor.tensor_name = "input"
    tensor.buffer_size = 100
    prepared.tensor_meta = tensor
    prepared.private_data = tensor
    del tensor
    gc.collect()
    assert prepared.tensor_meta.tensor_name == "input"
    assert pyds.NvDsPreProcessTensorMeta.cast(prepared.private_data).buffer_size == 100
    roi = pyds.NvDsRoiMeta()
    roi.frame_meta = frame_of(buffer)
    assert roi.frame_meta.frame_num == 7
    with pytest.raises(TypeError, match=r"expected NvDsObjectMeta or None, not pyds\.NvDsFrameMeta"):
        roi.object_meta = roi.frame_meta
    buffer.close()
    with pytest.raises(StaleMetadataError):
        _ = roi.frame_meta.frame_num


# --- structs that no element makes ------------------------------------------------------------------------------------
def test_a_box_of_a_360_degree_camera():
    box = pyds.RectDim()
    box.left, box.roi_status = 2, 4
    assert (box.left, box.roi_status, box.text) == (2, pyds.INSIDE_AISLE_360D, None)
    color = pyds.NvOSD_ColorParams()
    color.red = 0.5
    box.text = color
    del color
    gc.collect()
    assert pyds.NvOSD_ColorParams.cast(box.text).red == 0.5
    with pytest.raises(TypeError, match="expected a capsule"):
        box.text = "x"
    assert pyds.RectDim.cast(pyds.get_ptr(box)).left == 2
    block = pyds.alloc_buffer(40)
    assert pyds.RectDim.cast(block).text is None


def test_metadata_of_a_gst_buffer_as_a_struct(buffer):
    meta = pyds.NvDsMeta()
    meta.meta_type = pyds.GstNvDsMetaType.NVDS_BATCH_GST_META
    meta.meta_data = batch_of(buffer)
    meta.user_data = None
    assert meta.meta_type == 4097
    assert pyds.NvDsBatchMeta.cast(meta.meta_data).num_frames_in_batch == 1
    with pytest.raises(TypeError, match="cannot be read"):
        _ = meta.meta
    with pytest.raises(TypeError, match="cannot be set"):
        meta.meta = None
    with pytest.raises(TypeError, match="pointer of unknown kind"):
        pyds.NvDsMeta.cast(pyds.alloc_buffer(100))
    buffer.close()
    with pytest.raises(StaleMetadataError):
        _ = meta.meta_data
