"""What goes wrong on a GPU, on fake ones: no memory, a lost device, a missing library. With a real one: test_gpu.py."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow  # every test starts a program

FLOW = """
flow = fv.Flow("test://?frames=30").infer(OnGpu(), device="cuda", **HEAD)
print(sum(len(batch.frames) for batch in flow), "frames")
"""

LOST = r"the GPU is lost to this process: cu\w+"  # whichever call of whichever thread finds it first


def test_a_model_runs_on_a_fake_gpu(say: Callable[..., str]) -> None:
    assert "30 frames" in say(FLOW)


@pytest.mark.parametrize(("word", "flags"), [("sleep", "flags 4"), ("spin", "flags 1"), (None, None)])
def test_who_waits_for_a_gpu_sleeps_or_spins_as_is_wished(
    say: Callable[..., str], word: str | None, flags: str | None
) -> None:
    said = say(FLOW, FAKE_GPU_TELLS=1, **({"FLUVIAL_GPU_WAIT": word} if word else {}))
    assert re.findall(r"^flags \d+$", said, re.M) == ([flags] if flags else [])
    assert "30 frames" in said


def test_another_word_for_how_to_wait_is_told(say: Callable[..., str]) -> None:
    assert "FLUVIAL_GPU_WAIT is 'nap'; sleep and spin are possible" in say(FLOW, FLUVIAL_GPU_WAIT="nap")


def test_memory_that_is_not_there_is_told_with_what_wanted_it(say: Callable[..., str]) -> None:
    said = say(FLOW, FAKE_GPU_MEMORY=20_000)
    assert "GPU 0 has no memory left for the model's inputs: 0.1 MiB are wanted, 0.0 MiB of 0.0 MiB are free" in said
    assert "hint: a smaller batch-size" in said


def test_what_the_pool_keeps_for_later_is_given_back_first(say: Callable[..., str]) -> None:
    # Frames of two sizes, whose copies fit one after the other and not together.
    body = """
for size in ("width=640&height=480", "width=1024&height=768"):
    flow = fv.Flow("test://?frames=9&" + size).infer(OnGpu(), device="cuda", **HEAD)
    print(sum(len(batch.frames) for batch in flow), "frames")
"""
    assert say(body, FAKE_GPU_MEMORY=7_000_000).count("9 frames") == 2


def test_a_lost_gpu_ends_the_flow_with_one_error(say: Callable[..., str]) -> None:
    said = say(FLOW, FAKE_GPU_FAILS="cuLaunchKernel:719:5")
    assert re.search(LOST + ": CUDA_ERROR_LAUNCH_FAILED", said)
    assert "hint: start the program again" in said
    assert said.count("is lost") == 1


def test_a_gpu_that_is_lost_between_two_calls_is_found_by_whoever_comes_next(say: Callable[..., str]) -> None:
    assert re.search(LOST, say(FLOW, FAKE_GPU_FAILS="cuMemcpy2DAsync_v2:700:9"))


def test_a_model_that_raises_in_the_middle_is_the_users_exception(say: Callable[..., str]) -> None:
    said = say(FLOW.replace("OnGpu()", "OnGpu(raises_at=7)"))
    assert "ValueError" in said
    assert "frames" not in said.replace("frames=30", "")


def test_without_a_compiler_of_kernels_the_flow_does_not_start(say: Callable[..., str]) -> None:
    said = say(FLOW, without=("libnvrtc.so.13",))
    assert "kernels cannot be compiled: NVRTC is none of libnvrtc.so.13" in said
    assert "hint: pip install nvidia-cuda-nvrtc" in said


def test_without_a_driver_a_model_for_the_gpu_says_so(say: Callable[..., str]) -> None:
    assert "no NVIDIA driver: libcuda.so.1 is not there" in say(FLOW, without=("libcuda.so.1",))


def test_a_driver_that_sees_no_gpu_says_so(say: Callable[..., str]) -> None:
    assert "the NVIDIA driver does not start" in say(FLOW, FAKE_GPUS=0)


def test_a_number_that_no_gpu_has(say: Callable[..., str]) -> None:
    said = say(FLOW.replace('"cuda"', '"cuda:3"'), FAKE_GPUS=2)
    assert "there is no GPU 3; this machine has 2, counted from 0" in said


def test_a_video_that_the_gpu_does_not_decode_is_decoded_by_the_cpu_and_told_once(say: Callable[..., str]) -> None:
    # The fake driver is none that GStreamer's plugin could use.
    body = """
import pathlib, tempfile
clip = pathlib.Path(tempfile.mkdtemp()) / "a.mkv"
with fv.Pipeline() as p:
    made = p.add("videotestsrc", num_buffers=9), p.add("vp8enc"), p.add("matroskamux"), p.add("filesink", location=clip)
    p.link(*made).run()
print(sum(len(batch.frames) for batch in fv.Flow(clip)), "frames")
"""
    said = say(body)
    assert "9 frames" in said
    assert said.count("a: decoded by the CPU (vp8dec): GStreamer's nvcodec plugin gives no decoders") == 1


DOCTOR = """
import json
from fluvial.cli.doctor_gpu import gpus
for f in gpus(lambda name: False):
    print(f.is_ok, f.what, "|", f.detail)
"""


def test_the_doctor_names_each_gpu_and_what_its_decoders_take(say: Callable[..., str]) -> None:
    said = say(DOCTOR, FAKE_GPUS=2)
    assert "True NVIDIA driver | 999.99" in said
    assert "True GPU 1 | Fake GPU B, 0.2 of 1.0 GiB free" in said
    assert "True NVDEC of GPU 1 | 7 engines: H.264 8 bit to 4096x4096; H.265 8/10 bit to 8192x8192" in said
    assert "False nvcodec | GStreamer has no decoders for NVDEC" in said


def test_the_doctor_says_what_of_the_driver_is_missing(say: Callable[..., str]) -> None:
    said = say(DOCTOR, without=("libnvcuvid.so.1", "libnvidia-ml.so.1"))
    assert "False NVDEC of GPU 0 | libnvcuvid.so.1" in said
    assert "True GPU 0 | Fake GPU A, 1.0 GiB" in said
