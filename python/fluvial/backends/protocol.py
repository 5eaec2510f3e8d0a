"""What an object must do to run models for fluvial.

    describe() -> Model          what the model takes and gives; asked once, before anything else
    compile(plan) -> Ready       make ready for batches of this size, on this device
    infer(inputs) -> outputs     arrays by name in, arrays by name out

`infer` is called in threads of fluvial's, at most `Ready.parallel` of them at a time. Its inputs are views of the
memory that pictures were written into; nothing is copied on the way in. On the way out, C-contiguous arrays are read
where they are, while fluvial holds them; others are copied once. Anything that speaks DLPack from the CPU (a
`torch.Tensor`) may be returned in place of an array.

A backend whose calls may wait for long (for a server) may have two methods more: `interrupt()`, called in any thread
when nobody wants what is under way any more, after which calls of `infer` end at once by an exception, and `resume()`.

Python's lock is held while your code runs: what computes for long should give it back, as the functions of NumPy,
PyTorch and ONNX Runtime do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:  # importing NumPy changes the filters of warnings: not before it is needed
    from numpy.typing import NDArray

__all__ = ["ELEMENT_TYPES", "Backend", "DeviceBackend", "Model", "Plan", "Ready", "Tensor"]

# As fluvial writes them, and NumPy.
ELEMENT_TYPES = {"f32": "float32", "f16": "float16", "i8": "int8", "u8": "uint8", "i32": "int32", "i64": "int64"}


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    Attributes:
        name: Unique among the inputs, or the outputs.
        type: f32, f16, i8, u8, i32 or i64.
        shape: -1 where the model leaves a size open; empty where nothing is known.

    Example:
        >>> Tensor("image", "f32", (-1, 3, 480, 640)).shape[0]
        -1
    """

    name: str
    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """What a model takes and gives.

    Attributes:
        inputs: One of them a picture: [N, 3, height, width] or [N, height, width, 3], N -1 for any batch.
        outputs: In the order in which the model gives them.
        metadata: What the model says of itself: "names" with its labels, "op.NAME" with the kind of operation that
            makes the output NAME ("Softmax"). Inspection reads it.
        max_batch: The largest batch, where the first dimension is open and not every size will do; 0: any.
        path: The file, for messages; may be empty.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    max_batch: int = 0
    path: str = ""


@dataclass(frozen=True)
class Plan:
    """How a model is to be run.

    Attributes:
        batch: Most pictures in one call of `infer`.
        device: As the user wrote it: "CPU", "GPU", "CUDA:1".
        precision: f32, f16 or bf16; empty: the backend's choice.
        threads: CPU threads of all calls together; 0: the backend's choice.
        requests: Calls that run at a time; 0: the backend's choice.
        shapes: Of every input, by name, with nothing open; the first dimension of the picture's is `batch`.
        is_batch_open: True: a call may bring fewer pictures than `batch`. False: it always brings `batch`, of which the
            last may be padding.
        is_feed_open: True: `Ready.feed` may ask for the pictures in another type or order.
    """

    batch: int
    device: str
    precision: str
    threads: int
    requests: int
    shapes: Mapping[str, tuple[int, ...]]
    is_batch_open: bool
    is_feed_open: bool = False


@dataclass(frozen=True)
class Ready:
    """What became of a plan.

    Attributes:
        description: One line for people: "ONNX Runtime 1.32.0 on CPU, 2 at a time, 1 thread each".
        parallel: Calls of `infer` that may run at a time. One more lies ready. Those of `infer_on_device` come one by
            one, in one thread, for three batches in flight unless the user's `requests` say how many.
        cuda_device: Number of the GPU on which inputs are wanted and outputs left: the backend is a `DeviceBackend`.
            -1: both are on the host.
        feed: How the pictures are wanted, where that is not as `describe` has them: "f16" in place of "f32",
            [N, height, width, 3] in place of [N, 3, height, width] or the other way round. They are written so at once,
            which saves a pass over them. None: as described.
    """

    description: str = ""
    parallel: int = 1
    cuda_device: int = -1
    feed: Tensor | None = None


@runtime_checkable
class Backend(Protocol):
    """An object that runs one model."""

    def describe(self) -> Model:
        """What the model takes and gives."""

    def compile(self, plan: Plan) -> Ready | None:
        """Makes it ready to run. None: nothing to say, one call at a time."""

    def infer(self, inputs: dict[str, NDArray[Any]]) -> Mapping[str, Any]:
        """Outputs by name for inputs by name. Views of the inputs stay valid as long as somebody holds them; what is in
        them changes with the next picture."""


@runtime_checkable
class DeviceBackend(Backend, Protocol):
    """A backend that may keep inputs and outputs on a GPU, as it says in `Ready.cuda_device`."""

    def infer_on_device(self, inputs: dict[str, Any], units: int, stream: int) -> Mapping[str, Any]:
        """Puts the inference of the first `units` pictures (0: all) into a stream of CUDA's, and does not wait for it.
        Each batch in flight has a stream of its own; what is put there begins when the batch before is computed.

        Inputs speak DLPack; they are always the same for one stream. Outputs have `__cuda_array_interface__`, are
        contiguous and stay as they are until the next call with that stream.
        """
