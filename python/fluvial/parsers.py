"""A function of yours that reads a model's outputs, where no head does: `Flow.infer(model, parser=function)`.

It is called once a picture with the output tensors by name, without the batch's dimension, and what is known of the
model; it returns what it sees. The tensors are views of the backend's memory, read only; nothing is copied. One that
is kept stays as it is: the next picture's are written elsewhere.

A model on a GPU has its outputs copied to the host for it, unless the function says `@on_device`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from fluvial.errors import ModelError

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

    from fluvial._core import DeviceTensor

__all__ = ["Detections", "Parser", "ParserBridge", "ParserInfo", "on_device"]


@dataclass(frozen=True)
class Detections:
    """What a model sees in one picture.

    Attributes:
        boxes: Real numbers [N, 4]: left, top, width, height in pixels of the network's input.
        scores: Real numbers [N], 0 to 1.
        class_ids: Whole numbers [N], from 0.
        masks: Real numbers [N, height, width], 0 to 1: probabilities over each box; None: no masks.
        keypoints: Real numbers [N, K, 3]: x, y in pixels of the network's input, confidence 0 to 1; None: no key
            points.

    Example:
        >>> import numpy as np
        >>> Detections(np.zeros((2, 4)), np.array([0.9, 0.8]), np.array([0, 1])).scores.max()
        np.float64(0.9)
    """

    boxes: NDArray[Any]
    scores: NDArray[Any]
    class_ids: NDArray[Any]
    masks: NDArray[Any] | None = None
    keypoints: NDArray[Any] | None = None

    @classmethod
    def of_corners(
        cls,
        corners: NDArray[Any],
        scores: NDArray[Any],
        class_ids: NDArray[Any],
        *,
        masks: NDArray[Any] | None = None,
        keypoints: NDArray[Any] | None = None,
    ) -> Detections:
        """The same from boxes [N, 4] that are left, top, right, bottom.

        Example:
            >>> import numpy as np
            >>> Detections.of_corners(np.array([[10, 20, 30, 50]]), np.ones(1), np.zeros(1, int)).boxes
            array([[10, 20, 20, 30]])
        """
        import numpy as np

        given = np.asarray(corners)
        boxes = np.concatenate([given[:, :2], given[:, 2:] - given[:, :2]], axis=1)
        return cls(boxes, scores, class_ids, masks, keypoints)


@dataclass(frozen=True)
class ParserInfo:
    """What is known of the model.

    Attributes:
        width: Of the network's input, in pixels.
        height: The same.
        labels: By class; may be empty.
        class_count: 0: unknown.
        threshold: What scores below it, nobody sees: it need not be returned.
    """

    width: int
    height: int
    labels: tuple[str, ...]
    class_count: int
    threshold: float


Parser = Callable[[dict[str, "NDArray[Any]"], ParserInfo], Detections]
DeviceParser = Callable[[dict[str, "NDArray[Any] | DeviceTensor"], ParserInfo], Detections]


def on_device(parser: DeviceParser) -> Parser:
    """A decorator: this parser gets a model's outputs where they are. On a GPU they are `DeviceTensor`, which PyTorch,
    CuPy and Numba read without a copy, and nothing is carried to the host; elsewhere they are arrays of NumPy's, which
    speak DLPack 1.0 too. One that is kept keeps its memory.

    Example:
        >>> @on_device
        ... def parse(tensors, info):
        ...     rows = torch.from_dlpack(tensors["rows"])  # on the GPU, or on the CPU
        ...     kept = rows[rows[:, 4] > info.threshold].cpu().numpy()
        ...     return Detections.of_corners(kept[:, :4], kept[:, 4], kept[:, 5].astype(int))
    """
    parser.is_on_device = True  # type: ignore[attr-defined]
    return cast("Parser", parser)  # Flow.infer takes both


class ParserBridge:
    """What the extension calls: the function's answer, judged, in the types that it reads.

    Args:
        call: The function.
        name: What messages call it.
        on_error: Gets whatever it raises, with its traceback, before the pipeline hears of it.
    """

    def __init__(self, call: Parser, name: str, on_error: Callable[[BaseException], None], info: ParserInfo) -> None:
        self._call, self._name, self._on_error, self._info = call, name, on_error, info
        self.is_on_device = bool(getattr(call, "is_on_device", False))

    def parse(self, tensors: dict[str, NDArray[Any]]) -> tuple[NDArray[Any] | None, ...]:
        """Boxes, scores, class ids, masks and key points; the last two may be None."""
        try:
            return self._judged(self._call(tensors, self._info))
        except BaseException as error:
            self._on_error(error)
            raise

    # --- inside -------------------------------------------------------------------------------------------------------

    def _judged(self, found: object) -> tuple[NDArray[Any] | None, ...]:
        if not isinstance(found, Detections):
            raise self._wrong(f"it returned a {type(found).__name__}; fluvial.Detections is needed")
        boxes = self._real("boxes", found.boxes, (None, 4))
        count = len(boxes)
        scores = self._real("scores", found.scores, (count,), is_share=True)
        masks = None if found.masks is None else self._real("masks", found.masks, (count, None, None), is_share=True)
        points = None if found.keypoints is None else self._real("keypoints", found.keypoints, (count, None, 3))
        return boxes, scores, self._ids(found.class_ids, count), masks, points

    def _real(self, what: str, given: object, shape: tuple[int | None, ...], *, is_share: bool = False) -> NDArray[Any]:
        import numpy as np

        array = np.asarray(given)
        if array.dtype.kind not in "fiu":
            raise self._wrong(f"{what} are {array.dtype.name}; real numbers are needed")
        self._check_shape(what, array, shape)
        array = np.ascontiguousarray(array, np.float32).reshape(array.shape)
        bad = ~np.isfinite(array)
        if is_share:
            bad |= (array < 0) | (array > 1)
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            allowed = "0 to 1" if is_share else "finite numbers"
            raise self._wrong(f"{what}[{', '.join(map(str, at))}] is {array[at]:g}; allowed are {allowed}")
        return array

    def _ids(self, given: object, count: int) -> NDArray[Any]:
        import numpy as np

        array = np.asarray(given)
        if array.dtype.kind not in "iu" and count:
            raise self._wrong(f"class_ids are {array.dtype.name}; whole numbers are needed: x.astype(int)")
        self._check_shape("class_ids", array, (count,))
        most = np.iinfo(np.int32).max
        if count and (array.min() < 0 or array.max() > most):
            raise self._wrong(f"class_ids go from {array.min()} to {array.max()}; allowed are 0 to {most}")
        return np.ascontiguousarray(array, np.int32)

    def _check_shape(self, what: str, array: NDArray[Any], shape: tuple[int | None, ...]) -> None:
        fits = array.ndim == len(shape) and all(d in (None, n) for d, n in zip(shape, array.shape, strict=True))
        if not fits:
            sizes = ", ".join("any" if d is None else str(d) for d in shape)
            raise self._wrong(f"{what} have the shape {array.shape}; ({sizes}) is needed")

    def _wrong(self, what: str) -> ModelError:
        return ModelError(f"parser {self._name!r}: {what}")
