"""What models and trackers leave in user metas."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import pyds
from fluvial._core import StaleMetadataError, _testing


def user_meta(buffer):
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    frame = pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)
    return pyds.NvDsUserMeta.cast(frame.frame_user_meta_list.data)


@pytest.fixture
def buffer():
    return _testing.make_buffer()


def test_tensors_are_read_by_layer(buffer):
    _testing.add_tensors(buffer)
    user = user_meta(buffer)
    assert user.base_meta.meta_type == pyds.NVDSINFER_TENSOR_OUTPUT_META
    tensors = pyds.NvDsInferTensorMeta.cast(user.user_meta_data)
    assert (tensors.unique_id, tensors.num_output_layers, tensors.network_info.width) == (5, 1, 640)
    layer = tensors.output_layers_info(0)
    assert (layer.layerName, layer.buffer, layer.dataType) == ("scores", None, pyds.FLOAT)
    assert (layer.inferDims.numDims, layer.dims.d[0], layer.inferDims.numElements) == (1, 3, 3)
    layer = pyds.get_nvds_LayerInfo(tensors, 0)
    assert [pyds.get_detections(layer.buffer, i) for i in range(3)] == [0.5, 1.5, 2.5]
    pointer = ctypes.cast(pyds.get_ptr(layer.buffer), ctypes.POINTER(ctypes.c_float))
    assert np.ctypeslib.as_array(pointer, shape=(3,)).tolist() == [0.5, 1.5, 2.5]


def test_layers_and_elements_that_are_not_there_raise(buffer):
    _testing.add_tensors(buffer)
    tensors = pyds.NvDsInferTensorMeta.cast(user_meta(buffer).user_meta_data)
    for wrong in (1, -1, 2**40):
        with pytest.raises((IndexError, TypeError)):
            tensors.output_layers_info(wrong)
        with pytest.raises((IndexError, TypeError)):
            pyds.get_nvds_LayerInfo(tensors, wrong)
    scores = pyds.get_nvds_LayerInfo(tensors, 0).buffer
    for wrong in (3, -1, 2**40):
        with pytest.raises(IndexError, match="outside of the layer's buffer"):
            pyds.get_detections(scores, wrong)
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.get_detections(scores, 0)
    with pytest.raises(StaleMetadataError, match="NvDsInferTensorMeta"):
        _ = tensors.unique_id


def test_segmentation_masks_are_copies(buffer):
    _testing.add_segmentation(buffer)
    data = user_meta(buffer).user_meta_data
    meta = pyds.NvDsInferSegmentationMeta.cast(data)
    assert (meta.classes, meta.width, meta.height, meta.class_map) == (5, 3, 2, 0)
    for masks in (pyds.get_segmentation_masks(meta), pyds.get_segmentation_masks(data)):
        assert (masks.dtype, masks.tolist()) == (np.int32, [[0, 1, 2], [3, 4, -1]])
    buffer.close()
    assert masks.sum() == 9


def test_past_frames_are_iterated_by_stream_object_and_frame(buffer):
    _testing.add_past_frames(buffer)
    batch = pyds.NvDsTargetMiscDataBatch.cast(user_meta(buffer).user_meta_data)
    seen = []
    for stream in pyds.NvDsTargetMiscDataBatch.list(batch):
        for obj in pyds.NvDsTargetMiscDataStream.list(stream):
            for frame in pyds.NvDsTargetMiscDataObject.list(obj):
                seen.append((stream.streamID, obj.uniqueId, obj.objLabel, frame.frameNum, frame.tBbox.left, frame.age))
    assert seen == [(3, 77, "person", 10, 5.0, 0), (3, 77, "person", 11, 5.0, 1)]
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.NvDsTargetMiscDataBatch.list(batch)


def test_data_of_an_element_stays_what_it_is(buffer):
    _testing.add_tensors(buffer)
    user = user_meta(buffer)
    with pytest.raises(TypeError, match="this is a NvDsInferTensorMeta"):
        pyds.NvDsTargetMiscDataBatch.cast(user.user_meta_data)
    with pytest.raises(ValueError, match="an element made this user meta's data"):
        user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_TRACKER_PAST_FRAME_META
    with pytest.raises(ValueError, match="holds data already"):
        user.user_meta_data = None
    with pytest.raises(ValueError, match="frees it itself"):
        pyds.user_releasefunc(user, print)
