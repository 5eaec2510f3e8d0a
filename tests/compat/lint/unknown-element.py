from gi.repository import Gst

NAME = "nvnosuchelement"


def main(pipeline):
    Gst.ElementFactory.make("nvnosuch", "x")  # finds: unknown-element
    Gst.ElementFactory.make(NAME)  # finds: unknown-element
    Gst.parse_launch("filesrc location=a ! nvnosuch ! fakesink")  # finds: unknown-element
    Gst.ElementFactory.make("nvinfer", "x")
    Gst.parse_launch("videotestsrc ! video/x-raw,width=5 ! queue name=q ! fakesink sync=false q. ! fakesink")
    Gst.parse_launch(f"( udpsrc name=pay0 port=5400 caps=\"application/x-rtp\" )")
