from gi.repository import Gst

CONFIG = "unknown-key.txt"


def main(config):
    pgie = Gst.ElementFactory.make("nvinfer", "primary")
    pgie.set_property("config-file-path", CONFIG)  # finds: unknown-key
    pgie.set_property("config-file-path", "not-here.txt")
    pgie.set_property("config-file-path", config)
    pgie.set_property("batch-size", 1)
