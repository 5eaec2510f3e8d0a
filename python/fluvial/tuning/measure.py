"""A model at work as an infer stage would have it, without a pipeline around it."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fluvial.backends.protocol import ELEMENT_TYPES, Backend, Model, Plan, Tensor
from fluvial.errors import ConfigError, ModelError
from fluvial.models.explain import read_ports
from fluvial.tuning.search import Candidate, Runner

__all__ = ["Subject", "describe_version", "runner", "subject_of"]


_PACKAGES = {"OpenVINO": "openvino", "OnnxRuntime": "onnxruntime", "PyTorch": "torch", "TensorRT": "tensorrt"}


class Subject:
    """The model that is measured.

    Attributes:
        model: What it takes and gives.
        is_batch_open: It takes batches of any size.
        batch: Of a model with a fixed one; else 1.
    """

    def __init__(self, model: Model, input_size: tuple[int, int] | None) -> None:
        self.model, self._size = model, input_size
        picture = next((t for t in model.inputs if len(t.shape) == 4), None)
        if picture is None:
            raise ModelError(f"{model.path}: no input is a picture ([N,3,H,W] or [N,H,W,3])")
        self.is_batch_open = picture.shape[0] < 0
        self.batch = max(1, picture.shape[0])
        self.shapes_of(1)

    def shapes_of(self, batch: int) -> dict[str, tuple[int, ...]]:
        """Of every input, with nothing open.

        Raises:
            ConfigError: A size that nothing tells.
        """
        return {t.name: self._closed(t, batch) for t in self.model.inputs}

    def _closed(self, tensor: Tensor, batch: int) -> tuple[int, ...]:
        shape = [batch if i == 0 and d < 0 else d for i, d in enumerate(tensor.shape)]
        if len(shape) == 4 and self._size is not None:
            rows = 1 if tensor.shape[3] in (1, 3) else 2
            for i, size in ((rows, self._size[1]), (rows + 1, self._size[0])):
                shape[i] = size if shape[i] < 0 else shape[i]
        if any(d < 0 for d in shape):
            text = ",".join("?" if d < 0 else str(d) for d in tensor.shape)
            raise ConfigError(
                f"{self.model.path}: input {tensor.name!r} is [{text}], and nothing tells its size\n"
                "  hint: --input-size WIDTHxHEIGHT"
            )
        return tuple(shape)


def subject_of(path: Path, backend: Backend | None, input_size: tuple[int, int] | None) -> Subject:
    """What a file, or a backend that has one open, is measured with.

    Raises:
        ModelError: It is no model.
        ConfigError: Nothing tells the size of its pictures.
    """
    if backend is not None:
        return Subject(backend.describe(), input_size)
    seen = read_ports(path)
    inputs, outputs = (
        tuple(Tensor(t["name"], t["type"], tuple(t["shape"])) for t in seen[k]) for k in ("inputs", "outputs")
    )
    return Subject(Model(inputs, outputs, path=str(path)), input_size)


def describe_version(backend: Backend | None) -> str:
    """Who runs it, as results are kept by: "openvino 2026.4.1"."""
    kind = "OpenVINO" if backend is None else type(backend).__name__
    package = _PACKAGES.get(kind)
    try:
        return f"{package} {version(package)}" if package else kind
    except PackageNotFoundError:
        return kind


def runner(subject: Subject, path: Path, open_backend: Callable[[], Backend | None]) -> Callable[[Candidate], Any]:
    """What `search` opens its candidates with. On the CPU: other devices say themselves how much keeps them busy."""

    @functools.cache
    def core() -> Any:
        # One for all. Each brings this thread a stack for its signal handlers and takes it along when it goes; of two
        # whose lives overlap, the second puts back the first's, which is gone: the next Ctrl+C would end the process.
        import openvino

        return openvino.Core()

    @contextmanager
    def opened(one: Candidate) -> Iterator[Runner]:
        batch = one.batch if subject.is_batch_open else subject.batch
        backend = open_backend()
        if backend is None:
            yield _with_openvino(subject, path, one, batch, core=core())
        else:
            yield _with_backend(backend, subject, one, batch)

    return opened


def _with_openvino(subject: Subject, path: Path, one: Candidate, batch: int, *, core: Any) -> Runner:
    # As cpp/backends/openvino/openvino.cpp compiles it.
    import openvino

    model = core.read_model(str(path))
    model.reshape({name: list(shape) for name, shape in subject.shapes_of(batch).items()})
    settings: dict[str, Any] = {
        "NUM_STREAMS": min(one.requests, one.threads),
        "INFERENCE_NUM_THREADS": one.threads,
        "ENABLE_CPU_PINNING": False,
    }
    queue = openvino.AsyncInferQueue(core.compile_model(model, "CPU", settings), one.requests)
    for request in queue:
        for port, (name, shape) in enumerate(subject.shapes_of(batch).items()):
            request.get_input_tensor(port).data[:] = _picture(subject, name, shape)
    queue.start_async()
    queue.wait_all()  # the first one allocates

    def run(seconds: float) -> float:
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds or count < 2:
            queue.start_async()
            count += 1
        queue.wait_all()
        return count * batch / (time.perf_counter() - start)

    return run


def _with_backend(backend: Backend, subject: Subject, one: Candidate, batch: int) -> Runner:
    backend.describe()
    shapes = subject.shapes_of(batch)
    ready = backend.compile(Plan(batch, "CPU", "", one.threads, one.requests, shapes, subject.is_batch_open))
    parallel = ready.parallel if ready else 1
    inputs = [{name: _picture(subject, name, shape) for name, shape in shapes.items()} for _ in range(parallel)]
    for arrays in inputs:
        backend.infer(arrays)

    def run(seconds: float) -> float:
        counts = [0] * parallel
        start = time.perf_counter()

        def work(place: int) -> None:
            while time.perf_counter() - start < seconds or counts[place] < 1:
                backend.infer(inputs[place])
                counts[place] += 1

        threads = [threading.Thread(target=work, args=(place,)) for place in range(parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) * batch / (time.perf_counter() - start)

    return run


def _picture(subject: Subject, name: str, shape: tuple[int, ...]) -> Any:
    # Noise: a model that skips work where it sees nothing must not look fast.
    import numpy as np

    kind = next(t.type for t in subject.model.inputs if t.name == name)
    values = np.random.default_rng(0).integers(0, 256, shape) if len(shape) == 4 else np.full(shape, 64)
    return values.astype(ELEMENT_TYPES[kind])
