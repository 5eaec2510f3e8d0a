"""Which recording is played for so many pictures. PyTorch and its GPU are played by a few lines here: what they record
is of no matter, when they do is."""

from __future__ import annotations

import contextlib
import types
from typing import Any

import pytest

from fluvial.backends._cuda_graphs import GraphQueue

FULL, PATIENCE = 48, 16


class Rows:
    """A batch of so many; cut as a tensor is."""

    device = "cuda:0"

    def __init__(self, count: int) -> None:
        self.shape = (count,)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: slice) -> Rows:
        return Rows(len(range(*part.indices(len(self)))))


class Recorder:
    """What a queue asks of PyTorch; `recorded` has each size with whether the fastest ways were looked for."""

    def __init__(self) -> None:
        self.recorded: list[tuple[int, bool]] = []
        self.played: list[int] = []
        self._is_searched = False
        flags = types.SimpleNamespace(flags=self._flags)
        self.torch = types.SimpleNamespace(
            backends=types.SimpleNamespace(cudnn=flags),
            inference_mode=contextlib.nullcontext,
            cuda=types.SimpleNamespace(
                ExternalStream=lambda *_, **__: types.SimpleNamespace(synchronize=lambda: None),
                stream=lambda _: contextlib.nullcontext(),
                CUDAGraph=self._graph,
                graph=lambda *_, **__: contextlib.nullcontext(),
            ),
        )

    @contextlib.contextmanager
    def _flags(self, *, benchmark: bool, **_: Any) -> Any:
        self._is_searched = benchmark
        yield

    def _graph(self) -> Any:
        return types.SimpleNamespace(replay=lambda: None)

    def prepare(self, inputs: Any) -> Any:
        def call(given: Any) -> dict[str, Any]:
            return {"rows": given[0]}

        self._size = len(inputs[0])
        return call

    def queue(self) -> GraphQueue:
        queue = GraphQueue(self.torch, self.prepare, (Rows(FULL),), 1, is_exact=False)
        record = queue._record_so

        def told(call: Any, inputs: Any) -> Any:
            self.recorded.append((len(inputs[0]), self._is_searched))
            return record(call, inputs)

        queue._record_so = told  # type: ignore[method-assign]
        return queue


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_a_size_that_comes_now_and_then_is_played_by_the_larger_one_that_is_there(recorder: Recorder) -> None:
    queue = recorder.queue()
    for units in (FULL, 3, 17, 8, 3, 1):
        assert len(queue.run(units)["rows"]) == units
    assert [size for size, _ in recorder.recorded] == [FULL]


def test_a_size_that_comes_again_and_again_gets_its_own_recording(recorder: Recorder) -> None:
    queue = recorder.queue()
    queue.run(FULL)
    for _ in range(PATIENCE):
        queue.run(7)
    assert [size for size, _ in recorder.recorded] == [FULL]
    queue.run(7)
    queue.run(3)  # by the nearest larger one, now 8
    assert [size for size, _ in recorder.recorded] == [FULL, 8]


def test_without_a_larger_one_the_size_itself_is_recorded(recorder: Recorder) -> None:
    recorder.queue().run(5)
    assert [size for size, _ in recorder.recorded] == [8]


def test_only_full_batches_wait_for_the_fastest_ways_to_be_found(recorder: Recorder) -> None:
    queue = recorder.queue()
    queue.run(5)
    queue.run(FULL)
    assert recorder.recorded == [(8, False), (FULL, True)]
