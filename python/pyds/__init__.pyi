"""Types of pyds. Generated from the module: `make generate`.

Beyond the module's own names there are some for annotations alone, as pyds-stubs has them: capsule, GList[T], and
NvDsMetaList and the like. The module has no capsule, and its GList takes no [T]: quote them, or write
`from __future__ import annotations`.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, NoReturn, TypeAlias, TypeVar

import numpy
from numpy.typing import NDArray

T = TypeVar("T")
MaybeNone: TypeAlias = Any  # None at times: see the field

class capsule(Generic[T]): ...

class GList(Generic[T]):
    @property
    def data(self) -> capsule[T]: ...
    @property
    def next(self) -> GList[T] | None: ...
    @property
    def prev(self) -> GList[T] | None: ...

NvDsMetaList: TypeAlias = GList[Any] | None
NvDsFrameMetaList: TypeAlias = GList[NvDsFrameMeta] | None
NvDsObjectMetaList: TypeAlias = GList[NvDsObjectMeta] | None
NvDsUserMetaList: TypeAlias = GList[NvDsUserMeta] | None
NvDisplayMetaList: TypeAlias = GList[NvDsDisplayMeta] | None

class _Enum:
    def __init__(self, value: int | _Enum) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...
    def __int__(self) -> int: ...
    def __index__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> bool: ...

class _Struct: ...

class GstNvDsMetaType(_Enum):
    __members__: ClassVar[dict[str, GstNvDsMetaType]]
    NVDS_GST_INVALID_META: ClassVar[GstNvDsMetaType]
    NVDS_BATCH_GST_META: ClassVar[GstNvDsMetaType]
    NVDS_DECODER_GST_META: ClassVar[GstNvDsMetaType]
    NVDS_DEWARPER_GST_META: ClassVar[GstNvDsMetaType]
    NVDS_RESERVED_GST_META: ClassVar[GstNvDsMetaType]
    NVDS_GST_META_FORCE32: ClassVar[GstNvDsMetaType]

class NvBufSurfaceColorFormat(_Enum):
    __members__: ClassVar[dict[str, NvBufSurfaceColorFormat]]
    NVBUF_COLOR_FORMAT_INVALID: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_GRAY8: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUV420: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YVU420: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUV420_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YVU420_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV21: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV21_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_UYVY: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_UYVY_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_VYUY: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_VYUY_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUYV: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUYV_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YVYU: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YVYU_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUV444: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_RGBA: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_BGRA: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_ARGB: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_ABGR: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_RGBx: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_BGRx: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_xRGB: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_xBGR: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_RGB: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_BGR: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_10LE: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_12LE: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUV420_709: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUV420_709_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_709: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_709_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_YUV420_2020: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_2020: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_10LE_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_10LE_709: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_10LE_709_ER: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_NV12_10LE_2020: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_SIGNED_R16G16: ClassVar[NvBufSurfaceColorFormat]
    NVBUF_COLOR_FORMAT_LAST: ClassVar[NvBufSurfaceColorFormat]

class NvBufSurfaceLayout(_Enum):
    __members__: ClassVar[dict[str, NvBufSurfaceLayout]]
    NVBUF_LAYOUT_PITCH: ClassVar[NvBufSurfaceLayout]
    NVBUF_LAYOUT_BLOCK_LINEAR: ClassVar[NvBufSurfaceLayout]

class NvBufSurfaceMemMapFlags(_Enum):
    __members__: ClassVar[dict[str, NvBufSurfaceMemMapFlags]]
    NVBUF_MAP_READ: ClassVar[NvBufSurfaceMemMapFlags]
    NVBUF_MAP_WRITE: ClassVar[NvBufSurfaceMemMapFlags]
    NVBUF_MAP_READ_WRITE: ClassVar[NvBufSurfaceMemMapFlags]

class NvBufSurfaceMemType(_Enum):
    __members__: ClassVar[dict[str, NvBufSurfaceMemType]]
    NVBUF_MEM_DEFAULT: ClassVar[NvBufSurfaceMemType]
    NVBUF_MEM_CUDA_PINNED: ClassVar[NvBufSurfaceMemType]
    NVBUF_MEM_CUDA_DEVICE: ClassVar[NvBufSurfaceMemType]
    NVBUF_MEM_CUDA_UNIFIED: ClassVar[NvBufSurfaceMemType]
    NVBUF_MEM_SURFACE_ARRAY: ClassVar[NvBufSurfaceMemType]
    NVBUF_MEM_HANDLE: ClassVar[NvBufSurfaceMemType]
    NVBUF_MEM_SYSTEM: ClassVar[NvBufSurfaceMemType]

class NvDsDataType(_Enum):
    __members__: ClassVar[dict[str, NvDsDataType]]
    NvDsDataType_FP32: ClassVar[NvDsDataType]
    NvDsDataType_UINT8: ClassVar[NvDsDataType]
    NvDsDataType_INT8: ClassVar[NvDsDataType]
    NvDsDataType_UINT32: ClassVar[NvDsDataType]
    NvDsDataType_INT32: ClassVar[NvDsDataType]
    NvDsDataType_FP16: ClassVar[NvDsDataType]

class NvDsEventType(_Enum):
    __members__: ClassVar[dict[str, NvDsEventType]]
    NVDS_EVENT_ENTRY: ClassVar[NvDsEventType]
    NVDS_EVENT_EXIT: ClassVar[NvDsEventType]
    NVDS_EVENT_MOVING: ClassVar[NvDsEventType]
    NVDS_EVENT_STOPPED: ClassVar[NvDsEventType]
    NVDS_EVENT_EMPTY: ClassVar[NvDsEventType]
    NVDS_EVENT_PARKED: ClassVar[NvDsEventType]
    NVDS_EVENT_RESET: ClassVar[NvDsEventType]
    NVDS_EVENT_RESERVED: ClassVar[NvDsEventType]
    NVDS_EVENT_CUSTOM: ClassVar[NvDsEventType]
    NVDS_EVENT_FORCE32: ClassVar[NvDsEventType]

class NvDsInferDataType(_Enum):
    __members__: ClassVar[dict[str, NvDsInferDataType]]
    FLOAT: ClassVar[NvDsInferDataType]
    HALF: ClassVar[NvDsInferDataType]
    INT8: ClassVar[NvDsInferDataType]
    INT32: ClassVar[NvDsInferDataType]

class NvDsMetaType(_Enum):
    __members__: ClassVar[dict[str, NvDsMetaType]]
    NVDS_INVALID_META: ClassVar[NvDsMetaType]
    NVDS_BATCH_META: ClassVar[NvDsMetaType]
    NVDS_FRAME_META: ClassVar[NvDsMetaType]
    NVDS_OBJ_META: ClassVar[NvDsMetaType]
    NVDS_DISPLAY_META: ClassVar[NvDsMetaType]
    NVDS_CLASSIFIER_META: ClassVar[NvDsMetaType]
    NVDS_LABEL_INFO_META: ClassVar[NvDsMetaType]
    NVDS_USER_META: ClassVar[NvDsMetaType]
    NVDS_PAYLOAD_META: ClassVar[NvDsMetaType]
    NVDS_EVENT_MSG_META: ClassVar[NvDsMetaType]
    NVDS_OPTICAL_FLOW_META: ClassVar[NvDsMetaType]
    NVDS_LATENCY_MEASUREMENT_META: ClassVar[NvDsMetaType]
    NVDSINFER_TENSOR_OUTPUT_META: ClassVar[NvDsMetaType]
    NVDSINFER_SEGMENTATION_META: ClassVar[NvDsMetaType]
    NVDS_CROP_IMAGE_META: ClassVar[NvDsMetaType]
    NVDS_TRACKER_PAST_FRAME_META: ClassVar[NvDsMetaType]
    NVDS_TRACKER_BATCH_REID_META: ClassVar[NvDsMetaType]
    NVDS_TRACKER_OBJ_REID_META: ClassVar[NvDsMetaType]
    NVDS_AUDIO_BATCH_META: ClassVar[NvDsMetaType]
    NVDS_AUDIO_FRAME_META: ClassVar[NvDsMetaType]
    NVDS_RESERVED_META: ClassVar[NvDsMetaType]
    NVDS_GST_CUSTOM_META: ClassVar[NvDsMetaType]
    NVDS_START_USER_META: ClassVar[NvDsMetaType]
    NVDS_FORCE32_META: ClassVar[NvDsMetaType]
    NVDS_PREPROCESS_BATCH_META: ClassVar[NvDsMetaType]
    NVDS_FRAME_META_NVDSANALYTICS: ClassVar[NvDsMetaType]
    NVDS_OBJ_META_NVDSANALYTICS: ClassVar[NvDsMetaType]

class NvDsObjectType(_Enum):
    __members__: ClassVar[dict[str, NvDsObjectType]]
    NVDS_OBJECT_TYPE_VEHICLE: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_PERSON: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_FACE: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_BAG: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_BICYCLE: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_ROADSIGN: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_VEHICLE_EXT: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_PERSON_EXT: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_FACE_EXT: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_RESERVED: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_CUSTOM: ClassVar[NvDsObjectType]
    NVDS_OBJECT_TYPE_UNKNOWN: ClassVar[NvDsObjectType]
    NVDS_OBEJCT_TYPE_FORCE32: ClassVar[NvDsObjectType]

class NvDsPayloadType(_Enum):
    __members__: ClassVar[dict[str, NvDsPayloadType]]
    NVDS_PAYLOAD_DEEPSTREAM: ClassVar[NvDsPayloadType]
    NVDS_PAYLOAD_DEEPSTREAM_MINIMAL: ClassVar[NvDsPayloadType]
    NVDS_PAYLOAD_RESERVED: ClassVar[NvDsPayloadType]
    NVDS_PAYLOAD_CUSTOM: ClassVar[NvDsPayloadType]
    NVDS_PAYLOAD_FORCE32: ClassVar[NvDsPayloadType]

class NvDsUnitType(_Enum):
    __members__: ClassVar[dict[str, NvDsUnitType]]
    NvDsUnitType_FullFrame: ClassVar[NvDsUnitType]
    NvDsUnitType_ROI: ClassVar[NvDsUnitType]
    NvDsUnitType_Object: ClassVar[NvDsUnitType]

class NvOSD_Arrow_Head_Direction(_Enum):
    __members__: ClassVar[dict[str, NvOSD_Arrow_Head_Direction]]
    START_HEAD: ClassVar[NvOSD_Arrow_Head_Direction]
    END_HEAD: ClassVar[NvOSD_Arrow_Head_Direction]
    BOTH_HEAD: ClassVar[NvOSD_Arrow_Head_Direction]

class NvOSD_Mode(_Enum):
    __members__: ClassVar[dict[str, NvOSD_Mode]]
    MODE_CPU: ClassVar[NvOSD_Mode]
    MODE_GPU: ClassVar[NvOSD_Mode]
    MODE_NONE: ClassVar[NvOSD_Mode]

class ROI_STATUS_360D(_Enum):
    __members__: ClassVar[dict[str, ROI_STATUS_360D]]
    ROI_ENTRY_360D: ClassVar[ROI_STATUS_360D]
    ROI_EXIT_360D: ClassVar[ROI_STATUS_360D]
    INSIDE_AISLE_360D: ClassVar[ROI_STATUS_360D]

class CustomDataStruct(_Struct):
    structId: int
    @property
    def message(self) -> int: ...
    @message.setter
    def message(self, value: str) -> None: ...
    sampleInt: int
    def cast(self: capsule[Any] | _Struct | int | None) -> CustomDataStruct: ...

class GstNvDsPreProcessBatchMeta(_Struct):
    target_unique_ids: list[int]
    tensor_meta: NvDsPreProcessTensorMeta | MaybeNone
    roi_vector: list[NvDsRoiMeta]
    @property
    def private_data(self) -> Any: ...
    @private_data.setter
    def private_data(self, value: object) -> None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> GstNvDsPreProcessBatchMeta: ...

class NvBbox_Coords(_Struct):
    left: float
    top: float
    width: float
    height: float
    def cast(self: capsule[Any] | _Struct | int | None) -> NvBbox_Coords: ...

class NvBufSurface(_Struct):
    @property
    def gpuId(self) -> int: ...
    @property
    def batchSize(self) -> int: ...
    @property
    def numFilled(self) -> int: ...
    @property
    def isContiguous(self) -> bool: ...
    @property
    def memType(self) -> NvBufSurfaceMemType: ...
    @property
    def surfaceList(self) -> NvBufSurfaceParams | MaybeNone: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvBufSurface: ...

class NvBufSurfaceCreateParams(_Struct):
    gpuId: int
    width: int
    height: int
    size: int
    isContiguous: bool
    colorFormat: NvBufSurfaceColorFormat
    layout: NvBufSurfaceLayout
    memType: NvBufSurfaceMemType
    def cast(self: capsule[Any] | _Struct | int | None) -> NvBufSurfaceCreateParams: ...

class NvBufSurfaceMappedAddr(_Struct):
    @property
    def addr(self) -> NDArray[numpy.uint64]: ...
    @property
    def eglImage(self) -> Any: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvBufSurfaceMappedAddr: ...

class NvBufSurfaceParams(_Struct):
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def pitch(self) -> int: ...
    @property
    def colorFormat(self) -> NvBufSurfaceColorFormat: ...
    @property
    def layout(self) -> NvBufSurfaceLayout: ...
    @property
    def bufferDesc(self) -> int: ...
    @property
    def dataSize(self) -> int: ...
    @property
    def dataPtr(self) -> Any: ...
    @property
    def planeParams(self) -> NvBufSurfacePlaneParams: ...
    @property
    def mappedAddr(self) -> NvBufSurfaceMappedAddr: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvBufSurfaceParams: ...

class NvBufSurfacePlaneParams(_Struct):
    @property
    def num_planes(self) -> int: ...
    @property
    def width(self) -> NDArray[numpy.int32]: ...
    @property
    def height(self) -> NDArray[numpy.int32]: ...
    @property
    def pitch(self) -> NDArray[numpy.int32]: ...
    @property
    def offset(self) -> NDArray[numpy.int32]: ...
    @property
    def psize(self) -> NDArray[numpy.int32]: ...
    @property
    def bytesPerPix(self) -> NDArray[numpy.int32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvBufSurfacePlaneParams: ...

class NvDsAnalyticsFrameMeta(_Struct):
    ocStatus: dict[str, bool]
    objInROIcnt: dict[str, int]
    objLCCurrCnt: dict[str, int]
    objLCCumCnt: dict[str, int]
    objCnt: dict[int, int]
    unique_id: int
    @staticmethod
    def cast(data: capsule[Any] | _Struct | None) -> NvDsAnalyticsFrameMeta: ...

class NvDsAnalyticsObjInfo(_Struct):
    roiStatus: list[str]
    ocStatus: list[str]
    lcStatus: list[str]
    dirStatus: str
    objStatus: str
    unique_id: int
    @staticmethod
    def cast(data: capsule[Any] | _Struct | None) -> NvDsAnalyticsObjInfo: ...

class NvDsBaseMeta(_Struct):
    @property
    def batch_meta(self) -> NvDsBatchMeta | MaybeNone: ...
    @property
    def meta_type(self) -> NvDsMetaType: ...
    @meta_type.setter
    def meta_type(self, value: NvDsMetaType | int) -> None: ...
    @property
    def uContext(self) -> Any: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsBaseMeta: ...

class NvDsBatchMeta(_Struct):
    base_meta: NvDsBaseMeta
    max_frames_in_batch: int
    num_frames_in_batch: int
    @property
    def frame_meta_pool(self) -> NvDsMetaPool | MaybeNone: ...
    @property
    def obj_meta_pool(self) -> NvDsMetaPool | MaybeNone: ...
    @property
    def classifier_meta_pool(self) -> NvDsMetaPool | MaybeNone: ...
    @property
    def display_meta_pool(self) -> NvDsMetaPool | MaybeNone: ...
    @property
    def user_meta_pool(self) -> NvDsMetaPool | MaybeNone: ...
    @property
    def label_info_meta_pool(self) -> NvDsMetaPool | MaybeNone: ...
    @property
    def frame_meta_list(self) -> GList[NvDsFrameMeta] | None: ...
    @property
    def batch_user_meta_list(self) -> GList[NvDsUserMeta] | None: ...
    @property
    def meta_mutex(self) -> NoReturn: ...
    @property
    def misc_batch_info(self) -> NDArray[numpy.int32]: ...
    @property
    def reserved(self) -> NDArray[numpy.int32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsBatchMeta: ...

class NvDsClassifierMeta(_Struct):
    base_meta: NvDsBaseMeta
    num_labels: int
    unique_component_id: int
    @property
    def label_info_list(self) -> GList[NvDsLabelInfo] | None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsClassifierMeta: ...

class NvDsComp_BboxInfo(_Struct):
    org_bbox_coords: NvBbox_Coords
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsComp_BboxInfo: ...

class NvDsCoordinate(_Struct):
    x: float
    y: float
    z: float
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsCoordinate: ...

class NvDsDisplayMeta(_Struct):
    base_meta: NvDsBaseMeta
    num_rects: int
    num_labels: int
    num_lines: int
    num_arrows: int
    num_circles: int
    @property
    def rect_params(self) -> list[NvOSD_RectParams]: ...
    @property
    def text_params(self) -> list[NvOSD_TextParams]: ...
    @property
    def line_params(self) -> list[NvOSD_LineParams]: ...
    @property
    def arrow_params(self) -> list[NvOSD_ArrowParams]: ...
    @property
    def circle_params(self) -> list[NvOSD_CircleParams]: ...
    @property
    def misc_osd_data(self) -> NDArray[numpy.int32]: ...
    @property
    def reserved(self) -> NDArray[numpy.int32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsDisplayMeta: ...

class NvDsEvent(_Struct):
    eventType: NvDsEventType
    metadata: NvDsEventMsgMeta | MaybeNone
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsEvent: ...

class NvDsEventMsgMeta(_Struct):
    type: NvDsEventType
    objType: NvDsObjectType
    bbox: NvDsRect
    location: NvDsGeoLocation
    coordinate: NvDsCoordinate
    objSignature: NvDsObjectSignature
    objClassId: int
    sensorId: int
    moduleId: int
    placeId: int
    componentId: int
    frameId: int
    confidence: float
    trackingId: int
    @property
    def ts(self) -> int: ...
    @ts.setter
    def ts(self, value: str | int) -> None: ...
    @property
    def objectId(self) -> int: ...
    @objectId.setter
    def objectId(self, value: str | int) -> None: ...
    @property
    def sensorStr(self) -> int: ...
    @sensorStr.setter
    def sensorStr(self, value: str | int) -> None: ...
    @property
    def otherAttrs(self) -> int: ...
    @otherAttrs.setter
    def otherAttrs(self, value: str | int) -> None: ...
    @property
    def videoPath(self) -> int: ...
    @videoPath.setter
    def videoPath(self, value: str | int) -> None: ...
    @property
    def extMsg(self) -> Any: ...
    @extMsg.setter
    def extMsg(self, value: object) -> None: ...
    extMsgSize: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsEventMsgMeta: ...

class NvDsFaceObject(_Struct):
    @property
    def gender(self) -> int: ...
    @gender.setter
    def gender(self, value: str | int) -> None: ...
    @property
    def hair(self) -> int: ...
    @hair.setter
    def hair(self, value: str | int) -> None: ...
    @property
    def cap(self) -> int: ...
    @cap.setter
    def cap(self, value: str | int) -> None: ...
    @property
    def glasses(self) -> int: ...
    @glasses.setter
    def glasses(self, value: str | int) -> None: ...
    @property
    def facialhair(self) -> int: ...
    @facialhair.setter
    def facialhair(self, value: str | int) -> None: ...
    @property
    def name(self) -> int: ...
    @name.setter
    def name(self, value: str | int) -> None: ...
    @property
    def eyecolor(self) -> int: ...
    @eyecolor.setter
    def eyecolor(self, value: str | int) -> None: ...
    age: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsFaceObject: ...

class NvDsFaceObjectWithExt(_Struct):
    gender: str | MaybeNone
    hair: str | MaybeNone
    cap: str | MaybeNone
    glasses: str | MaybeNone
    facialhair: str | MaybeNone
    name: str | MaybeNone
    eyecolor: str | MaybeNone
    age: int
    mask: GList[Any] | None
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsFaceObjectWithExt: ...

class NvDsFrameMeta(_Struct):
    base_meta: NvDsBaseMeta
    pad_index: int
    batch_id: int
    frame_num: int
    buf_pts: int
    ntp_timestamp: int
    source_id: int
    num_surfaces_per_frame: int
    source_frame_width: int
    source_frame_height: int
    surface_type: int
    surface_index: int
    num_obj_meta: int
    bInferDone: int
    @property
    def obj_meta_list(self) -> GList[NvDsObjectMeta] | None: ...
    @property
    def display_meta_list(self) -> GList[NvDsDisplayMeta] | None: ...
    @property
    def frame_user_meta_list(self) -> GList[NvDsUserMeta] | None: ...
    @property
    def misc_frame_info(self) -> NDArray[numpy.int32]: ...
    @property
    def reserved(self) -> NDArray[numpy.int32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsFrameMeta: ...

class NvDsGeoLocation(_Struct):
    lat: float
    lon: float
    alt: float
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsGeoLocation: ...

class NvDsInferAttribute(_Struct):
    @property
    def attributeIndex(self) -> int: ...
    @property
    def atttributeIndex(self) -> int: ...
    @property
    def attributeValue(self) -> int: ...
    @property
    def attributeConfidence(self) -> float: ...
    @property
    def attributeLabel(self) -> str | MaybeNone: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferAttribute: ...

class NvDsInferDims(_Struct):
    @property
    def numDims(self) -> int: ...
    @property
    def numElements(self) -> int: ...
    @property
    def d(self) -> NDArray[numpy.uint32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferDims: ...

class NvDsInferDimsCHW(_Struct):
    @property
    def c(self) -> int: ...
    @property
    def h(self) -> int: ...
    @property
    def w(self) -> int: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferDimsCHW: ...

class NvDsInferLayerInfo(_Struct):
    @property
    def dataType(self) -> NvDsInferDataType: ...
    @property
    def dims(self) -> NvDsInferDims: ...
    @property
    def inferDims(self) -> NvDsInferDims: ...
    @property
    def bindingIndex(self) -> int: ...
    @property
    def layerName(self) -> str | MaybeNone: ...
    @property
    def buffer(self) -> Any: ...
    @property
    def isInput(self) -> int: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferLayerInfo: ...

class NvDsInferNetworkInfo(_Struct):
    width: int
    height: int
    channels: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferNetworkInfo: ...

class NvDsInferObjectDetectionInfo(_Struct):
    classId: int
    left: float
    top: float
    width: float
    height: float
    detectionConfidence: float
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferObjectDetectionInfo: ...

class NvDsInferSegmentationMeta(_Struct):
    @property
    def classes(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def class_map(self) -> int | MaybeNone: ...
    @property
    def class_probabilities_map(self) -> float | MaybeNone: ...
    @property
    def priv_data(self) -> Any: ...
    @property
    def unique_id(self) -> int: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferSegmentationMeta: ...

class NvDsInferTensorMeta(_Struct):
    @property
    def network_info(self) -> NvDsInferNetworkInfo: ...
    @property
    def unique_id(self) -> int: ...
    @property
    def num_output_layers(self) -> int: ...
    @property
    def out_buf_ptrs_host(self) -> Any: ...
    @property
    def out_buf_ptrs_dev(self) -> Any: ...
    @property
    def gpu_id(self) -> int: ...
    @property
    def priv_data(self) -> Any: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsInferTensorMeta: ...
    def output_layers_info(self, j: int) -> NvDsInferLayerInfo: ...

class NvDsLabelInfo(_Struct):
    base_meta: NvDsBaseMeta
    num_classes: int
    result_label: str
    pResult_label: str | MaybeNone
    result_class_id: int
    label_id: int
    result_prob: float
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsLabelInfo: ...

class NvDsMeta(_Struct):
    meta: NoReturn
    @property
    def meta_data(self) -> Any: ...
    @meta_data.setter
    def meta_data(self, value: object) -> None: ...
    @property
    def user_data(self) -> Any: ...
    @user_data.setter
    def user_data(self, value: object) -> None: ...
    meta_type: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsMeta: ...

class NvDsMetaPool(_Struct):
    @property
    def meta_type(self) -> NvDsMetaType: ...
    @property
    def max_elements_in_pool(self) -> int: ...
    @property
    def element_size(self) -> int: ...
    @property
    def num_empty_elements(self) -> int: ...
    @property
    def num_full_elements(self) -> int: ...
    @property
    def empty_list(self) -> GList[Any] | None: ...
    @property
    def full_list(self) -> GList[Any] | None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsMetaPool: ...

class NvDsObjEncOutParams(_Struct):
    @property
    def outLen(self) -> int: ...
    def outBuffer(self) -> NDArray[numpy.uint8]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsObjEncOutParams: ...

class NvDsObjEncUsrArgs(_Struct):
    saveImg: bool
    attachUsrMeta: bool
    scaleImg: bool
    scaledWidth: int
    scaledHeight: int
    fileNameImg: str
    objNum: int
    quality: int
    isFrame: bool
    calcEncodeTime: bool
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsObjEncUsrArgs: ...

class NvDsObjReid(_Struct):
    featureSize: int
    def get_host_reid_vector(self) -> NDArray[numpy.float32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsObjReid: ...

class NvDsObjectMeta(_Struct):
    base_meta: NvDsBaseMeta
    parent: NvDsObjectMeta | MaybeNone
    unique_component_id: int
    class_id: int
    object_id: int
    detector_bbox_info: NvDsComp_BboxInfo
    tracker_bbox_info: NvDsComp_BboxInfo
    confidence: float
    tracker_confidence: float
    rect_params: NvOSD_RectParams
    mask_params: NvOSD_MaskParams
    text_params: NvOSD_TextParams
    obj_label: str
    @property
    def classifier_meta_list(self) -> GList[NvDsClassifierMeta] | None: ...
    @property
    def obj_user_meta_list(self) -> GList[NvDsUserMeta] | None: ...
    @property
    def misc_obj_info(self) -> NDArray[numpy.int32]: ...
    @property
    def reserved(self) -> NDArray[numpy.int32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsObjectMeta: ...

class NvDsObjectSignature(_Struct):
    @property
    def signature(self) -> float | MaybeNone: ...
    @signature.setter
    def signature(self, value: float | list[float]) -> None: ...
    size: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsObjectSignature: ...

class NvDsOpticalFlowMeta(_Struct):
    rows: int
    cols: int
    mv_size: int
    frame_num: int
    @property
    def data(self) -> Any: ...
    @data.setter
    def data(self, value: object) -> None: ...
    @property
    def priv(self) -> Any: ...
    @priv.setter
    def priv(self, value: object) -> None: ...
    @property
    def reserved(self) -> Any: ...
    @reserved.setter
    def reserved(self, value: object) -> None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsOpticalFlowMeta: ...

class NvDsPayload(_Struct):
    @property
    def payload(self) -> Any: ...
    @payload.setter
    def payload(self, value: object) -> None: ...
    payloadSize: int
    componentId: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsPayload: ...

class NvDsPersonObject(_Struct):
    @property
    def gender(self) -> int: ...
    @gender.setter
    def gender(self, value: str | int) -> None: ...
    @property
    def hair(self) -> int: ...
    @hair.setter
    def hair(self, value: str | int) -> None: ...
    @property
    def cap(self) -> int: ...
    @cap.setter
    def cap(self, value: str | int) -> None: ...
    @property
    def apparel(self) -> int: ...
    @apparel.setter
    def apparel(self, value: str | int) -> None: ...
    age: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsPersonObject: ...

class NvDsPersonObjectExt(_Struct):
    gender: str | MaybeNone
    hair: str | MaybeNone
    cap: str | MaybeNone
    apparel: str | MaybeNone
    age: int
    mask: GList[Any] | None
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsPersonObjectExt: ...

class NvDsPreProcessTensorMeta(_Struct):
    @property
    def raw_tensor_buffer(self) -> Any: ...
    @raw_tensor_buffer.setter
    def raw_tensor_buffer(self, value: object) -> None: ...
    buffer_size: int
    tensor_shape: list[int]
    data_type: NvDsDataType
    tensor_name: str
    gpu_id: int
    @property
    def private_data(self) -> Any: ...
    @private_data.setter
    def private_data(self, value: object) -> None: ...
    meta_id: int
    maintain_aspect_ratio: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsPreProcessTensorMeta: ...

class NvDsRect(_Struct):
    top: float
    left: float
    width: float
    height: float
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsRect: ...

class NvDsRoiMeta(_Struct):
    roi: NvOSD_RectParams
    converted_buffer: NvBufSurfaceParams | MaybeNone
    frame_meta: NvDsFrameMeta | MaybeNone
    object_meta: NvDsObjectMeta | MaybeNone
    scale_ratio_x: float
    scale_ratio_y: float
    offset_left: float
    offset_top: float
    @property
    def classifier_meta_list(self) -> GList[NvDsClassifierMeta] | None: ...
    @property
    def roi_user_meta_list(self) -> GList[NvDsUserMeta] | None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsRoiMeta: ...

class NvDsTargetMiscDataBatch(_Struct):
    numAllocated: int
    numFilled: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsTargetMiscDataBatch: ...
    def list(self) -> Iterator[NvDsTargetMiscDataStream]: ...

class NvDsTargetMiscDataFrame(_Struct):
    frameNum: int
    tBbox: NvOSD_RectParams
    confidence: float
    age: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsTargetMiscDataFrame: ...

class NvDsTargetMiscDataObject(_Struct):
    numObj: int
    uniqueId: int
    classId: int
    objLabel: str
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsTargetMiscDataObject: ...
    def list(self) -> Iterator[NvDsTargetMiscDataFrame]: ...

class NvDsTargetMiscDataStream(_Struct):
    streamID: int
    surfaceStreamID: int
    numAllocated: int
    numFilled: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsTargetMiscDataStream: ...
    def list(self) -> Iterator[NvDsTargetMiscDataObject]: ...

class NvDsUserMeta(_Struct):
    base_meta: NvDsBaseMeta
    @property
    def user_meta_data(self) -> Any: ...
    @user_meta_data.setter
    def user_meta_data(self, value: object) -> None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsUserMeta: ...

class NvDsVehicleObject(_Struct):
    @property
    def type(self) -> int: ...
    @type.setter
    def type(self, value: str | int) -> None: ...
    @property
    def make(self) -> int: ...
    @make.setter
    def make(self, value: str | int) -> None: ...
    @property
    def model(self) -> int: ...
    @model.setter
    def model(self, value: str | int) -> None: ...
    @property
    def color(self) -> int: ...
    @color.setter
    def color(self, value: str | int) -> None: ...
    @property
    def region(self) -> int: ...
    @region.setter
    def region(self, value: str | int) -> None: ...
    @property
    def license(self) -> int: ...
    @license.setter
    def license(self, value: str | int) -> None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsVehicleObject: ...

class NvDsVehicleObjectExt(_Struct):
    type: str | MaybeNone
    make: str | MaybeNone
    model: str | MaybeNone
    color: str | MaybeNone
    region: str | MaybeNone
    license: str | MaybeNone
    mask: GList[Any] | None
    def cast(self: capsule[Any] | _Struct | int | None) -> NvDsVehicleObjectExt: ...

class NvOFFlowVector(_Struct):
    flowx: int
    flowy: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOFFlowVector: ...

class NvOSD_ArrowParams(_Struct):
    x1: int
    y1: int
    x2: int
    y2: int
    arrow_width: int
    arrow_head: NvOSD_Arrow_Head_Direction
    arrow_color: NvOSD_ColorParams
    reserved: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_ArrowParams: ...

class NvOSD_CircleParams(_Struct):
    xc: int
    yc: int
    radius: int
    circle_color: NvOSD_ColorParams
    has_bg_color: int
    bg_color: NvOSD_ColorParams
    reserved: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_CircleParams: ...

class NvOSD_ColorParams(_Struct):
    red: float
    green: float
    blue: float
    alpha: float
    def set(self, red: float, green: float, blue: float, alpha: float) -> None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_ColorParams: ...

class NvOSD_Color_info(_Struct):
    id: int
    color: NvOSD_ColorParams
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_Color_info: ...

class NvOSD_FontParams(_Struct):
    @property
    def font_name(self) -> int: ...
    @font_name.setter
    def font_name(self, value: str) -> None: ...
    font_size: int
    font_color: NvOSD_ColorParams
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_FontParams: ...

class NvOSD_FrameArrowParams(_Struct):
    buf_ptr: NvBufSurfaceParams | MaybeNone
    mode: NvOSD_Mode
    num_arrows: int
    arrow_params_list: NvOSD_ArrowParams | MaybeNone
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_FrameArrowParams: ...

class NvOSD_FrameCircleParams(_Struct):
    buf_ptr: NvBufSurfaceParams | MaybeNone
    mode: NvOSD_Mode
    num_circles: int
    circle_params_list: NvOSD_CircleParams | MaybeNone
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_FrameCircleParams: ...

class NvOSD_FrameLineParams(_Struct):
    buf_ptr: NvBufSurfaceParams | MaybeNone
    mode: NvOSD_Mode
    num_lines: int
    line_params_list: NvOSD_LineParams | MaybeNone
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_FrameLineParams: ...

class NvOSD_FrameRectParams(_Struct):
    buf_ptr: NvBufSurfaceParams | MaybeNone
    mode: NvOSD_Mode
    num_rects: int
    rect_params_list: NvOSD_RectParams | MaybeNone
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_FrameRectParams: ...

class NvOSD_FrameTextParams(_Struct):
    buf_ptr: NvBufSurfaceParams | MaybeNone
    mode: NvOSD_Mode
    num_strings: int
    text_params_list: NvOSD_TextParams | MaybeNone
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_FrameTextParams: ...

class NvOSD_LineParams(_Struct):
    x1: int
    y1: int
    x2: int
    y2: int
    line_width: int
    line_color: NvOSD_ColorParams
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_LineParams: ...

class NvOSD_MaskParams(_Struct):
    @property
    def data(self) -> float | MaybeNone: ...
    size: int
    threshold: float
    width: int
    height: int
    def get_mask_array(self) -> NDArray[numpy.float32]: ...
    def alloc_mask_array(self) -> NDArray[numpy.float32]: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_MaskParams: ...

class NvOSD_RectParams(_Struct):
    left: float
    top: float
    width: float
    height: float
    border_width: int
    border_color: NvOSD_ColorParams
    has_bg_color: int
    reserved: int
    bg_color: NvOSD_ColorParams
    has_color_info: int
    color_id: int
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_RectParams: ...

class NvOSD_TextParams(_Struct):
    @property
    def display_text(self) -> int: ...
    @display_text.setter
    def display_text(self, value: str) -> None: ...
    x_offset: int
    y_offset: int
    font_params: NvOSD_FontParams
    set_bg_clr: int
    text_bg_clr: NvOSD_ColorParams
    def cast(self: capsule[Any] | _Struct | int | None) -> NvOSD_TextParams: ...

class RectDim(_Struct):
    left: float
    top: float
    width: float
    height: float
    class_id: int
    tracking_id: int
    gie_unique_id: int
    roi_status: int
    @property
    def text(self) -> Any: ...
    @text.setter
    def text(self, value: object) -> None: ...
    def cast(self: capsule[Any] | _Struct | int | None) -> RectDim: ...

def NvBufSurfaceCopy(srcSurf: NvBufSurface, dstSurf: NvBufSurface) -> int: ...
def NvBufSurfaceCreate(surf: NvBufSurface, batchSize: int, params: NvBufSurfaceCreateParams) -> int: ...
def NvBufSurfaceDestroy(surf: NvBufSurface) -> int: ...
def NvBufSurfaceFromFd(dmabuf: int, buffer: capsule[Any] | _Struct) -> int: ...
def NvBufSurfaceMap(surf: NvBufSurface, index: int, plane: int, type: NvBufSurfaceMemMapFlags) -> int: ...
def NvBufSurfaceMapEglImage(surf: NvBufSurface, index: int) -> int: ...
def NvBufSurfaceMemSet(surf: NvBufSurface, index: int, plane: int, value: int) -> int: ...
def NvBufSurfaceSyncForCpu(surf: NvBufSurface, index: int, plane: int) -> int: ...
def NvBufSurfaceSyncForDevice(surf: NvBufSurface, index: int, plane: int) -> int: ...
def NvBufSurfaceUnMap(surf: NvBufSurface, index: int, plane: int) -> int: ...
def alloc_buffer(size: int) -> int: ...
def alloc_char_buffer(size: int) -> int: ...
def alloc_custom_struct(user_meta: NvDsUserMeta) -> CustomDataStruct: ...
def alloc_nvds_event() -> NvDsEvent: ...
def alloc_nvds_event_msg_meta(user_meta: NvDsUserMeta | None) -> NvDsEventMsgMeta: ...
def alloc_nvds_face_object() -> NvDsFaceObject: ...
def alloc_nvds_payload() -> NvDsPayload: ...
def alloc_nvds_person_object() -> NvDsPersonObject: ...
def alloc_nvds_vehicle_object() -> NvDsVehicleObject: ...
def configure_source_for_ntp_sync(src_elem: int) -> None: ...
def free_buffer(buffer: int) -> None: ...
def free_gbuffer(buffer: Any) -> None: ...
def generate_ts_rfc3339(buffer: int, size: int) -> None: ...
def get_detections(buffer: Any, i: int) -> float: ...
def get_nvds_LayerInfo(tensor_meta: Any, i: int) -> NvDsInferLayerInfo: ...
def get_nvds_buf_surface(gst_buffer: int, batchID: int) -> NDArray[Any]: ...
def get_nvds_buf_surface_gpu(gst_buffer: int, batchID: int) -> tuple[Any, ...]: ...
def get_optical_flow_vectors(data: capsule[Any] | _Struct) -> NDArray[numpy.float32]: ...
def get_ptr(ptr: Any) -> int: ...
def get_segmentation_masks(data: capsule[Any] | _Struct) -> NDArray[Any]: ...
def get_string(ptr: int) -> str: ...
def glist_get_nvds_Surface_Params(data: Any) -> NvBufSurfaceParams: ...
def glist_get_nvds_batch_meta(data: Any) -> NvDsBatchMeta: ...
def glist_get_nvds_classifier_meta(data: Any) -> NvDsClassifierMeta: ...
def glist_get_nvds_display_meta(data: Any) -> NvDsDisplayMeta: ...
def glist_get_nvds_event_msg_meta(data: Any) -> NvDsEventMsgMeta: ...
def glist_get_nvds_frame_meta(data: Any) -> NvDsFrameMeta: ...
def glist_get_nvds_label_info(data: Any) -> NvDsLabelInfo: ...
def glist_get_nvds_object_meta(data: Any) -> NvDsObjectMeta: ...
def glist_get_nvds_person_object(data: Any) -> NvDsPersonObject: ...
def glist_get_nvds_tensor_meta(data: Any) -> NvDsInferTensorMeta: ...
def glist_get_nvds_user_meta(data: Any) -> NvDsUserMeta: ...
def glist_get_nvds_vehicle_object(data: Any) -> NvDsVehicleObject: ...
def gst_buffer_add_nvds_meta(buffer: Any, meta_data: Any, user_data: Any, copy_func: Any, release_func: Any) -> NoReturn: ...
def gst_buffer_get_nvds_batch_meta(buffer: int) -> NvDsBatchMeta: ...
def gst_element_send_nvevent_interval_update(gst_element: int, stream_id: str, interval: int) -> bool: ...
def gst_element_send_nvevent_new_stream_reset(gst_element: int, source_id: int) -> int: ...
def memdup(ptr: int, size: int) -> int: ...
def nvds_acquire_classifier_meta_from_pool(batch_meta: NvDsBatchMeta) -> NvDsClassifierMeta: ...
def nvds_acquire_display_meta_from_pool(batch_meta: NvDsBatchMeta) -> NvDsDisplayMeta: ...
def nvds_acquire_frame_meta_from_pool(batch_meta: NvDsBatchMeta) -> NvDsFrameMeta: ...
def nvds_acquire_label_info_meta_from_pool(batch_meta: NvDsBatchMeta) -> NvDsLabelInfo: ...
def nvds_acquire_meta_lock(batch_meta: NvDsBatchMeta) -> None: ...
def nvds_acquire_obj_meta_from_pool(batch_meta: NvDsBatchMeta) -> NvDsObjectMeta: ...
def nvds_acquire_user_meta_from_pool(batch_meta: NvDsBatchMeta) -> NvDsUserMeta: ...
def nvds_add_classifier_meta_to_object(obj_meta: NvDsObjectMeta, classifier_meta: NvDsClassifierMeta) -> None: ...
def nvds_add_display_meta_to_frame(frame_meta: NvDsFrameMeta, display_meta: NvDsDisplayMeta) -> None: ...
def nvds_add_frame_meta_to_batch(batch_meta: NvDsBatchMeta, frame_meta: NvDsFrameMeta) -> None: ...
def nvds_add_label_info_meta_to_classifier(classifier_meta: NvDsClassifierMeta, label_info_meta: NvDsLabelInfo) -> None: ...
def nvds_add_obj_meta_to_frame(frame_meta: NvDsFrameMeta, obj_meta: NvDsObjectMeta, obj_parent: NvDsObjectMeta | None) -> None: ...
def nvds_add_user_meta_to_batch(batch_meta: NvDsBatchMeta, user_meta: NvDsUserMeta) -> None: ...
def nvds_add_user_meta_to_frame(frame_meta: NvDsFrameMeta, user_meta: NvDsUserMeta) -> None: ...
def nvds_add_user_meta_to_obj(obj_meta: NvDsObjectMeta, user_meta: NvDsUserMeta) -> None: ...
def nvds_batch_meta_copy_func(data: capsule[Any] | _Struct, user_meta: Any) -> capsule[NvDsBatchMeta]: ...
def nvds_batch_meta_release_func(data: capsule[Any] | _Struct, user_data: Any) -> None: ...
def nvds_clear_batch_user_meta_list(batch_meta: NvDsBatchMeta, meta_list: GList[Any] | None) -> None: ...
def nvds_clear_display_meta_list(frame_meta: NvDsFrameMeta, meta_list: GList[Any] | None) -> None: ...
def nvds_clear_frame_meta_list(batch_meta: NvDsBatchMeta, meta_list: GList[Any] | None) -> None: ...
def nvds_clear_frame_user_meta_list(frame_meta: NvDsFrameMeta, meta_list: GList[Any] | None) -> None: ...
def nvds_clear_meta_list(batch_meta: NvDsBatchMeta, meta_list: GList[Any] | None, meta_pool: NvDsMetaPool) -> GList[Any] | None: ...
def nvds_clear_obj_meta_list(frame_meta: NvDsFrameMeta, meta_list: GList[Any] | None) -> None: ...
def nvds_clear_obj_user_meta_list(object_meta: NvDsObjectMeta, meta_list: GList[Any] | None) -> None: ...
def nvds_copy_batch_user_meta_list(src_user_meta_list: GList[Any] | None, dst_batch_meta: NvDsBatchMeta) -> None: ...
def nvds_copy_display_meta_list(src_display_meta: GList[Any] | None, dst_frame_meta: NvDsFrameMeta) -> None: ...
def nvds_copy_frame_meta_list(src_frame_meta_list: GList[Any] | None, dst_batch_meta: NvDsBatchMeta) -> None: ...
def nvds_copy_frame_user_meta_list(src_user_meta_list: GList[Any] | None, dst_frame_meta: NvDsFrameMeta) -> None: ...
def nvds_copy_obj_meta_list(src_obj_meta_list: GList[Any] | None, dst_object_meta: NvDsFrameMeta) -> None: ...
def nvds_create_batch_meta(max_batch_size: int) -> NvDsBatchMeta: ...
def nvds_destroy_batch_meta(batch_meta: NvDsBatchMeta) -> int: ...
def nvds_get_current_metadata_info(batch_meta: NvDsBatchMeta) -> int: ...
def nvds_get_nth_frame_meta(frame_meta_list: GList[Any], index: int) -> NvDsFrameMeta: ...
def nvds_get_user_meta_type(meta_descriptor: str) -> int: ...
def nvds_measure_buffer_latency(gst_buffer: int) -> int: ...
def nvds_obj_enc_create_context(gpu_id: int) -> int: ...
def nvds_obj_enc_destroy_context(ctx: int) -> None: ...
def nvds_obj_enc_finish(ctx: int) -> None: ...
def nvds_obj_enc_process(ctx: int, args: NvDsObjEncUsrArgs, gst_buffer: int, obj_meta: NvDsObjectMeta | None, frame_meta: NvDsFrameMeta) -> bool: ...
def nvds_release_meta_lock(batch_meta: NvDsBatchMeta) -> None: ...
def nvds_remove_classifier_meta_from_obj(obj_meta: NvDsObjectMeta, classifier_meta: NvDsClassifierMeta) -> None: ...
def nvds_remove_display_meta_from_frame(frame_meta: NvDsFrameMeta, display_meta: NvDsDisplayMeta) -> None: ...
def nvds_remove_frame_meta_from_batch(batch_meta: NvDsBatchMeta, frame_meta: NvDsFrameMeta) -> None: ...
def nvds_remove_label_info_meta_from_classifier(classifier_meta: NvDsClassifierMeta, label_info_meta: NvDsLabelInfo) -> None: ...
def nvds_remove_obj_meta_from_frame(frame_meta: NvDsFrameMeta, obj_meta: NvDsObjectMeta) -> None: ...
def nvds_remove_user_meta_from_batch(batch_meta: NvDsBatchMeta, user_meta: NvDsUserMeta) -> None: ...
def nvds_remove_user_meta_from_frame(frame_meta: NvDsFrameMeta, user_meta: NvDsUserMeta) -> None: ...
def nvds_remove_user_meta_from_object(obj_meta: NvDsObjectMeta, user_meta: NvDsUserMeta) -> None: ...
def register_user_copyfunc(arg: Callable[[Any, Any], Any], /) -> None: ...
def register_user_releasefunc(arg: Callable[[Any, Any], None], /) -> None: ...
def set_user_copyfunc(arg0: NvDsUserMeta, arg1: Callable[[Any, Any], Any], /) -> None: ...
def set_user_releasefunc(arg0: NvDsUserMeta, arg1: Callable[[Any, Any], None], /) -> None: ...
def strdup(ptr: int) -> int: ...
def strdup2str(ptr: int) -> str: ...
def unmap_nvds_buf_surface(gst_buffer: int, batchID: int) -> None: ...
def unset_callback_funcs() -> None: ...
def user_copyfunc(meta: NvDsUserMeta, func: Callable[[Any, Any], Any]) -> None: ...
def user_releasefunc(meta: NvDsUserMeta, func: Callable[[Any, Any], None]) -> None: ...

NVDS_GST_INVALID_META: GstNvDsMetaType
NVDS_BATCH_GST_META: GstNvDsMetaType
NVDS_DECODER_GST_META: GstNvDsMetaType
NVDS_DEWARPER_GST_META: GstNvDsMetaType
NVDS_RESERVED_GST_META: GstNvDsMetaType
NVDS_GST_META_FORCE32: GstNvDsMetaType
NVBUF_COLOR_FORMAT_INVALID: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_GRAY8: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUV420: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YVU420: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUV420_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YVU420_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV21: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV21_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_UYVY: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_UYVY_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_VYUY: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_VYUY_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUYV: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUYV_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YVYU: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YVYU_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUV444: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_RGBA: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_BGRA: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_ARGB: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_ABGR: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_RGBx: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_BGRx: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_xRGB: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_xBGR: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_RGB: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_BGR: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_10LE: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_12LE: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUV420_709: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUV420_709_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_709: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_709_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_YUV420_2020: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_2020: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_10LE_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_10LE_709: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_10LE_709_ER: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_NV12_10LE_2020: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_SIGNED_R16G16: NvBufSurfaceColorFormat
NVBUF_COLOR_FORMAT_LAST: NvBufSurfaceColorFormat
NVBUF_LAYOUT_PITCH: NvBufSurfaceLayout
NVBUF_LAYOUT_BLOCK_LINEAR: NvBufSurfaceLayout
NVBUF_MAP_READ: NvBufSurfaceMemMapFlags
NVBUF_MAP_WRITE: NvBufSurfaceMemMapFlags
NVBUF_MAP_READ_WRITE: NvBufSurfaceMemMapFlags
NVBUF_MEM_DEFAULT: NvBufSurfaceMemType
NVBUF_MEM_CUDA_PINNED: NvBufSurfaceMemType
NVBUF_MEM_CUDA_DEVICE: NvBufSurfaceMemType
NVBUF_MEM_CUDA_UNIFIED: NvBufSurfaceMemType
NVBUF_MEM_SURFACE_ARRAY: NvBufSurfaceMemType
NVBUF_MEM_HANDLE: NvBufSurfaceMemType
NVBUF_MEM_SYSTEM: NvBufSurfaceMemType
NvDsDataType_FP32: NvDsDataType
NvDsDataType_UINT8: NvDsDataType
NvDsDataType_INT8: NvDsDataType
NvDsDataType_UINT32: NvDsDataType
NvDsDataType_INT32: NvDsDataType
NvDsDataType_FP16: NvDsDataType
NVDS_EVENT_ENTRY: NvDsEventType
NVDS_EVENT_EXIT: NvDsEventType
NVDS_EVENT_MOVING: NvDsEventType
NVDS_EVENT_STOPPED: NvDsEventType
NVDS_EVENT_EMPTY: NvDsEventType
NVDS_EVENT_PARKED: NvDsEventType
NVDS_EVENT_RESET: NvDsEventType
NVDS_EVENT_RESERVED: NvDsEventType
NVDS_EVENT_CUSTOM: NvDsEventType
NVDS_EVENT_FORCE32: NvDsEventType
FLOAT: NvDsInferDataType
HALF: NvDsInferDataType
INT8: NvDsInferDataType
INT32: NvDsInferDataType
NVDS_INVALID_META: NvDsMetaType
NVDS_BATCH_META: NvDsMetaType
NVDS_FRAME_META: NvDsMetaType
NVDS_OBJ_META: NvDsMetaType
NVDS_DISPLAY_META: NvDsMetaType
NVDS_CLASSIFIER_META: NvDsMetaType
NVDS_LABEL_INFO_META: NvDsMetaType
NVDS_USER_META: NvDsMetaType
NVDS_PAYLOAD_META: NvDsMetaType
NVDS_EVENT_MSG_META: NvDsMetaType
NVDS_OPTICAL_FLOW_META: NvDsMetaType
NVDS_LATENCY_MEASUREMENT_META: NvDsMetaType
NVDSINFER_TENSOR_OUTPUT_META: NvDsMetaType
NVDSINFER_SEGMENTATION_META: NvDsMetaType
NVDS_CROP_IMAGE_META: NvDsMetaType
NVDS_TRACKER_PAST_FRAME_META: NvDsMetaType
NVDS_TRACKER_BATCH_REID_META: NvDsMetaType
NVDS_TRACKER_OBJ_REID_META: NvDsMetaType
NVDS_AUDIO_BATCH_META: NvDsMetaType
NVDS_AUDIO_FRAME_META: NvDsMetaType
NVDS_RESERVED_META: NvDsMetaType
NVDS_GST_CUSTOM_META: NvDsMetaType
NVDS_START_USER_META: NvDsMetaType
NVDS_FORCE32_META: NvDsMetaType
NVDS_PREPROCESS_BATCH_META: NvDsMetaType
NVDS_FRAME_META_NVDSANALYTICS: NvDsMetaType
NVDS_OBJ_META_NVDSANALYTICS: NvDsMetaType
NVDS_OBJECT_TYPE_VEHICLE: NvDsObjectType
NVDS_OBJECT_TYPE_PERSON: NvDsObjectType
NVDS_OBJECT_TYPE_FACE: NvDsObjectType
NVDS_OBJECT_TYPE_BAG: NvDsObjectType
NVDS_OBJECT_TYPE_BICYCLE: NvDsObjectType
NVDS_OBJECT_TYPE_ROADSIGN: NvDsObjectType
NVDS_OBJECT_TYPE_VEHICLE_EXT: NvDsObjectType
NVDS_OBJECT_TYPE_PERSON_EXT: NvDsObjectType
NVDS_OBJECT_TYPE_FACE_EXT: NvDsObjectType
NVDS_OBJECT_TYPE_RESERVED: NvDsObjectType
NVDS_OBJECT_TYPE_CUSTOM: NvDsObjectType
NVDS_OBJECT_TYPE_UNKNOWN: NvDsObjectType
NVDS_OBEJCT_TYPE_FORCE32: NvDsObjectType
NVDS_PAYLOAD_DEEPSTREAM: NvDsPayloadType
NVDS_PAYLOAD_DEEPSTREAM_MINIMAL: NvDsPayloadType
NVDS_PAYLOAD_RESERVED: NvDsPayloadType
NVDS_PAYLOAD_CUSTOM: NvDsPayloadType
NVDS_PAYLOAD_FORCE32: NvDsPayloadType
NvDsUnitType_FullFrame: NvDsUnitType
NvDsUnitType_ROI: NvDsUnitType
NvDsUnitType_Object: NvDsUnitType
START_HEAD: NvOSD_Arrow_Head_Direction
END_HEAD: NvOSD_Arrow_Head_Direction
BOTH_HEAD: NvOSD_Arrow_Head_Direction
MODE_CPU: NvOSD_Mode
MODE_GPU: NvOSD_Mode
MODE_NONE: NvOSD_Mode
ROI_ENTRY_360D: ROI_STATUS_360D
ROI_EXIT_360D: ROI_STATUS_360D
INSIDE_AISLE_360D: ROI_STATUS_360D

__version__: str
