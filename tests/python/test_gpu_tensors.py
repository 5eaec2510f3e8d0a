"""Outputs of a model on a GPU, for Python, where they are: to parsers of one's own. On fake GPUs, whose memory is the
host's, so that what an address says is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow  # every test starts a program

NUMBERED = """
import numpy as np
from on_fake_gpu import SIZE, OnDevice, seen_on_host
from fluvial import _core
from fluvial.backends import Model, Ready, Tensor
class Numbered(OnGpu):
    # Each run gives its own number, in memory that the next one writes over.
    run = -4  # three requests are warmed up, and the first once more
    rows = np.zeros((2, 10, 6), np.float32)
    def infer_on_device(self, inputs, units, stream):
        self.run += 1
        self.rows[:] = self.run
        self.rows[1] += 0.5
        return {"rows": OnDevice(self.rows[:units])}
def play(parser, sources=2, **settings):
    settings = {"model_color_format": 0, "net_scale_factor": 1.0, "batch_size": sources, **settings}
    flow = fv.Flow(["test://?frames=3"] * sources).infer(Numbered(), device="cuda", parser=parser, **settings)
    for batch in flow:
        yield batch
NONE = fv.Detections(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
"""


def test_a_parser_on_the_device_gets_each_picture_s_outputs_there_and_keeps_them(say: Callable[..., str]) -> None:
    body = """
kept = []
@fv.on_device
def parse(tensors, info):
    kept.append(tensors["rows"])
    return fv.Detections(np.array([[4, 4, 8, 8]]), np.array([0.9]), np.array([0]))
print([len(frame.objects) for batch in play(parse) for frame in batch.frames])
print(type(kept[0]) is fv.DeviceTensor, kept[0].shape, kept[0].dtype, kept[0].device, kept[0].__dlpack_device__())
print([float(seen_on_host(x)[9, 5]) for x in kept])  # after the flow: they keep their memory
face = kept[3].__cuda_array_interface__
print(face["shape"], face["typestr"], face["stream"], _core.gpu_returned() == warm)
print(float(kept[3].to_numpy()[0, 0]), np.asarray(kept[4]).dtype, _core.gpu_returned() - warm)
"""
    # What comes back of the warm-ups, which no parser reads: their outputs whole.
    said = say(f"{NUMBERED}warm = 4 * 2 * 10 * 6 * 4{body}").splitlines()
    assert said[0] == "[1, 1, 1, 1, 1, 1]"
    assert said[1] == "True (10, 6) <f4 cuda:0 (2, 0)"
    assert said[2] == "[1.0, 1.5, 2.0, 2.5, 3.0, 3.5]"
    assert said[3] == "(10, 6) <f4 None True"
    assert said[4] == "2.5 float32 480"


def test_any_other_parser_gets_arrays_of_numpy(say: Callable[..., str]) -> None:
    body = """
kinds = set()
def parse(tensors, info):
    kinds.add(type(tensors["rows"]).__name__)
    return NONE
list(play(parse))
print(kinds)
"""
    assert "{'ndarray'}" in say(NUMBERED + body)


def test_a_parser_on_the_device_gets_arrays_where_the_outputs_are_wanted_on_the_host_too(
    say: Callable[..., str],
) -> None:
    body = """
kinds = set()
@fv.on_device
def parse(tensors, info):
    kinds.add(type(tensors["rows"]).__name__)
    tensors["rows"].__dlpack__(max_version=(1, 0))  # both speak it
    return NONE
list(play(parse, output_tensor_meta=True))
print(kinds)
"""
    assert "{'ndarray'}" in say(NUMBERED + body)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("stream=0", "__dlpack__: stream=0; allowed are None, -1 (nobody waits)"),
        ("copy=True", "__dlpack__: copy=True, but nothing is copied here"),
        ("dl_device=(1, 0)", "but tensor 'rows' lies on cuda:0; to_numpy() copies it to the host"),
    ],
)
def test_what_a_tensor_on_a_gpu_cannot_be_asked_is_told(say: Callable[..., str], wrong: str, says: str) -> None:
    body = f"""
@fv.on_device
def parse(tensors, info):
    try:
        tensors["rows"].__dlpack__({wrong})
    except (BufferError, ValueError) as e:
        print(e)
    return NONE
list(play(parse, sources=1))
"""
    assert says in say(NUMBERED + body)


def test_a_lost_gpu_is_an_error_of_to_numpy(say: Callable[..., str]) -> None:
    body = """
kept = []
@fv.on_device
def parse(tensors, info):
    kept.append(tensors["rows"])
    return NONE
list(play(parse, sources=1))
import os
os.environ["FAKE_GPU_FAILS"] = "cuMemcpyDtoHAsync_v2:719"
import ctypes
ctypes.CDLL(None).setenv(b"FAKE_GPU_FAILS", b"cuMemcpyDtoHAsync_v2:719", 1)
try:
    kept[0].to_numpy()
except RuntimeError as e:
    print(e)
"""
    assert "the GPU is lost to this process" in say(NUMBERED + body)


def test_metadata_gives_outputs_where_the_gpu_keeps_them_and_they_outlive_it(say: Callable[..., str]) -> None:
    body = """
def nothing(tensors, info):
    return NONE
kept = []
for batch in play(nothing, output_tensor_meta=True, unique_id=7):
    for frame in batch.frames:
        assert frame.tensors(8) == {}
        kept.append(frame.tensors(7)["rows"])
        brought = _core.gpu_returned()
        assert float(kept[-1].to_numpy()[3, 3]) == float(seen_on_host(kept[-1])[3, 3])
        assert _core.gpu_returned() - brought == 10 * 6 * 4
print(type(kept[0]).__name__, kept[0].shape, kept[0].device)
print([float(seen_on_host(x)[9, 5]) for x in kept])
try:
    frame.tensors()
except fv.StaleMetadataError:
    print("stale")
"""
    said = say(NUMBERED + body).splitlines()
    assert said[:3] == ["DeviceTensor (10, 6) cuda:0", "[1.0, 1.5, 2.0, 2.5, 3.0, 3.5]", "stale"]


def test_on_the_host_metadata_gives_copies(say: Callable[..., str]) -> None:
    body = """
class OnHost(Numbered):
    def compile(self, plan):
        return Ready("here")
    def infer(self, inputs):
        self.run += 1
        return {"rows": np.full((1, 10, 6), self.run, np.float32)}
kept = []
settings = {**HEAD, "output_tensor_meta": True}
for batch in fv.Flow("test://?frames=3").infer(OnHost(), **settings):
    tensors = batch.frames[0].tensors()
    kept.append(tensors["rows"])
print(type(kept[0]).__name__, kept[0].shape, kept[0].dtype, [float(x[9, 5]) for x in kept])
for batch in fv.Flow("test://?frames=1").infer(OnHost(), **HEAD):
    print(batch.frames[0].tensors())
"""
    said = say(NUMBERED + body).splitlines()
    assert said[:2] == ["ndarray (10, 6) float32 [0.0, 1.0, 2.0]", "{}"]
