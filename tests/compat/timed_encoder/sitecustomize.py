"""Gives packets of `avenc_mpeg4` the times of their pictures, in programs that have this folder in PYTHONPATH.

With GStreamer 1.22 and FFmpeg 5.1 (Debian 12) they have none, so `videotestsrc ! avenc_mpeg4 ! mpeg4videoparse ! qtmux`
ends in an error on its own. Without B-frames packets come in the order of their pictures.
"""

from collections import deque

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

make = Gst.ElementFactory.make
BEGIN = 1000 * 3600 * Gst.SECOND  # of the encoder's segment, so that decoding times may begin before it


def make_timed(factory, name=None):
    element = make(factory, name)
    if factory == "avenc_mpeg4" and element is not None:
        times = deque()

        def take(pad, info):
            times.append(info.get_buffer().pts)
            return Gst.PadProbeReturn.OK

        def give(pad, info):
            buffer = info.get_buffer()
            buffer.pts = buffer.dts = BEGIN + times.popleft()
            return Gst.PadProbeReturn.OK

        element.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, take)
        element.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, give)
    return element


Gst.ElementFactory.make = make_timed
