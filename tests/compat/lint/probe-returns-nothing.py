from gi.repository import Gst


def nothing(pad, info, data):
    print(pad)  # finds: probe-returns-nothing


def sometimes(pad, info, data):
    if pad:  # finds: probe-returns-nothing
        return Gst.PadProbeReturn.OK


def right(pad, info, data):
    if not info.get_buffer():
        return
    try:
        return Gst.PadProbeReturn.OK
    finally:
        print(pad)


def no_probe(pad):
    print(pad)


class App:
    def method(self, pad, info):
        print(pad)  # finds: probe-returns-nothing

    def run(self, pad):
        pad.add_probe(Gst.PadProbeType.BUFFER, self.method)
        pad.add_probe(Gst.PadProbeType.BUFFER, nothing, 0)
        pad.add_probe(Gst.PadProbeType.BUFFER, sometimes, 0)
        pad.add_probe(Gst.PadProbeType.BUFFER, right, 0)
        no_probe(pad)
