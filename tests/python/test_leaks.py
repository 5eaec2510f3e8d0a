"""The check that stands behind every test with a pipeline (conftest.py) sees what is left alive."""

from __future__ import annotations

from fluvial._core import _testing
from fluvial._gst import Gst


def test_what_is_alive_is_named_until_it_is_gone(gst_objects):
    gst_objects.begin()
    pad, buffer = Gst.Pad.new("left", Gst.PadDirection.SRC), _testing.make_buffer()
    kinds = sorted(name.split()[0] for name in gst_objects.left())
    assert kinds == ["GstBuffer", "GstMemory", "GstPad"]
    assert all(" 0x" in name for name in gst_objects.left())
    buffer.close()
    assert [name.split()[0] for name in gst_objects.left()] == ["GstPad"]
    del pad
    assert gst_objects.left() == []


def test_an_object_from_before_does_not_count(gst_objects):
    pad = Gst.Pad.new("before", Gst.PadDirection.SRC)
    gst_objects.begin()
    del pad
    assert gst_objects.left() == []
