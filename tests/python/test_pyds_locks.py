"""Whoever waits for a batch's lock lets Python go on: the thread that has it may be waiting for Python."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import contextlib, threading
import numpy as np
import pyds
from fluvial import _core
from fluvial._core import _testing

_testing.watch_locks()  # ends the process where a thread waits with the GIL in its hand

def while_another_has_the_lock(batch, read):
    held, done = threading.Event(), threading.Event()

    def hold():
        pyds.nvds_acquire_meta_lock(batch)
        before = _testing.lock_waits()
        held.set()
        while _testing.lock_waits() == before and not done.wait(0.0005):
            pass
        pyds.nvds_release_meta_lock(batch)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with contextlib.suppress(Exception):
        read()
    done.set()
    holder.join()

buffer = _testing.make_buffer(frames=1, objects=2, format="RGBA")
for add in ("add_tensors", "add_segmentation", "add_past_frames"):
    getattr(_testing, add)(buffer)
for add in ("add_optical_flow", "add_analytics", "add_reid", "add_preprocessed"):
    getattr(_testing, add)(hash(buffer))
address = hash(buffer)
batch = pyds.gst_buffer_get_nvds_batch_meta(address)
frame = pyds.NvDsFrameMeta.cast(batch.frame_meta_list.data)
seen = _core.Batch.of(address)
first = seen.frames[0]
first.objects[0].keypoints = np.array([[1, 2, 0.5]], np.float32)
things = [batch, frame, pyds.NvDsObjectMeta.cast(frame.obj_meta_list.data)]
things += [seen, first, first.objects, first.objects[0]]
for lists in (batch.batch_user_meta_list, frame.frame_user_meta_list):
    while lists is not None:
        user = pyds.NvDsUserMeta.cast(lists.data)
        things.append(user)
        lists = lists.next
reads = 0
for thing in things:
    for name in dir(thing):
        if not name.startswith("_"):
            while_another_has_the_lock(batch, lambda: getattr(thing, name))
            reads += 1
for call in (
    lambda: pyds.nvds_acquire_obj_meta_from_pool(batch),
    lambda: pyds.nvds_add_obj_meta_to_frame(frame, pyds.nvds_acquire_obj_meta_from_pool(batch), None),
    lambda: pyds.nvds_copy_obj_meta_list(frame.obj_meta_list, frame),
    lambda: pyds.nvds_batch_meta_copy_func(batch, None),
    lambda: pyds.nvds_clear_obj_meta_list(frame, frame.obj_meta_list),
    lambda: first.draw_text("words", (1, 2)),
    lambda: first.add_object(label="x", box=(1, 2, 3, 4)),
    buffer.copy,
):
    while_another_has_the_lock(batch, call)
print(reads, _testing.lock_waits())
"""


def test_waiting_for_the_lock_of_a_batch_lets_other_threads_run():
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    reads, waits = map(int, done.stdout.split())
    assert reads > 100
    assert waits > 20  # else nothing was waited for
