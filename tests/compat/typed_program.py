"""A probe as typed programs write it, for `mypy --strict` against our types; test_pyds_typing.py also runs it.

It keeps to what pyds-stubs types: lists end in None, text fields are read as addresses and set as strings, a user
meta's data is cast by its type.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

import pyds

if TYPE_CHECKING:  # names that exist for type checkers alone
    ObjectNode = pyds.GList[pyds.NvDsObjectMeta]

T = TypeVar("T")
UNTRACKED = 0xFFFFFFFFFFFFFFFF
TIME_LENGTH = 32


@dataclass
class Report:
    labels: list[str] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    untracked: int = 0
    scores: list[float] = field(default_factory=list)
    brightness: float = 0.0
    texts: list[str] = field(default_factory=list)


def walk(node: pyds.GList[T] | None, cast: Callable[[pyds.capsule[T]], T]) -> Iterator[T]:
    while node is not None:
        try:
            yield cast(node.data)
            node = node.next
        except StopIteration:
            break


def look_at_object(obj: pyds.NvDsObjectMeta, report: Report) -> None:
    rect = obj.rect_params
    report.labels.append(obj.obj_label)
    report.boxes.append((rect.left, rect.top, rect.width, rect.height))
    if obj.object_id == UNTRACKED:
        report.untracked += 1
    if obj.parent is not None:
        report.labels.append(obj.parent.obj_label)
    detector: pyds.NvBbox_Coords = obj.detector_bbox_info.org_bbox_coords
    rect.border_width = 2 if detector.width > 10 else 1
    rect.border_color.set(0.0, 0.0, 1.0, 0.8)
    rect.has_bg_color = 1
    rect.bg_color.set(red=0.1, green=0.1, blue=0.1, alpha=0.4)
    obj.text_params.display_text = f"{obj.obj_label} {obj.confidence:.2f}"
    obj.text_params.font_params.font_name = "Serif"
    report.texts.append(pyds.get_string(obj.text_params.display_text))
    for classifier in walk(obj.classifier_meta_list, pyds.NvDsClassifierMeta.cast):
        report.labels += [label.result_label for label in walk(classifier.label_info_list, pyds.NvDsLabelInfo.cast)]


def draw(batch: pyds.NvDsBatchMeta, frame: pyds.NvDsFrameMeta, report: Report) -> None:
    display = pyds.nvds_acquire_display_meta_from_pool(batch)
    display.num_labels = 1
    text: pyds.NvOSD_TextParams = display.text_params[0]
    text.display_text = f"Frame {frame.frame_num}: {len(report.labels)} labels"
    text.x_offset = 10
    text.y_offset = 12
    text.font_params.font_name = "Serif"
    text.font_params.font_size = 10
    text.font_params.font_color.set(1.0, 1.0, 1.0, 1.0)
    text.set_bg_clr = 1
    text.text_bg_clr.set(0.0, 0.0, 0.0, 1.0)
    display.num_lines = 1
    line = display.line_params[0]
    line.x1, line.y1, line.x2, line.y2, line.line_width = 0, 0, 20, 20, 2
    display.num_arrows = 1
    display.arrow_params[0].arrow_head = pyds.NvOSD_Arrow_Head_Direction.END_HEAD
    report.texts.append(pyds.get_string(text.display_text))
    pyds.nvds_add_display_meta_to_frame(frame, display)


def mark(batch: pyds.NvDsBatchMeta, frame: pyds.NvDsFrameMeta) -> None:
    pyds.nvds_acquire_meta_lock(batch)
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    if user:
        data = pyds.alloc_custom_struct(user)
        data.structId = frame.frame_num
        data.message = "seen"
        user.user_meta_data = data
        user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_USER_META
        pyds.nvds_add_user_meta_to_frame(frame, user)
    pyds.nvds_release_meta_lock(batch)


def first_scores(tensors: pyds.NvDsInferTensorMeta) -> list[float]:
    layer = pyds.get_nvds_LayerInfo(tensors, 0)
    pointer = ctypes.cast(pyds.get_ptr(layer.buffer), ctypes.POINTER(ctypes.c_float))
    count: int = int(np.prod([layer.inferDims.d[i] for i in range(layer.inferDims.numDims)]))
    array: NDArray[np.float32] = np.ctypeslib.as_array(pointer, shape=(count,))
    return [float(score) for score in array]


def look_at_data(user: pyds.NvDsUserMeta, report: Report) -> None:
    kind = user.base_meta.meta_type
    if kind == pyds.NvDsMetaType.NVDSINFER_TENSOR_OUTPUT_META:
        report.scores += first_scores(pyds.NvDsInferTensorMeta.cast(user.user_meta_data))
    elif kind == pyds.NVDSINFER_SEGMENTATION_META:
        masks = pyds.NvDsInferSegmentationMeta.cast(user.user_meta_data)
        report.scores.append(float(np.max(pyds.get_segmentation_masks(masks))))
    elif kind == pyds.NvDsMetaType.NVDS_TRACKER_PAST_FRAME_META:
        past = pyds.NvDsTargetMiscDataBatch.cast(user.user_meta_data)
        for stream in pyds.NvDsTargetMiscDataBatch.list(past):
            for target in pyds.NvDsTargetMiscDataStream.list(stream):
                report.labels += [f"{target.objLabel}@{f.frameNum}" for f in target.list()]
    elif kind == pyds.NvDsMetaType.NVDS_USER_META:
        custom = pyds.CustomDataStruct.cast(user.user_meta_data)
        report.texts.append(f"{custom.structId} {pyds.get_string(custom.message)}")


def encode(buffer: object, frame: pyds.NvDsFrameMeta, obj: pyds.NvDsObjectMeta, context: int) -> bool:
    args = pyds.NvDsObjEncUsrArgs()
    args.saveImg = False
    args.attachUsrMeta = True
    args.isFrame = True
    args.quality = 80
    is_queued: bool = pyds.nvds_obj_enc_process(context, args, hash(buffer), obj, frame)
    pyds.nvds_obj_enc_finish(context)
    return is_queued


def encoded_bytes(frame: pyds.NvDsFrameMeta) -> int:
    size = 0
    for user in walk(frame.frame_user_meta_list, pyds.NvDsUserMeta.cast):
        if user.base_meta.meta_type == pyds.NvDsMetaType.NVDS_CROP_IMAGE_META:
            picture = pyds.NvDsObjEncOutParams.cast(user.user_meta_data)
            data: NDArray[np.uint8] = picture.outBuffer()
            size += len(data)
    return size


def tell(batch: pyds.NvDsBatchMeta, frame: pyds.NvDsFrameMeta, obj: pyds.NvDsObjectMeta) -> None:
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    message = pyds.alloc_nvds_event_msg_meta(user)
    message.bbox.left, message.bbox.top = obj.rect_params.left, obj.rect_params.top
    message.frameId = frame.frame_num
    message.trackingId = obj.object_id
    message.confidence = obj.confidence
    message.type = pyds.NvDsEventType.NVDS_EVENT_MOVING
    message.objType = pyds.NvDsObjectType.NVDS_OBJECT_TYPE_VEHICLE
    message.ts = pyds.alloc_buffer(TIME_LENGTH + 1)
    pyds.generate_ts_rfc3339(message.ts, TIME_LENGTH)
    vehicle = pyds.NvDsVehicleObject.cast(pyds.alloc_nvds_vehicle_object())
    vehicle.type = "sedan"
    message.extMsg = vehicle
    message.extMsgSize = 1
    user.user_meta_data = message
    user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_EVENT_MSG_META
    pyds.nvds_add_user_meta_to_frame(frame, user)


def told(frame: pyds.NvDsFrameMeta) -> Iterator[str]:
    for user in walk(frame.frame_user_meta_list, pyds.NvDsUserMeta.cast):
        if user.base_meta.meta_type == pyds.NvDsMetaType.NVDS_EVENT_MSG_META:
            message = pyds.NvDsEventMsgMeta.cast(user.user_meta_data)
            vehicle = pyds.NvDsVehicleObject.cast(message.extMsg)
            yield f"{pyds.get_string(message.ts)} {pyds.get_string(vehicle.type)}"


def counts(user: pyds.NvDsUserMeta) -> dict[str, int]:
    if user.base_meta.meta_type != pyds.nvds_get_user_meta_type("NVIDIA.DSANALYTICSFRAME.USER_META"):
        return {}
    meta = pyds.NvDsAnalyticsFrameMeta.cast(user.user_meta_data)
    return {**meta.objInROIcnt, **meta.objLCCumCnt}


def motion(user: pyds.NvDsUserMeta) -> NDArray[np.float32]:
    flow = pyds.NvDsOpticalFlowMeta.cast(user.user_meta_data)
    return pyds.get_optical_flow_vectors(user.user_meta_data).reshape(flow.rows, flow.cols, 2)


def drop_short(frame: pyds.NvDsFrameMeta, height: float) -> int:
    dropped = 0
    node: ObjectNode | None = frame.obj_meta_list
    while node is not None:
        obj = pyds.NvDsObjectMeta.cast(node.data)
        node = node.next  # before the object goes
        if obj.rect_params.height < height:
            pyds.nvds_remove_obj_meta_from_frame(frame, obj)
            dropped += 1
    return dropped


def on_batch(buffer: object) -> Report:
    report = Report()
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    for frame in walk(batch.frame_meta_list, pyds.NvDsFrameMeta.cast):
        pixels = pyds.get_nvds_buf_surface(hash(buffer), frame.batch_id)
        copy = np.array(pixels, copy=True, order="C")
        report.brightness += float(copy.mean())
        pyds.unmap_nvds_buf_surface(hash(buffer), frame.batch_id)
        for obj in walk(frame.obj_meta_list, pyds.NvDsObjectMeta.cast):
            look_at_object(obj, report)
        mark(batch, frame)
        for user in walk(frame.frame_user_meta_list, pyds.NvDsUserMeta.cast):
            look_at_data(user, report)
        draw(batch, frame, report)
        drop_short(frame, height=1.0)
    return report


MEMORY: int = int(pyds.NVBUF_MEM_CUDA_UNIFIED)
