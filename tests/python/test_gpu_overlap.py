"""What runs beside what on a GPU: batches in flight, the order of their models, and what is carried back meanwhile.
Seen on fake GPUs, whose work can be held: tests/cpp/libraries/fake_gpu.cpp."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow  # every test starts a program

REQUESTS = 3  # that this backend asks for
AT_ONCE = 2  # models on the GPU: Turns of cpp/bindings/device_request.cpp

# Models that tell the fake GPU when they are put into a queue; runs are counted from the first frame's.
TELLING = f"""
import ctypes, threading
import numpy as np
from on_fake_gpu import SIZE, OnDevice
from fluvial.backends import Model, Ready, Tensor
fake = ctypes.CDLL("libcuda.so.1")
fake.fake_gpu_story.restype = ctypes.c_char_p
class Telling(OnGpu):
    # Nobody comes past an event from the first run until so many are in their queues. Each request is warmed up, and
    # the first once more.
    threads = set()
    def __init__(self, held_until=1, requests={REQUESTS}):
        super().__init__()
        self.held_until, self.run = held_until, -(requests + 1)
    def infer_on_device(self, inputs, units, stream):
        self.threads.add(threading.get_ident())
        self.run += 1
        fake.fake_gpu_tell(b"model", ctypes.c_void_p(stream))
        if self.run == 1:
            fake.fake_gpu_hold()
        if self.run == self.held_until:
            fake.fake_gpu_let_go()
        return super().infer_on_device(inputs, units, stream)
def playing(model, frames=9, sources=1, **settings):
    flow = fv.Flow([f"test://?frames={{frames}}"] * sources).infer(model, device="cuda", **{{**HEAD, **settings}})
    for batch in flow:
        yield from batch.frames
    print([problem.message for problem in flow.problems])
"""


def test_two_batches_are_enqueued_before_the_first_one_s_results_are_waited_for(say: Callable[..., str]) -> None:
    # A wait before the third model is in its queue would never end.
    assert "9 frames" in say(TELLING + 'print(len(list(playing(Telling(held_until=3)))), "frames")')


@pytest.mark.parametrize("requests", [1, 2, 4])
def test_requests_say_how_many_are_in_flight(say: Callable[..., str], requests: int) -> None:
    body = f"""
list(playing(Telling(held_until={requests}, requests={requests}), requests={requests}))
print(fake.fake_gpu_story().decode())
"""
    queues = {line for line in say(TELLING + body).splitlines() if line.startswith("model in ")}
    assert len(queues) == requests


def test_models_take_turns_in_the_order_of_their_batches_and_their_inputs_do_not(say: Callable[..., str]) -> None:
    body = """
model = Telling(held_until=3)
list(playing(model))
print(len(model.threads), "thread")
print(fake.fake_gpu_story().decode())
"""
    lines = say(TELLING + body).splitlines()
    assert "1 thread" in lines
    models = [i for i, line in enumerate(lines) if line.startswith("model in ")]
    queues = [lines[i].removeprefix("model in ") for i in models]
    assert len(queues) == REQUESTS + 1 + 9
    assert len(set(queues)) == REQUESTS  # each with a queue of its own
    event_of = []
    for i, (before, after) in enumerate(itertools.pairwise(models)):
        behind = [line for line in lines[before:after] if line.endswith(f" in {queues[i]}")]
        event_of.append(behind[1].partition(" in ")[0])  # is put right behind a model
        if i + 1 >= AT_ONCE:
            assert lines[after - 1] == f"{queues[i + 1]} waits for {event_of[i + 1 - AT_ONCE]}"


# YOLOX's head over 64 x 64: 84 rows of a box, an objectness and a class. Kernels of fake GPUs pick no row.
ONE_OBJECT = """
class OneObject(Telling):
    def describe(self):
        return Model((Tensor("pictures", "f32", (-1, 3, SIZE, SIZE)),), (Tensor("rows", "f32", (-1, 84, 6)),))
    def infer_on_device(self, inputs, units, stream):
        super().infer_on_device(inputs, units, stream)
        rows = np.zeros((units, 84, 6), np.float32)
        rows[:, 0] = 3, 3, 1, 1, 1, 1
        self.change(rows)
        return {"rows": OnDevice(rows)}
    def change(self, rows):
        pass
"""
YOLOX = {"head": "yolox", "head_options": {"boxes": "raw"}, "threshold": 0.5}


def test_now_and_then_one_picture_s_outputs_come_whole_each_time_another_s(say: Callable[..., str]) -> None:
    body = f"""
frames = playing(OneObject(), frames=200, sources=2, batch_size=2, **{YOLOX})
print([(f.source, f.number) for f in frames if f.number > 10 and len(f.objects)])
"""
    said = say(TELLING + ONE_OBJECT + body)
    # The warm-ups are none of the 64; with two pictures a batch the second sample is of the second picture.
    assert "[('test-2', 64), ('test', 128), ('test-2', 192)]" in said


def test_what_is_wrong_with_a_model_s_numbers_is_seen_in_a_sample(say: Callable[..., str]) -> None:
    body = f"""
class Broken(OneObject):
    def change(self, rows):
        if self.run > 60:
            rows[:, 50] = np.nan
list(playing(Broken(), frames=100, **{YOLOX}))
"""
    assert "output 'rows' holds NaN or infinity" in say(TELLING + ONE_OBJECT + body)
