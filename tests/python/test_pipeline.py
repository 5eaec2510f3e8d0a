"""Pipeline on stock elements: properties, links, running, and what an error says."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import fluvial as fv
from fluvial._gst import Gst


def next_line() -> int:
    return inspect.currentframe().f_back.f_lineno + 1


def test_runs_to_the_end() -> None:
    with fv.Pipeline() as p:
        source = p.add("videotestsrc", num_buffers=3)
        sink = p.add("fakesink", "sink")
        p.link(source, sink).run()
        assert p["sink"] is sink
        assert p.gst.get_by_name("sink") is sink
        assert not p.was_interrupted


def test_runs_again() -> None:
    p = fv.Pipeline()
    p.link(p.add("videotestsrc", num_buffers=3), p.add("fakesink"))
    p.run()
    p.run()


def test_properties_are_read_as_python_writes_them() -> None:
    p = fv.Pipeline()
    p.add("videotestsrc", "v", pattern="ball", is_live=True)
    p.add("x264enc", "e", tune="zerolatency+fastdecode", bitrate=300, speed_preset=1)
    p.add("capsfilter", "c", caps="video/x-raw,width=64")
    assert (p.get("v", "pattern"), p.get("v", "is-live"), p.get("e", "bitrate")) == ("ball", True, 300)
    assert p.get("e", "tune") == "fastdecode+zerolatency"
    assert p.get("e", "speed_preset") == "ultrafast"
    assert p.get("c", "caps") == "video/x-raw, width=(int)64"
    assert p.set("v", pattern=0).get("v", "pattern") == "smpte"


@pytest.mark.parametrize(
    ("factory", "properties", "says"),
    [
        ("videotestsrc", {"patern": "ball"}, r"no property 'patern'\n  hint: did you mean 'pattern'\?"),
        ("videotestsrc", {"pattern": "bal"}, r"pattern='bal': expected one of smpte, snow"),
        ("videotestsrc", {"pattern": 977}, r"pattern=977: expected one of"),
        ("videotestsrc", {"num_buffers": "3"}, r"num_buffers='3': expected a whole number from -1 to 2147483647"),
        ("videotestsrc", {"num_buffers": 1.5}, r"num_buffers=1.5: expected a whole number"),
        ("videotestsrc", {"num_buffers": True}, r"num_buffers=True: expected a whole number"),
        ("videotestsrc", {"is_live": 1}, r"is_live=1: expected True or False"),
        ("x264enc", {"bitrate": 0}, r"bitrate=0: expected a whole number from 1 to 2048000"),
        ("x264enc", {"tune": "nope"}, r"tune='nope': expected any of .*zerolatency"),
        ("capsfilter", {"caps": "video/x-raw,format=(("}, r"expected a GstCaps"),
        ("filesrc", {"location": 3}, r"location=3: expected a string"),
        ("fakesink", {"last_sample": None}, r"this property can only be read"),
        ("nosuchthing", {}, r"no element 'nosuchthing' is installed"),
        ("videotestsr", {}, r"hint: did you mean 'videotestsrc'\?"),
    ],
)
def test_what_is_refused_says_what_is_allowed_and_names_my_line(
    factory: str, properties: dict[str, object], says: str
) -> None:
    p = fv.Pipeline()
    with pytest.raises(fv.PipelineError, match=says) as e:
        mine = next_line()
        p.add(factory, **properties)
    assert (e.value.at.file, e.value.at.line) == (__file__, mine)


def test_a_name_is_taken_once() -> None:
    p = fv.Pipeline()
    p.add("fakesink", "x")
    with pytest.raises(fv.PipelineError, match="this name is taken"):
        p.add("fakesink", "x")
    with pytest.raises(fv.PipelineError, match=r"no element of this name\n  hint: did you mean 'sink0'"):
        fv.Pipeline().link("sink", "y") if p.add("fakesink", "sink0") is None else p["sink"]


def test_what_cannot_be_linked_says_why() -> None:
    p = fv.Pipeline()
    with pytest.raises(fv.PipelineError, match=r"cannot be linked to .*: it gives video/x-raw.* takes video/x-h264"):
        p.link(p.add("videotestsrc"), p.add("h264parse"))
    with pytest.raises(fv.PipelineError, match="has no free output"):
        p.link(p.add("fakesink"), p.add("h264parse"))


def test_pads_are_named_and_requested() -> None:
    with fv.Pipeline() as p:
        p.add("videotestsrc", "camera", num_buffers=2)
        p.add("tee", "tee")
        for i in range(2):
            p.add("queue", f"q{i}")
            p.add("fakesink", f"s{i}")
            p.link(f"tee.src_{i}", f"q{i}", f"s{i}")
        p.link("camera", "tee.sink").run()
        assert p["tee"].get_static_pad("src_1") is not None


def test_pads_that_come_later_are_linked_when_they_come(tmp_path: Path) -> None:
    clip = tmp_path / "a.ogv"
    with fv.Pipeline() as p:
        names = [p.add("videotestsrc", num_buffers=3), p.add("theoraenc"), p.add("oggmux")]
        p.link(*names, p.add("filesink", location=clip)).run()
    with fv.Pipeline() as p:
        names = [p.add("filesrc", location=clip), p.add("decodebin"), p.add("videoconvert"), p.add("fakesink")]
        p.link(*names)
        p.run()
        p.run()
    with fv.Pipeline() as p:
        names = [p.add("filesrc", location=clip), p.add("decodebin"), p.add("audioconvert", "a"), p.add("fakesink")]
        with pytest.raises(fv.PipelineError, match="gave no stream that a takes"):
            p.link(*names).run()


def test_an_error_while_running_names_the_line_that_added_the_element() -> None:
    p = fv.Pipeline()
    mine = next_line()
    p.add("filesrc", "in", location="/no/such.mp4")
    p.link("in", p.add("fakesink"))
    with pytest.raises(fv.SourceError, match=r'No such file "/no/such\.mp4"') as e:
        p.run()
    assert (e.value.at.file, e.value.at.line) == (__file__, mine)
    assert e.value.hint == "check the path or address"


def test_an_error_minutes_later_names_it_too() -> None:
    p = fv.Pipeline()
    source = p.add("videotestsrc", num_buffers=100)
    mine = next_line()
    middle = p.add("identity", error_after=5)
    p.link(source, middle, p.add("fakesink"))
    with pytest.raises(fv.PipelineError) as e:
        p.run()
    assert (e.value.at.line, e.value.element) == (mine, "identity0")


def test_it_ends_when_asked() -> None:
    with fv.Pipeline() as p:
        p.link(p.add("videotestsrc", is_live=True), p.add("fakesink"))
        p.start()
        p.end()
        p.wait()


def test_stopping_twice_is_fine() -> None:
    p = fv.Pipeline()
    p.link(p.add("videotestsrc"), p.add("fakesink"))
    p.start()
    p.stop()
    p.stop()
    assert p.gst.get_state(0)[1] == Gst.State.NULL


def test_there_is_no_such_pad_to_attach_to() -> None:
    p = fv.Pipeline()
    p.add("fakesink", "sink")
    with pytest.raises(fv.PipelineError, match=r"no pad 'src' to attach to\n  hint: one of: sink"):
        p.attach("sink", print)


def test_a_probe_sees_batches() -> None:
    seen: list[int] = []
    with fv.Pipeline() as p:
        p.add("videotestsrc", "v", num_buffers=5)
        p.add("fluvialmux", "mux", batch_size=1)
        p.link("v", p.add("fluvialconvert"), p.add("capsfilter", caps="video/x-raw(memory:NVMM)"), "mux.sink_0")
        p.attach("mux", lambda batch: seen.append(batch.frames[0].number))
        p.link("mux", p.add("fakesink")).run()
    assert seen == [0, 1, 2, 3, 4]
