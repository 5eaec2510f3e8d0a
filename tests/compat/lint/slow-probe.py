import time
from time import sleep
from gi.repository import Gst

seconds = 1


def probe(pad, info, data):
    time.sleep(seconds)  # finds: slow-probe
    sleep(seconds)  # finds: slow-probe
    input()  # finds: slow-probe
    return Gst.PadProbeReturn.OK


def elsewhere():
    time.sleep(seconds)


def main(pad):
    pad.add_probe(Gst.PadProbeType.BUFFER, probe, 0)
