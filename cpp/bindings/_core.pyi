"""The fluvial face of a buffer's metadata, as python/fluvial may rely on it.

Written before the code; the stub generated from the extension takes its place when both agree.

Staleness: a wrapper is good as long as its buffer is. In a probe that is until the probe returns and the buffer is
freed downstream; a batch taken from a BatchQueue holds its buffer, and so do its frames, objects and pixels, until
nothing of them is referenced or `batch.close()` is called. Later use raises fluvial.errors.StaleMetadataError, which
names the object and the function in which it was obtained. Arrays never go stale: columns are copies, `pixels()`
keeps its surface.
"""

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, width, height: pixels of the surface, origin top left
Color = tuple[float, float, float, float]  # red, green, blue, alpha: 0..1; an alpha may be left out when setting

class Batch:
    """What one buffer carries: the frames of one moment, of several sources."""

    @staticmethod
    def of(buffer: int | Any, sources: Sequence[str] = ..., *, keep: bool = False) -> Batch | None:
        """The batch on a Gst.Buffer or its address; None where it carries no metadata. `keep` holds the buffer."""
    @property
    def frames(self) -> list[Frame]: ...
    @property
    def pts(self) -> int | None: ...  # ns
    @property
    def is_kept(self) -> bool: ...  # True: it holds its buffer
    def keep(self) -> None:
        """Holds the buffer from now on. Whoever writes into it downstream then works on a copy."""
    def close(self) -> None:
        """Gives the buffer back now; everything that was read from this batch becomes stale."""
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Frame]: ...
    def __getitem__(self, index: int) -> Frame: ...

class Frame:
    @property
    def source(self) -> str | int: ...  # sources[source_id] where such a list was given, else the number
    @property
    def source_id(self) -> int: ...  # the mux's pad
    @property
    def batch_id(self) -> int: ...  # index of the surface in the buffer
    @property
    def number(self) -> int: ...  # counts per source from 0
    @property
    def pts(self) -> int | None: ...  # ns
    @property
    def time(self) -> float | None: ...  # pts in seconds
    @property
    def ntp_time(self) -> float | None: ...  # seconds since 1970; None where the source does not know
    @property
    def size(self) -> tuple[int, int]: ...  # width, height of the surface: what boxes are measured in
    @property
    def source_size(self) -> tuple[int, int]: ...  # width, height before the mux scaled it
    @property
    def is_inferred(self) -> bool: ...  # False: the model skipped it (interval)
    @property
    def objects(self) -> Objects: ...
    def pixels(self) -> NDArray[np.uint8]:
        """uint8 [H, W, 4] RGBA. Of an RGBA surface a writable view, seen downstream; of any other a read-only copy,
        converted once per frame."""
    def add_object(
        self,
        box: Box,
        *,
        label: str = "",
        class_id: int = 0,
        confidence: float = 1.0,
        track_id: int | None = None,
        parent: Object | None = None,
    ) -> Object: ...
    def remove(self, obj: Object) -> None: ...
    def draw_text(
        self,
        text: str,
        position: tuple[float, float],
        *,
        size: int = 12,
        font: str = "Sans",
        color: Sequence[float] = (1, 1, 1, 1),
        background: Sequence[float] | None = (0, 0, 0, 0.6),
    ) -> None: ...
    def draw_line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        width: int = 2,
        color: Sequence[float] = (1, 1, 0, 1),
    ) -> None: ...
    def draw_arrow(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        width: int = 2,
        color: Sequence[float] = (1, 1, 0, 1),
    ) -> None: ...
    def draw_rectangle(
        self, box: Box, *, width: int = 2, color: Sequence[float] = (1, 1, 0, 1), fill: Sequence[float] | None = None
    ) -> None: ...
    def draw_circle(
        self,
        center: tuple[float, float],
        radius: float,
        *,
        color: Sequence[float] = (1, 1, 0, 1),
        fill: Sequence[float] | None = None,
    ) -> None: ...

class Objects:
    """The objects of one frame when it was asked for: a sequence, oldest first (the detector's own order), and columns."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Object]: ...
    @overload
    def __getitem__(self, index: int) -> Object: ...
    @overload
    def __getitem__(self, index: slice | NDArray[np.bool_]) -> Objects: ...
    @property
    def boxes(self) -> NDArray[np.float32]: ...  # [N, 4] left, top, width, height
    @property
    def confidences(self) -> NDArray[np.float32]: ...  # [N]; below 0: not the detector's
    @property
    def class_ids(self) -> NDArray[np.int32]: ...  # [N]
    @property
    def track_ids(self) -> NDArray[np.int64]: ...  # [N]; -1: untracked
    @property
    def labels(self) -> list[str]: ...
    def where(
        self,
        *,
        label: str | Sequence[str] | None = None,
        class_id: int | Sequence[int] | None = None,
        min_confidence: float | None = None,
        is_tracked: bool | None = None,
    ) -> Objects: ...

class Object:
    label: str  # at most 127 bytes of UTF-8; setting it sets the drawn text too
    class_id: int
    confidence: float
    track_id: int | None
    box: Box
    border_color: Color
    border_width: int  # 0: no border
    fill_color: Color | None
    text: str  # what is drawn beside the box
    @property
    def tracker_confidence(self) -> float: ...
    @property
    def detector_box(self) -> Box: ...
    @property
    def component_id(self) -> int: ...  # unique-id of the model that found it
    @property
    def parent(self) -> Object | None: ...
    @property
    def classifications(self) -> list[tuple[str, str, float]]: ...  # attribute, label, confidence; in order of arrival
    @property
    def mask(self) -> NDArray[np.float32] | None: ...  # [h, w] over the box; a copy

class BatchQueue:
    """Hands batches from the streaming thread of one pad to the thread that iterates.

    lockstep: the streaming thread waits in its probe until the batch was closed or the next one is asked for, so that
    what the loop body writes (drawings, objects, pixels) is seen downstream; `next` closes the batch before. Otherwise
    up to `capacity` batches wait here and each holds its buffer; the streaming thread waits only while it is full.
    """

    def __init__(
        self, pad: int | Any, sources: Sequence[str] = ..., *, capacity: int = 2, lockstep: bool = True
    ) -> None: ...
    def next(self, timeout: float) -> Batch | None:
        """Waits up to `timeout` seconds, without the GIL. None: nothing came; `is_over` says whether anything will."""
    @property
    def is_over(self) -> bool: ...  # EOS passed the pad, or stop() was called, and nothing waits here
    def stop(self) -> None:
        """Lets the streaming thread go and drops what waits. From any thread; idempotent. Buffers then pass untouched."""

def attach_probe(
    pad: int | Any,
    call: Callable[[Batch], object],
    sources: Sequence[str] = ...,
    *,
    on_error: Callable[[type[BaseException], BaseException, TracebackType | None], object] | None = None,
) -> int:
    """Calls `call(batch)` for every buffer that passes the pad (Gst.Pad or its address) with a batch on it.

    `call` returns None or True to pass the buffer on, False to drop it. When it raises, `on_error` gets the exception
    (None: sys.unraisablehook), and this and all later buffers are dropped without a call, until the pipeline stops.
    """

def detach_probe(pad: int | Any, probe: int) -> None: ...
def register_plugin_path(path: str) -> bool:
    """Scans a folder of plugins if GStreamer is started; True when it did."""
