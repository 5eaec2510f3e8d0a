from gi.repository import Gst


def main(kind):
    pgie = Gst.ElementFactory.make("nvinfer", "primary")
    pgie.set_property("config-file-pat", "x.txt")  # finds: unknown-property
    pgie.set_property("batch_size", 1)
    sink = Gst.ElementFactory.make("fakesink")
    sink.set_property("qos", 0)
    if kind:
        sink = Gst.ElementFactory.make("nveglglessink")
    sink.set_property("qos", 0)
    kind.set_property("anything", 1)
