"""What can be told of GPUs without one, and bad input on a real one. On fake ones: test_gpu_bad_input.py."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import fluvial as fv
from fluvial import _core
from fluvial._nvrtc import find_nvrtc
from fluvial.backends._cuda_graphs import recorded_size
from fluvial.cli.main import main
from needed import absent, package


def test_gpus_are_named_or_their_absence_is_explained():
    names, why_not = _core.gpus()
    assert bool(names) != bool(why_not)


def test_nothing_is_carried_to_or_from_a_gpu_without_one():
    names, _ = _core.gpus()
    if names:
        pytest.skip("this machine has a GPU")
    assert _core.gpu_traffic() == {"downloaded": 0, "uploaded": 0}
    assert _core.gpu_returned() == 0


@pytest.mark.parametrize(("units", "size"), [(1, 1), (2, 2), (3, 4), (17, 32), (33, 48), (48, 48)])
def test_a_batch_runs_in_the_next_recorded_size(units, size):
    assert recorded_size(units, 48) == size


def test_the_newest_compiler_of_a_python_package_is_taken(tmp_path):
    for name in ("cuda_nvrtc/lib/libnvrtc.so.12", "cu13/lib/libnvrtc.so.13", "cu13/lib/libnvrtc.alt.so.13"):
        library = tmp_path / "nvidia" / name
        library.parent.mkdir(parents=True, exist_ok=True)
        library.touch()
    assert find_nvrtc([str(tmp_path), str(tmp_path / "none")]) == tmp_path / "nvidia/cu13/lib/libnvrtc.so.13"


def test_without_such_a_package_the_system_is_asked(tmp_path):
    assert find_nvrtc([str(tmp_path)]) is None


# --- with a GPU -------------------------------------------------------------------------------------------------------

# A model of a few weights, and what may go wrong in it. PyTorch first: the program may be run beside any.
PROGRAM = """
import json, sys, torch
import fluvial as fv
kind, clips = sys.argv[1], sys.argv[2:]
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.runs = torch.nn.Conv2d(3, 6, 3, 16, 1), 0
    def forward(self, x):
        if kind == "greedy" and x.shape[0] > 2:
            x = x + torch.nn.functional.interpolate(x, scale_factor=64).mean()
        return self.conv(x).flatten(2).permute(0, 2, 1).sigmoid()
if kind == "greedy":  # what is left for it is 2 GiB
    held = torch.empty(torch.cuda.mem_get_info()[0] - (2 << 30), dtype=torch.uint8, device="cuda")
def flow():
    settings = dict(head="rows", model_color_format=0, net_scale_factor=1.0, input_size=(320, 320))
    return fv.Flow(clips).infer(Net().eval(), device="cuda", **settings)
try:
    if kind == "cycles":
        import gc
        used = []
        for i in range(60):
            for batch in flow(): break
            del batch; gc.collect()
            free, total = torch.cuda.mem_get_info()
            used.append((total - free, int(open("/proc/self/statm").read().split()[1]) * 4096))
        print(json.dumps(used))
    elif kind == "endless":
        for n, batch in enumerate(flow()):
            if n == 3: print("runs", flush=True)
        print("ended")
    else:
        for n, batch in enumerate(flow()):
            if kind == "trap" and n == 4:
                torch.zeros(4, device="cuda")[torch.tensor([9], device="cuda")]  # an assertion of a kernel
        print("went through")
except Exception as e:
    print(type(e).__name__, e)
"""


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """Makes H.264: `clip("high-10", "I420_10LE")`."""
    if not _core.gpus()[0]:
        absent("gpu", f"no NVIDIA GPU: {_core.gpus()[1]}")

    def make(profile: str = "high", raw: str = "I420", *, frames: int = 40) -> Path:
        path = tmp_path / f"{profile.replace(':', '')}.mkv"
        with fv.Pipeline() as p:
            caps = f"video/x-raw,format={raw},width=640,height=480,framerate=25/1"
            made = [p.add("videotestsrc", num_buffers=frames, pattern="ball"), p.add("capsfilter", caps=caps)]
            made += [
                p.add("x264enc", speed_preset="veryfast"),
                p.add("capsfilter", caps=f"video/x-h264,profile={profile}"),
            ]
            made += [p.add("h264parse"), p.add("matroskamux"), p.add("filesink", location=path)]
            p.link(*made).run()
        return path

    return make


def said_by(kind: str, *clips: Path) -> str:
    package("torch", promise="gpu", hint="PyTorch with CUDA is needed: pip install torch")
    command = [sys.executable, "-c", PROGRAM, kind, *map(str, clips)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("profile", "raw"), [("high-10", "I420_10LE"), ("high-4:2:2", "Y42B")])
def test_a_profile_that_nvdec_lacks_is_decoded_by_the_cpu(
    clip: Callable[..., Path], profile: str, raw: str, caplog: pytest.LogCaptureFixture
) -> None:
    flow = fv.Flow(clip(profile, raw))
    try:
        assert sum(len(batch.frames) for batch in flow) == 40
    except fv.SourceError as e:
        if "no decoder" not in str(e) and "missing a plug-in" not in str(e):
            raise
        absent("gpu", f"no decoder of the CPU for {profile}: apt-get install gstreamer1.0-libav")
    assert caplog.text.count("decoded by the CPU") == 1


def test_a_stream_that_is_damaged_leaves_the_others_alone(
    clip: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = clip()
    noise = tmp_path / "noise.mkv"
    noise.write_bytes(good.read_bytes()[:1500] + bytes((7 * i * i + i) % 251 for i in range(20000)))
    flow = fv.Flow([good] * 7 + [noise]).run()
    assert [s.frames for name, s in flow.stats.items() if name != "noise"] == [40] * 7
    assert [p.element for p in flow.problems] == ["noise"]
    assert "source noise failed, the others go on" in caplog.text


def test_a_model_without_memory_names_what_it_wanted(clip: Callable[..., Path]) -> None:
    said = said_by("greedy", *[clip()] * 16)
    assert "ModelError" in said
    assert "cuda has no memory left for 16 pictures at once" in said or "cuda:0 has no memory left" in said
    assert "GiB are wanted" in said
    assert "hint: a smaller batch_size" in said


def test_a_kernel_that_traps_ends_the_flow_with_one_error(clip: Callable[..., Path]) -> None:
    said = said_by("trap", clip(frames=2000))
    assert "is lost to this process" in said
    assert "hint: start the program again" in said


def test_memory_stays_level_over_many_starts(clip: Callable[..., Path]) -> None:
    used = json.loads(said_by("cycles", *[clip()] * 4).splitlines()[-1])
    for kind in (0, 1):  # on the device, on the host: the middle third beside the last one
        before, after = (statistics.median(u[kind] for u in part) for part in (used[20:40], used[40:]))
        assert after - before < 16 << 20, used


def test_ctrl_c_ends_a_flow_on_the_gpu(clip: Callable[..., Path]) -> None:
    package("torch", promise="gpu", hint="PyTorch with CUDA is needed: pip install torch")
    command = [sys.executable, "-c", PROGRAM, "endless", str(clip(frames=4000))]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert program.stdout is not None
    assert program.stdout.readline() == "runs\n"
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=20)[0] == "ended\n"
    assert program.returncode == 0


def test_the_doctor_tells_what_this_gpu_decodes(clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    found = {f["what"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert found["NVIDIA driver"]["is_ok"]
    assert "GiB free" in found["GPU 0"]["detail"]
    assert "H.264" in found["NVDEC of GPU 0"]["detail"]
