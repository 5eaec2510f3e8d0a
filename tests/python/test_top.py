"""What a running flow tells of itself, and `fluvial top`, which shows it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import fluvial as fv
from fluvial._nvml import Gpu
from fluvial._publish import Publisher, Watch, folder, running
from fluvial.cli.main import main
from fluvial.cli.top_view import Reading, rates, view

FLOW = """
import sys
import fluvial as fv
def look(batch):
    pass
flow = fv.Flow({"door": "test://?frames=1000000", "yard": "test://?frames=1000000"}).probe(look).track()
for n, batch in enumerate(flow):
    if n == 20:
        print("runs", flush=True)
        sys.stdin.readline()  # holds the loop until somebody says go on
    if n == 40:
        break
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Short: a socket's name has 107 bytes.
    where = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(where))
    return where


@pytest.fixture
def program() -> Iterator[subprocess.Popen[str]]:
    """A program with a flow that has seen 20 batches and waits in its loop for a line on its stdin."""
    flow = subprocess.Popen([sys.executable, "-c", FLOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert flow.stdout is not None
    assert flow.stdout.readline() == "runs\n"
    yield flow
    flow.kill()
    flow.communicate()


# --- a flow tells ----------------------------------------------------------------------------------------------------


def test_a_flow_knows_what_each_stage_does() -> None:
    flow = fv.Flow(["test://?frames=12"] * 2).probe(lambda batch: None).track()
    for n, _ in enumerate(flow):
        if n == 9:
            found = flow.figures
    assert found is not None
    stages = {stage["name"]: stage for stage in found["stages"]}
    assert list(stages) == ["mux", "probe <lambda>", "track", "loop"]
    assert (stages["loop"]["batches"], stages["loop"]["frames"], stages["loop"]["inside"]) == (9, 18, 1)
    assert stages["track"]["timed"] >= 10
    assert stages["track"]["seconds"] < found["up_seconds"]
    assert [(s["name"], s["frames"]) for s in found["sources"]] == [("test", 9), ("test-2", 9)]
    assert flow.figures is None


def test_a_stage_is_measured_from_where_a_batch_enters_it_to_where_it_leaves() -> None:
    flow = fv.Flow("test://?frames=8")

    def work(batch: fv.Batch) -> None:
        until = time.monotonic() + 0.01
        while time.monotonic() < until:
            pass

    for _ in flow.probe(work):
        found = flow.figures
    assert found is not None
    probe = found["stages"][1]
    assert 0.01 <= probe["seconds"] / probe["timed"] < 0.1


def test_queues_tell_how_full_they_are(tmp_path: Path) -> None:
    flow = fv.Flow("test://?frames=30").draw().save(tmp_path / "a.mp4")
    for _ in flow:
        found = flow.figures
    assert found is not None
    assert [(q["name"], q["most"]) for q in found["queues"]] == [("before draw", 2), ("before save a.mp4", 2)]
    assert all(0 <= q["level"] <= 2 for q in found["queues"])


# --- a process asks another ------------------------------------------------------------------------------------------


def test_another_process_may_ask_until_the_flow_ends(program: subprocess.Popen[str]) -> None:
    (one,) = running()
    assert (one.pid, one.number) == (program.pid, 0)
    watch = Watch(one.path)
    found = watch.ask()
    assert found is not None
    assert [s["frames"] for s in found["sources"]] == [20, 20]
    program.communicate("\n", timeout=20)
    assert watch.ask() is None
    watch.close()
    assert running() == []
    assert not one.path.exists()


def test_nobody_else_may_ask(program: subprocess.Popen[str]) -> None:
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700


def test_a_folder_that_others_may_write_to_is_not_used(own_folder: Path) -> None:
    (own_folder / "fluvial").mkdir(mode=0o777)
    (own_folder / "fluvial").chmod(0o777)
    assert Publisher(dict).path is None
    assert [len(batch.frames) for batch in fv.Flow("test://?frames=2")] == [1, 1]


def test_flows_of_one_process_have_numbers() -> None:
    first, second = Publisher(lambda: {"n": 1}), Publisher(lambda: {"n": 2})
    assert [one.number for one in running()] == [0, 1]
    for one in running():
        with contextlib.closing(Watch(one.path)) as watch:
            assert watch.ask() == {"n": one.number + 1}
    first.close()
    first.close()
    assert [one.number for one in running()] == [1]
    second.close()


def test_what_a_killed_program_left_is_removed(own_folder: Path) -> None:
    (own_folder / "fluvial").mkdir(mode=0o700)
    left = own_folder / "fluvial" / "1-0.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    assert running() == []
    assert not left.exists()


# --- the command ------------------------------------------------------------------------------------------------------


def test_without_a_flow_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top"]) == 1
    assert "no flow runs that this user may watch\n  hint: it shows programs with a Flow" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "1e9", "nan"])
def test_an_interval_that_cannot_be(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--interval", seconds]) == 1
    assert "allowed are 0.1 to 3600 seconds" in capsys.readouterr().err


def test_one_look(program: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--once"]) == 0
    seen = capsys.readouterr().out
    for word in ("frames/s", "door", "yard", "probe look", "track", "ms a batch", str(program.pid)):
        assert word in seen
    assert main(["top", str(program.pid), "--once", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [s["name"] for s in found["sources"]] == ["door", "yard"]
    assert found["fps"] > 0


def test_a_process_without_a_flow_and_one_of_several(
    program: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", "1"]) == 1
    assert f"1: no flow runs in it\n  hint: one of: {program.pid}-0" in capsys.readouterr().err
    own = Publisher(dict)
    assert main(["top"]) == 1
    assert "2 flows run\n  hint: fluvial top, and one of: " in capsys.readouterr().err
    own.close()
    assert main(["top", f"{program.pid}-0", "--once"]) == 0


def test_it_ends_with_the_flow(program: subprocess.Popen[str]) -> None:
    command = [sys.executable, "-m", "fluvial", "top", "--json", "--interval", "0.1"]
    top = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert top.stdout is not None
    assert json.loads(top.stdout.readline())["pid"] == program.pid
    program.communicate("\n", timeout=20)
    top.communicate(timeout=20)
    assert top.returncode == 0


def test_ctrl_c_ends_it(program: subprocess.Popen[str]) -> None:
    command = [sys.executable, "-m", "fluvial", "top", "--json", "--interval", "600"]
    top = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert top.stdout is not None
    assert json.loads(top.stdout.readline())["pid"] == program.pid
    top.send_signal(signal.SIGINT)
    began = time.monotonic()
    top.communicate(timeout=20)
    assert time.monotonic() - began < 2
    assert top.returncode == 130


def test_run_shows_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "test://?frames=300&width=640&height=480", "--track", "--top", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["frames"] == 300


# --- the screen -------------------------------------------------------------------------------------------------------


def figures(frames: int, *, up: float, gpu: int | None = None) -> dict[str, Any]:
    stage = {"name": "infer [a]", "gpu": gpu, "batches": frames, "frames": frames, "inside": 1, "timed": frames}
    source = {"name": "door", "gpu": gpu, "frames": frames, "waiting": 3, "objects": 2 * frames, "dropped": None}
    return {
        "pid": 7,
        "program": "app.py",
        "up_seconds": up,
        "cpu_seconds": up / 2,
        "memory_bytes": 50 << 20,
        "threads": 9,
        "sources": [{**source, "latency_ms": 5.0, "latency_ms_p99": None, "problem": ""}],
        "stages": [{**stage, "seconds": frames * 0.002}],
        "queues": [{"name": "before draw", "gpu": None, "level": 1, "most": 2}],
        "gpus": [] if gpu is None else [{"gpu": gpu, "name": "H100", "bus_id": "0"}],
    }


def test_rates_are_of_the_time_between_two_readings() -> None:
    found = rates(Reading(100.0, figures(50, up=10)), Reading(102.0, figures(150, up=12)))
    assert found["fps"] == 50
    assert found["cpu_percent"] == 50
    assert found["stages"][0]["batches_per_second"] == 50
    assert found["stages"][0]["ms"] == pytest.approx(2)


def test_the_first_look_is_of_the_time_since_the_start() -> None:
    now = Reading(100.0, figures(50, up=10))
    assert rates(now, now)["fps"] == 5


def text_of(found: dict[str, Any], *, rows: int = 40) -> str:
    screen = io.StringIO()
    Console(width=120, file=screen).print(view(found, rows=rows))
    return screen.getvalue()


def test_gpus_are_shown_where_the_driver_tells() -> None:
    gpu = Gpu("H100", 80 << 30, 60 << 30, 63, None)
    seen = text_of(rates(*[Reading(0.0, figures(5, up=1, gpu=1), [gpu])] * 2))
    assert "1 H100  ######....       63 %" in seen
    assert "20.0 of 80.0 GiB" in seen
    assert "infer [a] GPU 1" in seen
    assert "the driver does not tell" in text_of(rates(*[Reading(0.0, figures(5, up=1, gpu=1), [None])] * 2))


def test_of_many_sources_the_slowest_are_shown() -> None:
    one = figures(5, up=1)
    one["sources"] = [{**one["sources"][0], "name": f"s{i:03}", "frames": i} for i in range(200)]
    seen = text_of(rates(*[Reading(0.0, one)] * 2), rows=30)
    assert "s000" in seen
    assert "s199" not in seen
    assert "faster ones" in seen


def test_a_source_that_failed_says_why() -> None:
    one = figures(5, up=1)
    one["sources"][0]["problem"] = "the video is damaged"
    assert "the video is damaged" in text_of(rates(*[Reading(0.0, one)] * 2))


@pytest.mark.slow  # compiles the fake
def test_nvml_of_a_fake_gpu_is_read(say: Callable[..., str]) -> None:
    body = """
from fluvial._nvml import Nvml
from fluvial import _core
print(Nvml().by_bus_id([bus_id for _, bus_id, _ in _core.gpu_list()] + ["0000:77:00.0"]))
"""
    said = say(body, FAKE_GPUS=2)
    assert "Gpu(name='Fake GPU B', total=1073741824, free=268435456, busy=42, decoding=97), None]" in said
