"""Whole programs: what was imported first, and how they end while pipelines run and callbacks are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("gi")

PREAMBLE = """
import sys, time, warnings
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

PROBE = """
calls = []
_core.attach_probe(pad, lambda batch: calls.append(batch[0].objects.labels))
"""

PYDS_PROBE = """
calls = []
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
calls = []
queue = _core.BatchQueue(pad)
"""

RUN = """
pipeline.set_state(Gst.State.PLAYING)
end = time.monotonic() + 20
while len(calls) < 50 and time.monotonic() < end:
    time.sleep(0.01)
    {step}
print("called", len(calls) >= 50, flush=True)
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
    step = "calls.append(queue.next(1))" if user is QUEUE else "pass"
    program = PREAMBLE + user + RUN.format(step=step, last=last)
    done = run(program)
    assert "called True" in done.stdout, done.stderr
    expected = {"": (0,), "sys.exit(3)": (3,), "raise KeyboardInterrupt": (-2, 130, 1)}[last]
    assert done.returncode in expected, done.stderr
    assert "Fatal" not in done.stderr
