"""Compiled part of fluvial and pyds. Private: import those instead."""

from collections.abc import Callable, Iterator, Sequence
import types
from typing import Any

import numpy
import numpy.typing

from fluvial.errors import StaleMetadataError as StaleMetadataError


class Object:
    """Something found in a frame."""

    @property
    def label(self) -> str:
        """At most 127 bytes of UTF-8. Setting it sets the drawn text too."""

    @label.setter
    def label(self, label: str, /) -> None: ...

    @property
    def class_id(self) -> int: ...

    @class_id.setter
    def class_id(self, class_id: int, /) -> None: ...

    @property
    def confidence(self) -> float:
        """Of the detector; below 0 where it said nothing."""

    @confidence.setter
    def confidence(self, confidence: float, /) -> None: ...

    @property
    def track_id(self) -> int | None:
        """None: untracked."""

    @track_id.setter
    def track_id(self, track_id: int | None, /) -> None: ...

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, width, height in pixels of the surface."""

    @box.setter
    def box(self, box: Sequence[float], /) -> None: ...

    @property
    def detector_box(self) -> tuple[float, float, float, float]:
        """The detector's own box, which no tracker moved."""

    @property
    def tracker_confidence(self) -> float: ...

    @property
    def component_id(self) -> int:
        """unique-id of the model that found it."""

    @property
    def parent(self) -> Object | None:
        """The object in which a second detector found it."""

    @property
    def classifications(self) -> list[tuple[str, str, float]]:
        """
        Attribute, label and confidence of each classification, in order of arrival.
        """

    @property
    def meta(self) -> object:
        """The same object as a pyds.NvDsObjectMeta."""

    @property
    def border_color(self) -> Sequence[float]:
        """Red, green, blue, alpha: 0..1."""

    @border_color.setter
    def border_color(self, border_color: Sequence[float], /) -> None: ...

    @property
    def border_width(self) -> int:
        """Pixels; 0: no border."""

    @border_width.setter
    def border_width(self, border_width: int, /) -> None: ...

    @property
    def fill_color(self) -> Sequence[float] | None:
        """None: not filled."""

    @fill_color.setter
    def fill_color(self, fill_color: Sequence[float] | None, /) -> None: ...

    @property
    def text(self) -> str:
        """What is drawn beside the box."""

    @text.setter
    def text(self, text: str, /) -> None: ...

    @property
    def keypoints(self) -> numpy.typing.NDArray[numpy.float32]:
        """
        float32 [K, 3]: x and y in pixels of the surface, confidence; [0, 3] without any; a copy. May be set to an array or to a list of points.
        """

    @keypoints.setter
    def keypoints(self, points: numpy.typing.ArrayLike, /) -> None: ...

    @property
    def mask(self) -> numpy.typing.NDArray[numpy.float32] | None:
        """
        float32 [h, w] over the box; a copy. [n] where a parser of DeepStream's put key points there.
        """

    @property
    def segmentation(self) -> numpy.typing.NDArray[numpy.int32] | None:
        """
        int32 [h, w]: the class of each place, -1 where none is sure enough. It covers the whole picture, in the model's own resolution. None: no model said any; a copy.
        """

    @property
    def segmentation_probabilities(self) -> numpy.typing.NDArray[numpy.float32] | None:
        """
        float32 [classes, h, w], where the model's settings ask for them (head_options probabilities=yes); a copy.
        """

    @property
    def embedding(self) -> numpy.typing.NDArray[numpy.float32] | None:
        """
        float32 [D] of length 1: what it looks like, as a model of embeddings says; the product of two is their cosine. None without; a copy.
        """

class Objects:
    """
    The objects of a frame when it was asked for: a sequence, oldest first, and columns.
    """

    @property
    def embeddings(self) -> numpy.typing.NDArray[numpy.float32]:
        """float32 [N, D], each of length 1; zeros stand for what has none."""

    @property
    def keypoints(self) -> numpy.typing.NDArray[numpy.float32]:
        """
        float32 [N, K, 3]: x and y in pixels of the surface, confidence; K is the most that an object has, and zeros stand for what it has not.
        """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Object]: ...

    def __getitem__(self, index: int | slice | Sequence[bool], /) -> Any: ...

    @property
    def boxes(self) -> numpy.typing.NDArray[numpy.float32]:
        """float32 [N, 4]: left, top, width, height in pixels of the surface."""

    @property
    def confidences(self) -> numpy.typing.NDArray[numpy.float32]:
        """float32 [N]; below 0 where the detector said nothing."""

    @property
    def class_ids(self) -> numpy.typing.NDArray[numpy.int32]:
        """int32 [N]."""

    @property
    def track_ids(self) -> numpy.typing.NDArray[numpy.int64]:
        """int64 [N]; -1: untracked."""

    @property
    def labels(self) -> list[str]:
        """One str an object."""

    def where(self, *, label: str | Sequence[str] | None = None, class_id: int | Sequence[int] | None = None, min_confidence: float | None = None, is_tracked: bool | None = None) -> Objects:
        """Those for which everything given holds."""

class Plane:
    """
    uint8, one plane of a surface as it lies in memory; of it arrays are made.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns and, where there are several, channels."""

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one to the next."""

    @property
    def device(self) -> str:
        """"cpu" or "cuda:0"."""

    def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None, dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """
        A DLPack capsule. Nothing is copied, and the memory stays as long as the array, and until the stream that it was taken in has come past what is in it when the array goes. BufferError for a copy or another device.
        """

    def __dlpack_device__(self) -> tuple[int, int]: ...

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """
        Version 3, for memory on a GPU; AttributeError for other. Where its stream is None, the numbers are there. What reads them in another stream than CUDA's default one must be done before the array goes.
        """

    def __array__(self, dtype: numpy.typing.DTypeLike | None = None, copy: bool | None = None) -> numpy.typing.NDArray[Any]:
        """For NumPy, read-only; TypeError for a surface on a GPU."""

class Surface:
    """
    A frame's pixels where and as they are, which may be on a GPU. Not to be written: a decoder may still need them. It outlives its batch.
    """

    @property
    def format(self) -> str:
        """"NV12", "RGBA", ..."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""

    @property
    def device(self) -> str:
        """"cpu" or "cuda:0"."""

    @property
    def is_on_gpu(self) -> bool:
        """True: NumPy cannot see it."""

    @property
    def planes(self) -> tuple[Plane, ...]:
        """
        NV12: Y [H, W] and UV [H/2, W/2, 2]. RGBA: [H, W, 4]. Sizes of halves are rounded up.
        """

    def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None, dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """
        A DLPack capsule. Nothing is copied, and the memory stays as long as the array, and until the stream that it was taken in has come past what is in it when the array goes. BufferError for a copy or another device.
        """

    def __dlpack_device__(self) -> tuple[int, int]: ...

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """
        Version 3, for memory on a GPU; AttributeError for other. Where its stream is None, the numbers are there. What reads them in another stream than CUDA's default one must be done before the array goes.
        """

    def __array__(self, dtype: numpy.typing.DTypeLike | None = None, copy: bool | None = None) -> numpy.typing.NDArray[Any]:
        """For NumPy, read-only; TypeError for a surface on a GPU."""

class DeviceTensor:
    """
    A model's input or output on a GPU, of which PyTorch, CuPy and Numba make arrays without a copy.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> str:
        """As NumPy writes it: "<f4"."""

    @property
    def device(self) -> str:
        """"cuda:0"."""

    def to_numpy(self) -> numpy.typing.NDArray[Any]:
        """A copy on the host, counted by gpu_returned()."""

    def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None, dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """
        A DLPack capsule. Nothing is copied, and the memory stays as long as the array, and until the stream that it was taken in has come past what is in it when the array goes. BufferError for a copy or another device.
        """

    def __dlpack_device__(self) -> tuple[int, int]: ...

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """
        Version 3, for memory on a GPU; AttributeError for other. Where its stream is None, the numbers are there. What reads them in another stream than CUDA's default one must be done before the array goes.
        """

    def __array__(self, dtype: numpy.typing.DTypeLike | None = None, copy: bool | None = None) -> numpy.typing.NDArray[Any]:
        """to_numpy(), for NumPy itself."""

class Frame:
    """One picture of one source, and what was found in it."""

    @property
    def source(self) -> str | int:
        """Name of the source; its number where no names were given."""

    @property
    def source_id(self) -> int:
        """The mux's pad."""

    @property
    def batch_id(self) -> int:
        """Index of the surface in the buffer."""

    @property
    def number(self) -> int:
        """Counts per source, from 0."""

    @property
    def pts(self) -> int | None:
        """
        Timestamp as the decoder gave it, in ns; `time` counts from the beginning.
        """

    @property
    def time(self) -> float | None:
        """
        Seconds since the source's own beginning; a file's first frame is at 0, wherever its timestamps begin.
        """

    @property
    def ntp_time(self) -> float | None:
        """Seconds since 1970; None where the source does not know."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the surface: what boxes are measured in."""

    @property
    def source_size(self) -> tuple[int, int]:
        """Width and height before the mux scaled it."""

    @property
    def is_inferred(self) -> bool:
        """False: the model skipped it."""

    @property
    def objects(self) -> Objects:
        """The objects of now, oldest first."""

    @property
    def meta(self) -> object:
        """The same frame as a pyds.NvDsFrameMeta."""

    @property
    def surface(self) -> Surface:
        """
        The pixels where and as they are, on the host or on a GPU, for DLPack; not to be written.
        """

    def tensors(self, unique_id: int | None = None) -> dict[str, numpy.typing.NDArray[Any] | DeviceTensor]:
        """
        Outputs of the models that have output_tensor_meta, by name; of one of them by its unique_id. Where a GPU keeps them they are DeviceTensors, which share that memory; else copies. Both outlive the frame.
        """

    def pixels(self) -> numpy.typing.NDArray[numpy.uint8]:
        """
        uint8 [H, W, 4] RGBA. Of an RGBA surface a writable view, seen downstream; of any other a read-only copy, converted once.
        """

    def add_object(self, box: Sequence[float], *, label: str = '', class_id: int = 0, confidence: float = 1.0, track_id: int | None = None, parent: Object | None = None) -> Object:
        """
        Adds an object; box is left, top, width, height in pixels of the surface.
        """

    def remove(self, obj: Object) -> None:
        """Takes an object out; it is stale from then on."""

    @property
    def segmentation(self) -> numpy.typing.NDArray[numpy.int32] | None:
        """
        int32 [h, w]: the class of each place, -1 where none is sure enough. It covers the whole picture, in the model's own resolution. None: no model said any; a copy.
        """

    @property
    def segmentation_probabilities(self) -> numpy.typing.NDArray[numpy.float32] | None:
        """
        float32 [classes, h, w], where the model's settings ask for them (head_options probabilities=yes); a copy.
        """

    @property
    def embedding(self) -> numpy.typing.NDArray[numpy.float32] | None:
        """
        float32 [D] of length 1: what it looks like, as a model of embeddings says; the product of two is their cosine. None without; a copy.
        """

    def draw_text(self, text: str, position: Sequence[float], *, size: int = 12, font: str = 'Sans', color: Sequence[float] = (1.0, 1.0, 1.0, 1.0), background: Sequence[float] | None = (0.0, 0.0, 0.0, 0.6)) -> None:
        """
        Writes text, its top left at the position. Drawn by a draw stage downstream.
        """

    def draw_line(self, start: Sequence[float], end: Sequence[float], *, width: int = 2, color: Sequence[float] = (1.0, 1.0, 0.0, 1.0)) -> None: ...

    def draw_arrow(self, start: Sequence[float], end: Sequence[float], *, width: int = 2, color: Sequence[float] = (1.0, 1.0, 0.0, 1.0)) -> None: ...

    def draw_rectangle(self, box: Sequence[float], *, width: int = 2, color: Sequence[float] = (1.0, 1.0, 0.0, 1.0), fill: Sequence[float] | None = None) -> None: ...

    def draw_circle(self, center: Sequence[float], radius: float, *, color: Sequence[float] = (1.0, 1.0, 0.0, 1.0), fill: Sequence[float] | None = None) -> None: ...

class Batch:
    """What one buffer carries: the frames of one moment, of several sources."""

    @staticmethod
    def of(buffer: object, sources: object = (), *, keep: bool = False) -> Batch | None:
        """
        The batch on a Gst.Buffer or its address; None where it carries no metadata. `keep` holds the buffer.
        """

    @property
    def frames(self) -> list[Frame]:
        """The frames, in the order of the batch."""

    @property
    def pts(self) -> int | None:
        """Of the buffer, in ns; None where it has none."""

    @property
    def is_kept(self) -> bool:
        """True: it holds its buffer."""

    def keep(self) -> None:
        """
        Holds the buffer from now on. Whoever writes into it downstream then works on a copy.
        """

    def close(self) -> None:
        """
        Gives the buffer back now; what was read from this batch becomes stale.
        """

    @property
    def meta(self) -> object:
        """The same batch as a pyds.NvDsBatchMeta."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Frame]: ...

    def __getitem__(self, index: int) -> Frame: ...

def attach_probe(pad: Any, call: Callable[[Batch], object], sources: Sequence[str] = (), *, on_error: Callable[[type[BaseException], BaseException, types.TracebackType | None], object] | None = None) -> int:
    """
    Calls call(batch) for every buffer with a batch that passes the pad (a Gst.Pad).

    It returns None or True to pass the buffer on, False to drop it. When it raises, on_error gets the exception (None: sys.unraisablehook), and this and all later buffers are dropped without a call.
    """

def detach_probe(pad: object, probe: int) -> None: ...

def tell_no_picture(pad: object) -> None:
    """
    The pad's element posts an element message "fluvial-no-picture" if EOS passes the pad before any buffer.
    """

class BatchQueue:
    """
    Hands batches from the streaming threads of a pad, or of a list of them, to the thread that iterates, in the order in which they came.

    lockstep: the streaming thread waits until the next batch is asked for, so that what the loop body writes is seen downstream; a batch is closed then, unless batch.keep() was called. Otherwise up to `capacity` batches wait, each holding its buffer.
    """

    def __init__(self, pads: object, sources: object = (), *, capacity: int = 2, lockstep: bool = True) -> None: ...

    def next(self, timeout: float) -> Batch | None:
        """
        Waits up to `timeout` seconds, without the GIL. None: nothing came; is_over says whether anything will.
        """

    @property
    def is_over(self) -> bool:
        """EOS passed the pad, or stop() was called, and nothing waits here."""

    def stop(self) -> None:
        """
        Lets the streaming thread go and drops what waits. Idempotent. Buffers then pass untouched.
        """

class Meter:
    """Counts the buffers that pass two pads, and the time between."""

    def __init__(self) -> None: ...

    def enter_at(self, pad: object) -> None: ...

    def leave_at(self, pad: object) -> None:
        """May be the same pad: what was added to it since is measured."""

    def read(self) -> tuple[int, int, int, int, int, float]:
        """
        Buffers in, buffers out, frames in, frames out, buffers timed, seconds of these.
        """

    def detach(self) -> None:
        """Counts no more. Idempotent."""

def register_plugin_path(path: str) -> bool:
    """
    Scans a folder of plugins if GStreamer is started; True when it is. Before that GST_PLUGIN_PATH does it.
    """

class Loop:
    """
    Iterates; calls on_leave with the exception that left the loop, or None, when it is dropped.
    """

    def __init__(self, items: object, on_leave: object) -> None: ...

    def __iter__(self) -> Loop: ...

    def __next__(self) -> Any: ...

def offer_backend(name: str, open: Callable[[str], object]) -> None:
    """
    From now on the elements of this process find a backend of this name: open(path) gives its bridge.
    """

def withdraw_backend(name: str) -> None:
    """Those that are open stay."""

def gpus() -> tuple[list[str], str]:
    """Names of the GPUs in their order, and why there are none."""

def gpu_list() -> list[tuple[str, str, int]]:
    """
    Name, PCI bus id and bytes of memory of each GPU, in their order. Nothing is put on them.
    """

def gpu_traffic() -> dict[str, int]:
    """
    Bytes of pixels that this process has copied from GPUs ("downloaded") and to them ("uploaded").
    """

def gpu_returned() -> int:
    """Bytes of models' outputs that this process has brought from GPUs."""

def use_nvrtc(path: str) -> None:
    """
    Where the compiler of kernels is, for machines where it came with a Python package.
    """

def offer_parser(name: str, open: Callable[..., object]) -> None:
    """
    From now on the elements of this process find a parser of this name: open(...) gives its bridge.
    """

def withdraw_parser(name: str) -> None:
    """Those that are open stay."""


pyds: types.ModuleType
