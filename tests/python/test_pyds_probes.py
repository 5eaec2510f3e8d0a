"""Batches from the streaming thread: probes, and the queue for a loop."""

from __future__ import annotations

import ctypes
import threading
import time
import warnings

import pytest

import pyds
from fluvial import _core
from fluvial._core import StaleMetadataError, _testing
from needed import package
from waiting import eventually

warnings.simplefilter("ignore", ImportWarning)
gi = package("gi")
gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

OK, FLUSHING, EOS = 0, -2, -3


class Line:
    """A source pad and a fakesink: what is pushed goes through the probes of the pad."""

    def __init__(self):
        Gst.init(None)
        self.sink = Gst.ElementFactory.make("fakesink", None)
        self.sink.set_property("sync", False)
        self.sink.set_property("async", False)
        self.pad = Gst.Pad.new("src", Gst.PadDirection.SRC)
        self.pad.set_active(True)
        self.sink.set_state(Gst.State.PLAYING)
        assert self.pad.link(self.sink.get_static_pad("sink")) == Gst.PadLinkReturn.OK
        self.pad.push_event(Gst.Event.new_stream_start("test"))
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self.pad.push_event(Gst.Event.new_segment(segment))

    def push(self, objects=2):
        return _testing.push(self.pad, _testing.make_buffer(frames=1, objects=objects))

    def push_later(self, count, *, then_eos=True):
        def run():
            for i in range(count):
                self.push(i)
            if then_eos:
                self.pad.push_event(Gst.Event.new_eos())

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def received(self):
        return self.sink.get_property("last-sample")

    def close(self):
        self.pad.set_active(False)
        self.sink.set_state(Gst.State.NULL)


@pytest.fixture
def line():
    line = Line()
    yield line
    line.close()


def test_a_probe_sees_each_batch_and_what_it_keeps_is_stale_afterwards(line):
    seen = []

    def count(batch):
        seen.append((batch[0].source, len(batch[0].objects)))
        seen.append(batch[0])

    probe = _core.attach_probe(line.pad, count, ["cam"])
    assert line.push(3) == OK
    assert seen[0] == ("cam", 3)
    with pytest.raises(StaleMetadataError, match=r"Frame: its batch was closed.*obtained in count \("):
        _ = seen[1].number
    _core.detach_probe(line.pad, probe)
    line.push()
    assert len(seen) == 2
    assert line.received() is not None


def test_a_batch_kept_in_a_probe_stays(line):
    kept = []

    def keep(batch):
        batch.keep()
        kept.append(batch)

    _core.attach_probe(line.pad, keep)
    line.push(3)
    assert kept[0].is_kept
    assert kept[0][0].objects.labels == ["class0", "class1", "class2"]


@pytest.mark.parametrize(("result", "passes"), [(None, 1), (True, 1), (False, 0), (0, 0), (1, 1), ("text", 1)])
def test_what_a_probe_returns_decides_about_the_buffer(line, result, passes):
    downstream = []
    _core.attach_probe(line.pad, lambda _: result)
    line.sink.set_property("signal-handoffs", True)
    line.sink.connect("handoff", lambda *a: downstream.append(a))
    line.push()
    assert len(downstream) == passes


def test_an_exception_reaches_the_handler_and_later_buffers_are_dropped(line):
    errors, calls = [], []

    def fail(batch):
        calls.append(batch)
        raise ValueError(f"frame {batch[0].number}")

    probe = _core.attach_probe(line.pad, fail, on_error=lambda *what: errors.append(what))
    assert line.push() == OK
    assert line.push() == OK
    assert len(calls) == 1
    ((kind, error, trace),) = errors
    assert (kind, str(error)) == (ValueError, "frame 7")
    assert trace.tb_frame.f_code.co_name == "fail"
    assert line.received() is None
    _core.detach_probe(line.pad, probe)  # it holds `fail`, whose frame holds the line


def test_without_a_handler_the_exception_is_reported(line, monkeypatch):
    seen = []
    monkeypatch.setattr("sys.unraisablehook", lambda what: seen.append(str(what.exc_value)))
    _core.attach_probe(line.pad, lambda batch: 1 / 0)
    line.push()
    assert seen == ["division by zero"]


def test_a_buffer_without_metadata_passes_unseen(line):
    calls = []
    _core.attach_probe(line.pad, calls.append)
    line.pad.push(Gst.Buffer.new_allocate(None, 16, None))
    assert calls == []


@pytest.mark.parametrize("wrong", [0, 12345, -1, 2**70, None, "pad"])
def test_what_is_no_pad_raises(wrong):
    with pytest.raises((ValueError, TypeError)):
        _core.attach_probe(wrong, print)
    with pytest.raises((ValueError, TypeError)):
        _core.BatchQueue(wrong)


def test_other_gobjects_are_no_pads(line):
    for wrong, name in ((line.sink, "GstFakeSink"), (Gst.Buffer(), "Buffer"), (hash(line.pad), "int")):
        with pytest.raises(TypeError, match=f"expected a GstPad, not {name}"):
            _core.attach_probe(wrong, print)
    with pytest.raises(TypeError):
        _core.attach_probe(line.pad, 5)


def loop(queue, *, timeout=5.0):
    while not queue.is_over:
        batch = queue.next(timeout)
        if batch is not None:
            yield batch


def test_a_loop_gets_every_batch_in_order_until_the_end(line):
    queue = _core.BatchQueue(line.pad, ["cam"])
    thread = line.push_later(5)
    assert [len(batch[0].objects) for batch in loop(queue)] == [0, 1, 2, 3, 4]
    thread.join()
    assert queue.next(0) is None
    queue.stop()


def test_in_lockstep_what_the_loop_writes_is_seen_downstream(line):
    queue = _core.BatchQueue(line.pad)
    seen, arrived = [], []
    line.sink.set_property("signal-handoffs", True)
    line.sink.connect("handoff", lambda *a: arrived.append(len(arrived)))
    thread = line.push_later(3)
    for batch in loop(queue):
        assert len(seen) == batch[0].objects.__len__()
        batch[0].add_object((0, 0, 1, 1), label="added")
        pixels = batch[0].pixels()
        pixels[0, 0] = 9
        seen.append(batch[0])
        assert not eventually(lambda: len(arrived) == len(seen), seconds=0.02)  # it waits for the loop's next turn
        assert len(seen) == len(batch[0].objects)
    thread.join()
    assert len(arrived) == 3
    with pytest.raises(StaleMetadataError, match=r"Frame: its batch was closed.*batch.keep\(\).*in loop"):
        _ = seen[0].number


def test_a_batch_kept_in_lockstep_stays(line):
    queue = _core.BatchQueue(line.pad)
    thread = line.push_later(3)
    kept = []
    for batch in loop(queue):
        batch.keep()
        kept.append(batch)
    thread.join()
    assert [len(b[0].objects) for b in kept] == [0, 1, 2]


def test_running_free_batches_wait_up_to_the_capacity_and_stay(line):
    queue = _core.BatchQueue(line.pad, capacity=2, lockstep=False)
    thread = line.push_later(6)
    thread.join(0.2)
    assert thread.is_alive()  # two wait, the third is held up
    kept = list(loop(queue))
    thread.join()
    assert [len(b[0].objects) for b in kept] == list(range(6))


def test_stop_lets_the_streaming_thread_go(line):
    queue = _core.BatchQueue(line.pad)
    thread = line.push_later(5)
    batch = queue.next(5)
    queue.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert queue.is_over
    with pytest.raises(StaleMetadataError):
        _ = batch.frames
    queue.stop()


def test_a_pad_that_is_deactivated_lets_the_streaming_thread_go(line):
    queue = _core.BatchQueue(line.pad)
    thread = line.push_later(1, then_eos=False)
    batch = queue.next(5)
    line.pad.set_active(False)
    thread.join(5)
    assert not thread.is_alive()
    assert batch[0].number == 7


def test_a_queue_that_is_forgotten_lets_the_streaming_thread_go(line):
    queue = _core.BatchQueue(line.pad)
    thread = line.push_later(3)
    assert queue.next(5) is not None
    del queue
    thread.join(5)
    assert not thread.is_alive()


def test_waiting_ends_in_time_and_leaves_the_gil(line):
    queue = _core.BatchQueue(line.pad)
    start = time.monotonic()
    assert queue.next(0.2) is None
    assert 0.15 < time.monotonic() - start < 2
    assert not queue.is_over
    pushing = line.push_later(1)  # Python that runs while this thread waits
    assert queue.next(10) is not None
    queue.stop()
    pushing.join()


def test_a_thousand_batches_through_a_probe_leave_nothing_behind(line, resident_kb):

    _core.attach_probe(line.pad, lambda batch: batch[0].objects.boxes.sum())
    for _ in range(200):
        line.push(10)
    before = resident_kb()
    for _ in range(1000):
        line.push(10)
    assert resident_kb() - before < 4_000


def states():
    """How many threads have a Python state, running or not."""
    api = ctypes.pythonapi
    for name in ("PyInterpreterState_Get", "PyInterpreterState_ThreadHead", "PyThreadState_Next"):
        getattr(api, name).restype = ctypes.c_void_p
    count = 0
    state = api.PyInterpreterState_ThreadHead(ctypes.c_void_p(api.PyInterpreterState_Get()))
    while state:
        count += 1
        state = api.PyThreadState_Next(ctypes.c_void_p(state))
    return count


def probe_with_fluvial(pad, call):
    _core.attach_probe(pad, lambda _batch: call())


def probe_with_pyds(pad, call):
    def probe(_pad, info):
        pyds.gst_buffer_get_nvds_batch_meta(hash(info.get_buffer()))
        call()
        return Gst.PadProbeReturn.OK

    pad.add_probe(Gst.PadProbeType.BUFFER, probe)


@pytest.mark.parametrize("attach", [probe_with_fluvial, probe_with_pyds])
def test_a_streaming_thread_keeps_its_python_state_until_it_ends(attach):
    glib = ctypes.CDLL("libglib-2.0.so.0")
    glib.g_thread_pool_stop_unused_threads()
    before = states()
    of_thread = threading.local()
    seen = []

    def call():
        of_thread.calls = getattr(of_thread, "calls", 0) + 1
        seen.append(of_thread.calls)

    Gst.init(None)
    pipeline = Gst.parse_launch("fakesrc num-buffers=5 ! identity name=at ! fakesink sync=false")
    pad = pipeline.get_by_name("at").get_static_pad("src")
    _testing.tag_buffers(pipeline.get_by_name("at").get_static_pad("sink"), 1)
    attach(pad, call)
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_bus().timed_pop_filtered(Gst.SECOND * 20, Gst.MessageType.EOS)
    pipeline.set_state(Gst.State.NULL)
    assert seen == [1, 2, 3, 4, 5]

    end = time.monotonic() + 20
    while states() > before and time.monotonic() < end:
        glib.g_thread_pool_stop_unused_threads()
        threading.Event().wait(0.01)
    assert states() <= before
