"""Whole programs: what was imported first, and how they end while pipelines run and callbacks are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from needed import package

pytestmark = pytest.mark.slow  # every test starts a program

package("gi")

PREAMBLE = """
import sys, threading, warnings
warnings.simplefilter("ignore")
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
import pyds
from fluvial import _core
Gst.init(None)
pipeline = Gst.parse_launch("videotestsrc num-buffers=100000 ! video/x-raw,width=16,height=16 ! tee name=t"
    " t. ! queue ! fakesink name=a t. ! queue ! fakesink name=b")
pad = pipeline.get_by_name("t").get_static_pad("sink")
_core._testing.tag_buffers(pad, 3)
"""

# A list that tells when 50 calls are in it.
CALLS = """
class Calls(list):
    def append(self, call):
        super().append(call)
        if len(self) == 50:
            enough.set()
enough, calls = threading.Event(), Calls()
"""

PROBE = """
_core.attach_probe(pad, lambda batch: calls.append(batch[0].objects.labels))
"""

PYDS_PROBE = """
def release(data, _):
    calls.append(pyds.NvDsUserMeta.cast(data).base_meta.meta_type)
def probe(pad, info):
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    user.user_meta_data = pyds.NvOSD_RectParams()
    pyds.user_releasefunc(user, release)
    pyds.nvds_add_user_meta_to_batch(batch, user)
    return Gst.PadProbeReturn.OK
pad.add_probe(Gst.PadProbeType.BUFFER, probe)
"""

QUEUE = """
queue = _core.BatchQueue(pad)
"""

RUN = """
pipeline.set_state(Gst.State.PLAYING)
{step}
print("called", enough.wait(20), flush=True)
{last}
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ,
        check=False,
    )


GST = "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst"


@pytest.mark.parametrize("first", [f"import numpy\n{GST}", f"{GST}\nimport numpy", "import numpy", GST])
def test_errors_are_raised_whatever_was_imported_first(first):
    # GStreamer may bring a second unwinder (see fluvial/_unwind.py): an error then ended in abort().
    program = f"""{first}
import pyds
from fluvial import _core
buffer = _core._testing.make_buffer(objects=1)
frame = _core.Batch.of(hash(buffer))[0].meta
obj = pyds.NvDsObjectMeta.cast(frame.obj_meta_list.data)
for wrong in (
    lambda: _core.Batch.of(5),
    lambda: pyds.nvds_add_obj_meta_to_frame(frame, obj, None),
    lambda: pyds.get_nvds_buf_surface(hash(buffer), 9),
):
    try:
        wrong()
    except (ValueError, RuntimeError) as e:
        print(type(e).__name__)
"""
    done = run(program)
    assert done.stdout.split() == ["ValueError", "ValueError", "RuntimeError"], done.stderr


@pytest.mark.parametrize("last", ["", "sys.exit(3)", "raise KeyboardInterrupt"])
@pytest.mark.parametrize("user", [PROBE, PYDS_PROBE, QUEUE], ids=["probe", "pyds", "queue"])
def test_a_program_may_end_while_its_pipeline_runs(user, last):
    step = "while len(calls) < 50: calls.append(queue.next(1))" if user is QUEUE else ""
    program = PREAMBLE + CALLS + user + RUN.format(step=step, last=last)
    done = run(program)
    assert "called True" in done.stdout, done.stderr
    expected = {"": (0,), "sys.exit(3)": (3,), "raise KeyboardInterrupt": (-2, 130, 1)}[last]
    assert done.returncode in expected, done.stderr
    assert "Fatal" not in done.stderr


FORK = """
import os
kept = []
def on_batch(batch):
    calls.append(batch[0].number)
    if not kept:
        batch.keep()
        kept.append(batch)
_core.attach_probe(pad, on_batch)
pipeline.set_state(Gst.State.PLAYING)
assert enough.wait(20)
child = os.fork()
if child == 0:
    frame = kept[0][0]
    frame.objects[0].label = "child"
    pyds.NvDsFrameMeta.cast(frame.meta.base_meta.batch_meta.frame_meta_list.data)
    kept[0].close()
    try:
        frame.number
    except fluvial.StaleMetadataError:
        {last}
    os._exit(9)
_, status = os.waitpid(child, 0)
print("child", os.waitstatus_to_exitcode(status), kept[0][0].objects[0].label, flush=True)
pipeline.set_state(Gst.State.NULL)
"""


@pytest.mark.parametrize(("last", "code"), [("os._exit(3)", 3), ("sys.exit(4)", 4)])
def test_a_fork_reads_what_it_has_and_ends_by_itself(last, code):
    program = PREAMBLE.replace("import pyds", "import pyds, fluvial") + CALLS + FORK.format(last=last)
    done = run(program)
    assert done.stdout == f"child {code} class0\n", done.stderr
    assert done.returncode == 0, done.stderr


# The signal comes while Python runs in the streaming thread; only the main thread may see it.
CTRL_C = """
import os, signal
from gi.repository import GLib
def on_batch(batch):
    calls.append(batch[0].number)
    if len(calls) == 50:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            batch[0].objects.boxes.sum()
_core.attach_probe(pad, on_batch)
loop = GLib.MainLoop()
pipeline.set_state(Gst.State.PLAYING)
try:
    loop.run()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    {last}
pipeline.set_state(Gst.State.NULL)
print("ended", flush=True)
"""


@pytest.mark.parametrize(
    ("last", "words", "codes"),
    [
        ("pass", ["interrupted", "ended"], (0,)),
        ("sys.exit(3)", ["interrupted"], (3,)),
        ("raise", ["interrupted"], (-2, 130, 1)),
    ],
)
def test_ctrl_c_in_a_probe_reaches_the_main_thread(last, words, codes):
    done = run(PREAMBLE + CALLS + CTRL_C.format(last=last))
    assert done.stdout.split() == words, done.stderr
    assert done.returncode in codes, done.stderr
    assert "Fatal" not in done.stderr


WRONG_THREAD = """
seen = []
def read(frame, node):
    for access in (lambda: frame.num_obj_meta, lambda: pyds.NvDsObjectMeta.cast(node.data).class_id):
        try:
            seen.append(access())
        except fluvial.StaleMetadataError as e:
            seen.append(type(e).__name__)
def probe(pad, info):
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
    frame = pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)
    calls.append((frame, frame.obj_meta_list))
    if len(calls) == 1:
        other = threading.Thread(target=read, args=calls[0])
        other.start()
        other.join()
    return Gst.PadProbeReturn.OK
pad.add_probe(Gst.PadProbeType.BUFFER, probe)
pipeline.set_state(Gst.State.PLAYING)
assert enough.wait(20)
read(*calls[0])
pipeline.set_state(Gst.State.NULL)
print(seen)
"""


def test_another_thread_reads_while_the_probe_runs_and_is_told_afterwards():
    done = run(PREAMBLE.replace("import pyds", "import pyds, fluvial") + CALLS + WRONG_THREAD)
    assert done.stdout == "[3, 2, 'StaleMetadataError', 'StaleMetadataError']\n", done.stderr
    assert done.returncode == 0, done.stderr
