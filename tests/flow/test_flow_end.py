"""How a flow ends: by an exception, by `break`, by Ctrl+C, by a kill. Files are whole, or say that they are not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import fluvial as fv
from flow.test_flow_run import frames_in
from waiting import eventually

ENDLESS = "test://?frames=100000"


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("fluvial")]


def test_an_exception_in_the_loop_carries_its_place_and_leaves_files_partial(tmp_path: Path) -> None:
    flow = fv.Flow({"door": ENDLESS, "yard": ENDLESS}).draw().save(tmp_path / "o.mp4")
    with pytest.raises(ZeroDivisionError) as e:
        for batch in flow:
            for frame in batch.frames:
                if frame.source == "yard" and frame.number == 7:
                    print(1 // 0)
    assert e.traceback[-1].path == Path(__file__)
    if sys.version_info >= (3, 11):
        assert e.value.__notes__ == ["in the loop, source 'yard', frame 7"]
    assert names(tmp_path) == ["o.partial.mp4"]


def test_an_exception_in_a_probe_stops_the_flow_and_carries_its_place() -> None:
    def check(batch: object) -> None:
        for frame in batch.frames:  # type: ignore[attr-defined]
            if frame.source == "yard" and frame.number == 5:
                raise ValueError("boom")

    with pytest.raises(ValueError, match="boom") as e:
        fv.Flow({"door": ENDLESS, "yard": ENDLESS}).probe(check).run()
    assert e.traceback[-1].name == "check"
    if sys.version_info >= (3, 11):
        assert e.value.__notes__ == ["in probe 'check', source 'yard', frame 5"]


def test_an_exception_in_a_probe_reaches_a_loop_too() -> None:
    def check(batch: object) -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        for _ in fv.Flow(ENDLESS).probe(check):
            pass


def test_leaving_the_loop_completes_the_files(tmp_path: Path) -> None:
    for batch in fv.Flow(ENDLESS).draw().save(tmp_path / "o.mp4"):
        if batch.frames[0].number == 9:
            break
    assert names(tmp_path) == ["o.mp4"]
    assert frames_in(tmp_path / "o.mp4") >= 10


def test_a_batch_that_was_kept_says_that_it_is_stale() -> None:
    kept = [batch.frames[0] for batch in fv.Flow("test://?frames=3")]
    with pytest.raises(fv.StaleMetadataError, match="Frame"):
        print(kept[0].number)


def test_nothing_runs_on_after_the_end() -> None:
    fv.Flow("test://?frames=3").run()
    for _ in fv.Flow(ENDLESS):
        break
    assert eventually(lambda: threads() == [])


PROGRAM = """
import sys
import fluvial as fv
flow = fv.Flow("test://?frames=1000000").draw().save(sys.argv[1])
{how}
print("ended", flow.was_interrupted, flow.stats["test"].frames > 0, flush=True)
"""
RUN = "print('started', flush=True); flow.run()"
ENV = {**os.environ, "PYTHONPATH": str(Path(fv.__file__).parents[1])}
LOOP = "print('started', flush=True)\nfor batch in flow:\n    pass"


def started(how: str, out: Path) -> subprocess.Popen[str]:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(how=how), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENV,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "started\n"
    partial = out.with_name(f"{out.stem}.partial{out.suffix}")
    assert eventually(lambda: partial.exists() and partial.stat().st_size > 50_000, seconds=20)
    return program


@pytest.mark.parametrize("how", [RUN, LOOP], ids=["run", "loop"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_ctrl_c_ends_within_a_second_and_completes_the_file(tmp_path: Path, how: str, number: signal.Signals) -> None:
    out = tmp_path / "o.mp4"
    program = started(how, out)
    program.send_signal(number)
    began = time.monotonic()
    printed, errors = program.communicate(timeout=10)
    assert time.monotonic() - began < 2  # a second, and as much again for a busy machine
    assert (printed, program.returncode) == ("ended True True\n", 0), errors
    assert names(tmp_path) == ["o.mp4"]
    assert frames_in(out) > 10


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_what_a_killed_program_leaves_can_be_played(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"o{suffix}"
    program = started(RUN, out)
    program.kill()
    program.communicate()
    assert names(tmp_path) == [f"o.partial{suffix}"]
    assert frames_in(tmp_path / f"o.partial{suffix}") > 10


SENDS_TWICE = "for batch in flow:\n    os.kill(os.getpid(), signal.{first}); os.kill(os.getpid(), signal.{second})"


@pytest.mark.slow  # a program each
@pytest.mark.parametrize(
    ("first", "second", "code"),
    [("SIGTERM", "SIGTERM", 143), ("SIGINT", "SIGTERM", 143), ("SIGTERM", "SIGINT", -signal.SIGINT)],
)
def test_the_second_signal_ends_it_at_once(first: str, second: str, code: int) -> None:
    body = SENDS_TWICE.format(first=first, second=second)
    text = f"import os, signal\nimport fluvial as fv\nflow = fv.Flow('test://?frames=10000000')\n{body}"
    result = subprocess.run([sys.executable, "-c", text], env=ENV, timeout=20, check=False, capture_output=True)
    assert result.returncode == code, result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_s_own_handler_is_kept(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        fv.Flow("test://?frames=3").run()
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
    fv.Flow("test://?frames=3").run()
    assert signal.getsignal(number) is before


# Sources whose video begins only when they have been told to end. By itself, so that a warning of GStreamer's ends it.
LATE = """
import os, signal, sys, threading
import fluvial as fv
from fluvial.sources import SourceBin

first, is_told = threading.Lock(), [threading.Event() for _ in range(4)]
link, end = SourceBin._on_pad, SourceBin.end

def link_late(one, *args):
    if first.acquire(blocking=False):
        os.kill(os.getpid(), signal.SIGTERM)
    assert is_told[one.index].wait(10)
    link(one, *args)

def end_and_tell(one):
    end(one)
    is_told[one.index].set()

SourceBin._on_pad, SourceBin.end = link_late, end_and_tell
flow = fv.Flow([sys.argv[1]] * 4)
print(sum(len(batch.frames) for batch in flow), flow.was_interrupted)
"""


def with_fatal_warnings(program: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, args)]
    env = {**ENV, "G_DEBUG": "fatal-warnings"}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)


def test_a_signal_before_the_first_frame_ends_sources_that_begin_only_then(make_clip: Callable[..., Path]) -> None:
    done = with_fatal_warnings(LATE, make_clip("a.mp4"))
    assert (done.returncode, done.stdout) == (0, "0 True\n"), done.stderr
    assert done.stderr == "SIGTERM came before the first frame: the flow ends without one\n"


INTERRUPTED = """
import os, signal, sys, threading
import fluvial as fv

for _ in fv.Flow(sys.argv[1]):  # PyGObject does not survive an exception while it makes a type
    pass
for i in range(int(sys.argv[2])):
    timer = threading.Timer(i % 50 / 500, os.kill, (os.getpid(), signal.SIGINT))
    flow = fv.Flow([sys.argv[1]] * 4)
    frames = 0
    try:
        timer.start()
        for batch in flow:
            frames += len(batch.frames)
            break
        timer.join()
    except KeyboardInterrupt:  # while no flow ran
        frames = -1
    assert frames or flow.was_interrupted, i
"""


@pytest.mark.slow
def test_whenever_ctrl_c_comes_a_flow_gives_a_batch_or_says_why_not(make_clip: Callable[..., Path]) -> None:
    done = with_fatal_warnings(INTERRUPTED, make_clip("a.mp4"), 100)
    assert done.returncode == 0, done.stderr[-2000:]


SAYS = r"ended before its first picture \(test://\?frames=0\)"


@pytest.mark.parametrize("path", ["o.mp4", "{source}.mp4"])
def test_a_source_that_ends_before_its_first_picture_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(fv.SourceError, match=f"none: {SAYS}"):
        fv.Flow({"none": "test://?frames=0"}).save(tmp_path / path).run()
    assert names(tmp_path) == []


@pytest.mark.parametrize("path", ["o.mp4", "{source}.mp4"])
def test_a_source_that_ends_before_its_first_picture_is_named_and_the_others_go_on(tmp_path: Path, path: str) -> None:
    flow = fv.Flow({"none": "test://?frames=0", "some": "test://?frames=3"}).save(tmp_path / path).run()
    assert [p.element for p in flow.problems] == ["none"]
    assert re.search(SAYS, flow.problems[0].problem)
    assert flow.stats["some"].frames == 3
    assert names(tmp_path) == [path.replace("{source}", "some")]


# By itself: what traces objects in the tests (conftest.py) keeps a record of each. Counted is what is allocated,
# without caches of GLib's and of threads: what the process holds grows until the allocator has an arena for each.
CYCLES = """
import ctypes, gc, os, sys
import numpy as np
import fluvial as fv

class Allocated(ctypes.Structure):  # struct mallinfo2
    NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in NAMES.split()]

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Allocated
clips = sys.argv[1:]

def model(pictures):
    return np.zeros((len(pictures), 10, 6), np.float32)

def run():
    fv.Flow("test://?frames=3").draw().run()

def leave():
    settings = dict(head="rows", model_color_format=0, net_scale_factor=1.0, input_size=(64, 64))
    for batch in fv.Flow(clips).infer(model, **settings):
        break

def after(times):
    for _ in range(times):
        {what}()
    gc.collect()
    now = mallinfo()
    return now.uordblks + now.hblkhd, len(os.listdir("/proc/self/fd"))

(before, files), (then, files_then) = after(50), after(150)
print(then - before, files_then - files)
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", ["run", "leave"])
def test_a_hundred_and_fifty_runs_leave_nothing_behind(make_clip: Callable[..., Path], what: str) -> None:
    env = {**ENV, "G_SLICE": "always-malloc", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
    env.pop("GST_TRACERS")
    command = [sys.executable, "-c", CYCLES.replace("{what}", what), *[str(make_clip("a.mp4"))] * 4]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env, check=True)
    grown, files = map(int, done.stdout.split())
    assert files <= 2
    assert grown < 150 * 128  # not one small object a run


def test_a_program_ends_though_a_traceback_keeps_its_loop(make_clip: Callable[..., Path]) -> None:
    # The comprehension's frame keeps the iterator until the interpreter goes.
    program = f"""
import fluvial as fv
flow = fv.Flow({str(make_clip("long.mp4", frames=200))!r})
print({{frame.nothing for batch in flow for frame in batch.frames}})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "AttributeError" in done.stderr
